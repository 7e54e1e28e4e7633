"""Stable Diffusion XL of 2023, on the owner's own endpoint: its facts and its dialect."""

from typing import Any

from chalicelib import stability
from chalicelib.model import Model, Values
from chalicelib.parameters import Integer, Number

SIZES = "1024x1024 1152x896 1216x832 1344x768 1536x640 640x1536 768x1344 832x1216 896x1152"
SAMPLERS = (
    "DDIM DDPM K_DPMPP_2M K_DPMPP_2S_ANCESTRAL K_DPM_2 K_DPM_2_ANCESTRAL K_EULER "
    "K_EULER_ANCESTRAL K_HEUN K_LMS"
)
GUIDANCE = "FAST_BLUE FAST_GREEN NONE SIMPLE SLOW SLOWER SLOWEST"


def body(values: Values) -> dict[str, Any]:
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


def image(answer: Any) -> str:
    """The first image, as base64 text. A filtered answer holds a blurred one, which is not used.

    Raises: ContentFiltered, ModelFailed.
    """
    artifact = stability.first(stability.field(answer, "artifacts"))
    reason = stability.field(artifact, "finishReason")
    if reason != "SUCCESS":
        raise stability.finish_reason_error(reason)
    return stability.checked_image(stability.field(artifact, "base64"))


STABLE_DIFFUSION_XL = Model(
    name="stable-diffusion-xl",
    title="Stable Diffusion XL",
    description="The classic, with cfg scale and steps; on the owner's own endpoint.",
    # model-parameters-diffusion-1-0-text-image
    bedrock_id="stability.stable-diffusion-xl-v1",
    price_usd=0.0,  # AWS bills a Bedrock Marketplace endpoint per hour, not per image
    parameters=(
        stability.prompt(2_000),
        stability.negative_prompt(2_000),
        stability.choice("size", "Size", "Width and height in pixels.", SIZES, "1024x1024"),
        Number("cfg_scale", "Prompt strength (cfg_scale)",
               "How closely the picture follows the prompt; low values wander off.",
               minimum=0, maximum=35, default=7),
        Integer("steps", "Generation steps", "More steps make a finer picture and take longer.",
                minimum=10, maximum=50, default=30),
        stability.seed(4_294_967_295),
        stability.style_preset(),
        stability.choice("sampler", "Sampler", "How noise becomes a picture.", SAMPLERS),
        stability.choice("clip_guidance_preset", "CLIP guidance",
                         "How CLIP, a second model, guides the picture.", GUIDANCE),
    ),
    body=body,
    image=image,
)  # fmt: skip
