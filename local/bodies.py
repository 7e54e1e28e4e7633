"""Bodies of HTTP requests: chunked ones joined, and AWS's two limits for the API's."""

import base64
import io
import json
import re
from email.message import Message

# API Gateway's limit for a request, and Lambda's for the event that API Gateway makes of it
# (docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table,
# docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits).
MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_EVENT_BYTES = 6 * 1024 * 1024

# What an event has besides body, headers and query: an example of about 1,500 bytes is in
# docs.aws.amazon.com/lambda/latest/dg/services-apigateway.
ENVELOPE_BYTES = 1_500

# AWS's answers, word for word (github.com/koki-develop/lgtm-generator/issues/10).
Answer = tuple[int, dict[str, str], bytes]
REQUEST_TOO_LARGE: Answer = (
    413,
    {"Content-Type": "text; charset=utf-8"},
    b"HTTP content length exceeded 10485760 bytes.",
)
EVENT_TOO_LARGE: Answer = (
    413,
    {"Content-Type": "application/json", "x-amzn-errortype": "BadRequestException"},
    b'{"message": "Request Too Long"}',
)


class BrokenBody(Exception):
    """The body ends early, or its chunks do not follow HTTP."""


class TooLarge(Exception):
    """The body is larger than allowed."""


def read_chunks(file: io.BufferedIOBase, most: int = 2**40) -> tuple[bytes, dict[str, str]]:
    """The content and the trailer of a chunked body (RFC 9112, 7.1), or of AWS's inside one.

    Of a body of more than `most` bytes the rest is read and not kept, as some clients read the
    answer only after they sent it; of an endless one, no more than ten times as much.

    Raises: BrokenBody, TooLarge.
    """
    parts, total = [], 0
    while length := _read_length(file.readline(1_024)):
        total += length
        if total > 10 * most:
            raise TooLarge
        part = file.read(length)
        if len(part) < length or file.readline(3) != b"\r\n":
            raise BrokenBody
        if total <= most:
            parts.append(part)
    trailer = _read_trailer(file)
    if total > most:
        raise TooLarge
    return b"".join(parts), trailer


def _read_length(line: bytes) -> int:
    match = re.match(rb"([0-9a-fA-F]{1,8})(;.*)?\r\n", line)
    if not match:
        raise BrokenBody
    return int(match[1], 16)


def _read_trailer(file: io.BufferedIOBase) -> dict[str, str]:
    trailer = {}
    while line := file.readline(1_024).decode("latin-1").strip():
        name, _, text = line.partition(":")
        trailer[name.lower()] = text.strip()
    return trailer


def event_bytes(url: str, headers: "Message[str, str]", body: bytes) -> int:
    """About how large Lambda's event for a request is: binary bodies become base64, text JSON."""
    # The event holds headers and query twice: one value each, and all values.
    head = 2 * (len(url) + sum(len(name) + len(text) + 8 for name, text in headers.items()))
    if headers.get_content_maintype() == "text" or headers.get_content_subtype() == "json":
        content = json.dumps(body.decode("utf-8", "replace"), ensure_ascii=False).encode()
        return ENVELOPE_BYTES + head + len(content)
    return ENVELOPE_BYTES + head + len(base64.b64encode(body))
