"""Stability AI's thirteen image services, each of which edits an image.

Source: stable-image-services in Bedrock's user guide. Each is called by its inference profile of
the US, from us-east-1, us-east-2 or us-west-2.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib import images, stability
from chalicelib.errors import InvalidParameter
from chalicelib.model import Model, Values
from chalicelib.parameters import Image, Integer, Mask, Number, Parameter, Text

MEGAPIXEL = 1_048_576
SIDES = ("left", "right", "up", "down")

PROMPT, NEGATIVE_PROMPT = stability.prompt(), stability.negative_prompt()
OPTIONAL_PROMPT = stability.prompt(required=False)
STYLE, SEED = stability.style_preset(), stability.seed(4_294_967_294)
PICTURE = Image("image", "Picture", "The picture to edit.", required=True)
MASK = Mask("mask", "Mask", "White is edited, black stays. Without one, transparent pixels are.")


def small_picture(widest: float | None = None, **limits: Any) -> Image:
    """The picture of an upscaler: at most a megapixel."""
    help = "The picture to enlarge."
    return replace(PICTURE, help=help, maximum_pixels=MEGAPIXEL, widest=widest, **limits)


def number(name: str, label: str, help: str, low: float, high: float, default: float) -> Number:
    return Number(name, label, help, minimum=low, maximum=high, default=default)


def search(name: str, help: str) -> Text:
    return Text(name, "Search for", help, max_length=10_000, required=True)


def creativity(maximum: float, default: float) -> Number:
    help = "How much the model may add."
    return number("creativity", "Creativity", help, 0.1, maximum, default)


GROW_MASK = Integer(
    "grow_mask", "Soft edge", "Pixels by which the area grows.", minimum=0, maximum=20, default=5
)
CONTROL_STRENGTH = number(
    "control_strength", "Control", "How closely the result follows the picture.", 0, 1, 0.7
)


def masked_body(values: Values) -> dict[str, Any]:
    """The body, with an area to edit: a mask's, or the image's transparent pixels."""
    if not values["mask"] and not images.may_be_transparent(values["image"]):
        raise InvalidParameter("mask must be sent, unless the image has transparent pixels to edit")
    return stability.body(values)


def outpaint_body(values: Values) -> dict[str, Any]:
    if not any(values[side] for side in SIDES):
        raise InvalidParameter("left, right, up or down must be over 0, got 0 for all")
    return stability.body(values)


def service(
    name: str,
    title: str,
    description: str,
    price_usd: float,
    *parameters: Parameter,
    formats: str = "jpeg png webp",
    body: Callable[[Values], dict[str, Any]] = stability.body,
) -> Model:
    """A service. The first of `formats` is Easel's default; AWS's is png."""
    return Model(
        name=name,
        title=f"Stable Image {title}",
        description=description,
        bedrock_id=f"us.stability.{name}-v1:0",
        price_usd=price_usd,
        parameters=(*parameters, stability.output_format(formats, formats.split()[0])),
        body=body,
        image=stability.image,
    )


SERVICES = (
    service(
        "stable-image-inpaint", "Inpaint", "Paints into a marked area what the words say.", 0.07,
        PROMPT, PICTURE, MASK, GROW_MASK, NEGATIVE_PROMPT, STYLE, SEED,
        body=masked_body,
    ),
    service(
        "stable-image-erase-object", "Erase Object", "Removes what a mask marks.", 0.07,
        PICTURE, MASK, GROW_MASK, SEED,
        body=masked_body,
    ),
    service(
        "stable-outpaint", "Outpaint", "Extends the picture beyond its edges.", 0.06,
        PICTURE,
        *(Integer(side, side.title(), "Pixels to add on this side.",
                  minimum=0, maximum=2_000, default=0) for side in SIDES),
        OPTIONAL_PROMPT, creativity(1, 0.5), STYLE, SEED,
        body=outpaint_body,
    ),
    service(
        "stable-image-search-replace", "Search and Replace",
        "Finds an object by words and replaces it.", 0.07,
        PROMPT, PICTURE, search("search_prompt", "The object to replace, in a few words."),
        GROW_MASK, NEGATIVE_PROMPT, STYLE, SEED,
    ),
    service(
        "stable-image-search-recolor", "Search and Recolor",
        "Finds an object by words and changes its color.", 0.07,
        PROMPT, PICTURE, search("select_prompt", "The object to recolor, in a few words."),
        GROW_MASK, NEGATIVE_PROMPT, STYLE, SEED,
    ),
    # No jpeg, which AWS allows too: it has no transparency.
    service(
        "stable-image-remove-background", "Remove Background",
        "Keeps the subject; the rest becomes transparent.", 0.07,
        PICTURE,
        formats="png webp",
    ),
    service(
        "stable-image-control-sketch", "Control Sketch", "Makes a picture from a sketch.", 0.07,
        PROMPT, PICTURE, CONTROL_STRENGTH, NEGATIVE_PROMPT, STYLE, SEED,
    ),
    service(
        "stable-image-control-structure", "Control Structure",
        "Makes a new picture with the same structure.", 0.07,
        PROMPT, PICTURE, CONTROL_STRENGTH, NEGATIVE_PROMPT, STYLE, SEED,
    ),
    service(
        "stable-image-style-guide", "Style Guide", "Makes a new picture in the same style.", 0.07,
        PROMPT, PICTURE,
        number("fidelity", "Fidelity", "How close the style stays to the picture's.", 0, 1, 0.5),
        stability.aspect_ratio(), NEGATIVE_PROMPT, STYLE, SEED,
    ),
    service(
        "stable-style-transfer", "Style Transfer", "Gives a picture the style of another.", 0.08,
        Image("init_image", "Picture", "The picture to restyle.", required=True),
        Image("style_image", "Style picture", "The picture that has the style.", required=True),
        OPTIONAL_PROMPT, NEGATIVE_PROMPT,
        number("composition_fidelity", "Composition", "How much of the layout stays.", 0, 1, 0.9),
        number("style_strength", "Style strength", "How much style is taken over.", 0, 1, 1),
        number("change_strength", "Change", "How much the picture may change.", 0.1, 1, 0.9),
        SEED,
    ),
    # The upscalers make 9 to 17 megapixels. As a PNG that exceeds the 16,777,216 bytes that Bedrock
    # answers at most (reported by bedrock-image-mcp-server 0.5: 20 to 35 MB).
    service(
        "stable-fast-upscale", "Fast Upscale", "Makes a picture four times larger.", 0.03,
        small_picture(minimum_side=32, maximum_side=1_536, minimum_pixels=1_024),
        formats="webp jpeg",
    ),
    # Its page gives two limits: 1 megapixel in the text, 9,437,184 pixels in the table.
    service(
        "stable-conservative-upscale", "Conservative Upscale",
        "Makes a picture larger and keeps it as it is.", 0.40,
        PROMPT, small_picture(widest=2.5), creativity(0.5, 0.35), NEGATIVE_PROMPT, SEED,
        formats="webp jpeg",
    ),
    service(
        "stable-creative-upscale", "Creative Upscale", "Makes a small picture large and new.", 0.60,
        PROMPT, small_picture(), creativity(0.5, 0.3), NEGATIVE_PROMPT, STYLE, SEED,
        formats="webp jpeg",
    ),
)  # fmt: skip
