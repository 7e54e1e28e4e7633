"""Every fault that a prompt can simulate, as boto3 sees it."""

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


@pytest.fixture(scope="module")
def prompts():
    """The prompts that reached the painter, of all tests."""
    return []


@pytest.fixture
def painted(prompts):
    """The prompts that reached the painter."""
    prompts.clear()
    return prompts


@pytest.fixture(scope="module")
def client(prompts):
    """A boto3 client of a local Bedrock that paints tiny images."""

    def paint(prompt, **settings):
        prompts.append(prompt)
        return Image.new("RGB", (8, 8))

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
def error_of(invoke):
    """Status, code and message of a call that fails."""

    def error_of(body):
        with pytest.raises(ClientError) as caught:
            invoke(body)
        answer = caught.value.response
        error = answer["Error"]
        return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]

    return error_of


# AWS's messages, from real responses or from botocore's documentation of each error.
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
    "notallowed": (400, "ValidationException", "Operation not allowed"),
    "quotazero": (429, "ThrottlingException", "Too many tokens per day, please wait before trying"),
    "expired": (403, "ExpiredTokenException", "The security token included in the request is ex"),
    "legacy": (404, "ResourceNotFoundException", "This Model is marked by provider as Legacy and"),
    "retired": (404, "ResourceNotFoundException", "This model version has reached the end of its"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_awss_status_code_and_message(name, error_of, painted):
    status, code, message = error_of({"prompt": f"!{name} a ship"})
    assert (status, code) == ERRORS[name][:2]
    assert ERRORS[name][2] in message
    assert painted == []


def test_errors_name_the_models_arn(error_of, client):
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}"
    assert f"bedrock:InvokeModel on resource: {arn} because" in error_of({"prompt": "!denied"})[2]
    with pytest.raises(client.exceptions.ModelErrorException) as caught:
        client.invoke_model(modelId=CORE, body='{"prompt": "!modelerror"}')
    assert caught.value.response["originalStatusCode"] == 500
    assert caught.value.response["resourceName"] == arn


def test_simulates_every_error_of_invoke_model(client):
    shapes = client.meta.service_model.operation_model("InvokeModel").error_shapes
    errors = {each.name: each.metadata["error"]["httpStatusCode"] for each in shapes}
    assert errors.items() <= {code: status for status, code, _ in ERRORS.values()}.items()
    assert ERRORS.keys() == {name for name, fault in FAULTS.items() if fault.error}


def test_validates_the_request_before_the_fault(error_of):
    assert error_of({"prompt": "!throttled", "seed": -1})[1] == "ValidationException"


def test_a_counted_fault_stops_after_its_count(error_of, invoke, painted):
    body = {"prompt": "!throttled 2 a ship"}
    assert [error_of(body)[0], error_of(body)[0]] == [429, 429]
    assert invoke(body)["images"]
    assert painted == ["a ship"]


@pytest.mark.parametrize("prompt", ["!wow a ship", "! throttled", "a !throttled", "!throttled!"])
def test_an_unknown_fault_is_an_ordinary_prompt(prompt, invoke, painted):
    assert invoke({"prompt": prompt})["images"]
    assert painted == [prompt]


@pytest.mark.parametrize(
    ("name", "reason", "finish"),
    [
        ("filtered", "Filter reason: prompt", "CONTENT_FILTERED"),
        ("filtered-picture", "Filter reason: output image", "CONTENT_FILTERED"),
        ("filtered-input", "Filter reason: input image", "CONTENT_FILTERED"),
        ("inference-error", "Inference error", "ERROR"),
    ],
)
def test_a_withheld_image_has_a_finish_reason(name, reason, finish, invoke):
    assert invoke({"prompt": f"!{name}"}) == {"finish_reasons": [reason]}
    answer = invoke({"text_prompts": [{"text": f"!{name}"}]}, SDXL)
    assert answer["artifacts"][0]["finishReason"] == finish


@pytest.mark.parametrize("body", [{"prompt": "!{}"}, {"text_prompts": [{"text": "!{}"}]}])
def test_corrupts_responses_in_both_formats(body, invoke):
    model = SDXL if "text_prompts" in body else CORE

    def corrupted(name):
        return invoke(json.dumps(body).replace("{}", name), model)

    def image(answer):
        return answer["images"][0] if model == CORE else answer["artifacts"][0]["base64"]

    with pytest.raises(ValueError):
        corrupted("broken")
    assert corrupted("empty")["images" if model == CORE else "artifacts"] == []
    assert base64.b64decode(image(corrupted("html"))).startswith(b"<!DOCTYPE html>")
    large = image(corrupted("large"))
    assert len(large) > 6_300_000
    assert Image.open(io.BytesIO(base64.b64decode(large))).format == "PNG"


def test_resets_cuts_and_slows_connections(invoke):
    with pytest.raises(HTTPClientError):
        invoke({"prompt": "!reset"})
    with pytest.raises(ResponseStreamingError):
        invoke({"prompt": "!cut"})
    assert invoke({"prompt": "!drip 0.1"})["images"]


def test_slow_waits_before_it_paints(invoke, painted):
    started = time.monotonic()
    assert invoke({"prompt": "!slow 0.2 a ship"})["images"]
    assert time.monotonic() - started >= 0.2
    assert painted == ["a ship"]


@pytest.mark.slow
def test_help_lists_every_fault():
    command = [sys.executable, "-m", "local.bedrock", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"!{name} " in text and fault.help in text for name, fault in FAULTS.items())
