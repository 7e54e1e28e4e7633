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


@pytest.fixture
def client():
    return boto3.client("bedrock-runtime", region_name="us-west-2")


@pytest.fixture
def stub(client):
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


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
    ("code", "status", "error"),
    [
        ("AccessDeniedException", 403, errors.ModelAccessDenied),
        ("ExpiredTokenException", 403, errors.ModelAccessDenied),
        ("UnrecognizedClientException", 403, errors.ModelAccessDenied),
        ("401", 401, errors.ModelAccessDenied),
        ("InternalServerException", 500, errors.ModelFailed),
        ("ModelErrorException", 424, errors.ModelFailed),
        ("ModelNotReadyException", 429, errors.ModelUnavailable),
        ("ModelTimeoutException", 408, errors.ModelTimeout),
        ("ResourceNotFoundException", 404, errors.ModelRetired),
        ("ServiceQuotaExceededException", 400, errors.ModelUnavailable),
        ("ServiceUnavailableException", 503, errors.ModelUnavailable),
        ("ThrottlingException", 429, errors.ModelBusy),
        ("ValidationException", 400, errors.InvalidParameter),
        ("502", 502, errors.ModelFailed),
        ("SomethingNew", 418, errors.ModelFailed),
    ],
)
def test_each_error_of_bedrock_becomes_ours_without_its_text(
    client, stub, caplog, code, status, error
):
    stub.add_client_error("invoke_model", code, f"for {SECRET}", status)
    with pytest.raises(error) as raised:
        bedrock.invoke(client, MODEL, {}, 5)
    assert "arn:" not in str(raised.value)
    assert SECRET in caplog.text


@pytest.mark.parametrize(
    ("code", "status", "text", "error"),
    [
        ("ResourceNotFoundException", 404, "This model version has reached the end of its life. "
         "Please refer to the AWS documentation for more details.", errors.ModelRetired),
        ("ResourceNotFoundException", 404, "Access denied. This Model is marked by provider as "
         "Legacy and you have not been actively using the model in the last 15 days. Please "
         "upgrade to an active model on Amazon Bedrock", errors.ModelRetired),
        ("ValidationException", 400, "Access denied. This Model is marked by provider as Legacy "
         "and you have not been actively using the model in the last 30 days.",
         errors.ModelRetired),
        ("ValidationException", 400, "The provided model identifier is invalid.",
         errors.ModelAccessDenied),
        ("ValidationException", 400, "Invocation of model ID X with on-demand throughput "
         "isn\u2019t supported. Retry your request with the ID or ARN of an inference profile that "
         "contains this model.", errors.ModelAccessDenied),
        ("AccessDeniedException", 403, "Model access is denied due to IAM user or service role is "
         "not authorized to perform the required AWS Marketplace actions",
         errors.ModelAccessDenied),
    ],
)  # fmt: skip
def test_texts_that_say_more_than_their_code_are_understood(
    client, stub, code, status, text, error
):
    stub.add_client_error("invoke_model", code, text, status)
    with pytest.raises(error):
        bedrock.invoke(client, MODEL, {}, 5)


@pytest.mark.parametrize(
    "content", [b"", b'{"images": ["', b"<html>", b"\xff\xfe", b"nul", b"[" * 100_000]
)
def test_an_answer_that_is_no_json_is_a_failure(client, stub, content):
    stub.add_response("invoke_model", {"body": streaming(content), "contentType": "x"})
    with pytest.raises(errors.ModelFailed):
        bedrock.invoke(client, MODEL, {}, 5)


@pytest.mark.parametrize(
    ("met", "error"),
    [
        (exceptions.ReadTimeoutError(endpoint_url="x"), errors.ModelTimeout),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), errors.ModelUnavailable),
        (exceptions.EndpointConnectionError(endpoint_url="x"), errors.ModelUnavailable),
        (exceptions.ConnectionClosedError(endpoint_url="x"), errors.ModelFailed),
        (exceptions.ResponseStreamingError(error="x"), errors.ModelFailed),
        (exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.ModelFailed),
        (exceptions.NoCredentialsError(), errors.ModelAccessDenied),
    ],
)
def test_only_a_connection_that_never_was_may_be_tried_again(met, error):
    class Unlucky:
        def invoke_model(self, **_):
            raise met

    with pytest.raises(error):
        bedrock.invoke(Unlucky(), MODEL, {}, 5)


def test_a_region_that_cannot_be_one_is_refused_by_name():
    for name in ("us-west-2", "eu-central-1", "us-gov-west-1", "ap-southeast-12"):
        assert bedrock.region(name) == name
    for name in ("", "us west", "us-west", "US-WEST-2", "us-west-2.example.com", "us-west-2\n"):
        with pytest.raises(ValueError, match="BEDROCK_REGION must be a region such as us-west-2"):
            bedrock.region(name)


def test_exactly_the_failures_that_made_no_image_say_when_to_come_back():
    assert set(errors.RETRY_AFTER_SECONDS) == {"ModelBusy", "ModelUnavailable"}
