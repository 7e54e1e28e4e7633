"""Images in: forms at `POST /`, to the local Bedrock over HTTP."""

import base64
import json
from urllib.parse import urlencode

import pytest
from chalice.local import LambdaContext

import app as easel
from chalicelib import catalogue
from conftest import EVERY_MODEL
from forms import FORM, PICTURE, WHITE, file, form, order, png

OFFER = catalogue.parse(EVERY_MODEL)
MODELS = [model for model in OFFER.models if model.images]
INPAINT, ERASE, BACKGROUND = (
    OFFER.find(f"stable-image-{name}") for name in ("inpaint", "erase-object", "remove-background")
)
SD35, ULTRA = OFFER.find("stable-diffusion-3.5-large"), OFFER.find("stable-image-ultra")
OUTPAINT, TRANSFER = OFFER.find("stable-outpaint"), OFFER.find("stable-style-transfer")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_sends_bedrock_only_fields_that_the_service_knows(bedrock, send, model):
    """Unknown fields are 400. A prompt or a seed for a service without one is named."""
    status, body, headers = send(**order(model, prompt="a fox", seed="7", cfg_scale="9"))
    assert status == 200, body
    own = {each.name for each in model.parameters}
    ignored = [name for name in ("prompt", "seed", "cfg_scale") if name not in own]
    assert sorted(headers["X-Image-Ignored"].split(", ")) == sorted(ignored)
    assert headers.get("X-Image-Seed") == ("7" if "seed" in own else None)
    assert headers["X-Image-Price"] == f"{model.price_usd:.2f}"


def sent(model, **fields):
    return model.body(model.read(fields))


@pytest.mark.parametrize("strength", ["0", "1", ""])
def test_image_to_image_sends_mode_and_strength_and_no_ratio(strength):
    body = sent(SD35, prompt="oil", image=PICTURE, strength=strength, aspect_ratio="16:9", seed="7")
    assert body == {
        "prompt": "oil", "seed": 7, "output_format": "jpeg", "mode": "image-to-image",
        "image": base64.b64encode(PICTURE).decode(), "strength": float(strength or 0.6),
    }  # fmt: skip
    body = sent(
        ULTRA, prompt="oil", image=PICTURE, strength=strength, aspect_ratio="16:9", seed="7"
    )
    assert body == {
        "prompt": "oil", "seed": 7, "output_format": "jpeg",
        "image": base64.b64encode(PICTURE).decode(), "strength": float(strength or 0.35),
    }  # fmt: skip


def test_without_an_image_both_models_paint_from_text_as_before():
    for model in (SD35, ULTRA):
        assert sent(model, prompt="oil", strength="1", seed="7") == {
            "prompt": "oil", "aspect_ratio": "1:1", "seed": 7, "output_format": "jpeg",
        }  # fmt: skip


def test_a_form_without_an_image_is_the_same_as_text(bedrock, send, post):
    status, body, headers = send(prompt="a fox", seed="7", aspect_ratio="16:9")
    text = post("a fox", "/?seed=7&aspect_ratio=16:9")
    assert (status, body, headers) == (200, text.body, text.headers)
    assert bedrock.paintings[0] == bedrock.paintings[1]


def test_reads_settings_from_query_and_form(bedrock, send):
    query = urlencode({"model": INPAINT.name, "seed": 7})
    fields = {"image": PICTURE, "mask": WHITE, "prompt": "a door"}
    status, _, headers = send(f"?{query}", **fields)
    assert (status, headers["X-Image-Seed"], headers["X-Image-Model"]) == (200, "7", INPAINT.name)


def refused(send, model, **fields):
    status, error, _ = send(**order(model, **fields))
    assert (status, error["Code"]) == (400, "InvalidParameter"), error
    return error["Message"]


def test_outpaint_has_to_go_somewhere(bedrock, send):
    message = "left, right, up or down must be over 0, got 0 for all"
    assert refused(send, OUTPAINT, right="0") == refused(send, OUTPAINT, right=None) == message
    assert bedrock.paintings == []


@pytest.mark.parametrize("model", [INPAINT, ERASE], ids=lambda model: model.name)
def test_an_edit_has_to_have_an_area(bedrock, send, model):
    missing = "mask must be sent, unless the image has transparent pixels to edit"
    for opaque in (PICTURE, file(mode="RGBA"), file(format="JPEG"), file(format="WEBP")):
        assert refused(send, model, mask=None, image=opaque) == missing
    black = refused(send, model, mask=file(mode="L", color=0))
    assert black == "mask must mark an area to edit (white, or transparent for OpenAI), got none"
    assert bedrock.paintings == []
    clear = file(mode="RGBA", color=(1, 2, 3, 0))
    assert send(**order(model, mask=None, image=clear))[0] == 200  # Bedrock reads its alpha


