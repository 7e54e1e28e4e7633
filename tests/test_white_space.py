"""Control characters of a clipboard: those that mean white space are, the others are named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidParameter
from chalicelib.parameters import Text

NOTE = Text("note", "Note", "", max_length=40)
LINE_ENDS = "\v\f\x85\u2028\u2029"
SPACES = "\x01\x02\x03\x04\x05\x06\x1c\x1d\x1e\x1f"
REFUSED = "\0\x07\x08\x0e\x0f\x10\x1a\x1b\x7f\x80\x84\x86\x9f"


@pytest.mark.parametrize(
    ("character", "meant"), [(each, "\n") for each in LINE_ENDS] + [(each, " ") for each in SPACES]
)
def test_white_space_of_a_clipboard_becomes_plain(bedrock, post, character, meant):
    words = f"a ship{character}in a storm"
    assert post(words.encode(), "/?negative_prompt=a%0Bb").status_code == 200
    body = json.dumps({"prompt": words, "negative_prompt": words})
    assert post(body, "/v1/images/generations", "application/json").status_code == 200
    assert {each["prompt"] for each in bedrock.paintings} == {f"a ship{meant}in a storm"}
    assert NOTE.read(words) == f"a ship{meant}in a storm"


@pytest.mark.parametrize("character", REFUSED)
def test_names_a_rejected_control_character(post, character):
    named = f"got the character U+{ord(character):04X}"
    response = post(f"a ship{character}in a storm".encode())
    assert response.json_body["Message"] == f"prompt must be plain text, {named}"
    body = json.dumps({"prompt": "a fox", "negative_prompt": f"a{character}b"})
    response = post(body, "/v1/images/generations", "application/json")
    message = response.json_body["error"]["message"]
    assert message == f"negative_prompt must be plain text, {named}"


def test_white_space_alone_is_no_prompt(post):
    for words in (LINE_ENDS, SPACES):
        assert post(words.encode()).json_body["Message"] == "prompt must not be empty"


@given(text=st.text(max_size=40))
def test_what_is_read_is_plain_and_as_long_as_what_was_written(text):
    try:
        value = NOTE.read(text)
    except InvalidParameter:
        return
    assert len(value) == len(text) and value.split() == NOTE.read(value).split()
    assert not set(value) & set(LINE_ENDS + SPACES + REFUSED)
