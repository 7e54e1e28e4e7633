"""What OpenAI's clients need beside the images: safe statuses, CORS, a model, readable errors."""

import hashlib
import json

import pytest
from chalice.test import Client

import app as easel
from chalicelib import catalogue, openai
from conftest import CHALICE, EVERY_MODEL
from forms import FAILURES

IMAGES = "/v1/images/generations"
CODE = "correct horse"
MODELS = catalogue.parse(EVERY_MODEL).models


@pytest.fixture
def order(post):
    """Send an order; its status, JSON and headers."""

    def send(body, **headers):
        response = post(body, IMAGES, content_type="application/json", **headers)
        return response.status_code, response.json_body, response.headers

    return send


def ask(path, **headers):
    with Client(easel.app, stage_name="aws") as client:
        return client.http.get(path, headers=headers)


# The statuses that clients send again by themselves: openai, litellm, the AI SDK, LangChain.
RETRIED = {408, 409, 429, *range(500, 600)}


@pytest.mark.parametrize(
    ("fault", "status", "code", "may_be_charged"),
    [
        ("!internal", 424, "ModelFailed", True),
        ("!modelerror", 424, "ModelFailed", True),
        ("!timeout", 424, "ModelTimeout", True),
        ("!broken", 424, "ModelFailed", True),
        ("!empty", 424, "ModelFailed", True),
        ("!reset", 424, "ModelFailed", True),
        ("!cut", 424, "ModelFailed", True),
        ("!large", 424, "ImageTooLarge", True),
        ("!inference-error", 424, "ModelFailed", True),
        ("!filtered-picture", 422, "content_policy_violation", True),
        ("!filtered", 422, "content_policy_violation", False),
        ("!throttled", 429, "rate_limit_exceeded", False),
        ("!notready", 503, "ModelUnavailable", False),
        ("!unavailable", 503, "ModelUnavailable", False),
        ("!quota", 503, "ModelUnavailable", False),
        ("!denied", 503, "ModelAccessDenied", False),
        ("!legacy", 410, "model_not_found", False),
        ("!invalid", 400, "InvalidParameter", False),
    ],
)
def test_no_client_retries_a_charged_request(
    order, bedrock, capsys, fault, status, code, may_be_charged
):
    found, answer, headers = order(json.dumps({"prompt": f"{fault} a fox"}))
    assert (found, answer["error"]["code"]) == (status, code)
    assert not may_be_charged or found not in RETRIED
    kind = {424: "server_error", 429: "rate_limit_error"}.get(status)
    assert kind in (None, answer["error"]["type"])
    assert (headers["x-should-retry"] == "true") == ("Retry-After" in headers)
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["Dollars"] > 0) == may_be_charged
    assert not may_be_charged or status == 422 or line["Errors"] == 1  # the alarm still counts it


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_a_charged_request_never_has_a_retried_status(status):
    assert openai.safe_status("Any", status, 0.04) == 424
    assert openai.safe_status("Any", status, 0) == status
    assert openai.safe_status("BudgetUnavailable", status, 0) == 424
    assert openai.safe_status("Any", 422, 0.04) == 422


def test_every_failure_that_may_be_charged_has_a_safe_status():
    for each in FAILURES:
        assert openai.safe_status(each.__name__, each.STATUS_CODE, 0.04) not in RETRIED


def test_a_mistake_of_ours_after_paying_is_not_sent_again(order, bedrock, monkeypatch):
    monkeypatch.setattr(easel, "image_headers", lambda *_: 1 / 0)
    status, answer, headers = order('{"prompt": "a fox"}')
    assert (status, answer["error"]["code"]) == (424, "InternalServerError")
    assert headers["Access-Control-Allow-Origin"] == "*"


# The headers of the npm package openai 6.49.0 in a browser (internal/detect-platform.mjs,
# client.mjs, resources/), of the AI SDK, and of gpt_image_playground.
SENT = [
    *("authorization", "content-type", "user-agent", "idempotency-key", "x-client-request-id"),
    *("x-stainless-lang", "x-stainless-package-version", "x-stainless-os", "x-stainless-arch"),
    *("x-stainless-runtime", "x-stainless-runtime-version", "x-stainless-retry-count"),
    *("x-stainless-timeout", "x-stainless-helper-method", "x-stainless-poll-helper"),
    *("x-stainless-custom-poll-interval", "openai-organization", "openai-project"),
    *("openai-beta", "cache-control", "pragma"),
]


