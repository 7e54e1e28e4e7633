"""Reads a query from Chalice's request: its URL, and its text or its form. Knows no model."""

from collections.abc import Container
from typing import Any

from chalicelib import form_data
from chalicelib.errors import InvalidParameter

FORM = "multipart/form-data"


def read(request: Any, files: Container[str]) -> dict[str, Any]:
    """The URL's parameters, and the body's: its text as `prompt`, or a form's fields.

    Values are text, or bytes for the names in `files`. Raises: InvalidParameter.
    """
    query = {name: read_once(name, request.query_params) for name in request.query_params or ()}
    if "prompt" in query:
        raise InvalidParameter("prompt must be the body of the request, got a query parameter")
    if not is_form(request):
        return query | {"prompt": read_text(request)}
    fields = form_data.read(read_parts(request), files)
    for name in query.keys() & fields.keys():
        raise InvalidParameter(f"{name[:80]} must be given once, got it in query and body")
    return query | fields


def read_once(name: str, query_params: Any) -> str:
    values = query_params.getlist(name)
    if len(values) > 1:
        raise InvalidParameter(f"{name[:80]} must be given once, got {len(values)} values")
    return str(values[0])


def is_form(request: Any) -> bool:
    return bool(request.headers["content-type"].lower().startswith(FORM))


def read_parts(request: Any) -> list[tuple[str, bytes]]:
    """The names and contents of a form's parts. Raises: InvalidParameter."""
    return form_data.parse(request.headers["content-type"], read_bytes(request))


def read_text(request: Any) -> str:
    """The body as text, without a byte order mark. Raises: InvalidParameter."""
    return form_data.decode("body", read_bytes(request))


def read_bytes(request: Any) -> bytes:
    try:
        return bytes(request.raw_body)
    except ValueError:  # half of a surrogate pair, or broken base64
        raise InvalidParameter("body must be UTF-8 text, got other bytes") from None
