"""The OpenAI-compatible routes: requests, responses, errors and charges."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from chalice.test import Client

import app as easel
from chalicelib import catalogue, errors, openai
from chalicelib.budget import Budget
from conftest import EVERY_MODEL, PARAMETERS, budget_table

OFFER = catalogue.parse(EVERY_MODEL)
CORE, SD35, *_, SDXL = OFFER.models
IMAGES = "/v1/images/generations"
FOX = {"prompt": "a fox"}


def translate(**request):
    return openai.parse_queries(openai.parse_json(json.dumps(FOX | request)), OFFER.find)


@pytest.fixture
def generate(post):
    """Send a request; returns status, JSON and headers."""

    def send(body=FOX, **headers):
        body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        response = post(body, IMAGES, content_type="application/json", **headers)
        return response.status_code, response.json_body, response.headers

    return send


@pytest.mark.parametrize(
    ("request_", "query", "without_effect"),
    [
        ({}, {}, []),
        ({"model": "gpt-image-2", "n": 1, "size": "auto", "response_format": "b64_json"}, {}, []),
        ({"size": "1024x1024"}, {"aspect_ratio": "1:1"}, []),
        ({"size": "1536x1024"}, {"aspect_ratio": "3:2"}, []),
        ({"size": "1024x1536"}, {"aspect_ratio": "2:3"}, []),
        ({"size": "1024x1024", "aspect_ratio": "21:9"}, {"aspect_ratio": "21:9"}, ["size"]),
        ({"size": "auto", "aspect_ratio": "21:9"}, {"aspect_ratio": "21:9"}, []),
        ({"seed": 7, "negative_prompt": "fog"}, {"seed": "7", "negative_prompt": "fog"}, []),
        ({"seed": "7"}, {"seed": "7"}, []),
        ({"seed": None, "user": None, "stream": False}, {}, []),
        ({"output_format": "png"}, {"output_format": "png"}, []),
        (
            {"quality": "high", "style": "vivid", "background": "auto", "moderation": "low",
             "output_compression": 90, "user": "me", "safety_identifier": "me"},
            {},
            ["quality", "style", "background", "moderation", "output_compression", "user",
             "safety_identifier"],
        ),
        ({"steps": 30}, {"steps": ""}, []),  # named as ignored by the catalogue
    ],
)  # fmt: skip
def test_translates_a_request_into_a_query(request_, query, without_effect):
    expected = {"model": CORE.name} | FOX | query
    assert translate(**request_) == ([expected], without_effect)


@pytest.mark.parametrize(
    ("size", "own"), [("1024x1024",) * 2, ("1536x1024", "1216x832"), ("1024x1536", "832x1216")]
)
def test_maps_a_size_to_the_models_nearest_shape(size, own):
    ((query,), _) = translate(model=SDXL.name, size=size, steps=20, cfg_scale=6.5)
    assert query == FOX | {"model": SDXL.name, "size": own, "steps": "20", "cfg_scale": "6.5"}


@pytest.mark.parametrize("name", ["gpt-image-2", "gpt-image-1", "dall-e-3", "chatgpt-image-latest"])
def test_openais_model_names_mean_the_default(name):
    assert translate(model=name)[0][0]["model"] == CORE.name


@pytest.mark.parametrize(("seed", "seeds"), [(7, ["7", "8", "9"]), ("41", ["41", "42", "43"])])
def test_several_images_have_consecutive_seeds(seed, seeds):
    assert [query["seed"] for query in translate(n=3, seed=seed)[0]] == seeds


@pytest.mark.parametrize("seed", [None, 0, "", "0"])
def test_several_images_have_different_random_seeds(seed):
    drawn = [CORE.read(query)["seed"] for query in translate(n=4, seed=seed)[0]]
    assert len(set(drawn)) == 4


REFUSED = [
    ("{", "body must be valid JSON, got its end at line 1 column 2", "body"),
    ("", "body must be valid JSON, got its end at line 1 column 1", "body"),
    ("[" * 100_000, "body must be valid JSON, got too many digits or levels", "body"),
    ("[]", "body must be a JSON object, got a list", "body"),
    ('"a fox"', "body must be a JSON object, got 'a fox'", "body"),
    (b"\xff", "body must be UTF-8 text, got other bytes", "body"),
    ({}, "prompt must not be empty", "prompt"),
    ({"prompt": ""}, "prompt must not be empty", "prompt"),
    ({"prompt": 7}, "prompt must be text, got 7", "prompt"),
    ({"prompt": ["a fox"]}, "prompt must be text, got a list", "prompt"),
    ({"prompt": "a\0b"}, "prompt must be plain text, got the character U+0000", "prompt"),
    ('{"prompt": "\\ud83d"}', "prompt must be plain text, got the character U+D83D", "prompt"),
    (FOX | {"n": 0}, "n must be one integer from 1 to 4, got 0", "n"),
    (FOX | {"n": 11}, "n must be one integer from 1 to 4, got 11", "n"),
    (FOX | {"n": "2"}, "n must be one integer from 1 to 4, got '2'", "n"),
    (FOX | {"n": True}, "n must be one integer from 1 to 4, got true", "n"),
    (FOX | {"n": 1.0}, "n must be one integer from 1 to 4, got 1.0", "n"),
    (FOX | {"n": {}}, "n must be one integer from 1 to 4, got an object", "n"),
    (FOX | {"size": "7x7"}, "size must be one of auto, 1024x1024, 1536x1024, 1024x1536, got '7x7'",
     "size"),
    (FOX | {"size": [7]}, "size must be one of auto, 1024x1024, 1536x1024, 1024x1536, got a list",
     "size"),
    (FOX | {"response_format": "url"}, "response_format must be b64_json, got 'url': no picture is "
     "kept here that a URL could point to", "response_format"),
    (FOX | {"stream": True}, "stream must be false, got true", "stream"),
    (FOX | {"seed": -1}, "seed must be from 0 to 4294967295, got -1", "seed"),
    (FOX | {"seed": 4294967295, "n": 2}, "seed must be from 0 to 4294967295, got 4294967296",
     "seed"),
    (FOX | {"seed": 7.5}, "seed must be one integer from 0 to 4294967295, got '7.5'", "seed"),
    (FOX | {"seed": float("nan")}, "seed must be one integer from 0 to 4294967295, got 'nan'",
     "seed"),
    (FOX | {"seed": False}, "seed must be a number, got false", "seed"),
    (FOX | {"output_format": "gif"}, "output_format must be one of jpeg, png, got 'gif'",
     "output_format"),
    (FOX | {"output_format": "png", "n": 2}, "output_format must be jpeg or webp where n is more "
     "than 1, got 'png': several would be too large to send", "output_format"),
    (FOX | {"aspect_ratio": "7:7"}, "aspect_ratio must be one of 1:1, 16:9, 21:9, 2:3, 3:2, 4:5, "
     "5:4, 9:16, 9:21, got '7:7'", "aspect_ratio"),
    (FOX | {"color": "red"}, f"a parameter must be one of {PARAMETERS}, got 'color'", None),
    (FOX | {"model": 7}, "model must be text, got 7", "model"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message", "param"), REFUSED)
def test_rejects_an_invalid_request_in_openais_format(generate, bedrock, body, message, param):
    status, answer, headers = generate(body)
    assert (status, answer) == (
        400,
        {"error": {"message": message, "type": "invalid_request_error", "param": param,
                   "code": "InvalidParameter"}},
    )  # fmt: skip
    assert (headers["x-should-retry"], headers["Access-Control-Allow-Origin"]) == ("false", "*")
    assert bedrock.paintings == []


@pytest.mark.parametrize(
    ("name", "status"), [("nonsense", 404), ("stability.stable-diffusion-xl-v0", 410)]
)
def test_a_missing_model_is_openais_model_not_found(generate, bedrock, name, status):
    found, answer, _ = generate(FOX | {"model": name})
    assert (found, answer["error"]["code"]) == (status, "model_not_found")
    assert CORE.name in answer["error"]["message"] and bedrock.paintings == []


def test_returns_one_image_in_openais_format(generate, bedrock):
    status, answer, headers = generate(
        FOX | {"seed": 7, "quality": "high", "steps": 30, "size": "1536x1024"}
    )
    assert status == 200 and answer["output_format"] == "jpeg"
    assert abs(answer["created"] - datetime.now(UTC).timestamp()) < 60
    (picture,) = answer["data"]
    assert picture["seed"] == 7 and base64.b64decode(picture["b64_json"])[:2] == b"\xff\xd8"
    (painting,) = bedrock.paintings
    assert (painting["prompt"], painting["seed"]) == ("a fox", 7)
    image_headers = {name: text for name, text in headers.items() if name.startswith("X-Image")}
    assert image_headers == {
        "X-Image-Model": CORE.name,
        "X-Image-Seed": "7",
        "X-Image-Type": "image/jpeg",
        "X-Image-Price": "0.04",
        "X-Image-Ignored": "quality, steps",
    }


def test_generates_four_images_in_one_request(generate, bedrock, capsys):
    status, answer, headers = generate(FOX | {"n": 4, "seed": 7, "model": SD35.name})
    assert status == 200 and [each["seed"] for each in answer["data"]] == [7, 8, 9, 10]
    assert sorted(each["seed"] for each in bedrock.paintings) == [7, 8, 9, 10]
    assert (headers["X-Image-Seed"], headers["X-Image-Price"]) == ("7, 8, 9, 10", "0.32")
    line = json.loads(capsys.readouterr().out)
    assert (line["Images"], line["Dollars"], line["prompt_length"]) == (4, 0.32, 5)


@pytest.fixture
def images_charged(moto, monkeypatch):
    """A budget of five images by Stable Image Core; returns how many have been charged."""
    with budget_table(moto, "openai") as client:
        budget = Budget(client, "openai", 0.20, lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))
        monkeypatch.setattr(easel, "daily_budget", budget)
        yield lambda: round(budget.describe()["spent_usd"] / 0.04)


class FaultyClient:
    """Bedrock's client, which adds a fault to the prompt of each seed."""

    def __init__(self, client, faults):
        self.client, self.faults = client, list(faults)
        self.sent = []

    def invoke_model(self, *, body, **call):
        body = json.loads(body)
        self.sent.append(body["seed"])
        body["prompt"] = self.faults[body["seed"] - 1] + body["prompt"]
        return self.client.invoke_model(body=json.dumps(body), **call)


