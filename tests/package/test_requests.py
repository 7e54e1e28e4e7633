"""FAULTS 1 to 17 in the package: good and bad requests, as API Gateway hands them over."""

import base64
import json

import pytest

from chalicelib import catalogue
from conftest import EVERY_MODEL
from package.lambdas import CODE

pytestmark = pytest.mark.slow

MODELS = catalogue.parse(EVERY_MODEL).models
NAMES = {model.name for model in MODELS}
LONGEST = 10_000  # characters of a prompt
TEXT = {"Content_Type": "text/plain"}


def refusal(answer):
    """Status, code and message; every refusal has these, and CORS."""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    words = json.loads(answer.body)
    assert words.keys() == {"Code", "Message"}
    return answer.status, words["Code"], words["Message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_1_another_method_is_told_which_one_there_is(gateway, method):
    answer = gateway.ask(method, "/", "a fox", **TEXT)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "kind", [None, "application/json", "application/x-www-form-urlencoded", "text/html", "text"]
)
def test_2_a_body_that_is_no_plain_text_is_refused(gateway, local_bedrock, kind):
    headers = {"Content_Type": kind} if kind else {}
    status, code, _ = refusal(gateway.ask(body="prompt=a+fox", **headers))
    assert (status, code) == (415, "UnsupportedMediaType")
    assert local_bedrock.paintings == []


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "TEXT/PLAIN", "Text/Plain;x=y"])
def test_3_plain_text_may_be_written_as_it_likes(gateway, kind):
    assert gateway.ask(body="a fox", Content_Type=kind).status == 200


@pytest.mark.parametrize("body", [None, "", "   ", "\n\r\n\t", "\u200b\u200d\ufeff\u2060"])
def test_4_a_prompt_without_a_letter_is_refused(gateway, local_bedrock, body):
    assert refusal(gateway.ask(body=body, **TEXT)) == (
        400, "InvalidParameter", "prompt must not be empty",
    )  # fmt: skip
    assert local_bedrock.paintings == []


@pytest.mark.parametrize(
    ("body", "encoded"),
    [
        (base64.b64encode(b"a \xff fox").decode(), True),
        (base64.b64encode("a fox".encode("utf-16")).decode(), True),
        ("this is no base64!", True),
        ("a \ud800 fox", False),
        ("a \ufffd fox", False),  # what a gateway made of bytes that were no UTF-8
    ],
)
def test_5_what_is_no_utf8_is_refused(gateway, local_bedrock, body, encoded):
    status, code, _ = refusal(gateway.ask(body=body, base64=encoded, **TEXT))
    assert (status, code) == (400, "InvalidParameter")
    assert local_bedrock.paintings == []


def test_5_a_prompt_that_the_gateway_encoded_is_read(gateway, local_bedrock):
    body = base64.b64encode("雪の中の狐".encode()).decode()
    assert gateway.ask(body=body, base64=True, **TEXT).status == 200
    assert local_bedrock.paintings[0]["prompt"] == "雪の中の狐"


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\x07", "\x7f", "\x84"])
def test_6_control_characters_are_refused(gateway, local_bedrock, letter):
    status, code, message = refusal(gateway.ask(body=f"a {letter} fox", **TEXT))
    assert (status, code) == (400, "InvalidParameter")
    assert letter not in message and local_bedrock.paintings == []


