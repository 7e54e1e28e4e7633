"""AWS's rules for each image model: regions, sizes and request schema. Reads rules/*.json."""

import json
import random
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from PIL import Image, ImageFilter

from local.faults import END_OF_LIFE, Failure
from local.images import Edit, encode, read_edit
from local.schema import malformed

RULES = Path(__file__).parent / "rules"

UNKNOWN = "The provided model identifier is invalid."
TEXT_ONLY = (
    "This local Bedrock generates SDXL's images from text only. AWS would accept this request, "
    "which edits an image."
)
# The largest answer, measured by callers and not documented (kalleeh/bedrock-image-mcp-server,
# README, "Response payload size exceeds limit").
MAX_ANSWER_BYTES = 16_777_216

# An account number as in AWS's documentation.
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Model:
    """An image model."""

    id: str
    name: str
    provider: str
    regions: list[str]
    lifecycle: str
    inference: str  # "ON_DEMAND", "INFERENCE_PROFILE" or "ENDPOINT" (Bedrock Marketplace)
    inputs: list[str]
    dialect: str  # "stable-image" or "sdxl"
    body: dict[str, Any]  # JSON Schema
    sizes: dict[str, list[int]] = field(default_factory=dict)  # width and height in pixels
    images: dict[str, dict[str, float]] = field(default_factory=dict)  # the limits of each image

    def default(self, key: str) -> Any:
        return self.body["properties"][key].get("default", "")

    def resource(self, region: str) -> str:
        """The ARN that a call names in IAM: of the inference profile if the model has one."""
        if self.inference == "INFERENCE_PROFILE":
            return profile_arn(self.id, region)
        return arn(self.id, region)

    def service(self) -> str:
        """The name of an image service: "inpaint", "fast-upscale"."""
        return re.sub(r"stability\.stable-(image-)?|-v\d:\d", "", self.id)


def load_models() -> list[Model]:
    """The active models, one a file."""
    facts = [json.loads(path.read_text()) for path in sorted(RULES.glob("*.json"))]
    fields = Model.__dataclass_fields__
    return [
        Model(**{key: value for key, value in each.items() if key in fields})
        for each in facts
        if "body" in each
    ]


MODELS = load_models()
TEXT_MODELS = json.loads((RULES / "converse.json").read_text())["models"]
RETIRED = json.loads((RULES / "retired.json").read_text())["end_of_life"]


def find(model_id: str, region: str) -> Model:
    """The model with this id, inference profile or ARN in a region.

    Raises:
        Failure: AWS's error for a model that is retired, unknown, not in the region or not
            available on demand.
    """
    model_id = model_id.removeprefix(arn("", region))
    model_id = re.sub(rf"arn:aws:bedrock:{region}:\d{{12}}:inference-profile/", "", model_id)
    if model_id in RETIRED:
        raise Failure("ResourceNotFoundException", END_OF_LIFE)
    for model in MODELS:
        if region not in model.regions or model.id != model_id.removeprefix("us."):
            continue
        if (model.inference == "INFERENCE_PROFILE") == model_id.startswith("us."):
            return model
        if model.inference == "INFERENCE_PROFILE":
            raise profile_needed(model_id)
    raise Failure("ValidationException", UNKNOWN)


def profile_needed(model_id: str) -> Failure:
    """The error for a model that only an inference profile may call."""
    return Failure(
        "ValidationException",
        f"Invocation of model ID {model_id} with on-demand throughput isn\u2019t supported. Retry "
        "your request with the ID or ARN of an inference profile that contains this model.",
    )


def arn(model_id: str, region: str) -> str:
    """A foundation model's ARN. The id of an endpoint is already an ARN."""
    if model_id.startswith("arn:"):
        return model_id
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def profile_arn(model_id: str, region: str) -> str:
    """The ARN of a model's inference profile for the US."""
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/us.{model_id}"


def parse(content: bytes) -> dict[str, Any]:
    """The request's JSON object. Raises: Failure if it is not JSON or not an object."""
    try:
        body = json.loads(content, parse_constant=reject_constant)
    except (ValueError, RecursionError):
        raise malformed() from None
    if not isinstance(body, dict):
        raise malformed()
    return body


def reject_constant(name: str) -> None:
    """Python accepts NaN and Infinity, which are not JSON."""
    raise ValueError(name)


def check(body: dict[str, Any], model: Model) -> None:
    """Raises: Failure for the first kind of error: missing key, unknown key, invalid value."""
    errors = list(Draft202012Validator(model.body).iter_errors(body))
    missing = [error for error in errors if error.validator == "required"]
    unknown = [error for error in errors if error.validator == "additionalProperties"]
    if unknown and not missing and model.dialect == "stable-image":
        raise Failure("ValidationException", json.dumps({"detail": unknown_field(body, model)}))
    if errors:
        raise malformed(missing or unknown or errors)
    if model.sizes and size_key(body, model) not in model.sizes:
        # Stability's message for SDXL, which allows only some pairs of width and height.
        allowed = ", ".join(model.sizes)
        raise Failure(
            "ValidationException",
            f"the allowed dimensions are {allowed}, but we received {size_key(body, model)}",
        )
    if model.dialect == "sdxl" and "init_image" in body:
        raise Failure("ValidationException", TEXT_ONLY)