def test_a_service_needs_its_images(bedrock, send, post):
    alone = "must be a file in a form (multipart/form-data), got none"
    assert refused(send, TRANSFER, style_image=None) == f"style_image {alone}"
    assert refused(send, BACKGROUND, image=None) == f"image {alone}"
    assert post("a fox", f"/?model={INPAINT.name}").json_body["Message"] == f"image {alone}"
    text = post("a fox", f"/?model={SD35.name}&image=abc").json_body["Message"]
    assert text == "image must be a file in a form (multipart/form-data), got text"
    assert bedrock.paintings == []


@pytest.mark.parametrize("model", ["stable-image-core", BACKGROUND.name])
def test_a_mask_that_a_model_does_not_take_is_an_error(bedrock, send, model):
    status, error, _ = send(model=model, image=PICTURE, mask=WHITE, prompt="a door")
    assert (status, error["Code"]) == (400, "InvalidParameter")
    assert error["Message"].startswith(("image must be left out:", "mask must be left out:"))
    assert bedrock.paintings == []


UPSCALERS = ["stable-fast-upscale", "stable-conservative-upscale", "stable-creative-upscale"]


@pytest.mark.parametrize("name", UPSCALERS)
def test_no_png_is_asked_of_an_upscaler(bedrock, send, name):
    message = refused(send, OFFER.find(name), output_format="png")
    assert message == "output_format must be one of webp, jpeg, got 'png'"


def test_a_repeated_field_is_an_error(bedrock, post):
    fields = list(order(INPAINT).items())
    for body, path, message in (
        (form(*fields, ("seed", "1"), ("seed", "1")), "/", "seed must be given once, got more"),
        (form(*fields, ("mask", WHITE)), "/", "mask must be given once, got more"),
        (
            form(*fields, ("seed", "1")),
            "/?seed=2",
            "seed must be given once, got it in query and body",
        ),
        (
            form(*fields),
            "/?prompt=a",
            "prompt must be the body of the request, got a query parameter",
        ),
        (form(*fields, ("color", "red")), "/", "a parameter must be one of model, aspect_ratio, "),
        (form(("prompt", b"\xff")), "/", "prompt must be UTF-8 text, got other bytes"),
        (form(*fields)[:-4], "/", "body must be a whole form, got another one: unexpected end of "),
    ):
        response = post(body, path, FORM)
        assert response.status_code == 400
        assert response.json_body["Message"].startswith(message)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert bedrock.paintings == []


BAD = {
    "oversized": {"image": png(3_073, 3_072, 8, 6)}, "truncated": {"image": PICTURE[:-20]},
    "wrong type": {"image": b"GIF89a" + bytes(50)}, "wrong ratio": {"image": file(161, 64)},
    "missing": {"image": None}, "a mask without area": {"mask": file(mode="L", color=0)},
    "a broken mask": {"mask": png(64, 64, 8, 0, b"\0")}, "empty": {"image": b""},
    "a decompression bomb": {"image": png(50_000, 50_000, 8, 6, bytes(700_000))},
    "a mask that is a bomb": {"mask": png(50_000, 50_000, 8, 6, bytes(700_000))},
}  # fmt: skip


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_bad_input_costs_nothing_and_logs_nothing_of_the_image(
    bedrock, send, capsys, caplog, fields
):
    message = refused(send, INPAINT, prompt="qwzx", **fields)
    assert len(message) < 200 and "\n" not in message
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert (record["Dollars"], record["Images"], bedrock.paintings) == (0, 0, [])
    assert "qwzx" not in line and "\\u" not in line and caplog.text == ""


def test_the_log_has_the_size_of_images_and_nothing_of_them(bedrock, send, capsys):
    assert send(**order(INPAINT, prompt="!internal qwzx"))[0] == 502
    logged = capsys.readouterr().out
    assert json.loads(logged.splitlines()[-1])["image_bytes"] == len(PICTURE) + len(WHITE)
    for secret in ("qwzx", base64.b64encode(PICTURE).decode()[:12], "upload"):
        assert secret not in logged


def invoke(body, base64_encoded):
    """The API's response to API Gateway's event, whose body is base64 for binary types."""
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/", "identity": {}},
        "headers": {"Content-Type": FORM}, "multiValueQueryStringParameters": None,
        "pathParameters": {}, "stageVariables": {}, "body": body,
        "isBase64Encoded": base64_encoded,
    }  # fmt: skip
    return easel.app(event, LambdaContext("easel", 1024))


def test_reads_a_form_as_api_gateway_sends_it(bedrock):
    assert "multipart/form-data" in easel.app.api.binary_types
    body = form(**order(INPAINT, image=file(format="JPEG")))
    assert invoke(base64.b64encode(body).decode(), True)["statusCode"] == 200
    for broken in ("abc", "é", base64.b64encode(body[:-9]).decode()):
        assert invoke(broken, True)["statusCode"] == 400
    assert invoke(body, False)["statusCode"] == 200  # `chalice local`


@pytest.mark.parametrize("type", ["multipart/form-data", "MULTIPART/Form-Data; boundary=x"])
def test_a_form_without_its_boundary_is_an_error(bedrock, post, type):
    response = post(form(prompt="a fox"), "/", type)
    assert (response.status_code, response.json_body["Code"]) == (400, "InvalidParameter")
