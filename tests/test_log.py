"""What is logged: no word of a request, each wrong code, and never at the cost of an answer."""

import hashlib
import io
import json
import logging
import re
import sys

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from chalice.test import Client
from hypothesis import given
from hypothesis import strategies as st

import app as easel
from chalicelib import bedrock

CODE = "correct horse"
SHA256 = hashlib.sha256(CODE.encode()).hexdigest()
PROMPT = "A zebra beside the Schlüsselblume, 雪の中の狐"
MODEL = "stability.stable-image-core-v1:1"

ECHOES = [
    f"Malformed input request: {PROMPT}, please reformat your input and try again.",
    f"1 validation error: Value '{PROMPT[:10]}' at 'prompt' failed to satisfy constraint",
    f"Value at prompt{PROMPT.replace(' ', '')}failed",
    f"Bad input {json.dumps({'prompt': PROMPT})}",
    f"Bad input {PROMPT.upper()!r}",
    "Bad input \\u96ea\\u306e\\u4e2d",
    f"Bad input\r\nforged line {PROMPT}",
]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ValidationException", 400),
        ("AccessDeniedException", 403),
        ("InternalServerException", 500),
    ],
)
@pytest.mark.parametrize("text", ECHOES)
def test_no_word_that_aws_quotes_reaches_the_log(post, caplog, capsys, code, status, text):
    with Stubber(easel.bedrock_client) as stub:
        stub.add_client_error("invoke_model", code, text, status)
        post(PROMPT.encode(), "/?negative_prompt=fog", "text/plain; charset=utf-8")
    logged = (caplog.text + "".join(capsys.readouterr())).casefold()
    assert f"InvokeModel {MODEL}: {code}:".casefold() in logged
    for word in ("zebra", "zeb", "beside", "schl", "blume", "雪", "u96ea", "forged line a"):
        assert word not in logged
    assert len(caplog.messages[0].splitlines()) == 1


@given(prompt=st.text(min_size=1), before=st.text("abc .':\\\"{}\n"), end=st.integers(0, 9))
def test_no_word_of_a_prompt_is_left_in_a_text_that_quotes_it(prompt, before, end):
    for quoted in (prompt, prompt[:end], json.dumps(prompt), prompt.upper(), prompt.casefold()):
        left = set(re.findall(r"\w+", bedrock.scrub(before + " " + quoted, {"prompt": prompt})))
        words = set(re.findall(r"\w+", prompt + " " + json.dumps(prompt)))
        assert not {word.casefold() for word in left} & {word.casefold() for word in words}


def test_what_the_owner_needs_stays_in_the_log():
    text = (
        "An error occurred (AccessDeniedException) when calling the InvokeModel operation: User: "
        "arn:aws:sts::123456789012:assumed-role/easel is not authorized to perform: bedrock:Invoke"
    )
    assert bedrock.scrub(text, {"prompt": "snow", "seed": 7}) == text


def test_a_text_of_a_megabyte_is_logged_in_part():
    body = {"prompt": "fox " * 2_500}
    assert len(bedrock.scrub("hen " * 250_000, body)) <= 1_000


class Broken(io.TextIOBase):
    """A stream on a full disk, or a pipe that nobody reads any more."""

    def __init__(self, error):
        self.error = error

    def write(self, text):
        raise self.error

    flush = close = lambda self: None


class BrokenHandler(logging.Handler):
    """As awslambdaric's, which lets the stream's error through."""

    def emit(self, record):
        raise BrokenPipeError


@pytest.fixture(params=[OSError(28, "No space left"), BrokenPipeError(), ValueError("closed file")])
def broken(request, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Broken(request.param))
    monkeypatch.setattr(sys, "stderr", Broken(request.param))
    handler = BrokenHandler()
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)


IMAGES, EDITS = "/v1/images/generations", "/v1/images/edits"


@pytest.mark.parametrize(
    ("prompt", "status", "status_of_openai"),
    [("a fox", 200, 200), ("!throttled a fox", 429, 429), ("!internal a fox", 502, 424)],
)
def test_a_broken_log_output_never_breaks_an_answer(
    broken, bedrock, post, prompt, status, status_of_openai
):
    assert post(prompt).status_code == status
    body = json.dumps({"prompt": prompt})
    assert post(body, IMAGES, "application/json").status_code == status_of_openai


def test_a_broken_output_leaves_a_failing_table_as_it_is(broken, bedrock, post, monkeypatch):
    class Refuses:
        def update_item(self, **_):
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    budget = easel.budget.Budget(Refuses(), "budget", 2.00, easel.daily_budget.clock)
    monkeypatch.setattr(easel, "daily_budget", budget)
    assert post("a fox").json_body["Code"] == "ModelUnavailable"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", IMAGES),
        ("POST", EDITS),
        ("POST", "/prompt"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/x"),
        ("GET", "/results/x"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guess"}])
def test_a_wrong_code_is_a_line_and_a_metric_at_every_door(
    monkeypatch, capsys, method, path, headers
):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", SHA256)
    kind = {"Content-Type": "application/json" if path in (IMAGES, EDITS) else "text/plain"}
    if method == "GET":
        kind = {}
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.request(method, path, body=b"a fox", headers=headers | kind)
    assert response.status_code == 401
    (line,) = capsys.readouterr().out.splitlines()
    fields = json.loads(line)
    assert (fields["outcome"], fields["Unauthorized"]) == ("AccessCodeRequired", 1)
    names = [each["Name"] for each in fields["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert "Unauthorized" in names and len(names) <= 10  # ten metrics are free
    assert "guess" not in line


def test_every_door_that_needs_the_code_is_tried():
    open_doors = {("/models", "GET"), ("/budget", "GET")}
    doors = {(path, method) for path, methods in easel.app.routes.items() for method in methods}
    tried = {
        *(("/", "POST"), (IMAGES, "POST"), (EDITS, "POST"), ("/results/{key}", "GET")),
        *(("/v1/models", "GET"), ("/v1/models/{name}", "GET"), ("/prompt", "POST")),
    }
    assert doors - open_doors == tried


def test_a_right_code_at_the_models_is_no_line(monkeypatch, capsys):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", SHA256)
    with Client(easel.app, stage_name="aws") as client:
        client.http.get("/v1/models", headers={"Authorization": f"Bearer {CODE}"})
    assert capsys.readouterr().out == ""
