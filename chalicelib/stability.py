"""Stability AI's models: their facts and their dialects of Bedrock's JSON.

Ranges are AWS's own, from docs.aws.amazon.com/bedrock/latest/userguide/ as of October 2026, read on
2026-11-22; each model names its page. Prices are US dollars per image, on demand, us-west-2, from
AWS's price list (aws.amazon.com/bedrock/pricing), read on the same day in LiteLLM's copy.
"""

import string
from typing import Any

from chalicelib.errors import ContentFiltered, ModelFailed
from chalicelib.model import Model, Values, media_type
from chalicelib.parameters import Choice, Integer, Number, Parameter, Seed, Text

ASPECT_RATIOS = "1:1 16:9 21:9 2:3 3:2 4:5 5:4 9:16 9:21"
SDXL_SIZES = "1024x1024 1152x896 1216x832 1344x768 1536x640 640x1536 768x1344 832x1216 896x1152"
SDXL_STYLES = (
    "3d-model analog-film anime cinematic comic-book digital-art enhance fantasy-art isometric "
    "line-art low-poly modeling-compound neon-punk origami photographic pixel-art tile-texture"
)
SDXL_SAMPLERS = (
    "DDIM DDPM K_DPMPP_2M K_DPMPP_2S_ANCESTRAL K_DPM_2 K_DPM_2_ANCESTRAL K_EULER "
    "K_EULER_ANCESTRAL K_HEUN K_LMS"
)
SDXL_GUIDANCE = "FAST_BLUE FAST_GREEN NONE SIMPLE SLOW SLOWER SLOWEST"

BASE64_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()


def prompt(max_length: int) -> Text:
    help = "What the picture shows. English works best."
    return Text("prompt", "Prompt", help, max_length=max_length, required=True)


def negative_prompt(max_length: int) -> Text:
    help = "What the picture must not show."
    return Text("negative_prompt", "Negative prompt", help, max_length=max_length)


def seed(maximum: int) -> Seed:
    help = "The same seed and settings make the same picture. 0 draws a new one each time."
    return Seed("seed", "Seed", help, minimum=0, maximum=maximum, default=0)


def choice(name: str, label: str, help: str, choices: str, default: str = "") -> Choice:
    return Choice(name, label, help, choices=tuple(choices.split()), default=default)


def output_format(formats: str) -> Choice:
    # Not AWS's default: a 1536-pixel PNG can exceed the 6 MB of a Lambda response.
    help = "JPEG is small. PNG is lossless, and may be too large to send."
    return choice("output_format", "File format", help, formats, "jpeg")


def text_to_image(max_seed: int, formats: str) -> tuple[Parameter, ...]:
    return (
        prompt(10_000),
        negative_prompt(10_000),
        choice("aspect_ratio", "Aspect ratio", "Width to height.", ASPECT_RATIOS, "1:1"),
        seed(max_seed),
        output_format(formats),
    )


def body(values: Values) -> dict[str, Any]:
    """Bedrock's JSON for the current models: the values, without empty ones."""
    return {name: value for name, value in values.items() if value != ""}


def image(answer: Any) -> str:
    """The first image, as base64 text.

    A filtered request gets HTTP 200 from Bedrock, a finish reason and no images.
    Raises: ContentFiltered, ModelFailed.
    """
    reasons = field(answer, "finish_reasons")
    reason = first(reasons) if isinstance(reasons, list) else reasons
    if reason is not None:
        raise finish_reason_error(reason)
    return checked_image(first(field(answer, "images")))


STABLE_IMAGE_CORE = Model(
    name="stable-image-core",
    title="Stable Image Core",
    description="Quick and cheap; a good start.",
    # model-parameters-diffusion-stable-image-core-text-image-request-response
    bedrock_id="stability.stable-image-core-v1:1",
    price_usd=0.04,
    parameters=text_to_image(4_294_967_295, "jpeg png"),
    body=body,
    image=image,
)

STABLE_DIFFUSION_3_5_LARGE = Model(
    name="stable-diffusion-3.5-large",
    title="Stable Diffusion 3.5 Large",
    description="Follows long prompts closely.",
    # model-parameters-diffusion-3-5-large
    bedrock_id="stability.sd3-5-large-v1:0",
    price_usd=0.08,
    parameters=text_to_image(4_294_967_294, "jpeg png webp"),
    body=body,
    image=image,
)

