"""The one call to AWS: sends a body to a model and returns its answer. Knows no dialect."""

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
)

from chalicelib import errors

log = logging.getLogger(__name__)

ErrorKind = tuple[type[Exception], str]

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
UNAVAILABLE = errors.ModelUnavailable, "the model is not available; try again in a few seconds"
WRONG_REGION = (
    errors.ModelAccessDenied,
    "Bedrock has no such model in this site's region; the owner can run `make doctor`",
)

# InvokeModel's ten errors: botocore's service model of bedrock-runtime, 1.44.5, read on 2026-11-22.
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

# Messages that are more specific than their code: a Legacy model (aws-samples/
# amazon-bedrock-workshop#386, apache/airflow#72521), a region without the model, a model that needs
# an inference profile (stackblitz-labs/bolt.diy#1102), an account that AWS has not opened Bedrock
# to, or whose quota is 0 (aws/aws-cli#8717, minorun365/agent-book#29).
KIND_BY_MESSAGE = {
    "Operation not allowed": DENIED,
    "account is not authorized": DENIED,
    "is not available for this account": DENIED,
    "tokens per day": DENIED,
    "marked by provider as Legacy": RETIRED,
    "model identifier is invalid": WRONG_REGION,
    "on-demand throughput": WRONG_REGION,
}


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
    try:
        # In a thread, because botocore's timeouts limit single waits: a DNS lookup has none, and a
        # response that arrives byte by byte never exceeds them.
        return ThreadPoolExecutor(1).submit(send, client, model_id, body).result(seconds)
    except (ClientError, BotoCoreError, ValueError, RecursionError, TimeoutError) as error:
        log.warning("InvokeModel %s: %s: %s", model_id, type(error).__name__, error)
        raise translate_error(error) from error


def send(client: Any, model_id: str, body: dict[str, Any]) -> Any:
    response = client.invoke_model(
        modelId=model_id,
        body=json.dumps(body),
        contentType="application/json",
        accept="application/json",
    )
    return json.loads(response["body"].read())


def translate_error(error: Exception) -> Exception:
    is_answer = isinstance(error, ClientError)
    kind, message = classify_answer(error) if is_answer else classify_connection(error)
    return kind(message)


def classify_answer(error: ClientError) -> ErrorKind:
    text = str(error.response["Error"].get("Message"))  # null in some answers
    for part, kind in KIND_BY_MESSAGE.items():
        if part in text:
            return kind
    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
        return DENIED  # signing has a dozen codes of its own, such as expired credentials
    return KIND_BY_CODE.get(error.response["Error"]["Code"], FAILED)


def classify_connection(error: Exception) -> ErrorKind:
    if isinstance(error, (ReadTimeoutError, TimeoutError)):
        return TIMEOUT
    if isinstance(error, ConnectionError):
        return UNAVAILABLE  # never connected; a connection that breaks later may be charged
    if isinstance(error, (HTTPClientError, IncompleteReadError, ValueError, RecursionError)):
        return FAILED  # interrupted, or not valid JSON
    return DENIED  # botocore's other errors are about credentials and configuration
