"""One key, one answer, one price: the header Idempotency-Key and GET /results."""

import hashlib
import json
from datetime import timedelta

import pytest

import app as easel
from buckets import IMAGES, KEY, ask, spent
from chalicelib import results
from conftest import CHALICE

FOX = json.dumps({"prompt": "a fox", "n": 2, "seed": 1})


@pytest.mark.parametrize("path", ["/?seed=7", IMAGES])
def test_a_repeated_request_gets_the_same_answer(each_bucket, bedrock, post, budget, path):
    body, type = (FOX, "application/json") if path == IMAGES else ("a fox", "text/plain")
    first, second = (post(body, path, type, **KEY) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.body == second.body and first.headers == second.headers
    result = ask("/results/a-key")
    assert (result.status_code, result.body) == (200, first.body)
    assert result.headers["X-Image-Seed"] == first.headers["X-Image-Seed"]
    assert result.headers["Content-Type"] == first.headers["Content-Type"]
    assert len(bedrock.paintings) == spent() == (2 if path == IMAGES else 1)


@pytest.mark.parametrize("key", ["a", "x" * 255, " ~!/?%", '"quoted"', "550e8400-e29b"])
def test_allows_a_key_of_printable_ascii(bucket, bedrock, post, key):
    assert post("a fox", **{"Idempotency-Key": key}).status_code == 200
    assert post("a fox", **{"Idempotency-Key": key}).status_code == 200
    assert len(bedrock.paintings) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\x01b", "a\x7f", "é", "a\tb"])
def test_rejects_any_other_key(bucket, bedrock, post, key):
    response = post("a fox", **{"Idempotency-Key": key})
    assert (response.status_code, response.json_body["Code"]) == (400, "InvalidParameter")
    assert "must be 1 to 255 printable ASCII characters" in response.json_body["Message"]
    assert bedrock.paintings == [] and bucket.calls == []


def test_the_quotes_of_the_ietfs_draft_are_not_part_of_the_key(bucket, bedrock, post):
    first = post("a fox", **{"Idempotency-Key": '"a-key"'})
    assert post("a fox", **KEY).body == ask("/results/a-key").body == first.body


@pytest.mark.parametrize(
    ("body", "path", "type"),
    [
        ("a ship", "/", "text/plain"),
        ("a fox", "/?seed=7", "text/plain"),
        ("a fox", "/?model=stable-image-ultra", "text/plain"),
        ("a fox", "/", "text/plain; charset=utf-8"),
        (FOX, IMAGES, "application/json"),
        (b"\xff", "/", "text/plain"),
        ("a\ud800", "/", "text/plain"),
    ],
)
def test_rejects_a_key_that_another_request_has_used(each_bucket, bedrock, post, body, path, type):
    first = post("a fox", **KEY)
    response = post(body, path, type, **KEY)
    code = response.json_body.get("Code") or response.json_body["error"]["code"]
    assert (response.status_code, code) == (422, "KeyReused")
    assert post("a fox", **KEY).body == first.body
    assert len(bedrock.paintings) == 1


def test_each_access_code_has_its_own_keys(bucket, bedrock, post, monkeypatch):
    answers = []
    for code in ("fox", "hen"):
        monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", hashlib.sha256(code.encode()).hexdigest())
        headers = KEY | {"Authorization": f"Bearer {code}"}
        answers.append(post("a fox", **headers).headers["X-Image-Seed"])
        assert ask("/results/a-key", **headers).headers["X-Image-Seed"] == answers[-1]
    assert len(bedrock.paintings) == 2 and answers[0] != answers[1]


def test_checks_access_before_it_reads_or_claims(bucket, bedrock, post, monkeypatch):
    monkeypatch.setattr(easel, "ACCESS_CODE_SHA256", hashlib.sha256(b"fox").hexdigest())
    assert post("a fox", **KEY).status_code == 401
    assert post(FOX, IMAGES, "application/json", **KEY).status_code == 401
    assert ask("/results/a-key", Authorization="Bearer wrong").status_code == 401
    assert bucket.calls == [] and bedrock.paintings == []


def test_an_unknown_key_is_404_and_tells_nothing(each_bucket, bedrock, post, monkeypatch):
    post("a fox", **KEY)
    unknown = [ask("/results/guessed"), ask("/results/a-key", Authorization="Bearer other")]
    monkeypatch.setattr(easel, "kept", results.Results(None, "", 1, None))
    unknown.append(ask("/results/a-key"))
    for response in unknown:
        assert (response.status_code, response.json_body["Code"]) == (404, "UnknownResult")
        assert (response.body, response.headers) == (unknown[0].body, unknown[0].headers)


def test_calls_s3_at_most_twice_before_bedrock_and_once_after(bucket, bedrock, post):
    before = []

    def note(*_, **__):
        before.extend(bucket.calls)

    bedrock.client.meta.events.register("before-call.bedrock-runtime", note, unique_id="x")
    post("a fox", **KEY)
    bedrock.client.meta.events.unregister("before-call.bedrock-runtime", unique_id="x")
    assert (before, bucket.calls) == (["put_object"], ["put_object"] * 2)
    post("a fox", **KEY)
    assert bucket.calls[2:] == ["put_object", "get_object"]


def test_without_a_key_or_a_bucket_s3_is_never_asked(bucket, bedrock, post, monkeypatch):
    assert post("a fox").status_code == 200
    assert post(FOX, IMAGES, "application/json").status_code == 200
    assert bucket.calls == []
    monkeypatch.setattr(easel, "kept", results.Results(None, "", easel.MAX_RESPONSE_BYTES, None))
    assert post("a fox", **KEY).headers["X-Image-Ignored"] == "Idempotency-Key"
    ignored = post("a fox", "/?steps=30", **{"Idempotency-Key": "é"}).headers["X-Image-Ignored"]
    assert ignored == "steps, Idempotency-Key"
    assert post("a fox", "/?seed=-1", **KEY).status_code == 400
    assert post("!large a fox", **KEY).json_body["Code"] == "ImageTooLarge"
    assert easel.connect_s3.cache_info().currsize == 0


def test_midnight_between_two_requests_changes_nothing(bucket, bedrock, post, budget):
    first = post("a fox", **KEY)
    budget.now += timedelta(minutes=2)
    assert post("a fox", **KEY).body == first.body
    assert spent() == 0 and len(bedrock.paintings) == 1


def test_no_object_shows_the_words_or_the_key(bucket, bedrock, post):
    words, key = "a fox in the snow", "a-secret-key"
    post(words, "/?negative_prompt=a-hen", **{"Idempotency-Key": key})
    post(f"!internal {words}", **{"Idempotency-Key": f"{key}-2"})
    assert len(bucket.client.objects.stored) == 2
    for name, each in bucket.client.objects.stored.items():
        shown = f"{name} {each.headers}".encode() + each.content
        for secret in (words, "a-hen", key, hashlib.sha256(words.encode()).hexdigest()):
            assert secret.encode() not in shown


@pytest.mark.parametrize(
    ("text", "bucket", "allowed"),
    [
        ("24", "", ""),
        ("3", "", ""),
        ("25", "", "3 to 24 without"),
        ("2", "", "3 to 24 without"),
        ("", "", "3 to 24 without"),
        ("30", "bucket", ""),
        ("870", "bucket", ""),
        ("871", "bucket", "30 to 870 with"),
        ("29", "bucket", "30 to 870 with"),
        ("-50", "bucket", "30 to 870 with"),
        ("1e2", "bucket", "30 to 870 with"),
    ],
)
def test_reads_the_timeout(text, bucket, allowed):
    if not allowed:
        assert results.parse_timeout(text, bucket) == float(text)
        return
    with pytest.raises(ValueError) as error:
        results.parse_timeout(text, bucket)
    words = f"MODEL_TIMEOUT_SECONDS must be from {allowed} RESULTS_BUCKET, got {text!r}"
    assert str(error.value) == words


def test_all_waits_after_the_models_fit_into_30_seconds():
    """A refund, the answer's storage, and that under another name if it is too large to send."""
    s3, dynamodb = easel.S3_CONFIG, easel.DYNAMODB_CONFIG
    attempts = s3.retries["total_max_attempts"]
    s3_seconds = attempts * (s3.connect_timeout + s3.read_timeout) + (attempts - 1)
    dynamodb_seconds = dynamodb.connect_timeout + dynamodb.read_timeout
    assert dynamodb_seconds + 2 * s3_seconds <= 30
    claim_and_reservation = 2 * s3_seconds + 2 * dynamodb_seconds
    assert claim_and_reservation < results.TIMEOUT_RANGE_SECONDS["with"][0]
    assert easel.bedrock_client.meta.config.read_timeout == easel.MODEL_TIMEOUT_SECONDS - 2
    for stage in ("aws", "local"):
        assert CHALICE["stages"][stage]["lambda_timeout"] >= 100 + 30
