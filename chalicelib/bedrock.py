"""The one call to AWS: a body goes to a model, its answer comes back. Knows no dialect."""

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

Failure = tuple[type[Exception], str]

# Only our own words go to the caller: AWS's texts name ARNs, accounts and roles.
BUSY = errors.ModelBusy, "the model is busy; try again in a few seconds"
DENIED = (
    errors.ModelAccessDenied,
    "this site's AWS account may not use the model yet; the owner can run `make doctor`",
)
FAILED = errors.ModelFailed, "the model failed; try again"
REFUSED = errors.InvalidParameter, "the model refused the prompt or a setting; change it"
RETIRED = errors.ModelRetired, "AWS no longer offers this model to this site; choose another one"
TIMEOUT = errors.ModelTimeout, "the model took too long; try again, or a quicker model"
UNAVAILABLE = errors.ModelUnavailable, "the model is not available; try again in a few seconds"
MISPLACED = (
    errors.ModelAccessDenied,
    "Bedrock has no such model in this site's region; the owner can run `make doctor`",
)

# InvokeModel's ten errors: botocore's service model of bedrock-runtime, 1.44.5, read on 2026-11-22.
BY_CODE = {
    "AccessDeniedException": DENIED,
    "InternalServerException": FAILED,
    "ModelErrorException": FAILED,
    "ModelNotReadyException": UNAVAILABLE,
    "ModelTimeoutException": TIMEOUT,
    "ResourceNotFoundException": RETIRED,
    "ServiceQuotaExceededException": UNAVAILABLE,
    "ServiceUnavailableException": UNAVAILABLE,
    "ThrottlingException": BUSY,
    "ValidationException": REFUSED,
}

# Texts that say more than their code: the Legacy rule (aws-samples/amazon-bedrock-workshop#386,
# apache/airflow#72521), a region without the model, a model that needs an inference profile
# (stackblitz-labs/bolt.diy#1102).
BY_TEXT = {
    "marked by provider as Legacy": RETIRED,
    "model identifier is invalid": MISPLACED,
    "on-demand throughput": MISPLACED,
}


def region(name: str) -> str:
    """The region as it is given. Raises: ValueError if it cannot be one."""
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", name):
        raise ValueError(f"BEDROCK_REGION must be a region such as us-west-2, got {name!r}")
    return name


def invoke(client: Any, model_id: str, body: dict[str, Any], seconds: float) -> Any:
    """The model's answer: parsed JSON of any shape, within so many seconds. Never asks twice.

    Raises: InvalidParameter, ModelRetired, ModelAccessDenied, ModelFailed, ModelTimeout; and
    ModelBusy, ModelUnavailable only where Bedrock cannot have made an image.
    """
    try:
        # In a thread, as botocore's limits are for each wait alone: a name server has none, and a
        # body that drips keeps within them for ever.
        return ThreadPoolExecutor(1).submit(ask, client, model_id, body).result(seconds)
    except (ClientError, BotoCoreError, ValueError, RecursionError, TimeoutError) as error:
        log.warning("InvokeModel %s: %s: %s", model_id, type(error).__name__, error)
        raise failure(error) from error


def ask(client: Any, model_id: str, body: dict[str, Any]) -> Any:
    response = client.invoke_model(
        modelId=model_id,
        body=json.dumps(body),
        contentType="application/json",
        accept="application/json",
    )
    return json.loads(response["body"].read())


def failure(error: Exception) -> Exception:
    kind, message = by_answer(error) if isinstance(error, ClientError) else by_connection(error)
    return kind(message)


def by_answer(error: ClientError) -> Failure:
    text = str(error.response["Error"].get("Message"))  # JSON may say null
    for part, what in BY_TEXT.items():
        if part in text:
            return what
    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
        return DENIED  # signing has a dozen codes of its own, expired credentials among them
    return BY_CODE.get(error.response["Error"]["Code"], FAILED)


def by_connection(error: Exception) -> Failure:
    if isinstance(error, (ReadTimeoutError, TimeoutError)):
        return TIMEOUT
    if isinstance(error, ConnectionError):
        return UNAVAILABLE  # never connected; a connection that broke later may have been paid
    if isinstance(error, (HTTPClientError, IncompleteReadError, ValueError, RecursionError)):
        return FAILED  # cut off, or no JSON that can be read
    return DENIED  # the rest of botocore's errors is about credentials and set-up
