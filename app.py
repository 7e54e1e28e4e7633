"""HTTP in, HTTP out: the routes, what varies by place, and the AWS clients. Knows no model."""

import os
import time
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from chalice import Chalice, CORSConfig, Response

from chalicelib import access, bedrock, budget, catalogue
from chalicelib.errors import RETRY_AFTER_SECONDS, ImageTooLarge, InvalidParameter
from chalicelib.model import media_type
from chalicelib.record import Record

MODELS = os.environ.get("MODELS", catalogue.OFFERED)
BEDROCK_REGION = os.environ.get("BEDROCK_REGION", "us-west-2")  # where the living models are
ACCESS_CODE_SHA256 = os.environ.get("ACCESS_CODE_SHA256", "")  # without one, open to everybody
BUDGET_TABLE = os.environ.get("BUDGET_TABLE", "")  # without one, no budget
DAILY_BUDGET_USD = os.environ.get("DAILY_BUDGET_USD", "2.00")

# Lambda's limit for a response, 6,291,556 bytes with its JSON envelope
# (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), less 8 kB for headers.
LARGEST_IMAGE = 6_291_556 - 8_192

# Seconds; all waits together stay below Lambda's 28 and API Gateway's 29. botocore's own retries
# are off: they send a prompt again after a read timeout, and it is paid again.
PATIENCE = 26  # for Bedrock's whole answer
TO_BEDROCK = Config(connect_timeout=2, read_timeout=24, retries={"total_max_attempts": 1})
TO_DYNAMODB = Config(connect_timeout=0.7, read_timeout=0.8, retries={"total_max_attempts": 1})

EXPOSED = "X-Image-Model X-Image-Seed X-Image-Type X-Image-Price X-Image-Ignored Retry-After"

app = Chalice(app_name="easel", configure_logs=False)
cors = CORSConfig(expose_headers=EXPOSED.split(), max_age=600)
offer = catalogue.offer(MODELS)
region = bedrock.region(BEDROCK_REGION)
bedrock_client = boto3.client("bedrock-runtime", region_name=region, config=TO_BEDROCK)
today = budget.Budget(
    boto3.client("dynamodb", config=TO_DYNAMODB) if BUDGET_TABLE else None,
    BUDGET_TABLE,
    budget.daily_usd(DAILY_BUDGET_USD),
    clock=lambda: datetime.now(UTC),
)


@app.route("/", methods=["POST"], content_types=["text/plain"], cors=cors)
def generate() -> Response:
    """The prompt as text/plain, settings in the query; the picture comes back as base64 text."""
    request: Any = app.current_request
    record: Record = request.context["record"]
    access.check(request.headers.get("authorization", ""), ACCESS_CODE_SHA256)
    query = read_query(request)
    record.prompt_length = len(query["prompt"])
    model = offer.find(query.pop("model", ""))
    record.model = model.name
    ignored = offer.ignored(query, model)
    values = model.read(query)
    with today.reserved(model.price_usd) as record.held:
        answer = bedrock.invoke(bedrock_client, model.bedrock_id, model.body(values), PATIENCE)
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
    return {"access": "code" if ACCESS_CODE_SHA256 else "open"} | offer.describe()


@app.route("/budget", cors=cors)
def show_budget() -> dict[str, Any]:
    """What today may cost, and has cost."""
    return today.describe()


@app.middleware("http")
def keep_record(event: Any, get_response: Any) -> Response:
    """One line in the log for each picture that is asked for."""
    record = event.context["record"] = Record(time.time())
    response: Response = get_response(event)
    if event.method == "POST":
        name, request_id = event.lambda_context.function_name, event.lambda_context.aws_request_id
        print(record.line(name, request_id, time.time(), response.status_code, code(response)))
    return response


@app.middleware("http")
def add_headers(event: Any, get_response: Any) -> Response:
    """What Chalice leaves off: an exception carries no headers."""
    response: Response = get_response(event)
    response.headers["Cache-Control"] = "no-store"
    if code(response) in RETRY_AFTER_SECONDS:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS[code(response)])
    if code(response) == "BudgetSpent":
        response.headers["Retry-After"] = str(today.seconds_left())
    return response


def code(response: Response) -> str:
    """The error's name; "" for a success."""
    return str(response.body.get("Code", "")) if isinstance(response.body, dict) else ""


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
