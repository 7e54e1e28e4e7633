"""Images in forms: the package, as API Gateway sends it binary bodies."""

import base64
import json

import pytest

from chalicelib import catalogue
from conftest import EVERY_MODEL
from forms import EDITS, FORM, PICTURE, form, order, png

pytestmark = pytest.mark.slow

MODELS = [model for model in catalogue.parse(EVERY_MODEL).models if model.images]
INPAINT = next(model for model in MODELS if model.name == "stable-image-inpaint")


def send(gateway, body, path="/"):
    """API Gateway encodes the bodies of the binary media types that Chalice declares."""
    text = base64.b64encode(body).decode()
    return gateway.ask(path=path, body=text, base64=True, Content_Type=FORM)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_takes_a_form(gateway, local_bedrock, model):
    response = send(gateway, form(**order(model)))
    assert response.status == 200, response.body
    assert response.headers["X-Image-Model"] == model.name
    assert len(local_bedrock.paintings) == 1


def test_openais_edits_take_a_form(gateway, local_bedrock):
    body = form(("prompt", "a hen"), ("image[]", PICTURE), ("n", 2))
    response = send(gateway, body, EDITS)
    assert response.status == 200, response.body
    assert len(json.loads(response.body)["data"]) == len(local_bedrock.paintings) == 2


def test_a_form_may_be_as_large_as_lambda_allows(gateway, local_bedrock):
    """6 MB, of which base64 takes a third; the largest that fits, and one that does not."""
    for size, expected in ((4_700_000, 200), (4_720_000, 502)):
        image = PICTURE.ljust(size - len(form(**order(INPAINT))), b"\0")
        assert send(gateway, form(**order(INPAINT, image=image))).status == expected
    assert len(local_bedrock.paintings) == 1
    assert send(gateway, form(**order(INPAINT))).status == 200  # the instance lives on


def test_a_bomb_takes_no_memory(gateway, local_bedrock):
    (instance,) = gateway.instances
    send(gateway, form(**order(INPAINT)))
    before = instance.memory_bytes("VmHWM")
    bomb = png(50_000, 50_000, 8, 6, bytes(700_000))
    for changes in ({"image": bomb}, {"mask": bomb}, {"mask": png(64, 64, 8, 6, bytes(9_999_999))}):
        send(gateway, form(**order(INPAINT, **changes)))
    for body in (form(image=PICTURE, mask=bomb, prompt="x"), form(image=bomb, prompt="x")):
        assert send(gateway, body, EDITS).status == 400
    assert instance.memory_bytes("VmHWM") - before < 2_000_000


def test_text_is_read_as_before_beside_forms(gateway, local_bedrock):
    text = gateway.ask(body="a fox", query=[("seed", "7")], Content_Type="text/plain")
    assert send(gateway, form(prompt="a fox", seed="7")).body == text.body
    assert (
        gateway.ask(body="prompt=a", Content_Type="application/x-www-form-urlencoded").status == 415
    )
