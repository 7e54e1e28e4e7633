"""What a model is: query -> values; and what an image is. Knows no vendor, no HTTP, no AWS."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.parameters import Parameter

Query = dict[str, str]
Values = dict[str, Any]

IMAGE_STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, kw_only=True)
class Model:
    """An image model: its facts, its parameters, and the two functions of its dialect.

    `body(values)` is what Bedrock is sent, `image(answer)` the base64 text in what comes back.
    """

    name: str
    title: str
    description: str
    bedrock_id: str  # an id, or the ARN of a Bedrock Marketplace endpoint
    price_usd: float  # for one image
    parameters: tuple[Parameter, ...]
    body: Callable[[Values], dict[str, Any]]
    image: Callable[[Any], str]

    def read(self, query: Query) -> Values:
        """A value for each parameter, in range, defaults filled in; other names are left out.

        Raises: InvalidParameter for the first value that is not allowed.
        """
        return {each.name: each.read(query.get(each.name, "")) for each in self.parameters}

    def describe(self) -> dict[str, Any]:
        """The model as `GET /models` shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "price_usd": self.price_usd,
            "parameters": [each.describe() for each in self.parameters],
        }


def media_type(image: str) -> str:
    """The type that the first bytes of base64 text tell; "" if it is no JPEG, PNG or WebP.

    Bedrock's pages and its pictures disagree on defaults, so that only the bytes are believed.
    """
    start = base64.b64decode(image[:16])
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return "image/webp"
    return next((type for magic, type in IMAGE_STARTS.items() if start.startswith(magic)), "")