@pytest.mark.parametrize("path", easel.app.routes)
def test_a_page_of_another_origin_may_send_what_openais_clients_send(path):
    for route in easel.app.routes[path].values():
        allowed = route.cors.allow_headers.lower().split(",")
        assert set(SENT) <= set(allowed) and len(allowed) < 30
        assert "*" not in allowed


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_retrieved_by_our_name_and_by_bedrocks(bedrock, model):
    expected = {"id": model.name, "object": "model", "created": 0, "owned_by": "stability-ai"}
    names = {model.name, model.bedrock_id.replace("/", "%2F"), model.name.replace(".", "%2E")}
    for name in names:
        response = ask(f"/v1/models/{name}")
        assert (response.status_code, response.json_body) == (200, expected)
        assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("name", "status"), [("nonsense", 404), ("gpt-image-2", 404), ("stable-diffusion-xl", 410)]
)
def test_an_unknown_model_is_openais_404(name, status):
    response = ask(f"/v1/models/{name}")
    assert response.status_code == status
    assert response.json_body["error"]["code"] == "model_not_found"
    assert response.json_body["error"].keys() == {"message", "type", "param", "code"}


def test_retrieving_a_model_needs_the_access_code(monkeypatch):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", hashlib.sha256(CODE.encode()).hexdigest())
    for headers in ({}, {"Authorization": "Bearer guess"}):
        response = ask("/v1/models/stable-image-core", **headers)
        assert response.json_body["error"]["code"] == "invalid_api_key"
        assert b"guess" not in response.body
    assert ask("/v1/models/stable-image-core", Authorization=f"Bearer {CODE}").status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_chalice_refuses_is_readable_from_another_origin(method):
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.request(method, IMAGES)
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (405, "*")


BOM = "\ufeff"


def test_ignores_a_byte_order_mark(order, post, bedrock):
    assert order((BOM + '{"prompt": "a fox"}').encode())[0] == 200
    assert post((BOM + "a hen").encode()).status_code == 200
    assert [each["prompt"] for each in bedrock.paintings] == ["a fox", "a hen"]
    assert post(BOM.encode()).json_body["Message"] == "prompt must not be empty"


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("{prompt: a fox}", "'prompt: a fox}' at line 1 column 2"),
        ('\'{"prompt": "a fox"}\'', "'\\'{\"prompt\": \"a fox\"}\\'' at line 1 column 1"),
        ('{"prompt": "a fox",}', "'}' at line 1 column 20"),
        ('{\n  "prompt": a fox\n}', "'a fox\\n}' at line 2 column 13"),
        ('{"prompt": "a\nfox"}', "'\\nfox\"}' at line 1 column 14"),
        ('{"prompt": "a fox"', "its end at line 1 column 19"),
        ('{"prompt": "a fox"} {', "'{' at line 1 column 21"),
        ('{"prompt": "' + "x" * 90, "'\"" + "x" * 39 + "…' at line 1 column 12"),
    ],
)
def test_broken_json_says_where_it_breaks(order, body, got):
    status, answer, _ = order(body)
    assert (status, answer["error"]["param"]) == (400, "body")
    assert answer["error"]["message"] == f"body must be valid JSON, got {got}"


@pytest.mark.parametrize("number", ["1" * 5_000, "-" + "9" * 5_000])
def test_a_number_without_an_end_is_refused(order, number):
    status, answer, _ = order(f'{{"prompt": "a fox", "seed": {number}}}')
    assert status == 400
    assert answer["error"]["message"].startswith("body must be valid JSON, got too many digits")


@pytest.mark.parametrize(
    ("fields", "ignored"),
    [
        ({"background": "transparent"}, "background"),
        ({"background": "auto"}, "background"),
        ({"partial_images": 0}, "partial_images"),
        ({"partial_images": None, "stream": False, "n": None, "user": None}, None),
        ({"size": "", "quality": "", "response_format": "", "model": "", "n": ""}, None),
        ({"output_compression": 100, "moderation": "auto"}, "output_compression, moderation"),
    ],
)
def test_the_defaults_that_clients_send_have_no_effect(order, bedrock, fields, ignored):
    status, answer, headers = order(json.dumps({"prompt": "a fox"} | fields))
    assert (status, len(answer["data"])) == (200, 1)
    assert headers.get("X-Image-Ignored") == ignored


def test_the_gateway_gets_one_route_for_a_model():
    assert CHALICE["api_gateway_stage"] == "api"
    assert set(easel.app.routes["/v1/models/{name}"]) == {"GET"}