def unknown_field(body: dict[str, Any], model: Model) -> str:
    """Stability's own message, reported for Ultra (BerriAI/litellm#6826) and control-sketch
    (aws-samples/amazon-bedrock-client-for-mac#121)."""
    known = model.body["properties"]
    if model.inference != "INFERENCE_PROFILE":
        return f"Invalid field in request. Available fields: {list(known)}"
    unknown = next(key for key in body if key not in known)
    return (
        f"Invalid field '{unknown}' in request. Available fields for {model.service()} are: "
        + ", ".join(known)
    )


def size_key(body: dict[str, Any], model: Model) -> str:
    """The request's key in `model.sizes`."""
    if model.dialect == "stable-image":
        return str(body.get("aspect_ratio", model.default("aspect_ratio")))
    width = body.get("width", model.default("width"))
    height = body.get("height", model.default("height"))
    return f"{width}x{height}"


def painting(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """The painter's arguments. Without a seed, or with seed 0, a random one is drawn.

    Raises: Failure if an image breaks its limits.
    """
    seed = int(body.get("seed", 0)) or random.randint(1, 4294967294)
    edit = find_edit(body, model)
    width, height = model.sizes[size_key(body, model)] if model.sizes else (0, 0)
    if edit and edit.tool != "style-guide":
        width, height = edit.size()
    arguments = {"seed": seed, "width": width, "height": height}
    if model.dialect == "stable-image":
        texts = {"prompt": body.get("prompt", "")}
        texts["negative_prompt"] = body.get("negative_prompt", "")
        texts |= {name: body[name] for name in ["style_preset"] if name in body}
        return texts | arguments | ({"edit": edit} if edit else {})
    prompts = body["text_prompts"]
    positive = [each["text"] for each in prompts if each.get("weight", 1) >= 0]
    negative = [each["text"] for each in prompts if each.get("weight", 1) < 0]
    texts = {"prompt": ", ".join(positive), "negative_prompt": ", ".join(negative)}
    settings = ("steps", "cfg_scale", "style_preset")
    return texts | arguments | {name: body.get(name, model.default(name)) for name in settings}


def find_edit(body: dict[str, Any], model: Model) -> Edit | None:
    """What the request does with an image; None if it has none."""
    if not any(name in body for name in model.images):
        return None
    rules = model.body["properties"].items()
    defaults = {name: rule["default"] for name, rule in rules if "default" in rule}
    is_service = model.inference == "INFERENCE_PROFILE"
    tool = model.service() if is_service else "image-to-image"
    return read_edit(tool, defaults | body, model.images)


def answer(
    body: dict[str, Any], model: Model, seed: int, image: Image.Image, reason: str | None
) -> dict[str, Any]:
    """The answer's JSON. `reason` says why the image is withheld; None if it is returned."""
    if model.dialect == "stable-image":
        if reason:
            return {"finish_reasons": [reason]}
        output_format = body.get("output_format", model.default("output_format"))
        images = [encode(image, output_format)]
        return {"seeds": [seed], "finish_reasons": [None], "images": images}
    finish = "SUCCESS"
    if reason:
        # AWS says only that "the image might be blurred" with these two finish reasons.
        image = image.filter(ImageFilter.GaussianBlur(40))
        finish = "CONTENT_FILTERED" if reason.startswith("Filter") else "ERROR"
    artifact = {"seed": seed, "base64": encode(image, "png"), "finishReason": finish}
    return {"result": "success", "artifacts": [artifact]}


def check_answer(length: int) -> None:
    """Raises: Failure in the words that callers report; the image is made, and paid for."""
    if length > MAX_ANSWER_BYTES:
        detail = (
            f"Response payload size {length} bytes exceeds the maximum allowed size of "
            f"{MAX_ANSWER_BYTES} bytes"
        )
        raise Failure("ValidationException", json.dumps({"detail": detail}))


def summaries(region: str, filters: dict[str, str]) -> list[dict[str, Any]]:
    """ListFoundationModels' answer: the models of a region that match the query's filters."""
    found = [summary(model, region) for model in MODELS if region in model.regions]
    return [
        each
        for each in found
        # A Marketplace endpoint is not a foundation model.
        if each["inferenceTypesSupported"] != ["ENDPOINT"]
        and filters.get("byProvider", each["providerName"]) == each["providerName"]
        and filters.get("byOutputModality", "IMAGE") in each["outputModalities"]
        and filters.get("byInferenceType") in [None, *each["inferenceTypesSupported"]]
        and "byCustomizationType" not in filters
    ]


def summary(model: Model, region: str) -> dict[str, Any]:
    return {
        "modelArn": arn(model.id, region),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": model.provider,
        "inputModalities": model.inputs,
        "outputModalities": ["IMAGE"],
        "responseStreamingSupported": False,
        "customizationsSupported": [],
        "inferenceTypesSupported": [model.inference],
        "modelLifecycle": {"status": model.lifecycle},
    }


def availability(model_id: str, region: str) -> dict[str, Any]:
    """GetFoundationModelAvailability's answer for an account that may use every model."""
    regions = {each["id"]: each["regions"] for each in TEXT_MODELS}
    regions |= {each.id: each.regions for each in MODELS if each.inference != "ENDPOINT"}
    if model_id not in regions:
        raise Failure("ValidationException", UNKNOWN)
    return {
        "modelId": model_id,
        "agreementAvailability": {"status": "AVAILABLE"},
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE" if region in regions[model_id] else "NOT_AVAILABLE",
    }
