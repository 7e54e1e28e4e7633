"""Translates OpenAI's images API to Easel's queries and back. Knows no HTTP and no AWS.

Source of requests, answers, errors and retries: the package `openai` 3.57.0 (its types
image_generate_params and images_response, and _base_client), read on 2026-11-25.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chalicelib.errors import RETRY_AFTER_SECONDS, InvalidParameter
from chalicelib.model import Model, Query, media_type
from chalicelib.parameters import Choice, Number, quote

# OpenAI's own models. Clients have these names built in, so they select the default model.
OPENAI_MODEL_PREFIXES = ("chatgpt-image-", "dall-e-", "gpt-image-")

MAX_IMAGES = 4  # per request; OpenAI allows 10, but Lambda's 6 MB hold about four JPEGs
SIZES = ("auto", "1024x1024", "1536x1024", "1024x1536")

# Fields that only OpenAI's models know and that can be ignored without harm.
IGNORED_FIELDS = (
    *("background", "input_fidelity", "moderation", "output_compression", "partial_images"),
    *("quality", "safety_identifier", "style", "user"),
)

# OpenAI's code for an error. Errors without one keep Easel's.
OPENAI_ERROR_CODES = {
    "AccessCodeRequired": "invalid_api_key",
    "BudgetSpent": "insufficient_quota",
    "ContentFiltered": "content_policy_violation",
    "ModelBusy": "rate_limit_exceeded",
    "ModelRetired": "model_not_found",
    "UnknownModel": "model_not_found",
}

# In place of a status that clients send again, where that might pay again: no client sends this one
# again (tried: openai, litellm and its Router, the AI SDK, LangChain.js).
NO_RETRY_STATUS = 424

# What clients in browsers send to OpenAI's API: the packages openai 6.49.0 and ai, LangChain.js,
# gpt_image_playground. Browsers but Chromium name User-Agent in a preflight too.
ALLOWED_HEADERS = (
    "Authorization Cache-Control Content-Type Idempotency-Key OpenAI-Beta OpenAI-Organization "
    "OpenAI-Project Pragma User-Agent X-Client-Request-Id X-Stainless-Arch "
    "X-Stainless-Custom-Poll-Interval X-Stainless-Helper-Method X-Stainless-Lang X-Stainless-OS "
    "X-Stainless-Package-Version X-Stainless-Poll-Helper X-Stainless-Retry-Count "
    "X-Stainless-Runtime X-Stainless-Runtime-Version X-Stainless-Timeout"
)


def parse_queries(
    request: Mapping[str, Any],
    find: Callable[[str], Model],
    keeps_images: bool = False,
    site: str = "",
) -> tuple[list[Query], list[str]]:
    """A query for each image, and the fields that are ignored. `find` returns a model by its name.

    `request`: the fields without empty ones; images as bytes.
    `keeps_images`: answers may be large, and images can have URLs if the `site` is known.
    Raises: InvalidParameter, and what `find` raises.
    """
    reject_unsupported(request, keeps_images, site)
    images = image_count(request)
    model = find(model_name(request))
    query, ignored = to_query(request, model)
    if images > 1 and query.get("output_format") == "png" and not keeps_images:
        raise InvalidParameter(
            "output_format must be jpeg or webp where n is more than 1, got 'png': "
            "several would be too large to send"
        )
    return [query | next_seed(query, index) for index in range(images)], ignored


def parse_json(body: str) -> dict[str, Any]:
    """The request without its null and empty fields, with which clients mean the default."""
    try:
        request = json.loads(body)
    except json.JSONDecodeError as error:
        found = quote(body[error.pos :]) if body[error.pos :] else "its end"
        place = f"line {error.lineno} column {error.colno}"
        raise InvalidParameter(f"body must be valid JSON, got {found} at {place}") from None
    except (ValueError, RecursionError):  # a number of over 4,300 digits; a thousand brackets
        raise InvalidParameter("body must be valid JSON, got too many digits or levels") from None
    if not isinstance(request, dict):
        raise InvalidParameter(f"body must be a JSON object, got {describe(request)}")
    return {name: value for name, value in request.items() if value not in (None, "")}


def wants_urls(request: Mapping[str, Any], site: str) -> bool:
    """Whether the images are to be URLs instead of base64 text.

    As at OpenAI, URLs are the default of its models named dall-e, here if the `site` is known:
    LangChain for Python and CrewAI name such a model and read nothing but the URL.
    """
    default = "url" if site and str(request.get("model")).startswith("dall-e-") else "b64_json"
    return str(request.get("response_format", default)) == "url"


def reject_unsupported(request: Mapping[str, Any], keeps_images: bool, site: str) -> None:
    """Reject fields that ask for another kind of answer."""
    allowed = ["b64_json"] + ["url"] * bool(site)
    if request.get("response_format", "b64_json") not in allowed:
        reasons = ": no picture is kept here that a URL could point to"
        if keeps_images:
            reasons = "" if site else ": only the website's own address can give URLs"
        raise InvalidParameter(
            f"response_format must be {' or '.join(allowed)}, "
            f"got {describe(request['response_format'])}{reasons}"
        )
    if request.get("stream", False) is not False:
        raise InvalidParameter(f"stream must be false, got {describe(request['stream'])}")


def image_count(request: Mapping[str, Any]) -> int:
    count = request.get("n", 1)
    if type(count) is not int or not 1 <= count <= MAX_IMAGES:
        raise InvalidParameter(
            f"n must be one integer from 1 to {MAX_IMAGES}, got {describe(count)}"
        )
    return count


def model_name(request: Mapping[str, Any]) -> str:
    name = require_text("model", request.get("model", ""))
    return "" if name.startswith(OPENAI_MODEL_PREFIXES) else name


def to_query(request: Mapping[str, Any], model: Model) -> tuple[Query, list[str]]:
    """The query and the ignored fields. `aspect_ratio` takes precedence over OpenAI's `size`."""
    openai_fields = {"model", "n", "size", "response_format", "stream", *IGNORED_FIELDS}
    own = [name for name in request if name not in openai_fields]
    query = {name: to_text(name, request[name], model) for name in own}
    ignored = [name for name in request if name in IGNORED_FIELDS]
    shapes = [each for each in model.used(query) if each.name in ("aspect_ratio", "size")]
    size = request.get("size", "auto")
    if shapes and size not in SIZES:
        raise InvalidParameter(f"size must be one of {', '.join(SIZES)}, got {describe(size)}")
    if size != "auto" and ("aspect_ratio" in query or not shapes):
        ignored.append("size")
    elif size != "auto":
        query |= {each.name: nearest(size, each) for each in shapes if isinstance(each, Choice)}
    return {"model": model.name} | query, ignored


