"""Between HTTP and `results`: requests with the same Idempotency-Key get the same response."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from chalice import Response

from chalicelib import form_data
from chalicelib.errors import RETRY_AFTER_SECONDS, Failure, RequestInProgress
from chalicelib.record import Record
from chalicelib.results import Answer, Results, parse_key

Generate = Callable[[], Response]


def respond(results: Results, request: Any, record: Record, generate: Generate) -> Response:
    """The response of `generate`, called once for each key; one too large to send as a redirect.

    Without a bucket the header has no effect, and X-Image-Ignored names it.
    Raises: InvalidParameter for a key that is not allowed, and what `Results.answer_once` raises.
    """
    key = request.headers.get("idempotency-key")
    if not results.bucket:
        return generate() if key is None else name_ignored(generate())
    if key is None:
        return to_response(results.fit(to_answer(generate())), record)
    parsed = parse_key(key, request.headers.get("authorization", ""))
    fingerprint = parsed.fingerprint(*describe(request))
    seconds = request.lambda_context.get_remaining_time_in_millis() / 1000
    answer = results.answer_once(parsed, fingerprint, seconds, partial(charge, generate, record))
    return to_response(answer, record)


def find(results: Results, request: Any, record: Record, key: str) -> Response:
    """The stored response, as it was sent first; 202 while it is being made.

    `key` as it is in the path. Raises: InvalidParameter, and what `Results.find` raises.
    """
    parsed = parse_key(unquote(key), request.headers.get("authorization", ""))
    try:
        return to_response(results.find(parsed), record)
    except RequestInProgress:
        seconds = RETRY_AFTER_SECONDS["RequestInProgress"]
        return Response("", {"Content-Type": "text/plain", "Retry-After": str(seconds)}, 202)


def name_ignored(response: Response) -> Response:
    names = [response.headers.get("X-Image-Ignored"), "Idempotency-Key"]
    response.headers["X-Image-Ignored"] = ", ".join(str(name) for name in names if name)
    return response


def describe(request: Any) -> tuple[bytes, bytes]:
    """Everything in a request that has an effect: path, query and content type; body.

    Clients draw a new boundary for a form each time they send it.
    """
    query = request.query_params or {}
    values = {name: request.query_params.getlist(name) for name in sorted(query)}
    content_type = request.headers.get("content-type", "")
    boundary = form_data.boundary(content_type)
    head = [request.path, values, content_type.replace(boundary, "") if boundary else content_type]
    try:
        body = request.raw_body
        return json.dumps(head).encode(), body.replace(boundary.encode(), b"") if boundary else body
    except ValueError:  # not text: the route rejects it
        return b"", b""


def charge(generate: Generate, record: Record) -> Answer:
    """The answer. A failure counts as charged if AWS may bill one of several images."""
    try:
        return to_answer(generate())
    except Failure as failure:
        failure.may_be_charged = failure.may_be_charged or record.dollars > 0
        raise


def to_answer(response: Response) -> Answer:
    body, headers = response.body, {"Content-Type": "application/json"} | response.headers
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return Answer(response.status_code, {name: str(headers[name]) for name in headers}, text)


def to_response(answer: Answer, record: Record) -> Response:
    """An error's body as an object, as Chalice has it when the error is new."""
    record.is_stored = answer.is_stored
    body = json.loads(answer.body) if answer.status >= 400 else answer.body
    return Response(body, {**answer.headers}, answer.status)


def site_url(request: Any) -> str:
    """The website's URL as its proxy gives it; "" without one.

    CloudFront has to replace Host by API Gateway's name, so it sends its own as X-Forwarded-Host.
    """
    host = request.headers.get("x-forwarded-host", "")
    scheme = "http" if request.headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{host}" if re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", host) else ""
