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

# A laptop's graphics card takes about a minute for 50 steps at one megapixel, and the first call
# also loads the model.
TIMEOUT_SECONDS = 120

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class PainterFailed(Exception):
    """The painter returned no image. The message names its URL and the cause."""


class Automatic1111:
    """Any server that answers POST /sdapi/v1/txt2img (AUTOMATIC1111, Forge, SD.Next).

    The URL may have a name and password, as `http://name:password@host`; they are not logged.
    """

    def __init__(self, url: str) -> None:
        self.url = f"{without_password(url).rstrip('/')}/sdapi/v1/txt2img"
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
        return self.decode_image(self.post(settings))

    def post(self, settings: dict[str, Any]) -> bytes:
        request = urllib.request.Request(self.url, json.dumps(settings).encode(), self.headers)
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            with error:  # the error is also the open response
                reason = own_words(error) or error.reason
            raise PainterFailed(f"{self.url} returned {error.code} {reason}") from error
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            raise PainterFailed(f"{self.url} did not respond: {cause}") from error

    def decode_image(self, content: bytes) -> Image.Image:
        try:
            text = json.loads(content)["images"][0]
            # Some servers send a data: URL, others plain base64.
            image = base64.b64decode(text.rpartition(",")[2])
            return Image.open(io.BytesIO(image)).convert("RGB")
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise PainterFailed(f"{self.url} returned no image: {error!r}") from error


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
