"""Every value of every model that takes an image, at both witnesses: the API and Bedrock."""

import base64
import functools
import io
import json

import pytest
from botocore.exceptions import ClientError
from PIL import Image as Pillow

import test_wire
from chalicelib import catalogue
from chalicelib.parameters import Image, Mask
from conftest import EVERY_MODEL
from forms import WHITE, file, order, png

pytestmark = pytest.mark.slow

OFFER = catalogue.parse(EVERY_MODEL)
MODELS = [model for model in OFFER.models if model.images]
OUTPAINT = OFFER.find("stable-outpaint")


@functools.cache
def sized(width, height):
    return png(width, height, 8, 0, bytes(height * (width + 1)))


def sizes(limits, beyond):
    """Sizes at an image's limits, or one pixel beyond each."""
    side, most = limits.minimum_side, limits.maximum_pixels
    square = int(most**0.5)
    if not beyond:
        wide = round(side * (limits.widest or 2))
        return [
            (side, max(side, -(-limits.minimum_pixels // side))),
            (wide, side),
            (square, square),
        ]
    found = [(side - 1, side + 40), (side + 40, side - 1), (square, square + 1)]
    found += [(round(side * limits.widest) + 1, side)] if limits.widest else []
    return found + ([(limits.maximum_side + 1, side)] if limits.maximum_side else [])


def valid(parameter):
    if isinstance(parameter, Image):
        formats = [file(format=each, color="white") for each in ("JPEG", "PNG", "WEBP")]
        if isinstance(parameter, Mask):
            return [*formats, WHITE, file(160, 64, mode="L", color=1)]
        return formats + [sized(*size) for size in sizes(parameter, beyond=False)]
    return test_wire.valid(parameter)


def invalid(parameter):
    """What Bedrock rejects too."""
    if isinstance(parameter, Image):
        return [sized(*size) for size in sizes(parameter, beyond=True)] + [b"not an image"]
    return test_wire.invalid(parameter)


def cases(values):
    return [
        pytest.param(model, parameter, value, id=f"{model.name}-{parameter.name}-{index}")
        for model in MODELS
        for parameter in model.used({"image": b"x"})
        for index, value in enumerate(values(parameter))
    ]


@pytest.mark.parametrize(("model", "parameter", "value"), cases(valid))
def test_api_and_bedrock_accept_every_value_of_a_form(
    patient_bedrock, send, model, parameter, value
):
    if model is OUTPAINT and parameter.name in ("left", "up", "down") and value == "0":
        value = "1"  # they may all be 0 but one
    right = {"right": "1"} if parameter.name == "right" and value == "0" else {}
    status, body, headers = send(**order(model, **{parameter.name: value} | right))
    assert status == 200, body
    assert headers["X-Image-Model"] == model.name
    assert "X-Image-Ignored" not in headers
    image = Pillow.open(io.BytesIO(base64.b64decode(body)))
    assert headers["X-Image-Type"] == f"image/{image.format.lower()}"
    assert len(patient_bedrock.paintings) == 1


# Where the API is narrower than AWS's page: a text that is required has to be visible; no PNG that
# is too large for Bedrock; a background of JPEG is opaque; the text of Conservative Upscale's page
# says 1 megapixel; that page limits neither masks nor the prompt of Style Transfer.
NARROWER = {
    ("stable-conservative-upscale", "image"), ("stable-style-transfer", "prompt"),
    ("stable-image-inpaint", "mask"), ("stable-image-erase-object", "mask"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "parameter", "value"), cases(invalid))
def test_api_and_bedrock_reject_a_form_out_of_range(patient_bedrock, send, model, parameter, value):
    status, error, _ = send(**order(model, **{parameter.name: value}))
    assert (status, error["Code"]) == (400, "InvalidParameter"), error
    assert error["Message"].startswith(f"{parameter.name} must ")

    values = model.read({n: v for n, v in order(model).items() if n != "model"})
    body = model.body(values | {parameter.name: value})
    try:
        patient_bedrock.client.invoke_model(modelId=model.bedrock_id, body=json.dumps(body))
    except ClientError as refused:
        assert refused.response["Error"]["Code"] == "ValidationException"
        assert not patient_bedrock.paintings
    else:
        assert (model.name, parameter.name) in NARROWER