WORDS = [
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


@pytest.mark.parametrize("words", WORDS)
def test_7_and_9_and_10_any_words_reach_bedrock_unchanged_and_no_log(gateway, local_bedrock, words):
    (instance,) = gateway.instances
    before = len(instance.words())
    assert gateway.ask(body=words, **TEXT).status == 200
    assert [each["prompt"] for each in local_bedrock.paintings] == [words]
    (line,) = instance.words()[before:].splitlines()
    assert json.loads(line)["prompt_length"] == len(words)
    assert words.split()[-1] not in line


@pytest.mark.parametrize(
    ("length", "expected"), [(LONGEST, 200), (LONGEST + 1, 400), (3_000_000, 400)]
)
def test_8_a_prompt_has_a_longest_length(gateway, length, expected):
    assert gateway.ask(body="x" * length, **TEXT).status == expected


def test_8_what_is_too_large_for_lambda_is_the_gateways_and_the_next_is_served(gateway):
    assert gateway.ask(body="x" * 7_000_000, **TEXT).status == 502
    assert gateway.ask(body="a fox", **TEXT).status == 200


NUMBERS = ["abc", "nan", "inf", "-inf", " 7", "7 ", "1_0", "1e3", "\u0667", "0x7", "7.5"]
NUMBERS += ["9" * 5_000]


@pytest.mark.parametrize("text", NUMBERS)
def test_11_a_number_is_written_plainly(gateway, local_bedrock, text):
    answer = gateway.ask(body="a fox", query=[("seed", text)], **TEXT)
    status, code, message = refusal(answer)
    assert (status, code) == (400, "InvalidParameter")
    assert message.startswith("seed must be ") and ", got " in message and len(message) < 300
    assert local_bedrock.paintings == []


def test_11_an_empty_value_is_the_default(gateway, local_bedrock):
    answer = gateway.ask(body="a fox", query=[("seed", ""), ("aspect_ratio", "")], **TEXT)
    assert answer.status == 200
    assert local_bedrock.paintings[0]["seed"] == int(answer.headers["X-Image-Seed"]) > 0


@pytest.mark.parametrize("seed", ["-1", "4294967296"])
def test_12_one_beyond_the_bounds_is_refused_by_name(gateway, seed):
    answer = gateway.ask(body="a fox", query=[("seed", seed)], **TEXT)
    assert refusal(answer)[2] == f"seed must be from 0 to 4294967295, got {seed}"


@pytest.mark.parametrize(("seed", "drawn"), [("4294967295", False), ("1", False), ("0", True)])
def test_12_the_bounds_are_taken_and_0_draws(gateway, local_bedrock, seed, drawn):
    answer = gateway.ask(body="a fox", query=[("seed", seed)], **TEXT)
    assert answer.status == 200
    assert (answer.headers["X-Image-Seed"] != seed) == drawn
    assert local_bedrock.paintings[0]["seed"] == int(answer.headers["X-Image-Seed"])


@pytest.mark.parametrize(
    "query",
    [[("seed", "7"), ("seed", "8")], [("colour", "red")], [("%ff", "%zz")], [("prompt", "a hen")]],
)
def test_13_what_is_twice_or_unknown_is_refused(gateway, local_bedrock, query):
    assert refusal(gateway.ask(body="a fox", query=query, **TEXT))[:2] == (400, "InvalidParameter")
    assert local_bedrock.paintings == []


def test_13_what_another_model_knows_is_left_out_and_named(gateway):
    answer = gateway.ask(body="a fox", query=[("cfg_scale", "7"), ("steps", "30")], **TEXT)
    assert (answer.status, answer.headers["X-Image-Ignored"]) == (200, "cfg_scale, steps")


def test_14_a_model_that_there_is_not_brings_the_list(gateway):
    status, code, message = refusal(gateway.ask(body="a fox", query=[("model", "x")], **TEXT))
    assert (status, code) == (404, "UnknownModel")
    assert all(model.name in message for model in MODELS)


@pytest.mark.parametrize("name", sorted(set(catalogue.RETIRED) - NAMES))
def test_14_a_retired_model_names_what_follows(gateway, name):
    status, code, message = refusal(gateway.ask(body="a fox", query=[("model", name)], **TEXT))
    assert (status, code) == (410, "ModelRetired")
    assert any(model.name in message for model in MODELS)


def test_16_every_answer_is_for_other_origins_too(gateway):
    answer = gateway.ask(body="a fox", Origin="https://elsewhere.example", **TEXT)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = answer.headers["Access-Control-Expose-Headers"].split(",")
    assert {name for name in answer.headers if name.startswith("X-Image")} <= set(exposed)
    assert answer.headers["Cache-Control"] == "no-store"


WRONG = [
    {},
    {"Authorization": "Bearer guess"},
    {"Authorization": f"Basic {CODE}"},
    {"Authorization": CODE},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {CODE} "[:-2]},
]


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("query", [[], [("access_code", CODE)], [("code", CODE)]])
def test_17_without_the_code_nothing_is_asked_of_bedrock(closed, local_bedrock, headers, query):
    local_bedrock.paintings.clear()
    answer = closed.ask(body="a fox", query=query, **TEXT, **headers)
    status, code, message = refusal(answer)
    assert (status, code) == (401, "AccessCodeRequired")
    assert CODE not in message and local_bedrock.paintings == []


def test_17_with_the_code_a_picture_comes(closed):
    assert closed.ask(body="a fox", Authorization=f"Bearer {CODE}", **TEXT).status == 200
    assert json.loads(closed.ask("GET", "/models").body)["access"] == "code"
