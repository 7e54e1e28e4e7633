"""What a model is: query -> values; and the media type of an image. Knows no vendor and no HTTP."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib import images
from chalicelib.parameters import Image, Parameter

Query = dict[str, Any]  # text, or the bytes of an image
Values = dict[str, Any]


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
        return {each.name: each.read(query.get(each.name, "")) for each in self.used(query)}

    def used(self, query: Query) -> list[Parameter]:
        """The parameters that have an effect: some have none with an image, or without one."""
        has_image = query.get("image", "") != ""
        return [each for each in self.parameters if each.with_image in (None, has_image)]

    @property
    def images(self) -> list[str]:
        """The names of the images that it takes."""
        return [each.name for each in self.parameters if isinstance(each, Image)]

    @property
    def edits(self) -> bool:
        """Whether it needs an image."""
        return any(isinstance(each, Image) and each.required for each in self.parameters)

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
    return images.media_type(base64.b64decode(image[:16]))
