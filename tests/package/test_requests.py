"""Valid and invalid requests to the package, as API Gateway forwards them."""

import base64
import json

import pytest

from chalicelib import catalogue
from conftest import EVERY_MODEL
from package.lambdas import CODE

pytestmark = pytest.mark.slow

MODELS = catalogue.parse(EVERY_MODEL).models
NAMES = {model.name for model in MODELS}
MAX_PROMPT_LENGTH = 10_000  # characters
TEXT = {"Content_Type": "text/plain"}


def error_of(response):
    """Status, code and message of an error, which always has a CORS header."""
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    error = json.loads(response.body)
    assert error.keys() == {"Code", "Message"}
    return response.status, error["Code"], error["Message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_rejects_other_methods(gateway, method):
    response = gateway.ask(method, "/", "a fox", **TEXT)
    assert (response.status, response.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "application/x-www-form-urlencoded", "text/html", "text"],
)
def test_rejects_a_body_that_is_not_plain_text(gateway, local_bedrock, content_type):
    headers = {"Content_Type": content_type} if content_type else {}
    status, code, _ = error_of(gateway.ask(body="prompt=a+fox", **headers))
    assert (status, code) == (415, "UnsupportedMediaType")
    assert local_bedrock.paintings == []


@pytest.mark.parametrize(
    "content_type", ["text/plain; charset=utf-8", "TEXT/PLAIN", "Text/Plain;x=y"]
)
def test_accepts_plain_text_in_any_case(gateway, content_type):
    assert gateway.ask(body="a fox", Content_Type=content_type).status == 200


@pytest.mark.parametrize("body", [None, "", "   ", "\n\r\n\t", "\u200b\u200d\ufeff\u2060"])
def test_rejects_an_empty_prompt(gateway, local_bedrock, body):
    assert error_of(gateway.ask(body=body, **TEXT)) == (
        400, "InvalidParameter", "prompt must not be empty",
    )  # fmt: skip
    assert local_bedrock.paintings == []


@pytest.mark.parametrize(
    ("body", "encoded"),
    [
        (base64.b64encode(b"a \xff fox").decode(), True),
        (base64.b64encode("a fox".encode("utf-16")).decode(), True),
        ("this is not base64!", True),
        ("a \ud800 fox", False),
        ("a \ufffd fox", False),  # how a gateway replaces bytes that are not UTF-8
    ],
)
def test_rejects_text_that_is_not_utf8(gateway, local_bedrock, body, encoded):
    status, code, _ = error_of(gateway.ask(body=body, base64=encoded, **TEXT))
    assert (status, code) == (400, "InvalidParameter")
    assert local_bedrock.paintings == []


def test_reads_a_base64_encoded_prompt(gateway, local_bedrock):
    body = base64.b64encode("雪の中の狐".encode()).decode()
    assert gateway.ask(body=body, base64=True, **TEXT).status == 200
    assert local_bedrock.paintings[0]["prompt"] == "雪の中の狐"


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x07", "\x7f", "\x84"])
def test_rejects_control_characters(gateway, local_bedrock, character):
    status, code, message = error_of(gateway.ask(body=f"a {character} fox", **TEXT))
    assert (status, code) == (400, "InvalidParameter")
    assert character not in message and local_bedrock.paintings == []


TEXTS = [
    "a\tfox\nin the snow",
    "👩‍🚀🏳️‍🌈 on the 🌙",
    "e\u0301te\u0301",
    "嵐の海",
    "\u202eright to left\u202c سفينة",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7}",
    "'; DROP TABLE images; --",
    "a fox\r\nREPORT RequestId: forged",
]


@pytest.mark.parametrize("text", TEXTS)
def test_passes_any_text_unchanged_and_never_logs_it(gateway, local_bedrock, text):
    (instance,) = gateway.instances
    before = len(instance.log_text())
    assert gateway.ask(body=text, **TEXT).status == 200
    assert [each["prompt"] for each in local_bedrock.paintings] == [text]
    (line,) = instance.log_text()[before:].splitlines()
    assert json.loads(line)["prompt_length"] == len(text)
    assert text.split()[-1] not in line


@pytest.mark.parametrize(
    ("length", "expected"),
    [(MAX_PROMPT_LENGTH, 200), (MAX_PROMPT_LENGTH + 1, 400), (3_000_000, 400)],
)
def test_limits_the_length_of_a_prompt(gateway, length, expected):
    assert gateway.ask(body="x" * length, **TEXT).status == expected


