"""Every fault that a prompt can play, as boto3 meets it."""

import base64
import io
import json
import subprocess
import sys
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ResponseStreamingError
from PIL import Image

from conftest import serving
from local.bedrock import Bedrock
from local.faults import FAULTS

CORE = "stability.stable-image-core-v1:1"
SDXL = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/stable-diffusion-xl"


@pytest.fixture
def painted():
    """The prompts that reached the painter."""
    return []


@pytest.fixture
def client(painted):
    """boto3 on a Bedrock whose painter paints nothing."""

    def paint(prompt, *, width, height, **settings):
        painted.append(prompt)
        return Image.new("RGB", (width, height))

    with serving(Bedrock(0, paint)) as server:
        config = Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=10)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        url = {"endpoint_url": server.url}
        client = boto3.client("bedrock-runtime", "us-west-2", config=config, **url, **keys)
        yield client
        client.close()


@pytest.fixture
def invoke(client):
    def invoke(body, model=CORE):
        body = body if isinstance(body, str) else json.dumps(body)
        return json.loads(client.invoke_model(modelId=model, body=body)["body"].read())

    return invoke


@pytest.fixture
def refusal(invoke):
    """Status, code and message of a call that fails."""

    def refusal(body):
        with pytest.raises(ClientError) as caught:
            invoke(body)
        answer = caught.value.response
        error = answer["Error"]
        return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]

    return refusal


# AWS's words, as seen on the wire or in botocore's documentation of each error.
ERRORS = {
    "throttled": (429, "ThrottlingException", "Too many requests, please wait before trying"),
    "notready": (429, "ModelNotReadyException", "is not ready to serve inference requests."),
    "unavailable": (503, "ServiceUnavailableException", "Bedrock is unable to process your"),
    "internal": (500, "InternalServerException", "An internal server error occurred."),
    "timeout": (408, "ModelTimeoutException", "Processing time exceeded the model timeout length."),
    "modelerror": (424, "ModelErrorException", "an error while processing the model."),
    "quota": (400, "ServiceQuotaExceededException", "exceeds the service quota for your account."),
    "invalid": (400, "ValidationException", "Invalid field in request. Available fields: ["),
    "denied": (403, "AccessDeniedException", "no identity-based policy allows the bedrock:Invoke"),
    "marketplace": (403, "AccessDeniedException", "(aws-marketplace:ViewSubscriptions, aws-market"),
    "expired": (403, "ExpiredTokenException", "The security token included in the request is ex"),
    "legacy": (404, "ResourceNotFoundException", "This Model is marked by provider as Legacy and"),
    "retired": (404, "ResourceNotFoundException", "This model version has reached the end of its"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_awss_status_code_and_words(name, refusal, painted):
    status, code, message = refusal({"prompt": f"!{name} a ship"})
    assert (status, code) == ERRORS[name][:2]
    assert ERRORS[name][2] in message
    assert painted == []


def test_a_denied_call_names_the_models_arn_and_a_model_error_its_resource(refusal, client):
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}"
    assert f"bedrock:InvokeModel on resource: {arn} because" in refusal({"prompt": "!denied"})[2]
    with pytest.raises(client.exceptions.ModelErrorException) as caught:
        client.invoke_model(modelId=CORE, body='{"prompt": "!modelerror"}')
    assert caught.value.response["originalStatusCode"] == 500
    assert caught.value.response["resourceName"] == arn


def test_every_error_of_invoke_model_can_be_played(client):
    shapes = client.meta.service_model.operation_model("InvokeModel").error_shapes
    errors = {each.name: each.metadata["error"]["httpStatusCode"] for each in shapes}
    assert errors.items() <= {code: status for status, code, _ in ERRORS.values()}.items()
    assert ERRORS.keys() == {name for name, fault in FAULTS.items() if fault.error}


def test_the_checks_come_before_the_fault(refusal):
    assert refusal({"prompt": "!throttled", "seed": -1})[1] == "ValidationException"


def test_a_counted_fault_ends(refusal, invoke, painted):
    body = {"prompt": "!throttled 2 a ship"}
    assert [refusal(body)[0], refusal(body)[0]] == [429, 429]
    assert invoke(body)["images"]
    assert painted == ["a ship"]


@pytest.mark.parametrize("prompt", ["!wow a ship", "! throttled", "a !throttled", "!throttled!"])
def test_an_unknown_word_is_just_a_prompt(prompt, invoke, painted):
    assert invoke({"prompt": prompt})["images"]
    assert painted == [prompt]


@pytest.mark.parametrize(
    ("name", "reason", "finish"),
    [
        ("filtered", "Filter reason: prompt", "CONTENT_FILTERED"),
        ("filtered-picture", "Filter reason: output image", "CONTENT_FILTERED"),
        ("inference-error", "Inference error", "ERROR"),
    ],
)
def test_a_picture_that_is_held_back_has_its_reason(name, reason, finish, invoke):
    assert invoke({"prompt": f"!{name}"}) == {"finish_reasons": [reason]}
    answer = invoke({"text_prompts": [{"text": f"!{name}"}]}, SDXL)
    assert answer["artifacts"][0]["finishReason"] == finish


@pytest.mark.parametrize("body", [{"prompt": "!{}"}, {"text_prompts": [{"text": "!{}"}]}])
def test_an_answer_can_be_spoilt_in_either_dialect(body, invoke):
    model = SDXL if "text_prompts" in body else CORE

    def spoilt(name):
        return invoke(json.dumps(body).replace("{}", name), model)

    def picture(answer):
        return answer["images"][0] if model == CORE else answer["artifacts"][0]["base64"]

    with pytest.raises(ValueError):
        spoilt("broken")
    assert spoilt("empty")["images" if model == CORE else "artifacts"] == []
    assert base64.b64decode(picture(spoilt("html"))).startswith(b"<!DOCTYPE html>")
    large = picture(spoilt("large"))
    assert len(large) > 6_300_000
    assert Image.open(io.BytesIO(base64.b64decode(large))).format == "PNG"


def test_a_connection_can_be_reset_and_cut_and_drip(invoke):
    with pytest.raises(HTTPClientError):
        invoke({"prompt": "!reset"})
    with pytest.raises(ResponseStreamingError):
        invoke({"prompt": "!cut"})
    assert invoke({"prompt": "!drip 0.1"})["images"]


def test_slow_waits_and_then_paints(invoke, painted):
    started = time.monotonic()
    assert invoke({"prompt": "!slow 0.2 a ship"})["images"]
    assert time.monotonic() - started >= 0.2
    assert painted == ["a ship"]


def test_help_lists_every_fault():
    command = [sys.executable, "-m", "local.bedrock", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"!{name} " in text and fault.help in text for name, fault in FAULTS.items())
