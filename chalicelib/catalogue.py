"""Which models are on offer, which are retired and what replaces them. Knows no dialect."""

import re
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import stable_diffusion_xl, stable_image
from chalicelib.errors import InvalidParameter, ModelRetired, UnknownModel
from chalicelib.image_services import SERVICES
from chalicelib.model import Model, Query

MODELS = (
    stable_image.STABLE_IMAGE_CORE,
    stable_image.STABLE_DIFFUSION_3_5_LARGE,
    stable_image.STABLE_IMAGE_ULTRA,
    *SERVICES,
    stable_diffusion_xl.STABLE_DIFFUSION_XL,
)

# The ARN of a Bedrock Marketplace endpoint, as InvokeModel takes it (botocore's service model of
# bedrock-runtime, 1.44.5). Any other id would be billed per image, at a price that is not known.
ENDPOINT = re.compile("arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:endpoint/[a-zA-Z0-9-]+")

# Retired models, by Easel's name or Bedrock's id, each with the model that replaces it.
RETIRED = {
    "amazon.nova-canvas-v1:0": "stable-image-core",
    "amazon.titan-image-generator-v1": "stable-image-core",
    "amazon.titan-image-generator-v1:0": "stable-image-core",
    "amazon.titan-image-generator-v2:0": "stable-image-core",
    "stability.sd3-large-v1:0": "stable-diffusion-3.5-large",
    "stability.stable-diffusion-xl": "stable-image-core",
    "stability.stable-diffusion-xl-v0": "stable-image-core",
    "stability.stable-diffusion-xl-v1": "stable-image-core",
    "stability.stable-diffusion-xl-v1:0": "stable-image-core",
    "stability.stable-image-core-v1:0": "stable-image-core",
    "stability.stable-image-ultra-v1:0": "stable-image-ultra",
    "stable-diffusion-xl": "stable-image-core",
}

# The models that are live on Bedrock (AWS's page "model-lifecycle" and its mails, October 2026).
DEFAULT_MODELS = ",".join(model.name for model in MODELS if model.name not in RETIRED)

# The parameters that are files, of all models.
IMAGES = {name for model in MODELS for name in model.images}


@dataclass(frozen=True)
class Catalogue:
    """The models on offer; the first is the default."""

    models: tuple[Model, ...]

    def find(self, name: str) -> Model:
        """The model with this name or Bedrock id; "" means the default.

        Raises: ModelRetired, UnknownModel.
        """
        for model in self.models:
            if name in ("", model.name, model.bedrock_id):
                return model
        if name in RETIRED:
            raise ModelRetired(f"AWS has retired {name}; use model={self.successor(name)}")
        names = ", ".join(model.name for model in self.models)
        raise UnknownModel(f"model must be one of {names}, got {name[:80]!r}")

    def successor(self, name: str) -> str:
        """The model on offer that replaces a retired one."""
        names = [model.name for model in self.models]
        return RETIRED[name] if RETIRED[name] in names else names[0]

    def ignored(self, query: Query, model: Model) -> list[str]:
        """The names in the query that only other models use, or this one only without an image.

        Raises: InvalidParameter for a name that no model knows, on offer or not, and for an image
        that this model does not take.
        """
        known = {each.name for every_model in MODELS for each in every_model.parameters}
        for name in query:
            if name not in known:
                allowed = ", ".join(["model", *sorted(known - {"prompt"})])
                raise InvalidParameter(f"a parameter must be one of {allowed}, got {name[:80]!r}")
            if name in IMAGES and name not in model.images:
                takes = ", ".join(model.images) or "no image"
                raise InvalidParameter(f"{name} must be left out: {model.name} takes {takes} only")
        used = {each.name for each in model.used(query)}
        return [name for name in query if name not in used]

    def describe(self) -> dict[str, Any]:
        """The catalogue as `GET /models` shows it."""
        return {
            "default": self.models[0].name,
            "models": [model.describe() for model in self.models],
        }


def parse(text: str) -> Catalogue:
    """The catalogue of the variable MODELS: names separated by commas.

    `name=arn` calls the Bedrock Marketplace endpoint with this ARN for that model.
    Raises: ValueError if a name is unknown, or retired and without an endpoint.
    """
    return Catalogue(tuple(parse_entry(each.strip()) for each in text.split(",")))


def parse_entry(entry: str) -> Model:
    name, has_endpoint, arn = entry.partition("=")
    for model in MODELS:
        if model.name == name and has_endpoint and ENDPOINT.fullmatch(arn):
            return replace(model, bedrock_id=arn)
        if model.name == name and not has_endpoint and name not in RETIRED:
            return model
    endpoint = "arn:aws:sagemaker:<region>:<account>:endpoint/<name>"
    allowed = f"{DEFAULT_MODELS} or stable-diffusion-xl={endpoint}"
    raise ValueError(f"MODELS must be names from {allowed}, got {entry!r}")