STABLE_IMAGE_ULTRA = Model(
    name="stable-image-ultra",
    title="Stable Image Ultra",
    description="The finest pictures; slower and more expensive.",
    # model-parameters-diffusion-stable-ultra-text-image-request-response
    bedrock_id="stability.stable-image-ultra-v1:1",
    price_usd=0.14,
    parameters=text_to_image(4_294_967_295, "jpeg png"),
    body=body,
    image=image,
)


def sdxl_body(values: Values) -> dict[str, Any]:
    """Bedrock's JSON for Stable Diffusion XL: prompts have weights, and a size is two numbers."""
    width, height = values["size"].split("x")
    text_prompts = [{"text": values["prompt"], "weight": 1.0}]
    if values["negative_prompt"]:
        text_prompts.append({"text": values["negative_prompt"], "weight": -1.0})
    names = ("cfg_scale", "steps", "seed", "style_preset", "sampler", "clip_guidance_preset")
    return {
        "text_prompts": text_prompts,
        "width": int(width),
        "height": int(height),
        **{name: values[name] for name in names if values[name] != ""},
    }


def sdxl_image(answer: Any) -> str:
    """The first image, as base64 text. A filtered answer holds a blurred one, which is not used.

    Raises: ContentFiltered, ModelFailed.
    """
    artifact = first(field(answer, "artifacts"))
    reason = field(artifact, "finishReason")
    if reason != "SUCCESS":
        raise finish_reason_error(reason)
    return checked_image(field(artifact, "base64"))


STABLE_DIFFUSION_XL = Model(
    name="stable-diffusion-xl",
    title="Stable Diffusion XL",
    description="The classic, with cfg scale and steps; on the owner's own endpoint.",
    # model-parameters-diffusion-1-0-text-image
    bedrock_id="stability.stable-diffusion-xl-v1",
    price_usd=0.0,  # AWS bills a Bedrock Marketplace endpoint per hour, not per image
    parameters=(
        prompt(2_000),
        negative_prompt(2_000),
        choice("size", "Size", "Width and height in pixels.", SDXL_SIZES, "1024x1024"),
        Number(
            "cfg_scale",
            "Prompt strength (cfg_scale)",
            "How closely the picture follows the prompt; low values wander off.",
            minimum=0,
            maximum=35,
            default=7,
        ),
        Integer(
            "steps",
            "Generation steps",
            "More steps make a finer picture and take longer.",
            minimum=10,
            maximum=50,
            default=30,
        ),
        seed(4_294_967_295),
        choice("style_preset", "Style", "A style to guide the model.", SDXL_STYLES),
        choice("sampler", "Sampler", "How noise becomes a picture.", SDXL_SAMPLERS),
        choice(
            "clip_guidance_preset",
            "CLIP guidance",
            "How CLIP, a second model, guides the picture.",
            SDXL_GUIDANCE,
        ),
    ),
    body=sdxl_body,
    image=sdxl_image,
)


def finish_reason_error(reason: object) -> ContentFiltered | ModelFailed:
    """The error for any finish reason other than success."""
    if reason == "Filter reason: prompt":
        return ContentFiltered(
            "the model's filter refused the prompt; change its words (English works best)",
            may_be_charged=False,
        )
    if reason in ("Filter reason: output image", "CONTENT_FILTERED"):
        return ContentFiltered(
            "the model's filter refused the picture; try another seed or other words",
            may_be_charged=True,
        )
    return ModelFailed("the model could not make this picture; try again")


def checked_image(image: object) -> str:
    """The image, if it is base64 text of an image. Raises: ModelFailed."""
    if isinstance(image, str) and is_base64(image) and media_type(image):
        return image
    raise ModelFailed("the model's answer holds no picture; try again")


def is_base64(text: str) -> bool:
    """Whether it is padded base64. Takes half the time of a regular expression, and a third of
    decoding the text (`make bench`)."""
    if not text or len(text) % 4 or not text.isascii():
        return False
    padding = text.encode().translate(None, BASE64_ALPHABET).decode()
    return padding in ("", "=", "==") and text.endswith(padding)


def first(values: object) -> Any:
    return values[0] if isinstance(values, list) and values else None


def field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
