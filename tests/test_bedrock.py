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

# The error class and message that the caller gets.
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


@pytest.fixture(scope="module")
def client():
    return boto3.client("bedrock-runtime", region_name="us-west-2")


@pytest.fixture
def stub(client):
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def error_of(client):
    """The class and message of the error that a call raises."""
    with pytest.raises(errors.Failure) as raised:
        bedrock.invoke(client, MODEL, {}, 5)
    return type(raised.value), str(raised.value)


def streaming(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))


def test_sends_json_and_parses_the_response(client, stub):
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
def test_maps_each_error_code_and_hides_its_message(client, stub, caplog, code, status, failure):
    stub.add_client_error("invoke_model", code, f"for {SECRET}", status)
    assert error_of(client) == failure
    assert SECRET in caplog.text


def test_covers_every_error_of_invoke_model(client):
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
        ("ValidationException", 400, "Operation not allowed", DENIED),
        ("ValidationException", 400, "Your account is not authorized to invoke this API operation.",
         DENIED),
        ("AccessDeniedException", 403, "Your AWS account is not authorized to invoke this API "
         "operation", DENIED),
        ("ValidationException", 400, "The model is not available for this account.", DENIED),
        ("ThrottlingException", 429, "Too many tokens per day, please wait before trying again.",
         DENIED),
        ("ThrottlingException", 429, None, BUSY),
        # It may quote the prompt; the model may have been paid.
        ("ModelErrorException", 424, "cannot paint 'Operation not allowed'", FAILED),
        ("ModelErrorException", 424, "The response exceeds the maximum allowed size.",
         bedrock.TOO_LARGE),
    ],
)  # fmt: skip
def test_maps_errors_by_their_message(client, stub, code, status, text, failure):
    stub.add_client_error("invoke_model", code, text, status)
    assert error_of(client) == failure


@pytest.mark.parametrize(
    "content", [b"", b'{"images": ["', b"<html>", b"\xff\xfe", b"nul", b"[" * 100_000]
)
def test_a_response_that_is_not_json_is_an_error(client, stub, content):
    stub.add_response("invoke_model", {"body": streaming(content), "contentType": "x"})
    assert error_of(client) == FAILED


@pytest.mark.parametrize(
    ("error", "failure"),
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
def test_only_a_failed_connection_may_be_retried(caplog, error, failure):
    class FailingClient:
        def invoke_model(self, **_):
            raise error

    assert error_of(FailingClient()) == failure
    assert caplog.messages == [f"InvokeModel {MODEL}: {type(error).__name__}: {error}"]


def test_rejects_an_invalid_region():
    for name in ("us-west-2", "eu-central-1", "us-gov-west-1", "ap-southeast-12"):
        assert bedrock.parse_region(name) == name
    for name in ("", "us west", "us-west", "US-WEST-2", "us-west-2.example.com", "us-west-2\n"):
        with pytest.raises(ValueError, match="BEDROCK_REGION must be a region such as us-west-2"):
            bedrock.parse_region(name)


def test_only_busy_and_unavailable_have_retry_after():
    assert set(errors.RETRY_AFTER_SECONDS) == {"ModelBusy", "ModelUnavailable", "RequestInProgress"}
