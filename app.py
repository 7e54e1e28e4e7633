"""HTTP in, HTTP out: the routes, the environment variables and the AWS clients. Knows no model."""

import gc

gc.disable()  # collections would take a sixth of the start and free nothing (`make bench`)

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial, wraps
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from chalice import Chalice, CORSConfig, Response

from chalicelib import (
    access,
    bedrock,
    budget,
    catalogue,
    idempotency,
    log,
    openai,
    prompt,
    query,
    results,
)
from chalicelib.errors import RETRY_AFTER_SECONDS
from chalicelib.model import Model, Query, media_type
from chalicelib.record import Record

MODELS = os.environ.get("MODELS", catalogue.DEFAULT_MODELS)
PROMPT_MODEL = os.environ.get("PROMPT_MODEL", prompt.DEFAULT_MODEL)  # "": none
BEDROCK_REGION = os.environ.get("BEDROCK_REGION", "us-west-2")  # the region with the live models
ACCESS_CODE_SHA256 = os.environ.get("ACCESS_CODE_SHA256", "")  # "": no access code is needed
BUDGET_TABLE = os.environ.get("BUDGET_TABLE", "")  # "": no budget
DAILY_BUDGET_USD = os.environ.get("DAILY_BUDGET_USD")  # None: the default
RESULTS_BUCKET = os.environ.get("RESULTS_BUCKET", "")  # "": no answer is kept
MODEL_TIMEOUT_SECONDS = results.parse_timeout(  # for Bedrock's answer, from the request's start
    os.environ.get("MODEL_TIMEOUT_SECONDS", "100" if RESULTS_BUCKET else "24"), RESULTS_BUCKET
)

# Lambda's limit for a response is 6,291,556 bytes including its JSON envelope
# (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html); 8 kB are left for headers.
MAX_RESPONSE_BYTES = 6_291_556 - 8_192

# All waits together stay below Lambda's timeout; without a bucket, below API Gateway's 29 s too: a
# reservation, its repeat and Bedrock's answer end 24 s after the start; a refund takes 3 s more.
# botocore's retries are off, as a prompt that is sent again is paid for again; S3 is asked twice.
BEDROCK_CONFIG = Config(
    connect_timeout=2, read_timeout=MODEL_TIMEOUT_SECONDS - 2, retries={"total_max_attempts": 1}
)
DYNAMODB_CONFIG = Config(connect_timeout=0.7, read_timeout=2.3, retries={"total_max_attempts": 1})
S3_CONFIG = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2}
)

EXPOSED_HEADERS = (
    "X-Image-Model X-Image-Seed X-Image-Type X-Image-Price X-Image-Ignored X-Image-Charged "
    "Retry-After Location"
)

Headers = dict[str, str | list[str]]  # Chalice's own type
Generated = tuple[list[str], list[int], Headers]  # images, their seeds, the response headers

app = Chalice(app_name="easel", configure_logs=False)
app.api.binary_types.append(query.FORM)  # API Gateway would change the bytes of a file
# `chalice deploy` refuses a route with binary and other types, which matters for responses only. It
# compares them by case; requests are compared without.
FORMS = query.FORM.title()
cors = CORSConfig("*", openai.ALLOWED_HEADERS.split(), EXPOSED_HEADERS.split(), max_age=600)
offered = catalogue.parse(MODELS)
writer = prompt.parse(PROMPT_MODEL)
region = bedrock.parse_region(BEDROCK_REGION)
bedrock_client = boto3.client("bedrock-runtime", region_name=region, config=BEDROCK_CONFIG)
daily_budget = budget.Budget(
    boto3.client("dynamodb", config=DYNAMODB_CONFIG) if BUDGET_TABLE else None,
    BUDGET_TABLE,
    budget.parse_daily_usd(DAILY_BUDGET_USD, BUDGET_TABLE),
    clock=lambda: datetime.now(UTC),
)
gc.freeze()  # later collections skip what the start has made
gc.enable()


@cache
def connect_s3() -> Any:
    """The S3 client. Made when it is needed: without a key, a start takes no longer."""
    return boto3.client("s3", config=S3_CONFIG)


kept = results.Results(connect_s3, RESULTS_BUCKET, MAX_RESPONSE_BYTES, time.time)


