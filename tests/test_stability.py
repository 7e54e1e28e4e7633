import base64
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import catalogue, stability, stable_diffusion_xl
from chalicelib.errors import ContentFiltered, ModelFailed
from chalicelib.parameters import Seed
from conftest import ROOT, picture

MODELS = {model.bedrock_id: model for model in catalogue.MODELS}
DOCUMENTED = {
    path.stem: json.loads(path.read_text()) for path in ROOT.glob("tests/documented/**/*.json")
}
GIF = base64.b64encode(b"GIF89a" + bytes(20)).decode()
NO_PICTURE = "^the model's answer holds no picture; try again$"
HTML = base64.b64encode(b"<!doctype html><title>502</title>").decode()


def test_every_model_allows_a_random_seed():
    seeds = [each for model in MODELS.values() for each in model.parameters if each.name == "seed"]
    assert Seed.max_drawn == min(seed.maximum for seed in seeds)


def test_the_body_omits_empty_values():
    values = {"prompt": "a ship", "negative_prompt": "", "seed": 7, "output_format": "jpeg"}
    assert stability.body(values) == {"prompt": "a ship", "seed": 7, "output_format": "jpeg"}


def test_the_sdxl_body_has_weights_width_and_height():
    values = stable_diffusion_xl.STABLE_DIFFUSION_XL.read(
        {"prompt": "a ship", "negative_prompt": "birds", "size": "1344x768", "seed": "7"}
    )
    assert stable_diffusion_xl.body(values) == {
        "text_prompts": [{"text": "a ship", "weight": 1.0}, {"text": "birds", "weight": -1.0}],
        "width": 1344,
        "height": 768,
        "cfg_scale": 7,
        "steps": 30,
        "seed": 7,
    }


def test_the_sdxl_body_omits_an_empty_negative_prompt():
    values = stable_diffusion_xl.STABLE_DIFFUSION_XL.read({"prompt": "a ship"})
    assert stable_diffusion_xl.body(values)["text_prompts"] == [{"text": "a ship", "weight": 1.0}]


def test_returns_the_first_of_two_images(jpeg):
    answer = {"seeds": [1, 2], "finish_reasons": [None, None], "images": [jpeg, picture("PNG")]}
    assert stability.image(answer) == jpeg


@pytest.mark.parametrize("images", [None, [], "x", {}, [None], [7], [[]], [{}], [""], ["%%%"]])
def test_a_response_without_an_image_is_an_error(images):
    for answer in ({"finish_reasons": [None], "images": images}, {"images": images}, images):
        with pytest.raises(ModelFailed, match=NO_PICTURE):
            stability.image(answer)


@pytest.mark.parametrize("image", [GIF, HTML, "", "not base64", "/9j/\n4AAQ", "/9j"])
def test_bytes_that_are_not_an_image_are_an_error(image):
    with pytest.raises(ModelFailed, match=NO_PICTURE):
        stability.image({"finish_reasons": [None], "images": [image]})
    with pytest.raises(ModelFailed, match=NO_PICTURE):
        stable_diffusion_xl.image({"artifacts": [{"finishReason": "SUCCESS", "base64": image}]})


@given(st.text("/9jA4=\n \u00e9\ud800", max_size=12))
@example("/9j/4=A=")
@example("/9j/4AA=")
@example("====")
def test_recognizes_padded_base64(text):
    padded = "([/4-9Aj]{4})*([/4-9Aj]{2}==|[/4-9Aj]{3}=|[/4-9Aj]{4})"
    assert stability.is_base64(text) == bool(re.fullmatch(padded, text))


@pytest.mark.parametrize(
    ("reason", "error", "message"),
    [
        ("Filter reason: prompt", ContentFiltered,
         "the model's filter refused the prompt; change its words (English works best)"),
        ("Filter reason: input image", ContentFiltered,
         "the model's filter refused the picture that was sent; send another one"),
        ("Filter reason: output image", ContentFiltered,
         "the model's filter refused the picture; try another seed or other words"),
        ("Inference error", ModelFailed, "the model could not make this picture; try again"),
        ("something new", ModelFailed, "the model could not make this picture; try again"),
        ("", ModelFailed, "the model could not make this picture; try again"),
    ],
)  # fmt: skip
def test_a_finish_reason_is_always_an_error(reason, error, message, jpeg):
    for answer in (
        {"finish_reasons": [reason]},
        {"finish_reasons": [reason], "images": [jpeg]},
        {"finish_reasons": reason, "images": [jpeg]},
    ):
        with pytest.raises(error) as raised:
            stability.image(answer)
        assert str(raised.value) == message


@pytest.mark.parametrize(
    ("reason", "error"),
    [("CONTENT_FILTERED", ContentFiltered), ("ERROR", ModelFailed), (None, ModelFailed)],
)
def test_never_returns_a_blurred_sdxl_image(reason, error, jpeg):
    with pytest.raises(error):
        stable_diffusion_xl.image({"artifacts": [{"finishReason": reason, "base64": jpeg}]})


@pytest.mark.parametrize("answer", [None, [], {}, "x", {"artifacts": []}, {"artifacts": [None]}])
def test_a_malformed_sdxl_response_is_an_error(answer):
    with pytest.raises(ModelFailed):
        stable_diffusion_xl.image(answer)


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if "body" in DOCUMENTED[name]])
def test_sends_the_bodies_that_aws_documents(name):
    body = DOCUMENTED[name]["body"]
    query = {field: str(value) for field, value in body.items() if field != "text_prompts"}
    images = {each: base64.b64decode(body[each]) for each in catalogue.IMAGES & body.keys()}
    query |= images
    if "text_prompts" in body:
        query["prompt"] = body["text_prompts"][0]["text"]
    model = MODELS[DOCUMENTED[name]["model"]]
    sent = model.body(model.read(query))
    for field in body.keys() - {"samples", "seed", "text_prompts"}:  # one sample is the default
        assert sent[field] == body[field]
    for ours, theirs in zip(
        sent.get("text_prompts", []), body.get("text_prompts", []), strict=True
    ):
        assert ours == {"weight": 1.0, **theirs}


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if "answer" in DOCUMENTED[name]])
def test_reads_the_responses_that_aws_documents(name):
    answer = DOCUMENTED[name]["answer"]
    model = MODELS[DOCUMENTED[name]["model"]]
    if "filtered" in name:
        with pytest.raises(ContentFiltered):
            model.image(answer)
    else:
        (held,) = answer.get("images") or [answer["artifacts"][0]["base64"]]
        assert model.image(answer) == held


def test_every_model_has_documented_examples():
    assert {pair["model"] for pair in DOCUMENTED.values()} == set(MODELS)
    assert all(
        pair["source"].startswith("https://docs.aws.amazon.com/") for pair in DOCUMENTED.values()
    )
