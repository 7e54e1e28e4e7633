"""HTTP in, HTTP out: the routes, what varies by place, and the AWS clients. Knows no model."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from chalice import Chalice, CORSConfig, Response

from chalicelib import access, bedrock, budget, catalogue, openai
from chalicelib.errors import RETRY_AFTER_SECONDS, ImageTooLarge, InvalidParameter
from chalicelib.model import Model, Query, Values, media_type
from chalicelib.record import Record

MODELS = os.environ.get("MODELS", catalogue.OFFERED)
BEDROCK_REGION = os.environ.get("BEDROCK_REGION", "us-west-2")  # where the living models are
ACCESS_CODE_SHA256 = os.environ.get("ACCESS_CODE_SHA256", "")  # without one, open to everybody
BUDGET_TABLE = os.environ.get("BUDGET_TABLE", "")  # without one, no budget
DAILY_BUDGET_USD = os.environ.get("DAILY_BUDGET_USD", "2.00")

# Lambda's limit for a response, 6,291,556 bytes with its JSON envelope
# (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), less 8 kB for headers.
LARGEST_ANSWER = 6_291_556 - 8_192

# Seconds; all waits together stay below Lambda's 28 and API Gateway's 29. botocore's own retries
# are off: they send a prompt again after a read timeout, and it is paid again.
PATIENCE = 26  # for Bedrock's whole answer
TO_BEDROCK = Config(connect_timeout=2, read_timeout=24, retries={"total_max_attempts": 1})
TO_DYNAMODB = Config(connect_timeout=0.7, read_timeout=0.8, retries={"total_max_attempts": 1})

TOO_LARGE = "the picture is too large to send; ask for output_format=jpeg"
TOO_LARGE_TOGETHER = "the pictures are too large to send together; ask for fewer at once"

EXPOSED = "X-Image-Model X-Image-Seed X-Image-Type X-Image-Price X-Image-Ignored Retry-After"

Headers = dict[str, str | list[str]]  # as Chalice has them
Painted = tuple[list[str], list[int], Headers]  # images, their seeds, and what tells of them

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
    request, record = admit()
    images, _, headers = paint([read_query(request)], [], record)
    return Response(images[0], headers | {"Content-Type": "text/plain"})


@app.route("/v1/images/generations", methods=["POST"], cors=cors)
def generate_as_openai() -> Response:
    """The same for OpenAI's clients: JSON in, one to four pictures in JSON out."""
    request, record = admit()
    queries, without_effect = openai.queries(read_text(request), offer.find)
    images, seeds, headers = paint(queries, without_effect, record)
    return Response(openai.answer(images, seeds, round(record.started)), headers)


@app.route("/v1/models", cors=cors)
def models_as_openai() -> dict[str, Any]:
    """The models on offer; clients ask for them to try a key, so the access code is needed."""
    admit()
    return openai.models(model.name for model in offer.models)


@app.route("/models", cors=cors)
def models() -> dict[str, Any]:
    """The models on offer and their parameters; the website draws itself from this."""
    return {"access": "code" if ACCESS_CODE_SHA256 else "open"} | offer.describe()


@app.route("/budget", cors=cors)
def show_budget() -> dict[str, Any]:
    """What today may cost, and has cost."""
    return today.describe()


@app.middleware("http")
def speak_as_asked(event: Any, get_response: Any) -> Response:
    """OpenAI's words for an error at OpenAI's door."""
    response: Response = get_response(event)
    if event.path.startswith("/v1/") and code(response):
        name, message = response.body["Code"], response.body["Message"]
        dollars = event.context["record"].dollars
        response.headers["x-should-retry"] = openai.may_retry(name, dollars)
        response.body = openai.error(name, message, response.status_code)
    return response


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


def admit() -> tuple[Any, Record]:
    """The request, and its record. Raises: AccessCodeRequired."""
    request: Any = app.current_request
    access.check(request.headers.get("authorization", ""), ACCESS_CODE_SHA256)
    return request, request.context["record"]


def paint(queries: list[Query], ignored: list[str], record: Record) -> Painted:
    """The straight path: query -> values -> body -> answer -> image, for each query side by side.

    All of one model; every image and seed, and the headers that tell of them, or the first failure.
    """
    record.prompt_length = len(queries[0].get("prompt", ""))
    model = offer.find(queries[0].pop("model", ""))
    record.model = model.name
    ignored = ignored + offer.ignored(queries[0], model)
    wishes = [model.read(query) for query in queries]
    record.held = today.reserve(model.price_usd, len(wishes))
    with ThreadPoolExecutor(len(wishes)) as pool:
        images = list(pool.map(partial(paint_one, model), wishes, record.held))
    if sum(map(len, images)) > LARGEST_ANSWER:
        raise ImageTooLarge(TOO_LARGE if len(images) == 1 else TOO_LARGE_TOGETHER)
    seeds = [values["seed"] for values in wishes]
    return images, seeds, told(model, images, seeds, ignored)


def paint_one(model: Model, values: Values, held: budget.Reservation) -> str:
    with today.at_stake(held):
        answer = bedrock.invoke(bedrock_client, model.bedrock_id, model.body(values), PATIENCE)
        return model.image(answer)


def told(model: Model, images: list[str], seeds: list[int], ignored: list[str]) -> Headers:
    headers: Headers = {
        "X-Image-Model": model.name,
        "X-Image-Seed": ", ".join(map(str, seeds)),
        "X-Image-Type": media_type(images[0]),
        "X-Image-Price": f"{model.price_usd * len(images):.2f}",
    }
    return headers | ({"X-Image-Ignored": ", ".join(ignored)} if ignored else {})


def code(response: Response) -> str:
    """The error's name; "" for a success."""
    return str(response.body.get("Code", "")) if isinstance(response.body, dict) else ""


def read_query(request: Any) -> dict[str, str]:
    """The query as texts, the body as its `prompt`. Raises: InvalidParameter."""
    query = {name: single(name, request.query_params) for name in request.query_params or ()}
    if "prompt" in query:
        raise InvalidParameter("prompt must be the body of the request, got a query parameter")
    return query | {"prompt": read_text(request)}


def single(name: str, query_params: Any) -> str:
    values = query_params.getlist(name)
    if len(values) > 1:
        raise InvalidParameter(f"{name[:80]} must be given once, got {len(values)} values")
    return str(values[0])


def read_text(request: Any) -> str:
    """The body. Raises: InvalidParameter."""
    try:
        return str(request.raw_body.decode())
    except ValueError:  # bytes that are not UTF-8, half a surrogate pair, broken base64
        raise InvalidParameter("body must be UTF-8 text, got other bytes") from None
