import base64

import pytest

from chalicelib.errors import InvalidParameter
from chalicelib.model import Model, media_type
from chalicelib.parameters import Integer, Text
from conftest import picture

WAV = base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt ").decode()
EASEL = Model(
    name="easel",
    title="Easel",
    description="Paints.",
    bedrock_id="house.easel-v1:0",
    price_usd=0.5,
    parameters=(
        Text("prompt", "Prompt", "", max_length=10, required=True),
        Integer("steps", "Steps", "", minimum=1, maximum=9, default=3),
    ),
    body=dict,
    image=str,
)


def test_a_query_becomes_one_value_a_parameter_with_defaults_filled_in():
    assert EASEL.read({"prompt": "a ship"}) == {"prompt": "a ship", "steps": 3}
    assert EASEL.read({"prompt": "a ship", "steps": ""}) == {"prompt": "a ship", "steps": 3}
    assert EASEL.read({"steps": "9", "prompt": "a ship"}) == {"prompt": "a ship", "steps": 9}


def test_names_of_other_models_are_left_out():
    assert EASEL.read({"prompt": "a ship", "cfg_scale": "abc"}) == {"prompt": "a ship", "steps": 3}


def test_the_first_value_out_of_range_is_refused():
    with pytest.raises(InvalidParameter, match="steps must be from 1 to 9, got 10"):
        EASEL.read({"prompt": "a ship", "steps": "10"})


def test_a_description_holds_the_parameters_and_nothing_of_aws():
    described = EASEL.describe()
    assert [each["name"] for each in described.pop("parameters")] == ["prompt", "steps"]
    assert described == {
        "name": "easel", "title": "Easel", "description": "Paints.", "price_usd": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_type_is_what_the_bytes_say(format):
    assert media_type(picture(format)) == f"image/{format.lower()}"


@pytest.mark.parametrize("image", ["R0lGODlh", WAV, "PCFkb2N0eXBl", ""])
def test_other_bytes_have_no_type(image):
    assert media_type(image) == ""
