"""The API and real boto3 over HTTP against the local Bedrock: two witnesses of AWS's rules."""

import base64
import io
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from PIL import Image

import app as easel
from chalicelib import catalogue
from chalicelib.parameters import Choice, Text
from conftest import EVERY_MODEL, bedrock_client
from local import faults, models

MODELS = catalogue.offer(EVERY_MODEL).models


def allowed(parameter):
    """A parameter's texts at its ends and its default."""
    if isinstance(parameter, Text):
        return ["x", "x" * parameter.max_length]
    if isinstance(parameter, Choice):
        return [*parameter.choices, parameter.default]
    return [str(parameter.minimum), str(parameter.default), str(parameter.maximum)]


def beyond(parameter):
    """Values one step outside."""
    if isinstance(parameter, Text):
        return ["x" * (parameter.max_length + 1)]
    if isinstance(parameter, Choice):
        return ["1000x1000" if parameter.name == "size" else "nonsense"]
    return [parameter.minimum - 1, parameter.maximum + 1]


def cases(values):
    return [
        pytest.param(model, parameter, value, id=f"{model.name}-{parameter.name}-{value!s:.12}")
        for model in MODELS
        for parameter in model.parameters
        for value in values(parameter)
    ]


@pytest.mark.parametrize(("model", "parameter", "text"), cases(allowed))
def test_api_and_bedrock_accept_every_value_in_range(bedrock, post, model, parameter, text):
    prompt, query = ("a ship", f"&{parameter.name}={text}")
    if parameter.name == "prompt":
        prompt, query = text, ""
    response = post(prompt, f"/?model={model.name}{query}")
    assert response.status_code == 200, response.body
    assert response.headers["X-Image-Model"] == model.name
    assert "X-Image-Ignored" not in response.headers
    image = Image.open(io.BytesIO(base64.b64decode(response.body)))
    assert response.headers["X-Image-Type"] == f"image/{image.format.lower()}"
    (painting,) = bedrock.paintings
    assert painting["prompt"] == prompt
    assert painting["seed"] == int(response.headers["X-Image-Seed"])


@pytest.mark.parametrize(("model", "parameter", "value"), cases(beyond))
def test_api_and_bedrock_reject_values_out_of_range(bedrock, post, model, parameter, value):
    prompt, query = ("a ship", f"&{parameter.name}={value}")
    if parameter.name == "prompt":
        prompt, query = value, ""
    response = post(prompt, f"/?model={model.name}{query}")
    assert (response.status_code, response.json_body["Code"]) == (400, "InvalidParameter")

    values = model.read({"prompt": "a ship"}) | {parameter.name: value}
    with pytest.raises(ClientError) as refused:
        bedrock.client.invoke_model(modelId=model.bedrock_id, body=json.dumps(model.body(values)))
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert not bedrock.paintings


def test_api_and_bedrock_agree_on_retired_models():
    assert set(catalogue.RETIRED) - {"stable-diffusion-xl"} == set(models.RETIRED)


PROMPTS = [
    "👩‍🚀 on the 🌙",
    "e\u0301te\u0301 cafe\u0301",
    "嵐の海を航海する船",
    "\u202eright to left\u202c سفينة",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}} ${7*7}",
    "'; DROP TABLE images; --",
    "a fox\r\n200 InvokeModel forged",
    "a fox & a ship = 50% + more?",
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_sends_any_prompt_to_bedrock_unchanged(bedrock, post, prompt):
    assert post(prompt, "/?seed=7").status_code == 200
    assert [painting["prompt"] for painting in bedrock.paintings] == [prompt]


def test_logs_one_line_without_the_prompt(bedrock, post, caplog):
    caplog.set_level(logging.INFO)
    post("a fox\r\n200 InvokeModel forged")
    assert [record.name for record in caplog.records] == ["local.bedrock"]
    assert "forged" not in caplog.text


def test_the_same_seed_sends_the_same_request(bedrock, post):
    for _ in range(2):
        post("a fox", "/?seed=7&aspect_ratio=16:9")
    first, second = bedrock.paintings
    assert first == second
    assert (first["width"], first["height"]) == (1344, 768)


FAULTS = {
    "!throttled": (429, "ModelBusy"),
    "!notready": (503, "ModelUnavailable"),
    "!unavailable": (503, "ModelUnavailable"),
    "!quota": (503, "ModelUnavailable"),
    "!internal": (502, "ModelFailed"),
    "!timeout": (504, "ModelTimeout"),
    "!modelerror": (502, "ModelFailed"),
    "!invalid": (400, "InvalidParameter"),
    "!denied": (503, "ModelAccessDenied"),
    "!marketplace": (503, "ModelAccessDenied"),
    "!expired": (503, "ModelAccessDenied"),
    "!legacy": (410, "ModelRetired"),
    "!retired": (410, "ModelRetired"),
    "!filtered": (422, "ContentFiltered"),
    "!filtered-picture": (422, "ContentFiltered"),
    "!inference-error": (502, "ModelFailed"),
    "!broken": (502, "ModelFailed"),
    "!empty": (502, "ModelFailed"),
    "!html": (502, "ModelFailed"),
    "!large": (502, "ImageTooLarge"),
    "!reset": (502, "ModelFailed"),
    "!cut": (502, "ModelFailed"),
    "!slow 2": (504, "ModelTimeout"),  # the client of these tests waits 1 s
    "!drip 0.1": (200, None),
    "!drip 4": (504, "ModelTimeout"),  # each drop comes in time, the whole does not
}


@pytest.mark.parametrize("model", ["stable-image-core", "stable-diffusion-xl"])
@pytest.mark.parametrize("prompt", FAULTS)
def test_every_fault_is_one_call_and_our_error(
    bedrock, post, caplog, monkeypatch, prompt, model
):
    monkeypatch.setattr(easel, "PATIENCE", 2)  # seconds
    caplog.set_level(logging.INFO, "local.bedrock")
    response = post(f"{prompt} a ship", f"/?model={model}")
    status, code = FAULTS[prompt]
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    if code:
        assert response.json_body["Code"] == code
        assert not any(secret in response.body for secret in (b"arn:", b"123456789012", b"iam"))
    deadline = time.monotonic() + 10
    while not calls(caplog) and time.monotonic() < deadline:
        time.sleep(0.01)  # a slow call is logged when it ends, after its answer was given up
    assert calls(caplog) == 1


def calls(caplog):
    return [record.name for record in caplog.records].count("local.bedrock")


def test_tries_every_fault_of_the_local_bedrock():
    assert {prompt.split()[0][1:] for prompt in FAULTS} == set(faults.FAULTS)


def test_a_region_without_the_model_names_the_owner(bedrock, post, monkeypatch):
    monkeypatch.setattr(easel, "bedrock_client", bedrock_client(bedrock.url, "eu-west-1"))
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (503, "ModelAccessDenied")


def test_an_unreachable_bedrock_can_be_retried(bedrock, post, monkeypatch):
    monkeypatch.setattr(easel, "bedrock_client", bedrock_client("http://127.0.0.1:9"))
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (503, "ModelUnavailable")
    assert response.headers["Retry-After"] == "5"


def test_twenty_parallel_requests_get_their_own_answers(bedrock):
    def ask(number):
        values = {"prompt": f"picture {number}", "seed": number}
        answer = bedrock.client.invoke_model(
            modelId="stability.stable-image-core-v1:1", body=json.dumps(values)
        )
        return json.loads(answer["body"].read())["seeds"]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(1, 21))) == [[number] for number in range(1, 21)]
