import base64
import io
import json

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from chalice.local import LambdaContext
from chalice.test import Client

import app as easel
from chalicelib import catalogue
from conftest import CHALICE, EVERY_MODEL, PARAMETERS, TEXT_MODELS

ORIGIN = "Access-Control-Allow-Origin"


@pytest.fixture
def stub():
    with Stubber(easel.bedrock_client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def add_response(stub, answer, expected=ANY, model="stability.stable-image-core-v1:1"):
    """Let the stub answer one call, with exactly the `expected` body or any."""
    content = json.dumps(answer).encode()
    body = StreamingBody(io.BytesIO(content), len(content))
    stub.add_response(
        "invoke_model",
        {"body": body, "contentType": "application/json"},
        {
            "modelId": model,
            "body": expected if expected is ANY else json.dumps(expected),
            "contentType": "application/json",
            "accept": "application/json",
        },
    )


@pytest.fixture
def bedrock_response(jpeg):
    return {"seeds": [7], "finish_reasons": [None], "images": [jpeg]}


def test_returns_an_image_with_all_headers(stub, post, bedrock_response, jpeg):
    add_response(
        stub,
        bedrock_response,
        {"prompt": "a fox", "aspect_ratio": "16:9", "seed": 7, "output_format": "jpeg"},
    )
    response = post("a fox", "/?aspect_ratio=16:9&seed=7")
    assert response.status_code == 200
    assert base64.b64decode(response.body) == base64.b64decode(jpeg)
    assert response.headers == {
        "Content-Type": "text/plain",
        "X-Image-Model": "stable-image-core",
        "X-Image-Seed": "7",
        "X-Image-Type": "image/jpeg",
        "X-Image-Price": "0.04",
        "Cache-Control": "no-store",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": ANY,
        "Access-Control-Max-Age": "600",
        "Access-Control-Expose-Headers": "X-Image-Model,X-Image-Seed,X-Image-Type,"
        "X-Image-Price,X-Image-Ignored,X-Image-Charged,Retry-After,Location",
    }


@pytest.mark.parametrize("model", [model.name for model in TEXT_MODELS])
def test_every_model_accepts_the_tutorials_request(stub, post, jpeg, monkeypatch, model):
    offer = catalogue.parse(EVERY_MODEL)
    monkeypatch.setattr(easel, "offered", offer)
    answer = {"images": [jpeg], "artifacts": [{"finishReason": "SUCCESS", "base64": jpeg}]}
    add_response(stub, answer, model=offer.find(model).bedrock_id)
    response = post("a ship", f"/?cfg_scale=10&seed=0&steps=50&model={model}")
    assert response.status_code == 200
    assert response.body.decode() == jpeg
    ignored = None if model == "stable-diffusion-xl" else "cfg_scale, steps"
    assert response.headers.get("X-Image-Ignored") == ignored


@pytest.mark.parametrize("query", ["", "?seed=", "?seed=0"])
def test_sends_and_returns_a_random_seed(stub, post, bedrock_response, query):
    sent = {}
    easel.bedrock_client.meta.events.register(
        "provide-client-params.bedrock-runtime.InvokeModel",
        lambda params, **_: sent.update(json.loads(params["body"])),
        unique_id="sent",
    )
    add_response(stub, bedrock_response)
    response = post("a fox", "/" + query)
    easel.bedrock_client.meta.events.unregister(
        "provide-client-params.bedrock-runtime.InvokeModel", unique_id="sent"
    )
    assert sent["seed"] == int(response.headers["X-Image-Seed"]) > 0


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8", "TEXT/PLAIN"])
def test_accepts_every_spelling_of_plain_text(stub, post, bedrock_response, content_type):
    add_response(stub, bedrock_response)
    assert post("a fox", content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "application/x-www-form-urlencoded", "multipart/mixed", "image/png"],
)
def test_rejects_other_content_types_with_415(stub, post, content_type):
    response = post("prompt=a+fox", content_type=content_type)
    assert response.status_code == 415
    assert response.json_body["Code"] == "UnsupportedMediaType"
    assert response.headers[ORIGIN] == "*"


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ("", "/", "prompt must not be empty"),
        (" \n\t", "/", "prompt must not be empty"),
        ("\u200b\u200d", "/", "prompt must not be empty"),
        (b"\xff\xfe", "/", "body must be UTF-8 text, got other bytes"),
        ("a\ud800b", "/", "body must be UTF-8 text, got other bytes"),
        ("a\0b", "/", "prompt must be plain text, got the character U+0000"),
        ("x" * 10_001, "/", "prompt must be at most 10000 characters, got 10001"),
        ("x" * 3_000_000, "/", "prompt must be at most 10000 characters, got 3000000"),
        ("a fox", "/?seed=-1", "seed must be from 0 to 4294967295, got -1"),
        ("a fox", "/?seed=4294967296", "seed must be from 0 to 4294967295, got 4294967296"),
        ("a fox", "/?seed=abc", "seed must be one integer from 0 to 4294967295, got 'abc'"),
        ("a fox", "/?seed=7&seed=8", "seed must be given once, got 2 values"),
        ("a fox", "/?model=&model=", "model must be given once, got 2 values"),
        ("a fox", "/?output_format=webp", "output_format must be one of jpeg, png, got 'webp'"),
        ("a fox", "/?negative_prompt=%ff%zz",
         "negative_prompt must be plain text, got the character U+FFFD"),
        ("a fox", "/?prompt=a+ship",
         "prompt must be the body of the request, got a query parameter"),
        ("a fox", "/?cfgscale=7", f"a parameter must be one of {PARAMETERS}, got 'cfgscale'"),
    ],
)  # fmt: skip
def test_rejects_an_invalid_request_with_400(stub, post, body, path, message):
    response = post(body, path)
    assert response.status_code == 400
    assert response.json_body == {"Code": "InvalidParameter", "Message": message}
    assert response.headers[ORIGIN] == "*"
    assert response.headers["Cache-Control"] == "no-store"