def answer_once(generate: Callable[[], Response]) -> Callable[[], Response]:
    """Call the route once for each Idempotency-Key. Checks the access code before anything else."""

    @wraps(generate)
    def respond() -> Response:
        return idempotency.respond(kept, *authorize(), generate)

    return respond


@app.route("/", methods=["POST"], content_types=["text/plain", FORMS], cors=cors)
@answer_once
def generate() -> Response:
    """The prompt as text/plain, or a form; other settings in the query. Returns base64 text."""
    request, record = authorize()
    images, _, headers = generate_images([query.read(request, catalogue.IMAGES)], [], record)
    return Response(images[0], headers | {"Content-Type": "text/plain"})


@app.route("/v1/images/generations", methods=["POST"], cors=cors)
@answer_once
def generate_openai() -> Response:
    """OpenAI's images API: JSON in, one to four images in JSON out."""
    request, record = authorize()
    return answer_openai(openai.parse_json(query.read_text(request)), request, record)


@app.route(
    "/v1/images/edits", methods=["POST"], content_types=[FORMS, "application/json"], cors=cors
)
@answer_once
def edit_openai() -> Response:
    """OpenAI's image edits: a form, or JSON with data URLs; the answer is the same."""
    from chalicelib import edits  # here, as few requests edit and a start takes less without it

    request, record = authorize()
    if query.is_form(request):
        fields, images = edits.read_form(query.read_parts(request))
    else:
        fields, images = edits.read_json(openai.parse_json(query.read_text(request)))
    return answer_openai(edits.choose(fields, images, offered.find), request, record)


@app.route("/prompt", methods=["POST"], content_types=["text/plain"], cors=cors)
@answer_once
def write_prompt() -> Response:
    """Words in any language as text/plain -> one prompt in English, or the same words."""
    request, record = authorize()
    words, body = writer.read(query.read(request, ()), offered.find)
    record.is_prompt, record.prompt_length, record.model = True, len(words), writer.bedrock_id
    record.reservations = [reservation] = daily_budget.reserve(writer.highest_usd(words), 1)
    with daily_budget.refund_on_failure(reservation):
        seconds = record.started + MODEL_TIMEOUT_SECONDS - time.time()
        answer = bedrock.converse(bedrock_client, writer.bedrock_id, body, seconds)
        price = writer.price(answer)
    daily_budget.refund(reservation, keep=price)
    return Response(prompt.choose(answer, words), writer.headers(price))


@app.route("/results/{key}", cors=cors)
def show_result(key: str) -> Response:
    """The response to the request with this Idempotency-Key; 202 while it is being made."""
    return idempotency.find(kept, *authorize(), key)


@app.route("/v1/models", cors=cors)
def list_openai_models() -> dict[str, Any]:
    """The models on offer. Clients call this to test their key, so it needs the access code."""
    authorize()
    return openai.format_models(model.name for model in offered.models)


@app.route("/v1/models/{name}", cors=cors)
def show_openai_model(name: str) -> dict[str, Any]:
    """One model. API Gateway and `chalice local` differ in whether they decode its name."""
    authorize()
    return openai.format_model(offered.find(unquote(name)).name)


@app.route("/models", cors=cors)
def list_models() -> dict[str, Any]:
    """The models on offer and their parameters. The website builds its form from this."""
    access_kind = "code" if ACCESS_CODE_SHA256 else "open"
    return {"access": access_kind, "prompt": writer.describe()} | offered.describe()


@app.route("/budget", cors=cors)
def show_budget() -> dict[str, Any]:
    """Today's budget and how much of it is spent."""
    return daily_budget.describe()


@app.middleware("http")
def format_openai_errors(event: Any, get_response: Any) -> Response:
    """Format errors of /v1/ as OpenAI's, with a status that is safe for clients that retry."""
    response: Response = get_response(event)
    if event.path.startswith("/v1/") and error_code(response):
        code, message = response.body["Code"], response.body["Message"]
        record = event.context["record"]
        is_final = record.dollars > 0 or record.is_stored
        response.headers["x-should-retry"] = openai.should_retry(code, is_final)
        response.status_code = openai.safe_status(code, response.status_code, is_final)
        response.body = openai.format_error(code, message, response.status_code)
        if response.status_code == openai.NO_RETRY_STATUS:
            response.headers.pop("Retry-After", None)
    return response