@pytest.mark.parametrize(
    ("faults", "status", "code", "spent", "retry"),
    [
        (["", "", ""], 200, None, 3, None),
        (["", "!throttled ", ""], 424, "ModelBusy", 2, "false"),
        (["!throttled ", "!throttled "], 429, "rate_limit_exceeded", 0, "true"),
        (["!unavailable ", "!throttled "], 503, "ModelUnavailable", 0, "true"),
        (["!unavailable ", "!internal "], 424, "ModelUnavailable", 1, "false"),
        (["!internal ", "!throttled "], 424, "ModelFailed", 1, "false"),
        (["", "!filtered "], 422, "content_policy_violation", 1, "false"),
        (["!filtered-picture ", ""], 422, "content_policy_violation", 2, "false"),
        (["!denied ", "!denied "], 503, "ModelAccessDenied", 0, "false"),
        (["!large ", ""], 424, "ImageTooLarge", 2, "false"),
    ],
)
def test_returns_the_first_error_and_charges_each_image(
    generate, bedrock, images_charged, monkeypatch, faults, status, code, spent, retry
):
    client = FaultyClient(bedrock.client, faults)
    monkeypatch.setattr(easel, "bedrock_client", client)
    found, answer, headers = generate(FOX | {"n": len(faults), "seed": 1})
    assert (found, answer.get("error", {}).get("code")) == (status, code)
    assert headers.get("x-should-retry") == retry
    assert (headers.get("Retry-After") == "5") == (retry == "true")
    assert sorted(client.sent) == list(range(1, len(faults) + 1))
    assert images_charged() == spent


