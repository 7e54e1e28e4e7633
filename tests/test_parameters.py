import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.errors import InvalidParameter
from chalicelib.parameters import Choice, Integer, Number, Seed, Text

PROMPT = Text("prompt", "Prompt", "", max_length=10, required=True)
NOTE = Text("note", "Note", "", max_length=10)
STEPS = Integer("steps", "Steps", "", minimum=10, maximum=50, default=30)
SCALE = Number("scale", "Scale", "", minimum=0, maximum=35, default=7)
SEED = Seed("seed", "Seed", "", minimum=0, maximum=4_294_967_295, default=0)
RATIO = Choice("ratio", "Ratio", "", choices=("1:1", "16:9"), default="1:1")
STYLE = Choice("style", "Style", "", choices=("anime", "origami"))


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (PROMPT, "a ship", "a ship"),
        (PROMPT, " a ship\r\n", " a ship\r\n"),
        (PROMPT, "a\tb\nc", "a\tb\nc"),
        (PROMPT, "x" * 10, "x" * 10),
        (PROMPT, "👩‍🚀", "👩‍🚀"),
        (PROMPT, "e\u0301te\u0301", "e\u0301te\u0301"),
        (PROMPT, "船", "船"),
        (PROMPT, "\u202eabc", "\u202eabc"),
        (NOTE, "", ""),
        (STEPS, "10", 10),
        (STEPS, "50", 50),
        (STEPS, "", 30),
        (SCALE, "0", 0.0),
        (SCALE, "7.5", 7.5),
        (SCALE, "35", 35.0),
        (SCALE, "", 7),
        (SEED, "1", 1),
        (SEED, "4294967295", 4_294_967_295),
        (RATIO, "16:9", "16:9"),
        (RATIO, "", "1:1"),
        (STYLE, "", ""),
    ],
)
def test_reads_a_valid_value(parameter, text, value):
    read = parameter.read(text)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("parameter", "text", "message"),
    [
        (PROMPT, "", "prompt must not be empty"),
        (PROMPT, " \t\r\n", "prompt must not be empty"),
        (PROMPT, "\u200b\u200d\ufeff\u00a0", "prompt must not be empty"),
        (PROMPT, "\u0301\u2028\u2029", "prompt must not be empty"),
        (PROMPT, "x" * 11, "prompt must be at most 10 characters, got 11"),
        (PROMPT, "a\0b", "prompt must be plain text, got the character U+0000"),
        (PROMPT, "a\x1b[31m", "prompt must be plain text, got the character U+001B"),
        (PROMPT, "a\x84", "prompt must be plain text, got the character U+0084"),
        (PROMPT, "a\ud800", "prompt must be plain text, got the character U+D800"),
        (PROMPT, "a\ufffd", "prompt must be plain text, got the character U+FFFD"),
        (NOTE, "x" * 11, "note must be at most 10 characters, got 11"),
        (STEPS, "9", "steps must be from 10 to 50, got 9"),
        (STEPS, "51", "steps must be from 10 to 50, got 51"),
        (STEPS, "-1", "steps must be from 10 to 50, got -1"),
        (STEPS, "abc", "steps must be one integer from 10 to 50, got 'abc'"),
        (STEPS, " 20", "steps must be one integer from 10 to 50, got ' 20'"),
        (STEPS, "20\n", "steps must be one integer from 10 to 50, got '20\\n'"),
        (STEPS, "2_0", "steps must be one integer from 10 to 50, got '2_0'"),
        (STEPS, "2e1", "steps must be one integer from 10 to 50, got '2e1'"),
        (STEPS, "20.0", "steps must be one integer from 10 to 50, got '20.0'"),
        (STEPS, "٢٠", "steps must be one integer from 10 to 50, got '٢٠'"),
        (STEPS, "9" * 40, f"steps must be one integer from 10 to 50, got '{'9' * 40}'"),
        (STEPS, "9" * 41, f"steps must be one integer from 10 to 50, got '{'9' * 40}…'"),
        (STEPS, "9" * 5000, f"steps must be one integer from 10 to 50, got '{'9' * 40}…'"),
        (SCALE, "-0.1", "scale must be from 0 to 35, got -0.1"),
        (SCALE, "35.01", "scale must be from 0 to 35, got 35.01"),
        (SCALE, "nan", "scale must be one number from 0 to 35, got 'nan'"),
        (SCALE, "inf", "scale must be one number from 0 to 35, got 'inf'"),
        (SCALE, "1e1", "scale must be one number from 0 to 35, got '1e1'"),
        (SCALE, "7.", "scale must be one number from 0 to 35, got '7.'"),
        (SEED, "-1", "seed must be from 0 to 4294967295, got -1"),
        (SEED, "4294967296", "seed must be from 0 to 4294967295, got 4294967296"),
        (RATIO, "4:3", "ratio must be one of 1:1, 16:9, got '4:3'"),
        (STYLE, "Anime", "style must be one of anime, origami, got 'Anime'"),
    ],
)
def test_rejects_an_invalid_value(parameter, text, message):
    with pytest.raises(InvalidParameter) as raised:
        parameter.read(text)
    assert str(raised.value) == message


@pytest.mark.parametrize("text", ["", "0", "-0", "00"])
def test_a_random_seed_is_valid_for_every_model(text):
    random.seed(1)
    drawn = {SEED.read(text) for _ in range(200)}
    assert len(drawn) == 200
    assert min(drawn) >= 1 and max(drawn) <= 4_294_967_294
    assert min(drawn) < 2**28 and max(drawn) > 2**32 - 2**28


def test_a_random_seed_may_be_either_bound():
    class Die(Seed):
        max_drawn = 6

    die = Die("die", "Die", "", minimum=0, maximum=6, default=0)
    assert {die.read("") for _ in range(200)} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("parameter", [PROMPT, NOTE, STEPS, SCALE, SEED, RATIO, STYLE])
@given(text=some.text())
def test_reads_or_rejects_any_text(parameter, text):
    try:
        value = parameter.read(text)
    except InvalidParameter as raised:
        assert str(raised).startswith(f"{parameter.name} must ")
        assert len(str(raised)) < 500  # repr() may write each of 40 characters as ten
    else:
        assert allows(parameter, value)


@given(text=some.from_regex(re.compile(r"-?[0-9]{1,30}(\.[0-9]{0,3})?"), fullmatch=True))
def test_reads_or_rejects_any_number(text):
    try:
        assert 0 <= SCALE.read(text) <= 35
    except InvalidParameter as raised:
        assert str(raised).startswith("scale must ")


def allows(parameter, value):
    if isinstance(parameter, Text):
        return len(value) <= parameter.max_length and "\0" not in value
    if isinstance(parameter, Choice):
        return value in (*parameter.choices, "")
    return parameter.minimum <= value <= parameter.maximum


def test_describes_every_kind_of_parameter():
    assert PROMPT.describe() == {
        "name": "prompt", "kind": "text", "label": "Prompt", "help": "",
        "default": "", "max_length": 10, "required": True,
    }  # fmt: skip
    assert STEPS.describe() == {
        "name": "steps", "kind": "integer", "label": "Steps", "help": "",
        "default": 30, "minimum": 10, "maximum": 50,
    }  # fmt: skip
    assert SCALE.describe()["kind"] == "number"
    assert SEED.describe()["kind"] == "integer"
    assert RATIO.describe() == {
        "name": "ratio", "kind": "choice", "label": "Ratio", "help": "",
        "default": "1:1", "choices": ("1:1", "16:9"),
    }  # fmt: skip