def test_recovers_after_a_request_too_large_for_lambda(gateway):
    assert gateway.ask(body="x" * 7_000_000, **TEXT).status == 502
    assert gateway.ask(body="a fox", **TEXT).status == 200


NUMBERS = ["abc", "nan", "inf", "-inf", " 7", "7 ", "1_0", "1e3", "\u0667", "0x7", "7.5"]
NUMBERS += ["9" * 5_000]


@pytest.mark.parametrize("text", NUMBERS)
def test_rejects_a_malformed_number(gateway, local_bedrock, text):
    response = gateway.ask(body="a fox", query=[("seed", text)], **TEXT)
    status, code, message = error_of(response)
    assert (status, code) == (400, "InvalidParameter")
    assert message.startswith("seed must be ") and ", got " in message and len(message) < 300
    assert local_bedrock.paintings == []


def test_an_empty_value_means_the_default(gateway, local_bedrock):
    response = gateway.ask(body="a fox", query=[("seed", ""), ("aspect_ratio", "")], **TEXT)
    assert response.status == 200
    assert local_bedrock.paintings[0]["seed"] == int(response.headers["X-Image-Seed"]) > 0


@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_rejects_a_seed_out_of_range(gateway, seed):
    response = gateway.ask(body="a fox", query=[("seed", seed)], **TEXT)
    assert error_of(response)[2] == f"seed must be from 0 to 4294967295, got {seed}"


@pytest.mark.parametrize(("seed", "random"), [("4294967295", False), ("1", False), ("0", True)])
def test_accepts_both_seed_bounds_and_randomizes_0(gateway, local_bedrock, seed, random):
    response = gateway.ask(body="a fox", query=[("seed", seed)], **TEXT)
    assert response.status == 200
    assert (response.headers["X-Image-Seed"] != seed) == random
    assert local_bedrock.paintings[0]["seed"] == int(response.headers["X-Image-Seed"])


@pytest.mark.parametrize(
    "query",
    [[("seed", "7"), ("seed", "8")], [("color", "red")], [("%ff", "%zz")], [("prompt", "a hen")]],
)
def test_rejects_repeated_and_unknown_parameters(gateway, local_bedrock, query):
    assert error_of(gateway.ask(body="a fox", query=query, **TEXT))[:2] == (400, "InvalidParameter")
    assert local_bedrock.paintings == []


def test_lists_ignored_parameters(gateway):
    response = gateway.ask(body="a fox", query=[("cfg_scale", "7"), ("steps", "30")], **TEXT)
    assert (response.status, response.headers["X-Image-Ignored"]) == (200, "cfg_scale, steps")


def test_an_unknown_model_gets_404_with_the_list(gateway):
    status, code, message = error_of(gateway.ask(body="a fox", query=[("model", "x")], **TEXT))
    assert (status, code) == (404, "UnknownModel")
    assert all(model.name in message for model in MODELS)


@pytest.mark.parametrize("name", sorted(set(catalogue.RETIRED) - NAMES))
def test_a_retired_model_gets_410_with_its_successor(gateway, name):
    status, code, message = error_of(gateway.ask(body="a fox", query=[("model", name)], **TEXT))
    assert (status, code) == (410, "ModelRetired")
    assert any(model.name in message for model in MODELS)


def test_allows_and_exposes_headers_to_other_origins(gateway):
    response = gateway.ask(body="a fox", Origin="https://elsewhere.example", **TEXT)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    exposed = response.headers["Access-Control-Expose-Headers"].split(",")
    assert {name for name in response.headers if name.startswith("X-Image")} <= set(exposed)
    assert response.headers["Cache-Control"] == "no-store"


WITHOUT_CODE = [
    {},
    {"Authorization": "Bearer guess"},
    {"Authorization": f"Basic {CODE}"},
    {"Authorization": CODE},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {CODE} "[:-2]},
]


@pytest.mark.parametrize("headers", WITHOUT_CODE)
@pytest.mark.parametrize("query", [[], [("access_code", CODE)], [("code", CODE)]])
def test_never_calls_bedrock_without_the_access_code(protected, local_bedrock, headers, query):
    local_bedrock.paintings.clear()
    response = protected.ask(body="a fox", query=query, **TEXT, **headers)
    status, code, message = error_of(response)
    assert (status, code) == (401, "AccessCodeRequired")
    assert CODE not in message and local_bedrock.paintings == []


def test_returns_an_image_with_the_access_code(protected):
    assert protected.ask(body="a fox", Authorization=f"Bearer {CODE}", **TEXT).status == 200
    assert json.loads(protected.ask("GET", "/models").body)["access"] == "code"