def test_rejects_more_images_than_the_budget_allows(generate, bedrock, images_charged):
    assert generate(FOX | {"n": 3})[0] == 200
    status, answer, headers = generate(FOX | {"n": 3})
    assert (status, answer["error"]["code"]) == (429, "insufficient_quota")
    assert answer["error"]["type"] == "insufficient_quota"
    assert "less than $0.12 is left" in answer["error"]["message"]
    assert (headers["x-should-retry"], headers["Retry-After"]) == ("false", str(12 * 60 * 60 + 1))
    assert (images_charged(), len(bedrock.paintings)) == (3, 3)
    assert generate(FOX | {"n": 2})[0] == 200


def test_checks_the_access_code_as_an_api_key(generate, bedrock, monkeypatch):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", hashlib.sha256(b"fox").hexdigest())
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        status, answer, response_headers = generate(**headers)
        assert (status, answer["error"]["code"]) == (401, "invalid_api_key")
        assert response_headers["x-should-retry"] == "false"
        assert ask("/v1/models", **headers).status_code == 401
    assert bedrock.paintings == []
    assert generate(Authorization="Bearer fox")[0] == 200
    assert ask("/v1/models", Authorization="Bearer fox").status_code == 200


def ask(path, method="GET", **headers):
    with Client(easel.app, stage_name="aws") as client:
        return client.http.request(method, path, headers=headers)


def test_lists_the_models_in_openais_format(bedrock):
    made = {"object": "model", "created": 0, "owned_by": "stability-ai"}
    data = [{"id": model.name} | made for model in OFFER.models]
    assert ask("/v1/models").json_body == {"object": "list", "data": data}


def test_formats_chalices_own_errors_for_openai(generate, post):
    refused = post("a fox", IMAGES, content_type="text/plain")
    assert refused.status_code == 415
    assert refused.json_body["error"]["code"] == "UnsupportedMediaType"
    refused = ask(IMAGES)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert refused.json_body["error"]["type"] == "invalid_request_error"


def test_translates_only_codes_that_exist():
    assert set(openai.OPENAI_ERROR_CODES) <= set(vars(errors))
    assert openai.error_type("ModelBusy", 429) == "rate_limit_error"
    assert openai.error_type("InternalServerError", 500) == "server_error"
