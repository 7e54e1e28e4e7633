import base64
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import catalogue, stability
from chalicelib.errors import ContentFiltered, ModelFailed
from chalicelib.parameters import Seed
from conftest import ROOT, picture

MODELS = {model.bedrock_id: model for model in catalogue.MODELS}
DOCUMENTED = {
    path.stem: json.loads(path.read_text()) for path in ROOT.glob("tests/documented/*.json")
}
GIF = base64.b64encode(b"GIF89a" + bytes(20)).decode()
NO_PICTURE = "^the model's answer holds no picture; try again$"
HTML = base64.b64encode(b"<!doctype html><title>502</title>").decode()


def test_a_drawn_seed_is_allowed_by_every_model():
    seeds = [each for model in MODELS.values() for each in model.parameters if each.name == "seed"]
    assert Seed.max_drawn == min(seed.maximum for seed in seeds)


def test_todays_body_is_the_values_without_the_empty_ones():
    values = {"prompt": "a ship", "negative_prompt": "", "seed": 7, "output_format": "jpeg"}
    assert stability.body(values) == {"prompt": "a ship", "seed": 7, "output_format": "jpeg"}


def test_sdxl_gives_prompts_a_weight_and_takes_a_size_apart():
    values = stability.STABLE_DIFFUSION_XL.read(
        {"prompt": "a ship", "negative_prompt": "birds", "size": "1344x768", "seed": "7"}
    )
    assert stability.sdxl_body(values) == {
        "text_prompts": [{"text": "a ship", "weight": 1.0}, {"text": "birds", "weight": -1.0}],
        "width": 1344,
        "height": 768,
        "cfg_scale": 7,
        "steps": 30,
        "seed": 7,
    }


def test_sdxl_sends_no_negative_prompt_where_none_is_given():
    values = stability.STABLE_DIFFUSION_XL.read({"prompt": "a ship"})
    assert stability.sdxl_body(values)["text_prompts"] == [{"text": "a ship", "weight": 1.0}]


def test_of_two_images_the_first_is_the_image(jpeg):
    answer = {"seeds": [1, 2], "finish_reasons": [None, None], "images": [jpeg, picture("PNG")]}
    assert stability.image(answer) == jpeg


@pytest.mark.parametrize("images", [None, [], "x", {}, [None], [7], [[]], [{}], [""], ["%%%"]])
def test_an_answer_without_a_picture_is_a_failure(images):
    for answer in ({"finish_reasons": [None], "images": images}, {"images": images}, images):
        with pytest.raises(ModelFailed, match=NO_PICTURE):
            stability.image(answer)


@pytest.mark.parametrize("image", [GIF, HTML, "", "not base64", "/9j/\n4AAQ", "/9j"])
def test_bytes_that_are_no_picture_are_a_failure(image):
    with pytest.raises(ModelFailed, match=NO_PICTURE):
        stability.image({"finish_reasons": [None], "images": [image]})
    with pytest.raises(ModelFailed, match=NO_PICTURE):
        stability.sdxl_image({"artifacts": [{"finishReason": "SUCCESS", "base64": image}]})


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
        ("Filter reason: output image", ContentFiltered,
         "the model's filter refused the picture; try another seed or other words"),
        ("Inference error", ModelFailed, "the model could not make this picture; try again"),
        ("something new", ModelFailed, "the model could not make this picture; try again"),
        ("", ModelFailed, "the model could not make this picture; try again"),
    ],
)  # fmt: skip
def test_a_finish_reason_is_never_a_picture(reason, error, message, jpeg):
    for answer in (
        {"finish_reasons": [reason]},
        {"finish_reasons": [reason], "images": [jpeg]},
        {"finish_reasons": reason, "images": [jpeg]},
    ):
        with pytest.raises(error) as refused:
            stability.image(answer)
        assert str(refused.value) == message


@pytest.mark.parametrize(
    ("reason", "error"),
    [("CONTENT_FILTERED", ContentFiltered), ("ERROR", ModelFailed), (None, ModelFailed)],
)
def test_sdxls_blurred_picture_is_never_shown(reason, error, jpeg):
    with pytest.raises(error):
        stability.sdxl_image({"artifacts": [{"finishReason": reason, "base64": jpeg}]})


@pytest.mark.parametrize("answer", [None, [], {}, "x", {"artifacts": []}, {"artifacts": [None]}])
def test_an_sdxl_answer_of_another_shape_is_a_failure(answer):
    with pytest.raises(ModelFailed):
        stability.sdxl_image(answer)


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if "body" in DOCUMENTED[name]])
def test_what_aws_documents_as_a_body_is_what_we_send(name):
    body = DOCUMENTED[name]["body"]
    query = {field: str(value) for field, value in body.items() if field != "text_prompts"}
    query["prompt"] = body.get("prompt") or body["text_prompts"][0]["text"]
    model = MODELS[DOCUMENTED[name]["model"]]
    sent = model.body(model.read(query))
    for field in body.keys() - {"samples", "seed", "text_prompts"}:  # one sample is the default
        assert sent[field] == body[field]
    for ours, theirs in zip(
        sent.get("text_prompts", []), body.get("text_prompts", []), strict=True
    ):
        assert ours == {"weight": 1.0, **theirs}


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if "answer" in DOCUMENTED[name]])
def test_what_aws_documents_as_an_answer_is_read(name):
    answer = DOCUMENTED[name]["answer"]
    model = MODELS[DOCUMENTED[name]["model"]]
    if "filtered" in name:
        with pytest.raises(ContentFiltered):
            model.image(answer)
    else:
        (held,) = answer.get("images") or [answer["artifacts"][0]["base64"]]
        assert model.image(answer) == held


def test_aws_documents_each_model():
    assert {pair["model"] for pair in DOCUMENTED.values()} == set(MODELS)
    assert all(
        pair["source"].startswith("https://docs.aws.amazon.com/") for pair in DOCUMENTED.values()
    )
