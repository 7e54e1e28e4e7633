"""The kinds of value: text or a file -> a value in range. Knows no model and no HTTP."""

import random
import re
import unicodedata
from dataclasses import KW_ONLY, asdict, dataclass
from typing import Any, ClassVar

from chalicelib import images
from chalicelib.errors import InvalidParameter

# Control characters that mean white space, and what each becomes. Word writes a soft line break as
# U+000B, and PDF viewers leave U+0002 between words; U+0085, U+2028 and U+2029 end lines.
WHITE_SPACE = str.maketrans(
    dict.fromkeys("\v\f\x85\u2028\u2029", "\n")
    | dict.fromkeys("\x01\x02\x03\x04\x05\x06\x1c\x1d\x1e\x1f", " ")
)


@dataclass(frozen=True)
class Parameter:
    """The base class. `name` is Bedrock's field; `label` and `help` are for people.

    `with_image`: True if the model uses it only beside an `image`, False if only without one.
    """

    kind: ClassVar[str]
    name: str
    label: str
    help: str
    _: KW_ONLY
    with_image: bool | None = None

    def read(self, text: Any) -> Any:
        """The value; "" means the default. Raises: InvalidParameter if it is not allowed."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """The parameter as `GET /models` shows it: the fields that apply to it."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return {"kind": self.kind} | facts


@dataclass(frozen=True)
class Text(Parameter):
    """Text of at most `max_length` Unicode characters; white space of any kind becomes plain."""

    kind = "text"
    _: KW_ONLY
    max_length: int
    required: bool = False
    default: str = ""

    def read(self, text: str) -> str:
        text = text.translate(WHITE_SPACE)
        if self.required and not any(map(is_visible, text)):
            raise InvalidParameter(f"{self.name} must not be empty")
        if len(text) > self.max_length:
            raise InvalidParameter(
                f"{self.name} must be at most {self.max_length} characters, got {len(text)}"
            )
        for character in text:
            if not is_text(character):
                raise InvalidParameter(
                    f"{self.name} must be plain text, got the character U+{ord(character):04X}"
                )
        return text


@dataclass(frozen=True)
class Number(Parameter):
    """A decimal number from `minimum` to `maximum`, both included."""

    kind = "number"
    pattern: ClassVar[re.Pattern[str]] = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
    _: KW_ONLY
    minimum: float
    maximum: float
    default: float

    def read(self, text: str) -> float:
        if not text:
            return self.default
        allowed = f"from {self.minimum} to {self.maximum}"
        if not self.pattern.fullmatch(text):
            raise InvalidParameter(
                f"{self.name} must be one {self.kind} {allowed}, got {quote(text)}"
            )
        number = self.parse(text)
        if not self.minimum <= number <= self.maximum:
            raise InvalidParameter(f"{self.name} must be {allowed}, got {number}")
        return number

    def parse(self, text: str) -> float:
        return float(text)


@dataclass(frozen=True)
class Integer(Number):
    """A whole number from `minimum` to `maximum`, both included."""

    kind = "integer"
    pattern = re.compile(r"-?[0-9]{1,20}")

    def parse(self, text: str) -> int:
        return int(text)


@dataclass(frozen=True)
class Seed(Integer):
    """An integer; 0 or "" draws a random one, so that every image can be reproduced."""

    max_drawn: ClassVar[int] = 4_294_967_294  # every model allows it; some allow one more

    def read(self, text: str) -> float:
        return super().read(text) or random.randint(1, self.max_drawn)


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a few words; the default "" leaves the choice to the model."""

    kind = "choice"
    _: KW_ONLY
    choices: tuple[str, ...]
    default: str = ""

    def read(self, text: str) -> str:
        if not text:
            return self.default
        if text not in self.choices:
            allowed = ", ".join(self.choices)
            raise InvalidParameter(f"{self.name} must be one of {allowed}, got {quote(text)}")
        return text


@dataclass(frozen=True)
class Image(Parameter):
    """An image file, as its bytes: JPEG, PNG or WebP, whole and upright. None means no limit.

    `widest` is the larger side divided by the smaller one.
    """

    kind = "image"
    _: KW_ONLY
    required: bool = False
    minimum_side: int = 64  # pixels, as the other limits
    maximum_side: int | None = None
    minimum_pixels: int = 4_096
    maximum_pixels: int = 9_437_184
    widest: float | None = 2.5

    def read(self, text: bytes | str) -> bytes:
        if isinstance(text, str):
            if text or self.required:
                got = "text" if text else "none"
                raise InvalidParameter(
                    f"{self.name} must be a file in a form (multipart/form-data), got {got}"
                )
            return b""
        try:
            self.check(text)
        except ValueError as error:
            raise InvalidParameter(f"{self.name} must {error}") from None
        return text

    def check(self, content: bytes) -> None:
        """Raises: ValueError with what it must be."""
        width, height = images.measure(content)
        if allowed := self.limit(width, height):
            raise ValueError(f"{allowed}, got {width} x {height}")

    def limit(self, width: int, height: int) -> str:
        """The first limit that the size exceeds; "" if none."""
        small, large = sorted((width, height))
        if small < self.minimum_side:
            return f"be at least {self.minimum_side} pixels wide and high"
        if self.maximum_side and large > self.maximum_side:
            return f"be at most {self.maximum_side} pixels wide and high"
        if not self.minimum_pixels <= width * height <= self.maximum_pixels:
            return f"have {self.minimum_pixels} to {self.maximum_pixels} pixels"
        if self.widest and large > small * self.widest:
            return f"have sides of at most {self.widest}:1"
        return ""


@dataclass(frozen=True)
class Mask(Image):
    """An image in which white marks the area to edit, and black what stays."""

    def check(self, content: bytes) -> None:
        super().check(content)
        if images.media_type(content) != "image/png":
            return  # its pixels cannot be read here
        from chalicelib import png  # here, as few requests have a mask

        if not png.has_area(content):
            raise ValueError("mark an area to edit (white, or transparent for OpenAI), got none")


def is_visible(character: str) -> bool:
    """Whether it can be seen: not a space, control, zero-width or combining character."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Mn", "Zl", "Zp", "Zs")


def is_text(character: str) -> bool:
    """Whether people type it. False for control characters and for what is left of bytes that were
    not UTF-8: half of a surrogate pair, or the U+FFFD that API Gateway replaces them with."""
    if character in "\t\n\r":
        return True
    return unicodedata.category(character) not in ("Cc", "Cs") and character != "\ufffd"


def quote(text: str) -> str:
    """The text in quotes, cut after 40 characters so that the error message stays readable."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
