"""The calls to AWS: send a body to a model and return its answer. Know no dialect."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import connection, errors, log

ErrorKind = tuple[type[errors.Failure], str]

# Callers get these sentences only: AWS's own texts name ARNs, accounts and roles.
BUSY = errors.ModelBusy, "the model is busy; try again in a few seconds"
DENIED = (
    errors.ModelAccessDenied,
    "this site's AWS account may not use the model yet; the owner can run `make doctor`",
)
FAILED = errors.ModelFailed, "the model failed; try again"
REJECTED = errors.InvalidParameter, "the model refused the prompt or a setting; change it"
RETIRED = errors.ModelRetired, "AWS no longer offers this model to this site; choose another one"
TIMEOUT = errors.ModelTimeout, "the model took too long; try again, or a quicker model"
TOO_LARGE = (
    errors.ImageTooLarge,
    "the picture is too large for Bedrock to send; ask for output_format=webp or jpeg",
)
UNAVAILABLE = errors.ModelUnavailable, "the model is not available; try again in a few seconds"
WRONG_REGION = (
    errors.ModelAccessDenied,
    "Bedrock has no such model in this site's region; the owner can run `make doctor`",
)

# InvokeModel's ten errors, and Converse's: botocore's service model of bedrock-runtime, 1.44.5.
KIND_BY_CODE = {
    "AccessDeniedException": DENIED,
    "InternalServerException": FAILED,
    "ModelErrorException": FAILED,
    "ModelNotReadyException": UNAVAILABLE,
    "ModelTimeoutException": TIMEOUT,
    "ResourceNotFoundException": RETIRED,
    "ServiceQuotaExceededException": UNAVAILABLE,
    "ServiceUnavailableException": UNAVAILABLE,
    "ThrottlingException": BUSY,
    "ValidationException": REJECTED,
}

# Messages that are more specific than a code of refusal: a Legacy model (aws-samples/
# amazon-bedrock-workshop#386, apache/airflow#72521), a region without the model, a model that needs
# an inference profile (stackblitz-labs/bolt.diy#1102), an account that AWS has not opened Bedrock
# to, or whose quota is 0 (aws/aws-cli#8717, minorun365/agent-book#29). The last one means that an
# image was made: answers have at most 16,777,216 bytes (bedrock-image-mcp-server 0.5).
KIND_BY_MESSAGE = {
    "Operation not allowed": DENIED,
    "account is not authorized": DENIED,
    "is not available for this account": DENIED,
    "tokens per day": DENIED,
    "marked by provider as Legacy": RETIRED,
    "model identifier is invalid": WRONG_REGION,
    "on-demand throughput": WRONG_REGION,
    "exceeds the maximum allowed size": TOO_LARGE,
}

# Longer values than any text are images; what AWS quotes of them has no words.
MAX_TEXT = 10_000
BASE64 = re.compile("[A-Za-z0-9+/=]{24,}")


def parse_region(name: str) -> str:
    """The region's name, unchanged. Raises: ValueError if it cannot be one."""
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name):
        raise ValueError(f"BEDROCK_REGION must be a region such as us-west-2, got {name!r}")
    return name


def invoke(client: Any, model_id: str, body: dict[str, Any], seconds: float) -> Any:
    """The model's answer within this many seconds: parsed JSON of any shape. Never retries.

    Raises: InvalidParameter, ModelRetired, ModelAccessDenied, ModelFailed, ModelTimeout; and
    ModelBusy and ModelUnavailable only if Bedrock cannot have made an image.
    """
    return ask("InvokeModel", lambda: send(client, model_id, body), model_id, body, seconds)


def converse(client: Any, model_id: str, body: dict[str, Any], seconds: float) -> Any:
    """The text model's answer within this many seconds, as a dictionary. Raises as `invoke`."""
    words = {"messages": body["messages"]}  # what a log line must not hold
    return ask(
        "Converse", lambda: client.converse(modelId=model_id, **body), model_id, words, seconds
    )


def ask(
    operation: str, call: Callable[[], Any], model_id: str, body: dict[str, Any], seconds: float
) -> Any:
    try:
        # In a thread, because botocore's timeouts limit single waits: a DNS lookup has none, and a
        # response that arrives byte by byte never exceeds them.
        return ThreadPoolExecutor(1).submit(call).result(seconds)
    except Exception as error:  # botocore's, urllib3's, ssl's or a parser's: all mean no answer
        text = scrub(str(error), body)
        log.warn("%s %s: %s: %s", operation, model_id, type(error).__name__, text)
        raise translate_error(error) from error


def send(client: Any, model_id: str, body: dict[str, Any]) -> Any:
    response = client.invoke_model(
        modelId=model_id,
        body=json.dumps(body),
        contentType="application/json",
        accept="application/json",
    )
    return json.loads(response["body"].read())


def scrub(text: str, body: dict[str, Any]) -> str:
    """The text in one line, without any word that is also in the body's values.

    AWS's messages may quote the body: whole, cut, escaped, or glued to other words.
    """
    values = [value for value in body.values() if len(str(value)) <= MAX_TEXT]
    text = BASE64.sub("…", text[:1_000])  # of an image
    known = (json.dumps(values) + json.dumps(values, ensure_ascii=False)).casefold()
    words = {word for word in re.findall(r"\w{3,}", known) if not word.isdigit()}

    def mask(match: re.Match[str]) -> str:
        word = match[0].casefold()
        echoes = word in known or not word.isascii() or any(each in word for each in words)
        return "…" if echoes else match[0]

    return re.sub(r"\w+", mask, " ".join(text.split()))


def translate_error(error: Exception) -> errors.Failure:
    is_answer = isinstance(error, ClientError)
    kind, message = classify_answer(error) if is_answer else classify_connection(error)
    return kind(message)


def classify_answer(error: ClientError) -> ErrorKind:
    """The kind by status and code. A message decides only among failures that are not charged, as
    it may quote the prompt."""
    kind = KIND_BY_CODE.get(error.response["Error"]["Code"], FAILED)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
        kind = DENIED  # signing has a dozen codes of its own, such as expired credentials
    text = str(error.response["Error"].get("Message"))  # null in some answers
    specific = [each for part, each in KIND_BY_MESSAGE.items() if part in text]
    stays_free = not kind[0].may_be_charged
    return specific[0] if specific and (stays_free or specific[0] is TOO_LARGE) else kind


def classify_connection(error: Exception) -> ErrorKind:
    """Only what surely never left is not charged."""
    if isinstance(error, (ReadTimeoutError, TimeoutError)):
        return TIMEOUT
    if connection.never_connected(error):
        return UNAVAILABLE
    return DENIED if connection.never_sent(error) else FAILED
