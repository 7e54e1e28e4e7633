"""One log line per request in CloudWatch's embedded metric format, without the prompt."""

import hashlib
import json
import logging

import pytest
from chalice.test import Client

import app as easel
from chalicelib.budget import Reservation
from chalicelib.record import Record

CODE = "correct horse"


@pytest.fixture
def lines(capsys):
    """The lines printed since the last call."""
    return lambda: capsys.readouterr().out.splitlines()


def test_logs_an_image_as_one_line_of_metrics():
    record = Record(100.0, "stable-image-core", 6, [Reservation("2026-11-22", 40_000)])
    line = record.to_json("easel-function", "request-1", 103.25, 200, "")
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": 103_250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Easel",
                    "Dimensions": [["function"]],
                    "Metrics": [
                        {"Name": "Images", "Unit": "Count"},
                        {"Name": "Dollars", "Unit": "None"},
                        {"Name": "Errors", "Unit": "Count"},
                        {"Name": "BudgetSpent", "Unit": "Count"},
                        {"Name": "Unauthorized", "Unit": "Count"},
                        {"Name": "Milliseconds", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "function": "easel-function",
        "request_id": "request-1",
        "outcome": "success",
        "status": 200,
        "model": "stable-image-core",
        "prompt_length": 6,
        "image_bytes": 0,
        "is_stored": False,
        "Images": 1,
        "Dollars": 0.04,
        "Errors": 0,
        "BudgetSpent": 0,
        "Unauthorized": 0,
        "Milliseconds": 3250,
    }
    assert "\n" not in line


def test_every_metric_and_dimension_is_a_field():
    fields = json.loads(Record(0.0).to_json("f", "r", 1.0, 400, "InvalidParameter"))
    (metrics,) = fields["_aws"]["CloudWatchMetrics"]
    for metric in metrics["Metrics"]:
        assert isinstance(fields[metric["Name"]], int | float)
    assert all(isinstance(fields[name], str) for name in metrics["Dimensions"][0])


@pytest.mark.parametrize(
    ("status", "code", "errors", "budget_spent"),
    [
        (400, "InvalidParameter", 0, 0),
        (429, "BudgetSpent", 0, 1),
        (500, "InternalServerError", 1, 0),
        (502, "ModelFailed", 1, 0),
    ],
)
def test_counts_what_the_alarms_watch(status, code, errors, budget_spent):
    fields = json.loads(Record(0.0).to_json("f", "r", 1.0, status, code))
    assert (fields["Errors"], fields["BudgetSpent"]) == (errors, budget_spent)


@pytest.mark.parametrize(
    ("prompt", "path", "expected"),
    [
        ("a fox", "/", ("success", 1, 0.04, 0, 5, "stable-image-core")),
        ("a fox", "/?model=stable-image-ultra", ("success", 1, 0.14, 0, 5, "stable-image-ultra")),
        ("!throttled", "/", ("ModelBusy", 0, 0, 0, 10, "stable-image-core")),
        ("!unavailable", "/", ("ModelUnavailable", 0, 0, 1, 12, "stable-image-core")),
        ("!internal", "/", ("ModelFailed", 0, 0.04, 1, 9, "stable-image-core")),
        ("!filtered", "/", ("ContentFiltered", 0, 0, 0, 9, "stable-image-core")),
        ("!filtered-picture", "/", ("ContentFiltered", 0, 0.04, 0, 17, "stable-image-core")),
        ("!large", "/", ("ImageTooLarge", 0, 0.04, 1, 6, "stable-image-core")),
        ("a fox", "/?seed=-1", ("InvalidParameter", 0, 0, 0, 5, "stable-image-core")),
        ("a fox", "/?model=a%0Asecret", ("UnknownModel", 0, 0, 0, 5, "")),
        ("", "/", ("InvalidParameter", 0, 0, 0, 0, "stable-image-core")),
    ],
)
def test_logs_the_outcome_and_the_cost(bedrock, post, lines, prompt, path, expected):
    post(prompt, path)
    (line,) = lines()
    fields = json.loads(line)
    names = ("outcome", "Images", "Dollars", "Errors", "prompt_length", "model")
    assert tuple(fields[name] for name in names) == expected
    assert fields["request_id"]


def test_logs_every_post_and_no_get(post, lines):
    post("a fox", content_type="application/json")
    (line,) = lines()
    fields = json.loads(line)
    assert (fields["outcome"], fields["prompt_length"]) == ("UnsupportedMediaType", 0)
    with Client(easel.app, stage_name="aws") as client:
        client.http.get("/models")
    assert lines() == []


def test_never_logs_prompts_images_or_access_codes(bedrock, post, monkeypatch, caplog, capsys):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", hashlib.sha256(CODE.encode()).hexdigest())
    secret = 'zebra\r\n{"outcome": "forged"}'
    images = []
    for fault in ("", "!throttled ", "!denied ", "!broken ", "!filtered ", "!invalid ", "!large "):
        for authorization in (f"Bearer {CODE}", "Bearer guess", f"Basic {CODE}"):
            response = post(fault + secret, "/?negative_prompt=zebra", Authorization=authorization)
            if response.status_code == 200:
                images.append(response.body.decode())
    post(secret, "/?model=zebra&seed=zebra", Authorization=f"Bearer {CODE}")
    logged = caplog.text + "".join(capsys.readouterr())
    assert len(logged.splitlines()) >= 22
    assert images and not any(image[:40] in logged for image in images)
    for word in ("zebra", "forged", CODE, "guess", easel.ACCESS_CODE_SHA256):
        assert word not in logged
