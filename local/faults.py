"""Bedrock's errors in AWS's words, and the prompts that simulate them. Knows no HTTP."""

import base64
import io
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image

# The first ten are InvokeModel's: botocore 1.44.5, bedrock-runtime/2023-09-30. The other four are
# common to all AWS services
# (docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html).
STATUSES = {
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ValidationException": 400,
    "ServiceQuotaExceededException": 400,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "InternalServerException": 500,
    "ServiceUnavailableException": 503,
    "ExpiredTokenException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "UnrecognizedClientException": 403,
}

# AWS's messages as callers have reported them (aws-samples/amazon-bedrock-workshop#386,
# ministryofjustice/modernisation-platform-environments#18323). The messages further down are from
# the documentation of botocore's service model.
END_OF_LIFE = (
    "This model version has reached the end of its life. "
    "Please refer to the AWS documentation for more details."
)
LEGACY = (
    "Access denied. This Model is marked by provider as Legacy and you have not been actively "
    "using the model in the last 15 days. Please upgrade to an active model on Amazon Bedrock"
)
MARKETPLACE = (
    "Model access is denied due to IAM user or service role is not authorized to perform the "
    "required AWS Marketplace actions (aws-marketplace:ViewSubscriptions, "
    "aws-marketplace:Subscribe) to enable access to this model. Refer to the Amazon Bedrock "
    "documentation for further details. Your AWS Marketplace subscription for this model cannot "
    "be completed at this time. If you recently fixed this issue, try again after 2 minutes."
)
# What new accounts get (aws/aws-cli#8717, minorun365/agent-book#29).
BLOCKED = "Operation not allowed"
QUOTA_ZERO = "Too many tokens per day, please wait before trying again."
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/easel/api is not authorized to perform: "
    "bedrock:InvokeModel on resource: RESOURCE because no identity-based policy allows the "
    "bedrock:InvokeModel action"
)


