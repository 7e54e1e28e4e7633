"""Parses multipart/form-data: a request's body -> its fields. Knows no model."""

import re
from collections.abc import Container
from typing import Any

from chalicelib.errors import InvalidParameter

# No model has as many parameters. The library limits a part's headers: 8 of 4 kB each.
MAX_PARTS = 40

BOUNDARY = re.compile(r'multipart/form-data *;.*\bboundary="?([^";]+)', re.IGNORECASE)


def boundary(content_type: str) -> str:
    """What separates the parts; "" if the content type is another one."""
    found = BOUNDARY.match(content_type)
    return found[1].strip() if found else ""


def parse(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """Name and content of each part, in order. Raises: InvalidParameter.

    File names and types have no effect, as clients choose them freely: openai-node sends every file
    as application/octet-stream.
    """
    import multipart  # here, as most requests have no form and a start takes less without it

    parts: list[tuple[str, bytes]] = []
    name, chunks = "", list[bytes]()
    limits: dict[str, Any] = {"max_segment_count": MAX_PARTS, "strict": True}
    try:
        with multipart.PushMultipartParser(boundary(content_type), **limits) as parser:
            for event in parser.parse(body):
                if isinstance(event, multipart.MultipartSegment):
                    name, chunks = event.name, []
                elif event:
                    chunks.append(event)
                else:
                    parts.append((name, b"".join(chunks)))
    except multipart.MultipartError as error:
        reason = str(error.args[0]).lower()
        raise InvalidParameter(f"body must be a whole form, got another one: {reason}") from None
    return parts


def read(parts: list[tuple[str, bytes]], files: Container[str]) -> dict[str, Any]:
    """The value of each field: bytes for the names in `files`, text for others.

    Raises: InvalidParameter for a name given twice, and for text that is not UTF-8.
    """
    fields: dict[str, Any] = {}
    for name, content in parts:
        if name in fields:
            raise InvalidParameter(f"{name[:80]} must be given once, got more")
        fields[name] = content if name in files else decode(name[:80], content)
    return fields


def decode(name: str, content: bytes) -> str:
    """The text, without a byte order mark. Raises: InvalidParameter."""
    try:
        return content.decode("utf-8-sig")
    except ValueError:
        raise InvalidParameter(f"{name} must be UTF-8 text, got other bytes") from None
