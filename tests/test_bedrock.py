import io
import json

import boto3
import pytest
from botocore import exceptions
from botocore.response import StreamingBody
from botocore.stub import Stubber

from chalicelib import bedrock, errors

MODEL = "stability.stable-image-core-v1:1"
SECRET = "arn:aws:iam::123456789012:role/easel"

# What the caller gets and reads.
BUSY = errors.ModelBusy, "the model is busy; try again in a few seconds"
DENIED = (
    errors.ModelAccessDenied,
    "this site's AWS account may not use the model yet; the owner can run `make doctor`",
)
FAILED = errors.ModelFailed, "the model failed; try again"
MISPLACED = (
    errors.ModelAccessDenied,
    "Bedrock has no such model in this site's region; the owner can run `make doctor`",
)
REFUSED = errors.InvalidParameter, "the model refused the prompt or a setting; change it"
RETIRED = errors.ModelRetired, "AWS no longer offers this model to this site; choose another one"
TIMEOUT = errors.ModelTimeout, "the model took too long; try again, or a quicker model"
UNAVAILABLE = errors.ModelUnavailable, "the model is not available; try again in a few seconds"


@pytest.fixture
def client():
    return boto3.client("bedrock-runtime", region_name="us-west-2")


@pytest.fixture
def stub(client):
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def ask(client):
    """How a call fails, and in which words."""
    with pytest.raises(errors.Failure) as raised:
        bedrock.invoke(client, MODEL, {}, 5)
    return type(raised.value), str(raised.value)


def streaming(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))


def test_the_body_goes_out_as_json_and_the_answer_comes_back_parsed(client, stub):
    stub.add_response(
        "invoke_model",
        {"body": streaming(b'{"images": ["x"]}'), "contentType": "application/json"},
        {
            "modelId": MODEL,
            "body": json.dumps({"prompt": "é"}),
            "contentType": "application/json",
            "accept": "application/json",
        },
    )
    assert bedrock.invoke(client, MODEL, {"prompt": "é"}, 5) == {"images": ["x"]}


@pytest.mark.parametrize(
    ("code", "status", "failure"),
    [
        ("AccessDeniedException", 403, DENIED),
        ("ExpiredTokenException", 403, DENIED),
        ("UnrecognizedClientException", 403, DENIED),
        ("401", 401, DENIED),
        ("InternalServerException", 500, FAILED),
        ("ModelErrorException", 424, FAILED),
        ("ModelNotReadyException", 429, UNAVAILABLE),
        ("ModelTimeoutException", 408, TIMEOUT),
        ("ResourceNotFoundException", 404, RETIRED),
        ("ServiceQuotaExceededException", 400, UNAVAILABLE),
        ("ServiceUnavailableException", 503, UNAVAILABLE),
        ("ThrottlingException", 429, BUSY),
        ("ValidationException", 400, REFUSED),
        ("502", 502, FAILED),
        ("SomethingNew", 418, FAILED),
    ],
)
def test_each_error_of_bedrock_becomes_ours_without_its_text(
    client, stub, caplog, code, status, failure
):
    stub.add_client_error("invoke_model", code, f"for {SECRET}", status)
    assert ask(client) == failure
    assert SECRET in caplog.text


def test_every_error_of_invoke_model_has_been_thought_of(client):
    errors = client.meta.service_model.operation_model("InvokeModel").error_shapes
    assert set(bedrock.KIND_BY_CODE) == {error.name for error in errors}


@pytest.mark.parametrize(
    ("code", "status", "text", "failure"),
    [
        ("ResourceNotFoundException", 404, "This model version has reached the end of its life. "
         "Please refer to the AWS documentation for more details.", RETIRED),
        ("ResourceNotFoundException", 404, "Access denied. This Model is marked by provider as "
         "Legacy and you have not been actively using the model in the last 15 days. Please "
         "upgrade to an active model on Amazon Bedrock", RETIRED),
        ("ValidationException", 400, "Access denied. This Model is marked by provider as Legacy "
         "and you have not been actively using the model in the last 30 days.", RETIRED),
        ("ValidationException", 400, "The provided model identifier is invalid.", MISPLACED),
        ("ValidationException", 400, "Invocation of model ID X with on-demand throughput "
         "isn\u2019t supported. Retry your request with the ID or ARN of an inference profile that "
         "contains this model.", MISPLACED),
        ("AccessDeniedException", 403, "Model access is denied due to IAM user or service role is "
         "not authorized to perform the required AWS Marketplace actions", DENIED),
        ("ThrottlingException", 429, None, BUSY),
    ],
)  # fmt: skip
def test_texts_that_say_more_than_their_code_are_understood(
    client, stub, code, status, text, failure
):
    stub.add_client_error("invoke_model", code, text, status)
    assert ask(client) == failure


@pytest.mark.parametrize(
    "content", [b"", b'{"images": ["', b"<html>", b"\xff\xfe", b"nul", b"[" * 100_000]
)
def test_an_answer_that_is_no_json_is_a_failure(client, stub, content):
    stub.add_response("invoke_model", {"body": streaming(content), "contentType": "x"})
    assert ask(client) == FAILED


@pytest.mark.parametrize(
    ("met", "failure"),
    [
        (exceptions.ReadTimeoutError(endpoint_url="x"), TIMEOUT),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), UNAVAILABLE),
        (exceptions.EndpointConnectionError(endpoint_url="x"), UNAVAILABLE),
        (exceptions.ConnectionClosedError(endpoint_url="x"), FAILED),
        (exceptions.ResponseStreamingError(error="x"), FAILED),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), FAILED),
        (exceptions.NoCredentialsError(), DENIED),
    ],
)
def test_only_a_connection_that_never_was_may_be_tried_again(caplog, met, failure):
    class Unlucky:
        def invoke_model(self, **_):
            raise met

    assert ask(Unlucky()) == failure
    assert caplog.messages == [f"InvokeModel {MODEL}: {type(met).__name__}: {met}"]


def test_a_region_that_cannot_be_one_is_refused_by_name():
    for name in ("us-west-2", "eu-central-1", "us-gov-west-1", "ap-southeast-12"):
        assert bedrock.parse_region(name) == name
    for name in ("", "us west", "us-west", "US-WEST-2", "us-west-2.example.com", "us-west-2\n"):
        with pytest.raises(ValueError, match="BEDROCK_REGION must be a region such as us-west-2"):
            bedrock.parse_region(name)


def test_exactly_the_failures_that_made_no_image_say_when_to_come_back():
    assert set(errors.RETRY_AFTER_SECONDS) == {"ModelBusy", "ModelUnavailable"}
