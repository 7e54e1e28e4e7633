"""A painter on another server: Stable Diffusion behind AUTOMATIC1111's API."""

import base64
import http.client
import io
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

# A laptop's graphics card takes about a minute for 50 steps at one megapixel, and the first call
# also loads the model. The API's own timeout is much shorter.
TIMEOUT_SECONDS = 120

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class PainterFailed(Exception):
    """The painter returned no image. The message names its URL and the cause."""


class Automatic1111:
    """Any server that answers POST /sdapi/v1/txt2img (AUTOMATIC1111, Forge, SD.Next)."""

    def __init__(self, url: str) -> None:
        self.url = f"{url.rstrip('/')}/sdapi/v1/txt2img"
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
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url, json.dumps(settings).encode(), headers)
        try:
            with self.opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            error.close()  # the error is also the open response
            raise PainterFailed(f"{self.url} returned {error.code} {error.reason}") from error
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
