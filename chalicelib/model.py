"""What a model is: query -> values. Knows no vendor, no HTTP and no AWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.parameters import Parameter

Query = Mapping[str, str]
Values = dict[str, Any]


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
