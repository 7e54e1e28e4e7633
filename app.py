"""HTTP in, HTTP out: the routes, what varies by place, and the AWS client. Knows no model."""

import os
from typing import Any

import boto3
from botocore.config import Config
from chalice import Chalice, CORSConfig, Response

from chalicelib import bedrock, catalogue
from chalicelib.errors import RETRY_AFTER_SECONDS, ImageTooLarge, InvalidParameter
from chalicelib.model import media_type

MODELS = os.environ.get("MODELS", catalogue.OFFERED)
BEDROCK_REGION = os.environ.get("BEDROCK_REGION", "us-west-2")  # where the living models are

# Lambda's limit for a response, 6,291,556 bytes with its JSON envelope
# (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), less 8 kB for headers.
LARGEST_IMAGE = 6_291_556 - 8_192

EXPOSED = "X-Image-Model X-Image-Seed X-Image-Type X-Image-Price X-Image-Ignored Retry-After"

app = Chalice(app_name="easel", configure_logs=False)
cors = CORSConfig(expose_headers=EXPOSED.split(), max_age=600)
offer = catalogue.offer(MODELS)
bedrock_client = boto3.client(
    "bedrock-runtime",
    region_name=BEDROCK_REGION,
    config=Config(
        connect_timeout=3,  # seconds; 3 + 24 stay below Lambda's 28 and API Gateway's 29
        read_timeout=24,
        # botocore's own retries send a prompt again after a read timeout, and it is paid again
        retries={"total_max_attempts": 1},
    ),
)


@app.route("/", methods=["POST"], content_types=["text/plain"], cors=cors)
def generate() -> Response:
    """The prompt as text/plain, settings in the query; the picture comes back as base64 text."""
    query = read_query(app.current_request)
    model = offer.find(query.pop("model", ""))
    ignored = offer.ignored(query, model)
    values = model.read(query)
    answer = bedrock.invoke(bedrock_client, model.bedrock_id, model.body(values))
    image = model.image(answer)
    if len(image) > LARGEST_IMAGE:
        raise ImageTooLarge("the picture is too large to send; ask for output_format=jpeg")
    headers: dict[str, str | list[str]] = {
        "Content-Type": "text/plain",
        "X-Image-Model": model.name,
        "X-Image-Seed": str(values["seed"]),
        "X-Image-Type": media_type(image),
        "X-Image-Price": f"{model.price_usd:.2f}",
    }
    if ignored:
        headers["X-Image-Ignored"] = ", ".join(ignored)
    return Response(image, headers=headers)


@app.route("/models", cors=cors)
def models() -> dict[str, Any]:
    """The models on offer and their parameters; the website draws itself from this."""
    return offer.describe()


@app.middleware("http")
def add_headers(event: Any, get_response: Any) -> Response:
    """What Chalice leaves off: an exception carries no headers."""
    response: Response = get_response(event)
    response.headers["Cache-Control"] = "no-store"
    code = response.body.get("Code") if isinstance(response.body, dict) else None
    if code in RETRY_AFTER_SECONDS:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS[code])
    return response


def read_query(request: Any) -> dict[str, str]:
    """The query as texts, the body as its `prompt`. Raises: InvalidParameter."""
    query = {name: single(name, request.query_params) for name in request.query_params or ()}
    if "prompt" in query:
        raise InvalidParameter("prompt must be the body of the request, got a query parameter")
    return query | {"prompt": read_prompt(request)}


def single(name: str, query_params: Any) -> str:
    values = query_params.getlist(name)
    if len(values) > 1:
        raise InvalidParameter(f"{name[:80]} must be given once, got {len(values)} values")
    return str(values[0])


def read_prompt(request: Any) -> str:
    try:
        return str(request.raw_body.decode())
    except ValueError:  # bytes that are not UTF-8, half a surrogate pair, broken base64
        raise InvalidParameter("prompt must be UTF-8 text, got other bytes") from None
