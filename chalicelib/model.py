"""What a model is: query -> values; and the media type of an image. Knows no vendor and no HTTP."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.parameters import Parameter

Query = dict[str, str]
Values = dict[str, Any]

IMAGE_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


@dataclass(frozen=True, kw_only=True)
class Model:
    """An image model: its facts, its parameters and the two functions of its dialect.

    `body(values)` is the JSON for Bedrock; `image(answer)` is the base64 text of the image in
    Bedrock's answer.
    """

    name: str
    title: str
    description: str
    bedrock_id: str  # a model id, or the ARN of a Bedrock Marketplace endpoint
    price_usd: float  # per image
    parameters: tuple[Parameter, ...]
    body: Callable[[Values], dict[str, Any]]
    image: Callable[[Any], str]

    def read(self, query: Query) -> Values:
        """A value in range for each parameter, with defaults filled in. Ignores other names.

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
    """The media type by the first bytes of base64 text; "" if it is not JPEG, PNG or WebP.

    AWS's pages and Bedrock's images disagree about the default format, so the bytes decide.
    """
    start = base64.b64decode(image[:16])
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return "image/webp"
    return next((type for magic, type in IMAGE_SIGNATURES.items() if start.startswith(magic)), "")
