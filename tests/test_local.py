"""The local Bedrock over HTTP, called by boto3 and by a plain client."""

import base64
import contextlib
import functools
import http.client
import io
import json
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from PIL import Image

from conftest import serving
from local.automatic1111 import PainterFailed
from local.bedrock import Bedrock

CORE = "stability.stable-image-core-v1:1"
SD35 = "stability.sd3-5-large-v1:0"
ULTRA = "stability.stable-image-ultra-v1:1"
SDXL = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/stable-diffusion-xl"
RETIRED = "stability.stable-diffusion-xl-v1"
UNKNOWN = ("ValidationException", "The provided model identifier is invalid.")


@pytest.fixture(scope="module")
def bedrock():
    """The local Bedrock; `bedrock.painted` lists the painter's calls."""
    painted = []

    def paint(prompt, *, width, height, **settings):
        painted.append({"prompt": prompt, "width": width, "height": height} | settings)
        if prompt == "a failure":
            raise PainterFailed("http://127.0.0.1:7860 did not respond")
        return Image.new("RGB", (width, height))

    with serving(Bedrock(0, paint)) as server:
        server.painted = painted
        yield server


@pytest.fixture
def painted(bedrock):
    """The arguments of each call to the painter in this test."""
    bedrock.painted.clear()
    return bedrock.painted


