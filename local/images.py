"""Images in Bedrock's requests and answers: limits, masks and base64 files. Knows no schema."""

import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from local.faults import Failure

# The file formats of every image parameter ("Supported formats: jpeg, png, webp",
# docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html).
FORMATS = ("JPEG", "PNG", "WEBP")

# The size of a 4K upscale and of image-to-image, in pixels. The rule files say what is known.
UPSCALED_PIXELS = 9_437_184
MEGAPIXEL = 1_048_576


@dataclass(frozen=True)
class Edit:
    """What to do with an image besides painting the prompt.

    `tool` is the service's name without "stability.stable-", or "image-to-image". `mask` has the
    image's size: white edits. `style` is style transfer's second image. `settings` are the
    request's other values, with AWS's defaults.
    """

    tool: str
    image: Image.Image
    mask: Image.Image
    style: Image.Image | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def size(self) -> tuple[int, int]:
        """The width and height of the edited image; style-guide has its own sizes."""
        width, height = self.image.size
        if self.tool == "outpaint":
            across = self.settings["left"] + self.settings["right"]
            return width + across, height + self.settings["up"] + self.settings["down"]
        if self.tool == "fast-upscale":
            return width * 4, height * 4
        if self.tool.endswith("-upscale"):
            return scaled(width, height, UPSCALED_PIXELS)
        if self.tool == "image-to-image":
            return scaled(width, height, MEGAPIXEL)
        return width, height


def scaled(width: int, height: int, pixels: int) -> tuple[int, int]:
    """A size of about so many pixels in the same ratio."""
    factor = (pixels / (width * height)) ** 0.5
    return round(width * factor), round(height * factor)


def read_edit(tool: str, values: dict[str, Any], limits: dict[str, dict[str, float]]) -> Edit:
    """The edit of a request that has an image. Raises: Failure if an image breaks its limits."""
    images = {name: decode(name, values[name], limits[name]) for name in limits if name in values}
    image = images["init_image"] if "init_image" in images else images["image"]
    mask = grown(edit_mask(image, images.get("mask")), values.get("grow_mask", 0))
    settings = {name: value for name, value in values.items() if name not in limits}
    return Edit(tool, image, mask, images.get("style_image"), settings)


def decode(name: str, text: str, limits: dict[str, float]) -> Image.Image:
    """The image in a request, RGB or RGBA. Raises: Failure."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=FORMATS)
        check_size(name, image.size, limits)
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise invalid(name, "has too many pixels") from None
    except (OSError, SyntaxError, ValueError):
        raise invalid(name, "is not a valid JPEG, PNG or WebP image in base64") from None
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def check_size(name: str, size: tuple[int, int], limits: dict[str, float]) -> None:
    """Raises: Failure if a side, the number of pixels or the ratio is out of range."""
    pixels = size[0] * size[1]
    least, most = limits.get("minimum_side", 1), limits.get("maximum_side", max(size))
    if min(size) < least or max(size) > most:
        wanted = f"from {least} to {most}" if "maximum_side" in limits else f"at least {least}"
        raise invalid(name, f"must have {wanted} pixels a side, got {size[0]}x{size[1]}")
    if not limits.get("minimum_pixels", 1) <= pixels <= limits.get("maximum_pixels", pixels):
        lowest, highest = limits.get("minimum_pixels", 1), limits["maximum_pixels"]
        raise invalid(name, f"must have from {lowest} to {highest} pixels, got {pixels}")
    widest = limits.get("widest", max(size))
    if max(size) > widest * min(size):
        ratios = f"1:{widest} and {widest}:1"
        raise invalid(name, f"must have a ratio between {ratios}, got {size[0]}x{size[1]}")


def invalid(name: str, reason: str) -> Failure:
    """AWS's own sentences for images are not published; Stability's errors have this form."""
    return Failure("ValidationException", json.dumps({"detail": f"{name} {reason}"}))


def edit_mask(image: Image.Image, mask: Image.Image | None) -> Image.Image:
    """The mask at the image's size; without one, the transparent part of the image."""
    if mask:
        return mask.convert("L").resize(image.size)
    if image.mode == "RGBA":
        return ImageChops.invert(image.getchannel("A"))
    return Image.new("L", image.size)


def grown(mask: Image.Image, pixels: int) -> Image.Image:
    """The mask grown outward by so many pixels, with a soft edge, as AWS describes grow_mask."""
    if not pixels:
        return mask
    # A box blur halves a straight edge, so doubling it fades from the edge outward.
    soft = mask.filter(ImageFilter.BoxBlur(pixels)).point([min(255, 2 * n) for n in range(256)])
    return ImageChops.lighter(mask, soft)


def encode(image: Image.Image, output_format: str) -> str:
    """The image file as base64 text. A JPEG shows white where the image is transparent."""
    if output_format == "jpeg" and image.mode == "RGBA":
        page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(page, image).convert("RGB")
    content = io.BytesIO()
    # WebP at method 1 takes half the time of the default at nearly the same size.
    options = {
        "jpeg": {"quality": 92},
        "png": {"compress_level": 1},
        "webp": {"quality": 90, "method": 1},
    }
    image.save(content, output_format, **options[output_format])
    return base64.b64encode(content.getvalue()).decode()
