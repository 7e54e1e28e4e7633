"""How Bedrock fails: its errors in AWS's words, and the prompts that play them. Knows no HTTP."""

import base64
import io
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

# InvokeModel's ten errors and their statuses: botocore 1.44.5, bedrock-runtime/2023-09-30. The
# other four are any AWS service's
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

# AWS's words, as callers have met and reported them (aws-samples/amazon-bedrock-workshop#386,
# ministryofjustice/modernisation-platform-environments#18323); the others are those of the service
# model's documentation.
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
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/easel/api is not authorized to perform: "
    "bedrock:InvokeModel on resource: RESOURCE because no identity-based policy allows the "
    "bedrock:InvokeModel action"
)


class Failure(Exception):
    """One of AWS's errors, with its message and what else stands in the answer's JSON."""

    def __init__(self, name: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.name = name
        self.status = STATUSES[name]
        self.body = {"message": message, **members}


def as_json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()


def half_a_json(answer: dict[str, Any]) -> bytes:
    return as_json(answer)[: len(as_json(answer)) // 2]


def no_picture(answer: dict[str, Any]) -> bytes:
    return as_json({key: [] if key in PICTURES else value for key, value in answer.items()})


def a_web_page(answer: dict[str, Any]) -> bytes:
    page = b"<!DOCTYPE html><title>502 Bad Gateway</title><script>alert('shown')</script>"
    return as_json(with_picture(answer, page))


def a_large_picture(answer: dict[str, Any]) -> bytes:
    """A picture that Lambda cannot pass on: noise does not compress, so 1.7 megapixels are 5 MB."""
    width, height = 1344, 1280
    content = io.BytesIO()
    noise = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    noise.save(content, "PNG", compress_level=0)
    return as_json(with_picture(answer, content.getvalue()))


# Where the pictures stand in either dialect's answer.
PICTURES = ("images", "artifacts")


def with_picture(answer: dict[str, Any], content: bytes) -> dict[str, Any]:
    text = base64.b64encode(content).decode()
    if "images" in answer:
        return {**answer, "images": [text]}
    return {**answer, "artifacts": [{**answer["artifacts"][0], "base64": text}]}


@dataclass(frozen=True)
class Fault:
    """What a prompt makes this Bedrock do in place of answering with the picture."""

    help: str
    error: str = ""
    message: str = ""
    members: dict[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    spoil: Callable[[dict[str, Any]], bytes] = as_json
    wire: str = ""  # "reset", "cut" or "drip": what becomes of the connection
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
        "400 ValidationException, in Stability's words",
        "ValidationException",
        "{\"detail\":\"Invalid field in request. Available fields: ['prompt', 'seed']\"}",
    ),
    "denied": Fault(
        "403 AccessDeniedException: no IAM policy allows it", "AccessDeniedException", DENIED
    ),
    "marketplace": Fault(
        "403 AccessDeniedException: no AWS Marketplace subscription",
        "AccessDeniedException",
        MARKETPLACE,
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
        "200 without a picture: the prompt was filtered", finish_reason="Filter reason: prompt"
    ),
    "filtered-picture": Fault(
        "200 without a picture: the picture was filtered",
        finish_reason="Filter reason: output image",
    ),
    "inference-error": Fault(
        "200 without a picture: the model failed", finish_reason="Inference error"
    ),
    "broken": Fault("200 with half of the JSON", spoil=half_a_json),
    "empty": Fault("200 with an empty list of pictures", spoil=no_picture),
    "html": Fault("200 with a web page in place of the picture", spoil=a_web_page),
    "large": Fault("200 with a PNG of over 6.3 MB of base64", spoil=a_large_picture),
    "reset": Fault("the connection is reset before any byte", wire="reset"),
    "cut": Fault("the connection ends in the middle of the body", wire="cut"),
    "slow": Fault("the picture after 5 s, or after `!slow 9 a ship` 9 s", seconds=True),
    "drip": Fault("the body in drops, over 5 s or `!drip 9 a ship` 9 s", wire="drip", seconds=True),
}

PLAY = re.compile(r"!([a-z-]+)(?:\s+(\d{1,4}(?:\.\d{1,3})?))?(?:\s+|$)(.*)", re.DOTALL)


class Faults:
    """Which fault a prompt plays, counting the calls with each prompt."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def of(self, prompt: str) -> tuple[Fault, float, str]:
        """The fault, its seconds (0: none), and the words to paint when there is a picture."""
        play = PLAY.fullmatch(prompt)
        if not play or play[1] not in FAULTS:
            return NO_FAULT, 0.0, prompt
        fault = FAULTS[play[1]]
        words = play[3] or prompt
        if fault.seconds:
            return fault, float(play[2] or 5), words
        if play[2] and self._count(prompt) > float(play[2]):
            return NO_FAULT, 0.0, words
        return fault, 0.0, words

    def _count(self, prompt: str) -> int:
        with self._lock:
            self._calls[prompt] += 1
            return self._calls[prompt]


def raise_error(fault: Fault, resource: str) -> None:
    """Raises: Failure if `fault` is an error, naming `resource` where AWS does."""
    if fault.error:
        members = {
            key: resource if value == "RESOURCE" else value for key, value in fault.members.items()
        }
        raise Failure(fault.error, fault.message.replace("RESOURCE", resource), **members)