@pytest.fixture(scope="module")
def connect(bedrock):
    """A boto3 client of a service in a region."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def client(service="bedrock-runtime", region="us-west-2"):
            config = Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=10)
            keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
            client = boto3.client(service, region, endpoint_url=bedrock.url, config=config, **keys)
            return stack.enter_context(contextlib.closing(client))

        yield client


@pytest.fixture
def invoke(connect):
    client = connect()

    def invoke(body, model=CORE, client=client):
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return json.loads(client.invoke_model(modelId=model, body=body)["body"].read())

    return invoke


@pytest.fixture
def refusal(invoke):
    """Make a call that fails; return its status, code and message."""

    def refusal(*arguments, **named):
        with pytest.raises(ClientError) as caught:
            invoke(*arguments, **named)
        answer = caught.value.response
        error = answer["Error"]
        return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]

    return refusal


@pytest.fixture
def send(bedrock):
    """Send plain HTTP, signed for `service`; return status, headers and body."""

    def send(method, path, content=b"", service="bedrock", **headers):
        if service:
            request = AWSRequest(method, bedrock.url + path)
            SigV4Auth(Credentials("local", "local"), service, "us-west-2").add_auth(request)
            headers = dict(request.headers) | headers
        connection = http.client.HTTPConnection("127.0.0.1", bedrock.server_port, timeout=10)
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, response.headers, content

    return send


PROMPT = {"prompt": "a ship"}
INVOKE = "/model/stability.stable-image-core-v1%3A1/invoke"


def decode(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


@pytest.mark.parametrize(
    ("model", "output_format", "expected"),
    [
        (CORE, None, "JPEG"),
        (CORE, "png", "PNG"),
        (ULTRA, "jpeg", "JPEG"),
        (SD35, None, "PNG"),
        (SD35, "webp", "WEBP"),
    ],
)
def test_returns_the_requested_format_and_aspect_ratio(model, output_format, expected, invoke):
    body = PROMPT | {"seed": 7, "aspect_ratio": "21:9"}
    answer = invoke(body | ({"output_format": output_format} if output_format else {}), model)
    assert (answer["seeds"], answer["finish_reasons"]) == ([7], [None])
    picture = decode(answer["images"][0])
    assert (picture.format, picture.size) == (expected, (1536, 640))


def test_returns_the_seed_that_was_painted(invoke, painted):
    assert invoke(PROMPT)["seeds"] == [painted[0]["seed"]]


def test_the_marketplace_endpoint_uses_sdxls_dialect(invoke):
    answer = invoke({"text_prompts": [{"text": "a ship"}], "seed": 7}, SDXL)
    (artifact,) = answer["artifacts"]
    assert (answer["result"], artifact["finishReason"]) == ("success", "SUCCESS")
    assert artifact["seed"] == 7
    assert decode(artifact["base64"]).format == "PNG"


def test_a_response_has_awss_headers(send):
    status, headers, _ = send("POST", INVOKE, json.dumps(PROMPT))
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["x-amzn-RequestId"]
    assert headers["X-Amzn-Bedrock-Invocation-Latency"].isdecimal()


def test_an_error_has_awss_headers_and_body_over_http(send):
    status, headers, content = send("POST", INVOKE, b"{")
    kind = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"
    assert (status, headers["x-amzn-ErrorType"]) == (400, kind)
    assert headers["Content-Type"] == "application/json"
    assert headers["x-amzn-RequestId"]
    assert json.loads(content).keys() == {"message"}


@pytest.mark.parametrize(
    "line", ["GET /", f"GET {INVOKE}", f"PUT {INVOKE}", f"POST {INVOKE}/", "POST /model/a/b/invoke"]
)
def test_a_wrong_path_or_method_is_an_unknown_operation(line, send):
    status, _, content = send(*line.split(), service=None)
    assert (status, content) == (404, b"<UnknownOperationException/>\n")


def test_rejects_a_call_that_is_not_signed_for_bedrock(send):
    def kind(**headers):
        status, headers, _ = send("POST", INVOKE, b"{", **headers)
        return status, headers["x-amzn-ErrorType"].partition(":")[0]

    assert kind(service=None) == (403, "MissingAuthenticationTokenException")
    assert kind(service=None, Authorization="Bearer x") == (403, "UnrecognizedClientException")
    assert kind(service="s3") == (403, "InvalidSignatureException")


def test_content_type_is_absent_or_json(send):
    content = json.dumps(PROMPT)
    assert send("POST", INVOKE, content)[0] == 200
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert send("POST", INVOKE, content, **headers)[0] == 200
    status, _, answer = send("POST", INVOKE, content, **{"Content-Type": "text/plain"})
    assert (status, json.loads(answer)["message"]) == (
        400,
        "The provided Content Type is invalid or not supported for this model",
    )


def test_rejects_a_body_over_25_million_bytes(refusal, send):
    largest = json.dumps(PROMPT).ljust(25_000_000)
    assert send("POST", INVOKE, largest)[0] == 200
    assert "less than or equal to 25000000" in refusal(largest + " ")[2]


def test_a_connection_stays_open_after_an_error(bedrock):
    connection = http.client.HTTPConnection("127.0.0.1", bedrock.server_port, timeout=10)
    for _ in range(2):
        connection.request("POST", INVOKE, b"x" * 100)
        response = connection.getresponse()
        assert (response.status, response.will_close) == (403, False)
        response.read()
    connection.close()


def test_finds_models_in_the_region_of_the_signature(connect, refusal):
    assert refusal(PROMPT, CORE, connect(region="us-east-1")) == (400, *UNKNOWN)


def test_a_retired_model_fails_in_every_region(connect, refusal):
    for region in ("us-east-1", "us-west-2"):
        status, code, message = refusal(PROMPT, RETIRED, connect(region=region))
        assert (status, code) == (404, "ResourceNotFoundException")
        assert message.startswith("This model version has reached the end of its life.")


def test_accepts_an_arn_of_the_same_region(invoke):
    assert invoke(PROMPT, f"arn:aws:bedrock:us-west-2::foundation-model/{CORE}")["images"]


def test_checks_the_model_before_the_body(refusal):
    assert refusal("{", "stability.nothing-v1:0") == (400, *UNKNOWN)


def test_paints_calls_in_parallel(bedrock, connect, monkeypatch):
    together = threading.Barrier(8)

    def paint(prompt, *, width, height, **settings):
        together.wait(timeout=10)  # fails unless all eight run at once
        return Image.new("RGB", (width, height))

    monkeypatch.setattr(bedrock, "paint", paint)
    client = connect()
    with ThreadPoolExecutor(8) as pool:
        calls = [
            pool.submit(client.invoke_model, modelId=CORE, body=json.dumps(PROMPT))
            for _ in range(8)
        ]
    assert all(json.loads(call.result()["body"].read())["images"] for call in calls)


def test_a_painter_failure_is_a_model_error(invoke, caplog):
    with pytest.raises(ClientError) as caught:
        invoke({"prompt": "a failure"})
    assert caught.value.response["Error"]["Code"] == "ModelErrorException"
    assert caught.value.response["originalStatusCode"] == 500
    assert "The painter failed: http://127.0.0.1:7860 did not respond" in caplog.messages


def test_logs_one_line_per_call_without_the_prompt(invoke, refusal, caplog):
    caplog.set_level(logging.INFO, "local.bedrock")
    invoke({"prompt": "a secret"})
    refusal({"prompt": "!throttled a secret"})
    refusal(PROMPT, "x\nInvokeModel forged 200 1.00 s")
    first, second, third = caplog.messages
    assert re.fullmatch(rf"InvokeModel {re.escape(CORE)} 200 \d\.\d\d s", first)
    assert re.fullmatch(rf"InvokeModel {re.escape(CORE)} 429 \d\.\d\d s", second)
    assert re.fullmatch(r"InvokeModel x%0AInvokeModel%20forged\S* 400 \d\.\d\d s", third)


def test_lists_the_active_models_of_a_region(connect):
    def ids(region="us-west-2", **query):
        found = connect("bedrock", region).list_foundation_models(**query)["modelSummaries"]
        assert all(each["modelArn"].startswith(f"arn:aws:bedrock:{region}::") for each in found)
        assert all(each["modelLifecycle"]["status"] == "ACTIVE" for each in found)
        return {each["modelId"] for each in found}

    on_demand = {"byOutputModality": "IMAGE", "byInferenceType": "ON_DEMAND"}
    assert ids(**on_demand) == {CORE, SD35, ULTRA}
    assert ids(**on_demand, byProvider="Stability AI") == {CORE, SD35, ULTRA}
    assert ids(**on_demand, byProvider="Amazon") == ids(byOutputModality="TEXT") == set()
    assert ids("us-east-1", **on_demand) == ids("eu-west-1") == set()
    assert len(ids("us-east-1")) == 13
    assert len(ids()) == 16


def test_returns_a_models_availability_by_region(connect, refusal):
    def availability(region, model=CORE):
        return connect("bedrock", region).get_foundation_model_availability(modelId=model)

    here = availability("us-west-2")
    assert here["agreementAvailability"] == {"status": "AVAILABLE"}
    assert here["authorizationStatus"] == "AUTHORIZED"
    assert here["entitlementAvailability"] == "AVAILABLE"
    assert here["regionAvailability"] == "AVAILABLE"
    assert availability("us-east-1")["regionAvailability"] == "NOT_AVAILABLE"
    with pytest.raises(ClientError, match=re.escape(UNKNOWN[1])):
        availability("us-west-2", "amazon.nova-canvas-v1:0")
