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


def test_reads_a_query_and_fills_in_defaults():
    assert EASEL.read({"prompt": "a ship"}) == {"prompt": "a ship", "steps": 3}
    assert EASEL.read({"prompt": "a ship", "steps": ""}) == {"prompt": "a ship", "steps": 3}
    assert EASEL.read({"steps": "9", "prompt": "a ship"}) == {"prompt": "a ship", "steps": 9}


def test_leaves_out_parameters_of_other_models():
    assert EASEL.read({"prompt": "a ship", "cfg_scale": "abc"}) == {"prompt": "a ship", "steps": 3}


def test_rejects_a_value_out_of_range():
    with pytest.raises(InvalidParameter, match="steps must be from 1 to 9, got 10"):
        EASEL.read({"prompt": "a ship", "steps": "10"})


def test_the_description_contains_no_aws_details():
    described = EASEL.describe()
    assert [each["name"] for each in described.pop("parameters")] == ["prompt", "steps"]
    assert described == {
        "name": "easel", "title": "Easel", "description": "Paints.", "price_usd": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_detects_the_media_type_from_the_bytes(format):
    assert media_type(picture(format)) == f"image/{format.lower()}"


@pytest.mark.parametrize("image", ["R0lGODlh", WAV, "PCFkb2N0eXBl", ""])
def test_other_bytes_have_no_media_type(image):
    assert media_type(image) == ""
