"""Translates OpenAI's image edits to the fields of its generations. Knows no HTTP and no AWS.

Source: the package `openai` 3.57.0 (its types image_edit_params and images_response), and what
openai-node, LiteLLM, Open WebUI and LibreChat send, read on 2026-11-25.
"""

import base64
import json
import re
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from chalicelib import form_data, openai
from chalicelib.catalogue import IMAGES
from chalicelib.errors import InvalidParameter
from chalicelib.model import Model

# The models for OpenAI's names.
WITH_MASK, WITHOUT_MASK = "stable-image-inpaint", "stable-diffusion-3.5-large"
TRANSPARENT = "stable-image-remove-background"

FILES = {*IMAGES, "markup"}

# Fields of forms that OpenAI's JSON has as numbers or booleans.
TYPED = ("n", "partial_images", "stream")

Fields = tuple[dict[str, Any], list[bytes]]  # and the images that have no name of their own


def read_form(parts: list[tuple[str, bytes]]) -> Fields:
    """The fields of a form and its images, in order: `image`, `image[]` or `image[0]`.

    Raises: InvalidParameter.
    """
    images: list[tuple[int, bytes]] = []
    others = []
    for name, content in parts:
        if found := re.fullmatch(r"image(?:\[(\d{0,4})\])?", name):
            images.append((int(found[1] or len(images)), content))
        else:
            others.append((name, content))
    fields = {name: typed(name, value) for name, value in form_data.read(others, FILES).items()}
    present = {name: value for name, value in fields.items() if value != ""}
    return present, [content for _, content in sorted(images, key=itemgetter(0))]


def typed(name: str, value: Any) -> Any:
    """The value as it would be in JSON."""
    try:
        return json.loads(value) if name in TYPED else value
    except ValueError:
        return value


def read_json(fields: dict[str, Any]) -> Fields:
    """The fields of JSON and its images: data URLs, alone or as `image_url` or `url`.

    Raises: InvalidParameter.
    """
    images = [
        data_url(name, each)
        for name in ("images", "image")
        for each in as_list(fields.pop(name, []))
    ]
    files = {name: data_url(name, fields[name]) for name in IMAGES & fields.keys()}
    return fields | files, images


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def data_url(name: str, value: Any) -> bytes:
    """The bytes in a data URL. Nothing is fetched for callers, and no file is kept for them."""
    if isinstance(value, dict):
        value = value.get("image_url", value.get("url", value))
    found = re.match(r"data:[^,]{0,200};base64,", value) if isinstance(value, str) else None
    if not found:
        got = openai.describe(value)
        raise InvalidParameter(f"{name} must be a data URL (data:image/png;base64,...), got {got}")
    try:
        return base64.b64decode(value[found.end() :], validate=True)
    except ValueError:
        raise InvalidParameter(f"{name} must be base64 text in its data URL") from None


def choose(
    fields: dict[str, Any], images: list[bytes], find: Callable[[str], Model]
) -> dict[str, Any]:
    """The fields with a model of Easel's, and the images under the names of its parameters.

    OpenAI's models follow instructions, and Easel's do not: theirs paint a described image, into a
    mask or over the whole. Raises: InvalidParameter, and what `find` raises.
    """
    default = WITH_MASK if "mask" in fields else WITHOUT_MASK
    model = find(openai.model_name(fields) or default)
    reject_unsupported(fields, model)
    free = [each for each in model.images if each != "mask" and each not in fields]
    if len(images) > len(free):
        raise InvalidParameter(
            f"image must have at most {len(free)} file(s) for {model.name}, got {len(images)}"
        )
    if not images and not fields.keys() & set(model.images) - {"mask"}:
        raise InvalidParameter("image must be given, got none")
    mask = {"mask": stability_mask(fields["mask"])} if "mask" in fields else {}
    return fields | {"model": model.name} | dict(zip(free, images, strict=False)) | mask


def reject_unsupported(fields: dict[str, Any], model: Model) -> None:
    """Reject fields that ask for another kind of image."""
    if fields.get("partial_images"):
        got = openai.describe(fields["partial_images"])
        raise InvalidParameter(f"partial_images must be 0, got {got}")
    if fields.get("background") == "transparent" and model.name != TRANSPARENT:
        raise InvalidParameter(
            f"background must be auto or opaque, got 'transparent': only {TRANSPARENT} makes it so"
        )
    if "markup" in fields:
        raise InvalidParameter("markup must be left out: send a mask, or say it in the prompt")


def stability_mask(content: bytes) -> bytes:
    """Stability's mask (white is edited) of OpenAI's (transparent is edited)."""
    if not content.startswith(b"\x89PNG"):
        return content
    from chalicelib import png  # here, as few requests have a mask

    try:
        return png.from_alpha(content)
    except ValueError as error:
        raise InvalidParameter(f"mask must {error}") from None
