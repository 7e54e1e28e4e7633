"""A painter on another server: Stable Diffusion behind AUTOMATIC1111's API."""

import base64
import http.client
import io
import json
import urllib.error
import urllib.request
from typing import IO, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from PIL import Image

from local.images import MEGAPIXEL, Edit, scaled

# A laptop's graphics card takes about a minute for 50 steps at one megapixel, and the first call
# also loads the model.
TIMEOUT_SECONDS = 120

# Of AUTOMATIC1111's upscalers the general one; Forge and SD.Next have it too.
UPSCALER = "R-ESRGAN 4x+"

# How far an inpainted part may differ from what is there, from 0 to 1. Its own default is 0.75.
INPAINT_STRENGTH = 0.9

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class PainterFailed(Exception):
    """The painter returned no image. The message names its URL and the cause."""


class Automatic1111:
    """Any server that answers POST /sdapi/v1/txt2img (AUTOMATIC1111, Forge, SD.Next).

    It also edits: image-to-image, inpaint and erase by /sdapi/v1/img2img, and upscales by
    /sdapi/v1/extra-single-image. The fields are those of its modules/api/models.py.

    The URL may have a name and password, as `http://name:password@host`; they are not logged.
    """

    def __init__(self, url: str) -> None:
        self.url = f"{without_password(url).rstrip('/')}/sdapi/v1"
        self.headers = {"Content-Type": "application/json"} | basic_authorization(url)
        # HTTP_PROXY is for other hosts. None means the environment's proxies.
        proxies: dict[str, str] | None = {} if urlsplit(url).hostname in LOOPBACK else None
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))

    def paint(
        self,
        prompt: str,
        *,
        seed: int,
        width: int,
        height: int,
        negative_prompt: str = "",
        steps: int = 50,
        cfg_scale: float = 7.0,
        style_preset: str = "",  # Stability's own; the API has no equivalent
        edit: Edit | None = None,
    ) -> Image.Image:
        """An RGB image. Raises: PainterFailed."""
        settings = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "seed": seed,
            "steps": steps,
            "cfg_scale": cfg_scale,
            "width": width,
            "height": height,
        }
        if edit is None:
            return self.ask("txt2img", settings)
        if edit.tool in ("inpaint", "erase-object"):
            return self.inpaint(settings, edit)
        if edit.tool == "image-to-image":
            guide = {"init_images": [encoded(edit.image.resize((width, height)))]}
            return self.ask(
                "img2img", settings | guide | {"denoising_strength": edit.settings["strength"]}
            )
        if edit.tool.endswith("-upscale"):
            return self.upscale(edit, width, height)
        raise PainterFailed(f"AUTOMATIC1111's API has no {edit.tool}")

    def inpaint(self, settings: dict[str, Any], edit: Edit) -> Image.Image:
        """The image with the masked part painted; the rest stays as it is, pixel by pixel."""
        width, height = edit.image.size
        factor = min(1, scaled(width, height, MEGAPIXEL)[0] / width)
        size = max(64, int(width * factor) // 8 * 8), max(64, int(height * factor) // 8 * 8)
        image = edit.image.convert("RGB")
        painted = self.ask(
            "img2img",
            settings
            | {
                "width": size[0],
                "height": size[1],
                "init_images": [encoded(image.resize(size))],
                "mask": encoded(edit.mask.resize(size)),
                "denoising_strength": INPAINT_STRENGTH,
                "inpainting_fill": 0,  # the mask starts from the colors around it
                "inpaint_full_res": False,
            },
        )
        return Image.composite(painted.resize(image.size), image, edit.mask)

    def upscale(self, edit: Edit, width: int, height: int) -> Image.Image:
        settings = {
            "image": encoded(edit.image.convert("RGB")),
            "resize_mode": 1,
            "upscaling_resize_w": width,
            "upscaling_resize_h": height,
            "upscaling_crop": False,
            "upscaler_1": UPSCALER,
        }
        return self.ask("extra-single-image", settings)

    def ask(self, operation: str, settings: dict[str, Any]) -> Image.Image:
        url = f"{self.url}/{operation}"
        return decode_image(url, self.post(url, settings))

    def post(self, url: str, settings: dict[str, Any]) -> bytes:
        request = urllib.request.Request(url, json.dumps(settings).encode(), self.headers)
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            with error:  # the error is also the open response
                reason = own_words(error) or error.reason
            raise PainterFailed(f"{url} returned {error.code} {reason}") from error
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            raise PainterFailed(f"{url} did not respond: {cause}") from error


def encoded(image: Image.Image) -> str:
    """A PNG as base64 text."""
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1)
    return base64.b64encode(content.getvalue()).decode()


def decode_image(url: str, content: bytes) -> Image.Image:
    """The first of `images`, or `image`. Raises: PainterFailed."""
    try:
        answer = json.loads(content)
        text = answer["image"] if "image" in answer else answer["images"][0]
        # Some servers send a data: URL, others plain base64.
        image = base64.b64decode(text.rpartition(",")[2])
        return Image.open(io.BytesIO(image)).convert("RGB")
    except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise PainterFailed(f"{url} returned no image: {error!r}") from error


def without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def basic_authorization(url: str) -> dict[str, str]:
    """The Authorization header for the URL's name and password; none without them."""
    name_and_password, is_given, _ = urlsplit(url).netloc.rpartition("@")
    if not is_given:
        return {}
    credentials = base64.b64encode(unquote(name_and_password).encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def own_words(response: IO[bytes]) -> str:
    """The server's explanation, such as "CUDA out of memory"; "" if its answer has none.

    AUTOMATIC1111 has it in `errors`, others in `detail` or `error`.
    """
    try:
        answer = json.loads(response.read(10_000))
        found = [answer.get(name) for name in ("errors", "detail", "error")]
    except (AttributeError, OSError, ValueError, http.client.HTTPException):
        return ""
    return next((each[:200] for each in found if isinstance(each, str) and each), "")