@app.middleware("http")
def log_request(event: Any, get_response: Any) -> Response:
    """Log one line for each request that asks for images or has no valid access code."""
    record = event.context["record"] = Record(time.time())
    response: Response = get_response(event)
    code, status = error_code(response), response.status_code
    if event.method == "POST" or code == "AccessCodeRequired":
        name, request_id = event.lambda_context.function_name, event.lambda_context.aws_request_id
        log.write(record.to_json(name, request_id, time.time(), status, code))
    return response


@app.middleware("http")
def add_headers(event: Any, get_response: Any) -> Response:
    """Add the headers that Chalice cannot take from an exception."""
    response: Response = get_response(event)
    code = error_code(response)
    for name, value in cors.get_access_control_headers().items():
        response.headers.setdefault(name, value)
    response.headers["Cache-Control"] = "no-store"
    if code:
        response.headers["X-Image-Charged"] = event.context["record"].charged(code)
    if code in RETRY_AFTER_SECONDS and not event.context["record"].is_stored:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS[code])
    if code == "BudgetSpent":
        response.headers["Retry-After"] = str(daily_budget.seconds_until_reset())
    return response


def authorize() -> tuple[Any, Record]:
    """The current request and its log record. Raises: AccessCodeRequired."""
    request: Any = app.current_request
    access.check(request.headers.get("authorization", ""), ACCESS_CODE_SHA256)
    return request, request.context["record"]


def answer_openai(fields: dict[str, Any], request: Any, record: Record) -> Response:
    site = idempotency.site_url(request)
    queries, ignored = openai.parse_queries(fields, offered.find, bool(kept.bucket), site)
    images, seeds, headers = generate_images(queries, ignored, record)
    urls = publish(images, site) if openai.wants_urls(fields, site) else [""] * len(images)
    return Response(openai.format_answer(images, urls, seeds, round(record.started)), headers)


def generate_images(queries: list[Query], ignored: list[str], record: Record) -> Generated:
    """The straight path, query -> values -> body -> answer -> image, for all queries in parallel.

    All queries name the same model. Raises the first failure, after all images are done.
    """
    record.prompt_length = len(queries[0].get("prompt", ""))
    files = [each for each in queries[0].values() if isinstance(each, bytes)]
    record.image_bytes = sum(map(len, files))
    model = offered.find(queries[0].pop("model", ""))
    record.model = model.name
    ignored = ignored + offered.ignored(queries[0], model)
    values = [model.read(query) for query in queries]
    bodies = [model.body(each) for each in values]
    record.reservations = daily_budget.reserve(model.price_usd, len(bodies))
    generate_each = partial(generate_image, model, record.started + MODEL_TIMEOUT_SECONDS)
    with ThreadPoolExecutor(len(values)) as pool:
        images = list(pool.map(generate_each, bodies, record.reservations))
    kept.check_size(images)
    seeds = [each.get("seed", 0) for each in values]  # 0: the model has none
    return images, seeds, image_headers(model, images, seeds, ignored)


def generate_image(
    model: Model, deadline: float, body: dict[str, Any], reservation: budget.Reservation
) -> str:
    with daily_budget.refund_on_failure(reservation):
        seconds = deadline - time.time()
        return model.image(bedrock.invoke(bedrock_client, model.bedrock_id, body, seconds))


def publish(images: list[str], site: str) -> list[str]:
    """A URL for each image; "" for one that S3 did not store."""
    with ThreadPoolExecutor(len(images)) as pool:
        return list(pool.map(lambda image: kept.publish(image, media_type(image), site), images))


def image_headers(model: Model, images: list[str], seeds: list[int], ignored: list[str]) -> Headers:
    headers: Headers = {
        "X-Image-Model": model.name,
        "X-Image-Seed": ", ".join(str(seed) for seed in seeds if seed),
        "X-Image-Type": media_type(images[0]),
        "X-Image-Price": f"{model.price_usd * len(images):.2f}",
        "X-Image-Ignored": ", ".join(ignored),
    }
    return {name: value for name, value in headers.items() if value}


def error_code(response: Response) -> str:
    """The error's name; "" for a success."""
    return str(response.body.get("Code", "")) if isinstance(response.body, dict) else ""