def test_decodes_a_base64_body(stub, bedrock_response):
    add_response(
        stub,
        bedrock_response,
        {"prompt": "é", "aspect_ratio": "1:1", "seed": 7, "output_format": "jpeg"},
    )
    wrapped = base64.b64encode("é".encode()).decode()
    assert invoke(body=wrapped, base64_encoded=True)["statusCode"] == 200


@pytest.mark.parametrize("body", [base64.b64encode(b"\xff\xfe").decode(), "abc", "é"])
def test_rejects_an_invalid_base64_body_with_400(stub, body):
    answer = invoke(body=body, base64_encoded=True)
    assert (answer["statusCode"], answer["headers"][ORIGIN]) == (400, "*")


def invoke(body, base64_encoded):
    """Call the API with an event that chalice.test.Client cannot make."""
    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/", "identity": {}},
        "headers": {"Content-Type": "text/plain"},
        "multiValueQueryStringParameters": {"seed": ["7"]},
        "pathParameters": {},
        "stageVariables": {},
        "body": body,
        "isBase64Encoded": base64_encoded,
    }
    return easel.app(event, LambdaContext("easel", 1024))


def test_unknown_models_get_404_and_retired_models_410(stub, post):
    unknown = post("a fox", "/?model=nonsense")
    assert (unknown.status_code, unknown.json_body["Code"]) == (404, "UnknownModel")
    for name in ("stable-diffusion-xl", "stability.stable-diffusion-xl-v1"):
        retired = post("a fox", f"/?model={name}")
        assert (retired.status_code, retired.json_body["Code"]) == (410, "ModelRetired")
        assert retired.headers[ORIGIN] == "*"


@pytest.mark.parametrize(
    ("code", "status", "our_code", "our_status", "retry_after"),
    [
        ("ThrottlingException", 429, "ModelBusy", 429, "5"),
        ("ServiceUnavailableException", 503, "ModelUnavailable", 503, "5"),
        ("AccessDeniedException", 403, "ModelAccessDenied", 503, None),
        ("ModelTimeoutException", 408, "ModelTimeout", 504, None),
        ("InternalServerException", 500, "ModelFailed", 502, None),
        ("ValidationException", 400, "InvalidParameter", 400, None),
        ("ResourceNotFoundException", 404, "ModelRetired", 410, None),
    ],
)
def test_maps_bedrock_errors_to_api_errors(
    stub, post, code, status, our_code, our_status, retry_after
):
    stub.add_client_error("invoke_model", code, "arn:aws:iam::123456789012:role/x", status)
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (our_status, our_code)
    assert response.headers.get("Retry-After") == retry_after
    charged = "maybe" if code == "InternalServerException" or our_code == "ModelTimeout" else "no"
    assert response.headers["X-Image-Charged"] == charged
    assert response.headers[ORIGIN] == "*"
    assert b"arn:" not in response.body


def test_a_filtered_prompt_gets_422(stub, post):
    add_response(stub, {"finish_reasons": ["Filter reason: prompt"]})
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (422, "ContentFiltered")
    assert response.headers["X-Image-Charged"] == "no"


def test_rejects_an_image_too_large_for_lambda(stub, post):
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(4_713_000)).decode()
    assert len(png) > easel.MAX_RESPONSE_BYTES > len(png) - 8_192
    add_response(stub, {"images": [png]})
    response = post("a fox", "/?output_format=png")
    assert (response.status_code, response.json_body["Code"]) == (502, "ImageTooLarge")
    assert "output_format=jpeg" in response.json_body["Message"]


def test_describes_the_models_with_cors_and_no_store():
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.get("/models")
    assert response.status_code == 200
    described = {"access": "open", "prompt": easel.writer.describe()}
    described |= easel.offered.describe()
    assert response.json_body == json.loads(json.dumps(described))
    assert (response.headers[ORIGIN], response.headers["Cache-Control"]) == ("*", "no-store")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_get_405_with_allow(method):
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.request(method, "/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


def test_calls_bedrock_once_within_lambdas_timeout():
    config = easel.bedrock_client.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout < CHALICE["lambda_timeout"] < 29
    assert easel.bedrock_client.meta.region_name == "us-west-2"
