"""AWS's rules for each image model: regions, sizes and request schema. Reads rules/*.json."""

import base64
import io
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from PIL import Image, ImageFilter

from local.faults import END_OF_LIFE, Failure

RULES = Path(__file__).parent / "rules"

UNKNOWN = "The provided model identifier is invalid."
TEXT_ONLY = (
    "This local Bedrock generates images from text only. AWS would accept this request, which "
    "edits an image."
)


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
    sizes: dict[str, list[int]]  # width and height in pixels
    body: dict[str, Any]  # JSON Schema

    def default(self, key: str) -> Any:
        return self.body["properties"][key].get("default", "")


def load_models() -> list[Model]:
    """The active models: one a file, except the image services, which share one."""
    models = []
    for path in sorted(RULES.glob("*.json")):
        facts = json.loads(path.read_text())
        known = {key: facts[key] for key in Model.__dataclass_fields__ if key in facts}
        if "body" in facts:
            models.append(Model(**known))
        for model_id, name in facts.get("names", {}).items():
            models.append(Model(**known, id=model_id, name=name, sizes={}, body={}))
    return models


MODELS = load_models()
RETIRED = json.loads((RULES / "retired.json").read_text())["end_of_life"]


def find(model_id: str, region: str) -> Model:
    """The model with this id or ARN in a region.

    Raises:
        Failure: AWS's error for a model that is retired, unknown, not in the region or not
            available on demand.
    """
    model_id = model_id.removeprefix(arn("", region))
    if model_id in RETIRED:
        raise Failure("ResourceNotFoundException", END_OF_LIFE)
    for model in MODELS:
        if region not in model.regions or model.id != model_id.removeprefix("us."):
            continue
        if model.inference != "INFERENCE_PROFILE" and model.id == model_id:
            return model
        if model.inference == "INFERENCE_PROFILE":
            raise Failure("ValidationException", profile_error(model, model_id))
    raise Failure("ValidationException", UNKNOWN)


def profile_error(model: Model, model_id: str) -> str:
    """Why a model behind an inference profile fails: AWS also rejects it by its bare id."""
    if model_id != model.id:
        return TEXT_ONLY
    return (
        f"Invocation of model ID {model_id} with on-demand throughput isn\u2019t supported. Retry "
        "your request with the ID or ARN of an inference profile that contains this model."
    )


def arn(model_id: str, region: str) -> str:
    """A foundation model's ARN. The id of an endpoint is already an ARN."""
    if model_id.startswith("arn:"):
        return model_id
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


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
        # Stability's own message, reported for Ultra (BerriAI/litellm#6826).
        detail = f"Invalid field in request. Available fields: {list(model.body['properties'])}"
        raise Failure("ValidationException", json.dumps({"detail": detail}))
    if errors:
        raise malformed(missing or unknown or errors)
    if size_key(body, model) not in model.sizes:
        # Stability's message for SDXL, which allows only some pairs of width and height.
        allowed = ", ".join(model.sizes)
        raise Failure(
            "ValidationException",
            f"the allowed dimensions are {allowed}, but we received {size_key(body, model)}",
        )
    if body.get("mode") == "image-to-image" or "image" in body or "init_image" in body:
        raise Failure("ValidationException", TEXT_ONLY)


def malformed(errors: list[ValidationError] | None = None) -> Failure:
    """The front end's error: everit-json-schema's message for one violation, else the count."""
    sentences = list(dict.fromkeys(each for error in errors or [] for each in violations(error)))
    found = ""
    if len(sentences) == 1:
        found = f": {sentences[0]}"
    elif sentences:
        found = f": {len(sentences)} schema violations found"
    return Failure(
        "ValidationException",
        f"Malformed input request{found}, please reformat your input and try again.",
    )


def violations(error: ValidationError) -> list[str]:
    """The messages of everit-json-schema."""
    where = "/".join(["#", *(str(step) for step in error.absolute_path)])
    value, rule = error.instance, error.validator_value
    match error.validator:
        case "required":
            missing = [key for key in rule if key not in value]
            return [f"{where}: required key [{key}] not found" for key in missing]
        case "additionalProperties":
            unknown = [key for key in value if key not in error.schema["properties"]]
            return [f"{where}: extraneous key [{key}] is not permitted" for key in unknown]
        case "enum":
            return [f"{where}: {value} is not a valid enum value"]
        case "minimum":
            return [f"{where}: {value} is not greater or equal to {rule}"]
        case "maximum":
            return [f"{where}: {value} is not less or equal to {rule}"]
        case "maxLength":
            return [f"{where}: expected maxLength: {rule}, actual: {len(value)}"]
        case "minItems":
            return [f"{where}: expected minimum item count: {rule}, found: {len(value)}"]
        case _:
            names = {str: "String", bool: "Boolean", int: "Integer", float: "Double"}
            names |= {list: "JSONArray", dict: "JSONObject", type(None): "Null"}
            return [f"{where}: expected type: {rule.title()}, found: {names[type(value)]}"]


def size_key(body: dict[str, Any], model: Model) -> str:
    """The request's key in `model.sizes`."""
    if model.dialect == "stable-image":
        return str(body.get("aspect_ratio", model.default("aspect_ratio")))
    width = body.get("width", model.default("width"))
    height = body.get("height", model.default("height"))
    return f"{width}x{height}"


def painting(body: dict[str, Any], model: Model) -> dict[str, Any]:
    """The painter's arguments. Without a seed, or with seed 0, a random one is drawn."""
    width, height = model.sizes[size_key(body, model)]
    seed = int(body.get("seed", 0)) or random.randint(1, 4294967294)
    arguments = {"seed": seed, "width": width, "height": height}
    if model.dialect == "stable-image":
        texts = {"prompt": body["prompt"], "negative_prompt": body.get("negative_prompt", "")}
        return texts | arguments
    prompts = body["text_prompts"]
    positive = [each["text"] for each in prompts if each.get("weight", 1) >= 0]
    negative = [each["text"] for each in prompts if each.get("weight", 1) < 0]
    texts = {"prompt": ", ".join(positive), "negative_prompt": ", ".join(negative)}
    settings = ("steps", "cfg_scale", "style_preset")
    return texts | arguments | {name: body.get(name, model.default(name)) for name in settings}


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


def encode(image: Image.Image, output_format: str) -> str:
    """The image file as base64 text."""
    content = io.BytesIO()
    options = {"jpeg": {"quality": 92}, "png": {"compress_level": 1}, "webp": {"quality": 90}}
    image.save(content, output_format, **options[output_format])
    return base64.b64encode(content.getvalue()).decode()


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
    for model in MODELS:
        if model.id == model_id and model.inference != "ENDPOINT":
            here = "AVAILABLE" if region in model.regions else "NOT_AVAILABLE"
            return {
                "modelId": model_id,
                "agreementAvailability": {"status": "AVAILABLE"},
                "authorizationStatus": "AUTHORIZED",
                "entitlementAvailability": "AVAILABLE",
                "regionAvailability": here,
            }
    raise Failure("ValidationException", UNKNOWN)