def to_text(name: str, value: Any, model: Model) -> Any:
    """The value as text for the query, or the bytes of an image. Where the parameter is a number,
    JSON may have a number."""
    if isinstance(value, bytes):
        return value
    parameter = next((each for each in model.parameters if each.name == name), None)
    if parameter is None:
        return ""  # never read: only another model knows this name, or no model does
    if not isinstance(parameter, Number):
        return require_text(name, value)
    if type(value) not in (int, float, str):
        raise InvalidParameter(f"{name} must be a number, got {describe(value)}")
    return str(value)


def require_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParameter(f"{name} must be text, got {describe(value)}")
    return value


def describe(value: Any) -> str:
    """The value as JSON, cut so that the error message stays readable."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return quote(value) if isinstance(value, str) else quote(json.dumps(value)).strip("'")


def nearest(size: str, shape: Choice) -> str:
    """The choice nearest to this width by height."""
    wanted = ratio(size)
    return min(shape.choices, key=lambda choice: abs(math.log(ratio(choice) / wanted)))


def ratio(shape: str) -> float:
    """Width divided by height, of "16:9" or of "1344x768"."""
    width, height = re.split("[:x]", shape)
    return int(width) / int(height)


def next_seed(query: Query, index: int) -> Query:
    """The seed of the image with this index: the chosen seed for the first, then one more each."""
    seed = query.get("seed", "")
    if not re.fullmatch("[0-9]{1,20}", seed) or not int(seed):
        return {}  # each image draws its own
    return {"seed": str(int(seed) + index)}


def format_answer(
    images: list[str], urls: list[str], seeds: list[int], created: int
) -> dict[str, Any]:
    """OpenAI's answer; each image has its seed beside it, if any. `created`: seconds since 1970.

    `urls` has a URL for each image, or "" where the image itself is sent.
    """
    data: list[dict[str, Any]] = []
    for image, url, seed in zip(images, urls, seeds, strict=True):
        shown = {"url": url} if url else {"b64_json": image}
        data.append(shown | ({"seed": seed} if seed else {}))
    format = media_type(images[0]).removeprefix("image/")
    return {"created": created, "data": data, "output_format": format}


def format_models(names: Iterable[str]) -> dict[str, Any]:
    """OpenAI's list of models."""
    return {"object": "list", "data": [format_model(name) for name in names]}


def format_model(name: str) -> dict[str, Any]:
    """OpenAI's model. `created` is 0, as the dates are not published."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "stability-ai"}


def format_error(code: str, message: str, status: int) -> dict[str, Any]:
    """Easel's error in OpenAI's format. A code of OpenAI's may mean that a retry helps; under the
    status that says that it does not, the code is Easel's own."""
    name = re.match(r"(\w+) must ", message)
    return {
        "error": {
            "message": message,
            "type": error_type(code, status),
            "param": name[1] if name else None,
            "code": code if status == NO_RETRY_STATUS else OPENAI_ERROR_CODES.get(code, code),
        }
    }


def error_type(code: str, status: int) -> str:
    if code == "BudgetSpent":
        return "insufficient_quota"
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 or status == NO_RETRY_STATUS else "invalid_request_error"


def should_retry(code: str, is_final: bool) -> str:
    """The header `x-should-retry`, which OpenAI's own clients obey.

    `is_final`: AWS may have billed an image, or the error is stored and stays the same.
    """
    return "true" if code in RETRY_AFTER_SECONDS and not is_final else "false"


def safe_status(code: str, status: int, is_final: bool) -> int:
    """The status, or 424 where a client that sends the request again might pay again.

    All clients but OpenAI's decide by the status, and send 408, 409, 429 and 5xx again.
    `is_final` as for `should_retry`.
    """
    is_retried = status in (408, 409, 429) or status >= 500
    return NO_RETRY_STATUS if is_retried and (is_final or code == "BudgetUnavailable") else status
