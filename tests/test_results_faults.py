"""What a key gets when Bedrock, S3 or the function itself fails."""

import contextlib
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

import app as easel
from buckets import BUCKET, KEY, Clock, ask, spent
from chalicelib import errors, results

pytestmark = pytest.mark.slow


def test_a_failure_that_costs_nothing_frees_the_key(each_bucket, bedrock, post, budget):
    words = f"!throttled 2 {uuid.uuid4()}"  # the local Bedrock counts the calls with these words
    for status in (429, 429, 200, 200):
        response = post(words, **KEY)
        assert response.status_code == status
        assert response.headers.get("X-Image-Charged") == ("no" if status == 429 else None)
        assert ask("/results/a-key").status_code == (200 if status == 200 else 404)
    assert spent() == len(bedrock.paintings) == 1
    assert post("a fox", "/?seed=-1", **{"Idempotency-Key": "other"}).status_code == 400
    assert post("a fox", "/?seed=1", **{"Idempotency-Key": "other"}).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("!internal", 502, "ModelFailed"),
        ("!filtered-picture", 422, "ContentFiltered"),
        ("!timeout", 504, "ModelTimeout"),
    ],
)
def test_a_failure_that_may_be_charged_stays(
    each_bucket, bedrock, post, budget, capsys, fault, status, code
):
    words = f"{fault} 1 {uuid.uuid4()}"
    first, second = (post(words, **KEY) for _ in range(2))
    result = ask("/results/a-key")
    for response in (first, second, result):
        assert (response.status_code, response.json_body) == (status, first.json_body)
        assert response.json_body["Code"] == code
        assert response.headers["X-Image-Charged"] == "maybe"
    assert spent() == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["is_stored"] for line in lines] == [False, True]
    assert [line["Dollars"] for line in lines] == [0.04, 0]
    assert [line["Errors"] for line in lines] == [int(status >= 500), 0]


@pytest.fixture
def claimed(bucket):
    """A key whose first request was killed after it had claimed it, 60 s before its timeout."""

    class Killed(BaseException):
        pass

    def kill():
        raise Killed

    key = results.parse_key("a-key", "")
    fingerprint = key.fingerprint(b'["/", {}, "text/plain"]', b"a fox")
    with pytest.raises(Killed):
        easel.kept.answer_once(key, fingerprint, 60, kill)
    return bucket


def test_a_request_in_progress_is_409_and_its_result_202(claimed, bedrock, post):
    response = post("a fox", **KEY)
    assert (response.status_code, response.json_body["Code"]) == (409, "RequestInProgress")
    assert response.headers["Retry-After"] == "2"
    assert response.headers["X-Image-Charged"] == "maybe"
    result = ask("/results/a-key")
    assert (result.status_code, result.headers["Retry-After"], result.body) == (202, "2", b"")
    assert result.headers["Access-Control-Allow-Origin"] == "*"
    other = post("a ship", **KEY)
    assert (other.status_code, other.json_body["Code"]) == (422, "KeyReused")
    assert bedrock.paintings == []


def test_an_interrupted_request_may_have_been_charged(claimed, bedrock, post):
    claimed.clock.now += 59
    assert ask("/results/a-key").status_code == 202
    claimed.clock.now += 1
    for response in (post("a fox", **KEY), ask("/results/a-key")):
        assert (response.status_code, response.json_body["Code"]) == (502, "ModelFailed")
        assert "it may have been charged" in response.json_body["Message"]
        assert response.headers["X-Image-Charged"] == "maybe"
    assert bedrock.paintings == []


def test_without_s3_nothing_is_claimed_or_spent(each_bucket, bedrock, post, budget):
    each_bucket.down = ("put_object", "get_object")
    response = post("a fox", **KEY)
    assert (response.status_code, response.json_body["Code"]) == (503, "ModelUnavailable")
    assert response.headers["Retry-After"] == "5"
    assert ask("/results/a-key").status_code == 503
    assert (bedrock.paintings, spent()) == ([], 0)
    each_bucket.down = ()
    assert post("a fox", **KEY).status_code == 200


def test_without_s3_after_the_call_the_answer_is_sent(bucket, bedrock, post, monkeypatch):
    def break_s3(*_, **__):
        bucket.down = ("put_object", "delete_object")

    bedrock.client.meta.events.register("before-call.bedrock-runtime", break_s3, unique_id="x")
    assert post("a fox", **KEY).status_code == 200
    bucket.down = ()
    assert post("!throttled a fox", **{"Idempotency-Key": "b"}).status_code == 429
    bucket.down = ()
    monkeypatch.setattr(easel, "kept", replace(easel.kept, max_bytes=99))
    assert post("a fox").json_body["Code"] == "ImageTooLarge"
    bucket.down = ()
    assert post("!internal a fox", **{"Idempotency-Key": "c"}).status_code == 502
    bedrock.client.meta.events.unregister("before-call.bedrock-runtime", unique_id="x")
    for key in ("a-key", "b", "c"):
        assert ask(f"/results/{key}").status_code == 202
    bucket.clock.now += 1_000
    for key in ("a-key", "b", "c"):
        assert ask(f"/results/{key}").json_body["Code"] == "ModelFailed"


def test_a_claim_whose_answer_is_lost_is_still_a_claim(each_bucket, bedrock, post, budget):
    each_bucket.lost = ("put_object",)
    first = post("a fox", **KEY)
    each_bucket.lost = ()
    assert first.status_code == 200 and post("a fox", **KEY).body == first.body
    assert spent() == len(bedrock.paintings) == 1


def test_a_deletion_that_comes_late_spares_the_next_claim(bucket):
    first = easel.kept.claim("name", "fingerprint", 60)
    easel.kept.release("name", first)
    second = easel.kept.claim("name", "fingerprint", 60)
    easel.kept.release("name", first)
    with pytest.raises(errors.RequestInProgress):
        easel.kept.claim("name", "fingerprint", 60)
    assert first != second


def test_a_key_released_between_two_calls_is_in_progress(bucket):
    class Released:
        def put_object(self, **_):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

        get_object = staticmethod(bucket.get_object)

    kept = results.Results(Released, BUCKET, 9, Clock())
    with pytest.raises(errors.RequestInProgress):
        kept.claim("name", "fingerprint", 60)


def test_s3_may_hide_that_an_object_is_missing(bucket, bedrock, post):
    """S3 answers 403 instead of 404 to callers that may not list the bucket."""

    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    bucket.client.get_object = refuse
    assert ask("/results/guessed").status_code == 404


def test_fifty_requests_with_one_key_run_once(each_bucket):
    key, calls = results.parse_key("a-key", ""), []
    made = results.Answer(200, {"Content-Type": "text/plain", "X-Image-Seed": "7"}, "image")

    def generate():
        calls.append(1)
        return made

    def send(_):
        with contextlib.suppress(errors.RequestInProgress):
            return easel.kept.answer_once(key, "fingerprint", 60, generate).body

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(send, range(50)))
    assert calls == [1] and answers <= {"image", None}
    assert easel.kept.find(key) == results.Answer(200, made.headers, "image", is_stored=True)
