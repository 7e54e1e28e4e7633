"""OpenAI's images API in Easel's words, and back: only translates. Knows no HTTP and no AWS.

Requests, answers, errors and retries as the package `openai` 3.57.0 has them (its types
image_generate_params and images_response, and _base_client), read on 2026-11-25.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.errors import RETRY_AFTER_SECONDS, InvalidParameter
from chalicelib.model import Model, Query, media_type
from chalicelib.parameters import Choice, Number, shown

# OpenAI's own models: clients have these names built in, so they mean the default.
THEIR_MODELS = ("chatgpt-image-", "dall-e-", "gpt-image-")

MOST_IMAGES = 4  # in one request; OpenAI's is 10, Lambda's 6 MB hold about four JPEGs
SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536")

# What only OpenAI's models know, and what harms nobody who does without.
WITHOUT_EFFECT = (
    *("background", "moderation", "output_compression", "quality", "safety_identifier"),
    *("style", "user"),
)

# OpenAI's word for an error, where it has one; the others keep ours.
THEIR_CODES = {
    "AccessCodeRequired": "invalid_api_key",
    "BudgetSpent": "insufficient_quota",
    "ContentFiltered": "content_policy_violation",
    "ModelBusy": "rate_limit_exceeded",
    "ModelRetired": "model_not_found",
    "UnknownModel": "model_not_found",
}


def queries(body: str, find: Callable[[str], Model]) -> tuple[list[Query], list[str]]:
    """A query for each image, and the names that have no effect here. `find` knows the models.

    Raises: InvalidParameter, and what `find` does.
    """
    request = read(body)
    refuse(request)
    images = number_of_images(request)
    model = find(model_name(request))
    query, without_effect = translate(request, model)
    if images > 1 and query.get("output_format") == "png":
        raise InvalidParameter(
            "output_format must be jpeg or webp where n is more than 1, got 'png': "
            "several would be too large to send"
        )
    return [query | following_seed(query, step) for step in range(images)], without_effect


def read(body: str) -> dict[str, Any]:
    """The request, without what is null."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise InvalidParameter("body must be a JSON object, got something else")
    return {name: value for name, value in request.items() if value is not None}


def refuse(request: Mapping[str, Any]) -> None:
    """What another answer would be needed for."""
    if request.get("response_format", "b64_json") != "b64_json":
        raise InvalidParameter(
            f"response_format must be b64_json, got {got(request['response_format'])}: "
            "no picture is kept here that an address could lead to"
        )
    if request.get("stream", False) is not False:
        raise InvalidParameter(f"stream must be false, got {got(request['stream'])}")
    if request.get("background") == "transparent":
        raise InvalidParameter("background must be auto or opaque, got 'transparent'")


def number_of_images(request: Mapping[str, Any]) -> int:
    number = request.get("n", 1)
    if type(number) is not int or not 1 <= number <= MOST_IMAGES:
        raise InvalidParameter(f"n must be one integer from 1 to {MOST_IMAGES}, got {got(number)}")
    return number


def model_name(request: Mapping[str, Any]) -> str:
    name = text("model", request.get("model", ""))
    return "" if name.startswith(THEIR_MODELS) else name


def translate(request: Mapping[str, Any], model: Model) -> tuple[dict[str, str], list[str]]:
    """The query, and the names without effect: OpenAI's `size` is one, where a shape is given."""
    theirs = {"model", "n", "size", "response_format", "stream", *WITHOUT_EFFECT}
    query = {name: value_text(name, request[name], model) for name in request if name not in theirs}
    without_effect = [name for name in request if name in WITHOUT_EFFECT]
    size = one_of(SIZES, "size", request.get("size", "auto"))
    if size != "auto" and "aspect_ratio" in query:
        without_effect.append("size")
    elif size != "auto":
        query |= shape(size, model)
    return {"model": model.name} | query, without_effect


def value_text(name: str, value: Any, model: Model) -> str:
    """The value as a query has it; what is a number may be one in JSON, too."""
    parameter = next((each for each in model.parameters if each.name == name), None)
    if parameter is None:
        return ""  # never read: another model's, or nobody's
    if not isinstance(parameter, Number):
        return text(name, value)
    if type(value) not in (int, float, str):
        raise InvalidParameter(f"{name} must be a number, got {got(value)}")
    return str(value)


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(f"{name} must be text, got {got(value)}")
    return value


def one_of(allowed: Iterable[str], name: str, value: Any) -> str:
    if value not in allowed:
        words = ", ".join(allowed)
        raise InvalidParameter(f"{name} must be one of {words}, got {got(value)}")
    return str(value)


def got(value: Any) -> str:
    """The value as JSON, cut so that an error stays readable."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return shown(value) if isinstance(value, str) else shown(json.dumps(value)).strip("'")


def shape(size: str, model: Model) -> Query:
    """The model's own parameter for it, with the choice nearest to that width by height."""
    wanted = ratio(size)
    return {
        each.name: min(each.choices, key=lambda choice: abs(math.log(ratio(choice) / wanted)))
        for each in model.parameters
        if isinstance(each, Choice) and each.name in ("aspect_ratio", "size")
    }


def ratio(shape: str) -> float:
    """Width by height: of "16:9", or of "1344x768"."""
    width, height = re.split("[:x]", shape)
    return int(width) / int(height)


def following_seed(query: Query, step: int) -> Query:
    """A seed that was chosen is the first image's, and the next follow."""
    seed = query.get("seed", "")
    if not re.fullmatch("[0-9]{1,20}", seed) or not int(seed):
        return {}  # none, or 0: each draws its own
    return {"seed": str(int(seed) + step)}


def answer(images: list[str], seeds: list[int], created: int) -> dict[str, Any]:
    """OpenAI's answer; each image has its seed beside it. `created`: seconds since 1970."""
    pairs = zip(images, seeds, strict=True)
    return {
        "created": created,
        "data": [{"b64_json": image, "seed": seed} for image, seed in pairs],
        "output_format": media_type(images[0]).removeprefix("image/"),
    }


def models(names: Iterable[str]) -> dict[str, Any]:
    """OpenAI's list of models. When each was made, nobody tells."""
    made = {"object": "model", "created": 0, "owned_by": "stability-ai"}
    return {"object": "list", "data": [{"id": name} | made for name in names]}


def error(code: str, message: str, status: int) -> dict[str, Any]:
    """OpenAI's error for one of ours."""
    name = re.match(r"(\w+) must ", message)
    return {
        "error": {
            "message": message,
            "type": error_type(code, status),
            "param": name[1] if name else None,
            "code": THEIR_CODES.get(code, code),
        }
    }


def error_type(code: str, status: int) -> str:
    if code == "BudgetSpent":
        return "insufficient_quota"
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"


def may_retry(code: str, dollars: float) -> str:
    """The header `x-should-retry`, which OpenAI's clients obey; else they send every 429 and 5xx
    twice more, and what AWS may bill already would be paid again."""
    return "true" if code in RETRY_AFTER_SECONDS and not dollars else "false"