class Failure(Exception):
    """One of AWS's errors: its message, and the other members of the error's JSON."""

    def __init__(self, name: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.name = name
        self.status = STATUSES[name]
        self.body = {"message": message, **members}


def as_json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()


def truncate(answer: dict[str, Any]) -> bytes:
    return as_json(answer)[: len(as_json(answer)) // 2]


def remove_images(answer: dict[str, Any]) -> bytes:
    return as_json({key: [] if key in IMAGE_KEYS else value for key, value in answer.items()})


def insert_web_page(answer: dict[str, Any]) -> bytes:
    page = b"<!DOCTYPE html><title>502 Bad Gateway</title><script>alert('shown')</script>"
    return as_json(replace_image(answer, page))


def insert_large_image(answer: dict[str, Any]) -> bytes:
    return as_json(replace_image(answer, large_png()))


@cache
def large_png() -> bytes:
    """An image over Lambda's limit: noise does not compress, and 1.7 megapixels make 5 MB."""
    width, height = 1344, 1280
    content = io.BytesIO()
    noise = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    noise.save(content, "PNG", compress_level=0)
    return content.getvalue()


# The key of the images in each dialect's answer.
IMAGE_KEYS = ("images", "artifacts")


def replace_image(answer: dict[str, Any], content: bytes) -> dict[str, Any]:
    if "output" in answer:  # Converse's
        said = [{"text": content.decode("latin-1")}]
        return {**answer, "output": {"message": {"role": "assistant", "content": said}}}
    text = base64.b64encode(content).decode()
    if "images" in answer:
        return {**answer, "images": [text]}
    return {**answer, "artifacts": [{**answer["artifacts"][0], "base64": text}]}


@dataclass(frozen=True)
class Fault:
    """What this Bedrock does instead of returning the image."""

    help: str
    error: str = ""
    message: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    encode: Callable[[dict[str, Any]], bytes] = as_json
    delivery: str = ""  # "reset", "cut" or "drip"; empty sends the whole response at once
    seconds: bool = False  # the number after the name is seconds, not a count of calls


NO_FAULT = Fault("")

FAULTS = {
    "throttled": Fault(
        "429 ThrottlingException",
        "ThrottlingException",
        "Too many requests, please wait before trying again.",
    ),
    "notready": Fault(
        "429 ModelNotReadyException",
        "ModelNotReadyException",
        "The model specified in the request is not ready to serve inference requests.",
    ),
    "unavailable": Fault(
        "503 ServiceUnavailableException",
        "ServiceUnavailableException",
        "Bedrock is unable to process your request.",
    ),
    "internal": Fault(
        "500 InternalServerException",
        "InternalServerException",
        "An internal server error occurred.",
    ),
    "timeout": Fault(
        "408 ModelTimeoutException",
        "ModelTimeoutException",
        "The request took too long to process. Processing time exceeded the model timeout length.",
    ),
    "modelerror": Fault(
        "424 ModelErrorException",
        "ModelErrorException",
        "The request failed due to an error while processing the model.",
        {"originalStatusCode": 500, "resourceName": "RESOURCE"},
    ),
    "quota": Fault(
        "400 ServiceQuotaExceededException",
        "ServiceQuotaExceededException",
        "Your request exceeds the service quota for your account.",
    ),
    "invalid": Fault(
        "400 ValidationException with Stability's message",
        "ValidationException",
        "{\"detail\":\"Invalid field in request. Available fields: ['prompt', 'seed']\"}",
    ),
    "denied": Fault(
        "403 AccessDeniedException: no IAM policy allows the call", "AccessDeniedException", DENIED
    ),
    "marketplace": Fault(
        "403 AccessDeniedException: no AWS Marketplace subscription",
        "AccessDeniedException",
        MARKETPLACE,
    ),
    "notallowed": Fault(
        "400 ValidationException: AWS has not opened Bedrock to the account",
        "ValidationException",
        BLOCKED,
    ),
    "quotazero": Fault(
        "429 ThrottlingException: the account's quota is 0", "ThrottlingException", QUOTA_ZERO
    ),
    "expired": Fault(
        "403 ExpiredTokenException",
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "legacy": Fault(
        "404 ResourceNotFoundException: the model is Legacy", "ResourceNotFoundException", LEGACY
    ),
    "retired": Fault(
        "404 ResourceNotFoundException: the model reached the end of its life",
        "ResourceNotFoundException",
        END_OF_LIFE,
    ),
    "filtered": Fault(
        "200 without an image: the prompt was filtered", finish_reason="Filter reason: prompt"
    ),
    "filtered-picture": Fault(
        "200 without an image: the image was filtered", finish_reason="Filter reason: output image"
    ),
    "filtered-input": Fault(
        "200 without an image: the image that was sent was filtered",
        finish_reason="Filter reason: input image",
    ),
    "inference-error": Fault(
        "200 without an image: the model failed", finish_reason="Inference error"
    ),
    "broken": Fault("200 with truncated JSON", encode=truncate),
    "empty": Fault("200 with an empty list of images", encode=remove_images),
    "html": Fault("200 with a web page instead of the image", encode=insert_web_page),
    "large": Fault("200 with a PNG of more than 6.3 MB of base64", encode=insert_large_image),
    "reset": Fault("the connection is reset before the first byte", delivery="reset"),
    "cut": Fault("the connection closes in the middle of the body", delivery="cut"),
    "slow": Fault("the image after 5 s, or after 9 s with `!slow 9 a ship`", seconds=True),
    "drip": Fault(
        "the body in small parts over 5 s, or over 9 s with `!drip 9 a ship`",
        delivery="drip",
        seconds=True,
    ),
}

FAULT_PROMPT = re.compile(r"!([a-z-]+)(?:\s+(\d{1,4}(?:\.\d{1,3})?))?(?:\s+|$)(.*)", re.DOTALL)


class Faults:
    """Finds the fault that a prompt asks for, and counts the calls with each prompt."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def find(self, prompt: str) -> tuple[Fault, float, str]:
        """The fault, its delay in seconds or 0, and the prompt to paint if an image is made."""
        match = FAULT_PROMPT.fullmatch(prompt)
        if not match or match[1] not in FAULTS:
            return NO_FAULT, 0.0, prompt
        fault = FAULTS[match[1]]
        rest = match[3] or prompt
        if fault.seconds:
            return fault, float(match[2] or 5), rest
        if match[2] and self._count(prompt) > float(match[2]):
            return NO_FAULT, 0.0, rest
        return fault, 0.0, rest

    def _count(self, prompt: str) -> int:
        with self._lock:
            self._calls[prompt] += 1
            return self._calls[prompt]


def raise_if_error(fault: Fault, resource: str) -> None:
    """Raises: Failure if `fault` is an error. The message names `resource` where AWS's does."""
    if fault.error:
        members = {
            key: resource if value == "RESOURCE" else value for key, value in fault.members.items()
        }
        raise Failure(fault.error, fault.message.replace("RESOURCE", resource), **members)
