"""Converse: AWS's checks, answer and usage. The words of its answers are a dictionary's."""

import json
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from local.dictionary import translate
from local.faults import Failure
from local.models import RULES, UNKNOWN, arn, profile_arn, profile_needed

FACTS = json.loads((RULES / "converse.json").read_text())
BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class TextModel:
    """A text model."""

    id: str
    inference: str  # "ON_DEMAND" or "INFERENCE_PROFILE"
    regions: list[str]
    max_tokens: int  # of an answer

    def resource(self, region: str) -> str:
        """The ARN that a call names in IAM."""
        if self.inference == "INFERENCE_PROFILE":
            return profile_arn(self.id, region)
        return arn(self.id, region)


MODELS = [TextModel(**facts) for facts in FACTS["models"]]


def find(model_id: str, region: str) -> TextModel:
    """The text model with this id or inference profile in a region. Raises: Failure."""
    for model in MODELS:
        prefix = "us." if model.inference == "INFERENCE_PROFILE" else ""
        if region in model.regions and model_id == prefix + model.id:
            return model
        if region in model.regions and model_id == model.id:
            raise profile_needed(model_id)
    raise Failure("ValidationException", UNKNOWN)


def read(body: dict[str, Any], model: TextModel) -> str:
    """The text of the last message. Raises: Failure if the request breaks AWS's rules."""
    for error in Draft202012Validator(FACTS["request"]).iter_errors(body):
        where = ".".join(map(str, error.absolute_path)) or "request"
        text = f"1 validation error detected: Value at '{where}' failed to satisfy constraint"
        raise Failure("ValidationException", f"{text}: {error.message[:200]}")
    for number, message in enumerate(body["messages"]):
        if not all(each["text"].strip() for each in message["content"]):
            raise Failure(
                "ValidationException",
                f"The text field in the ContentBlock object at messages.{number}.content.0 is "
                "blank. Add text to the text field, and try again.",
            )
    if body["messages"][0]["role"] != "user":
        raise Failure(
            "ValidationException",
            "A conversation must start with a user message. Try again with a conversation that "
            "starts with a user message.",
        )
    if body.get("inferenceConfig", {}).get("maxTokens", 1) > model.max_tokens:
        raise Failure(
            "ValidationException",
            "The maximum tokens you requested exceeds the model limit of "
            f"{model.max_tokens}. Try again with a maximum tokens value that is lower than "
            f"{model.max_tokens}.",
        )
    return "".join(each["text"] for each in body["messages"][-1]["content"])


def answer(body: dict[str, Any], text: str, model: TextModel, reason: str | None) -> dict[str, Any]:
    """The answer to the words `text`. `reason` says that a filter refused them."""
    settings = body.get("inferenceConfig", {})
    # What a warm model adds of its own is always the same here.
    warm = settings.get("temperature", 0.7) > 0.5
    said = translate(text) + (", in soft light, with fine details" if warm else "")
    most = settings.get("maxTokens", model.max_tokens) * BYTES_PER_TOKEN
    stop = "max_tokens" if len(said.encode()) > most else "end_turn"
    if reason:
        said, stop = (
            "The generated text has been blocked by our content filters.",
            "content_filtered",
        )
    said = said.encode()[:most].decode(errors="ignore")
    prompts = [each["text"] for each in body.get("system", [])]
    prompts += [each["text"] for message in body["messages"] for each in message["content"]]
    read, written = tokens("".join(prompts)), tokens(said)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
        "stopReason": stop,
        "usage": {"inputTokens": read, "outputTokens": written, "totalTokens": read + written},
        "metrics": {"latencyMs": 1},
    }


def tokens(text: str) -> int:
    return -(-len(text.encode()) // BYTES_PER_TOKEN)
