"""The API with real boto3 against the local Bedrock: both state AWS's rules independently."""

import base64
import io
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image

import app as easel
from chalicelib import catalogue
from chalicelib.parameters import Choice, Text
from chalicelib.parameters import Image as ImageParameter
from conftest import TEXT_MODELS, bedrock_client
from local import faults, models

pytestmark = pytest.mark.slow

MODELS = TEXT_MODELS


def valid(parameter):
    """Texts at the parameter's limits, and its default."""
    if isinstance(parameter, Text):
        return ["x", "x" * parameter.max_length]
    if isinstance(parameter, Choice):
        return parameter.choices
    return [str(parameter.minimum), str(parameter.default), str(parameter.maximum)]


def invalid(parameter):
    """Values just outside the range."""
    if isinstance(parameter, Text):
        return ["x" * (parameter.max_length + 1)]
    if isinstance(parameter, Choice):
        return ["1000x1000" if parameter.name == "size" else "nonsense"]
    step = 1 if isinstance(parameter.minimum, int) and parameter.maximum > 1 else 0.01
    return [parameter.minimum - step, parameter.maximum + step]


def cases(values):
    return [
        pytest.param(model, parameter, value, id=f"{model.name}-{parameter.name}-{value!s:.12}")
        for model in MODELS
        for parameter in model.used({})
        if not isinstance(parameter, ImageParameter)
        for value in values(parameter)
    ]


@pytest.mark.parametrize(("model", "parameter", "text"), cases(valid))
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


@pytest.mark.parametrize(("model", "parameter", "value"), cases(invalid))
def test_api_and_bedrock_reject_values_out_of_range(bedrock, post, model, parameter, value):
    prompt, query = ("a ship", f"&{parameter.name}={value}")
    if parameter.name == "prompt":
        prompt, query = value, ""
    response = post(prompt, f"/?model={model.name}{query}")
    assert (response.status_code, response.json_body["Code"]) == (400, "InvalidParameter")

    values = model.read({"prompt": "a ship"}) | {parameter.name: value}
    with pytest.raises(ClientError) as error:
        bedrock.client.invoke_model(modelId=model.bedrock_id, body=json.dumps(model.body(values)))
    assert error.value.response["Error"]["Code"] == "ValidationException"
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
    "!notallowed": (503, "ModelAccessDenied"),
    "!quotazero": (503, "ModelAccessDenied"),
    "!expired": (503, "ModelAccessDenied"),
    "!legacy": (410, "ModelRetired"),
    "!retired": (410, "ModelRetired"),
    "!filtered": (422, "ContentFiltered"),
    "!filtered-picture": (422, "ContentFiltered"),
    "!filtered-input": (422, "ContentFiltered"),
    "!inference-error": (502, "ModelFailed"),
    "!broken": (502, "ModelFailed"),
    "!empty": (502, "ModelFailed"),
    "!html": (502, "ModelFailed"),
    "!large": (502, "ImageTooLarge"),
    "!reset": (502, "ModelFailed"),
    "!cut": (502, "ModelFailed"),
    "!drip 0.1": (200, None),
}

# Over the client's read timeout; and in parts that arrive in time, while the whole answer does not.
SLOW = ["!slow 0.6", "!drip 1.2"]

# The faults whose answer differs between the dialects.
BROKEN_ANSWERS = ["!filtered", "!filtered-picture", "!inference-error", "!empty", "!html", "!large"]


@pytest.mark.parametrize(
    ("prompt", "model"),
    [(prompt, "stable-image-core") for prompt in FAULTS]
    + [(prompt, "stable-diffusion-xl") for prompt in BROKEN_ANSWERS],
)
def test_every_fault_is_one_call_and_our_error(bedrock, post, caplog, prompt, model):
    caplog.set_level(logging.INFO, "local.bedrock")
    response = post(f"{prompt} a ship", f"/?model={model}")
    check_failure(response, *FAULTS[prompt])
    check_one_call(caplog)


@pytest.mark.parametrize("prompt", SLOW)
def test_a_slow_answer_is_one_call_and_a_timeout(bedrock, post, caplog, monkeypatch, prompt):
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    client = boto3.client("bedrock-runtime", "us-west-2", endpoint_url=bedrock.url, config=config)
    monkeypatch.setattr(easel, "bedrock_client", client)
    monkeypatch.setattr(easel, "MODEL_TIMEOUT_SECONDS", 0.6)
    caplog.set_level(logging.INFO, "local.bedrock")
    check_failure(post(f"{prompt} a ship"), 504, "ModelTimeout")
    check_one_call(caplog)
    client.close()


def check_failure(response, status, code):
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    if code:
        assert response.json_body["Code"] == code
        assert not any(secret in response.body for secret in (b"arn:", b"123456789012", b"iam"))


def check_one_call(caplog):
    deadline = time.monotonic() + 10
    while not count_calls(caplog) and time.monotonic() < deadline:
        time.sleep(0.01)  # a slow call is logged when it ends, after the client's timeout
    assert count_calls(caplog) == 1


def count_calls(caplog):
    return [record.name for record in caplog.records].count("local.bedrock")


def test_tries_every_fault_of_the_local_bedrock():
    assert {prompt.split()[0][1:] for prompt in [*FAULTS, *SLOW]} == set(faults.FAULTS)


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
    def generate(number):
        values = {"prompt": f"picture {number}", "seed": number}
        answer = bedrock.client.invoke_model(
            modelId="stability.stable-image-core-v1:1", body=json.dumps(values)
        )
        return json.loads(answer["body"].read())["seeds"]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(generate, range(1, 21))) == [[number] for number in range(1, 21)]
