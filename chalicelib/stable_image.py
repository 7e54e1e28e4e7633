"""Stability AI's models that paint from text, two of them from an image too."""

from dataclasses import replace
from typing import Any

from chalicelib import stability
from chalicelib.model import Model, Values
from chalicelib.parameters import Image, Number, Parameter


def text_to_image(max_seed: int, formats: str) -> tuple[Parameter, ...]:
    return (
        stability.prompt(),
        stability.negative_prompt(),
        stability.aspect_ratio(),
        stability.seed(max_seed),
        stability.output_format(formats),
    )


def image_to_image(max_seed: int, formats: str, strength: float) -> tuple[Parameter, ...]:
    """The pages limit an image's sides only; `Image`'s limit in pixels is that of the services."""
    help = "0 keeps the picture, 1 ignores it."
    shape = replace(stability.aspect_ratio(), with_image=False)
    strengths = Number("strength", "Strength", help, minimum=0, maximum=1, default=strength)
    return (
        *(
            shape if each == stability.aspect_ratio() else each
            for each in text_to_image(max_seed, formats)
        ),
        Image("image", "Picture", "The picture to start from.", widest=None),
        replace(strengths, with_image=True),
    )


def sd3_body(values: Values) -> dict[str, Any]:
    mode = {"mode": "image-to-image"} if values["image"] else {}
    return stability.body(values) | mode


STABLE_IMAGE_CORE = Model(
    name="stable-image-core",
    title="Stable Image Core",
    description="Quick and cheap; a good start.",
    # model-parameters-diffusion-stable-image-core-text-image-request-response
    bedrock_id="stability.stable-image-core-v1:1",
    price_usd=0.04,
    parameters=text_to_image(4_294_967_295, "jpeg png"),
    body=stability.body,
    image=stability.image,
)

STABLE_DIFFUSION_3_5_LARGE = Model(
    name="stable-diffusion-3.5-large",
    title="Stable Diffusion 3.5 Large",
    description="Follows long prompts closely.",
    # model-parameters-diffusion-3-5-large, which has no default strength
    bedrock_id="stability.sd3-5-large-v1:0",
    price_usd=0.08,
    parameters=image_to_image(4_294_967_294, "jpeg png webp", strength=0.6),
    body=sd3_body,
    image=stability.image,
)

STABLE_IMAGE_ULTRA = Model(
    name="stable-image-ultra",
    title="Stable Image Ultra",
    description="The finest pictures; slower and more expensive.",
    # model-parameters-diffusion-stable-ultra-text-image-request-response; its mode has no
    # image-to-image: an image is enough
    bedrock_id="stability.stable-image-ultra-v1:1",
    price_usd=0.14,
    parameters=image_to_image(4_294_967_295, "jpeg png", strength=0.35),
    body=stability.body,
    image=stability.image,
)
