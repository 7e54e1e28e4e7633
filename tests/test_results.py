"""One key, one answer, one price: the header Idempotency-Key, /results and /files."""

import base64
import contextlib
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from chalice.test import Client

import app as easel
from chalicelib import errors, results
from chalicelib.budget import Budget
from conftest import budget_table, serving
from local.s3 import S3

BUCKET = "easel-results"
IMAGES = "/v1/images/generations"
KEY = {"Idempotency-Key": "a-key"}
SITE = {"X-Forwarded-Host": "easel.example", "X-Forwarded-Proto": "https"}
FOX = json.dumps({"prompt": "a fox", "n": 2, "seed": 1})


class Bucket:
    """An S3 client that counts its calls and can fail: `down`, the calls that S3 refuses; `lost`,
    those that it serves and whose answers never arrive."""

    def __init__(self, client):
        self.client, self.calls, self.down, self.lost = client, [], (), ()

    def __getattr__(self, name):
        def call(**parameters):
            self.calls.append(name)
            if name in self.down:
                raise ClientError({"Error": {"Code": "ServiceUnavailable"}}, name)
            answer = getattr(self.client, name)(**parameters)
            if name in self.lost:
                raise ReadTimeoutError(endpoint_url="S3")
            return answer

        return call


@contextlib.contextmanager
def moto_bucket(moto):
    client = boto3.client("s3", "us-west-2", endpoint_url=moto)
    place = {"LocationConstraint": "us-west-2"}
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    yield client
    for each in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=each["Key"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()


@contextlib.contextmanager
def local_bucket():
    with serving(S3(0, BUCKET)) as server:
        once = Config(retries={"total_max_attempts": 1}, max_pool_connections=50)
        client = boto3.client("s3", "us-west-2", endpoint_url=server.url, config=once)
        client.objects = server.objects
        yield client
        client.close()


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def bucket(monkeypatch):
    """Results are on, in the local S3."""
    with local_bucket() as client:
        yield use(monkeypatch, client)


@pytest.fixture(params=["local", "moto"])
def each_bucket(request, monkeypatch):
    """Results are on, in the local S3 and then in moto's."""
    moto = request.param == "moto" and request.getfixturevalue("moto")
    with moto_bucket(moto) if moto else local_bucket() as client:
        yield use(monkeypatch, client)


def use(monkeypatch, client):
    bucket = Bucket(client)
    bucket.clock = Clock()
    kept = results.Results(lambda: bucket, BUCKET, easel.MAX_RESPONSE_BYTES, bucket.clock)
    monkeypatch.setattr(easel, "kept", kept)
    return bucket


@pytest.fixture
def budget(moto, monkeypatch):
    """A budget of 20 images of the default model; `spent()` is how many are spent today."""
    with budget_table(moto, "results") as client:
        clock = Clock()
        clock.now = datetime(2026, 11, 27, 23, 59, tzinfo=UTC)
        budget = Budget(client, "results", 0.80, clock)
        monkeypatch.setattr(easel, "daily_budget", budget)
        yield clock


def spent():
    return round(easel.daily_budget.describe()["spent_usd"] / 0.04)


def ask(path, **headers):
    with Client(easel.app, stage_name="aws") as client:
        return client.http.get(path, headers=headers)


@pytest.mark.parametrize("path", ["/?seed=7", IMAGES])
def test_a_second_request_gets_the_first_ones_answer(each_bucket, bedrock, post, budget, path):
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


def test_a_failure_that_costs_nothing_frees_the_key(each_bucket, bedrock, post, budget):
    for status in (429, 429, 200, 200):
        response = post("!throttled 2 a fox", **KEY)
        assert response.status_code == status
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
    first, second = (post(f"{fault} 1 a fox", **KEY) for _ in range(2))
    result = ask("/results/a-key")
    for response in (first, second, result):
        assert (response.status_code, response.json_body) == (status, first.json_body)
        assert response.json_body["Code"] == code
    assert spent() == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["is_stored"] for line in lines] == [False, True]
    assert [line["Dollars"] for line in lines] == [0.04, 0]
    assert [line["Errors"] for line in lines] == [int(status >= 500), 0]


def test_one_charged_image_of_several_makes_their_failure_stay(
    bucket, bedrock, post, budget, monkeypatch
):
    class SecondIsBusy:
        def invoke_model(self, *, body, **call):
            body = json.loads(body)
            body["prompt"] = "!throttled " * (body["seed"] == 2) + body["prompt"]
            return bedrock.client.invoke_model(body=json.dumps(body), **call)

    monkeypatch.setattr(easel, "bedrock_client", SecondIsBusy())
    first, second = (post(FOX, IMAGES, "application/json", **KEY) for _ in range(2))
    assert first.status_code == second.status_code == 429
    assert first.json_body == second.json_body
    assert first.headers["x-should-retry"] == second.headers["x-should-retry"] == "false"
    assert (first.headers["Retry-After"], second.headers.get("Retry-After")) == ("5", None)
    assert spent() == len(bedrock.paintings) == 1


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
    result = ask("/results/a-key")
    assert (result.status_code, result.headers["Retry-After"], result.body) == (202, "2", b"")
    assert result.headers["Access-Control-Allow-Origin"] == "*"
    other = post("a ship", **KEY)
    assert (other.status_code, other.json_body["Code"]) == (422, "KeyReused")
    assert bedrock.paintings == []


def test_a_dead_request_may_have_been_charged(claimed, bedrock, post):
    claimed.clock.now += 59
    assert ask("/results/a-key").status_code == 202
    claimed.clock.now += 1
    for response in (post("a fox", **KEY), ask("/results/a-key")):
        assert (response.status_code, response.json_body["Code"]) == (502, "ModelFailed")
        assert "it may have been charged" in response.json_body["Message"]
    assert bedrock.paintings == []


def test_openais_clients_ask_again_while_a_request_is_in_progress(bucket, bedrock, post):
    key = results.parse_key("a-key", "")
    easel.kept.claim(key.name, key.fingerprint(b"", b""), 60)
    other = post(FOX, IMAGES, "application/json", **KEY)
    assert (other.status_code, other.headers["x-should-retry"]) == (422, "false")
    head = b'["/v1/images/generations", {}, "application/json"]'
    key = results.parse_key("b-key", "")
    easel.kept.claim(key.name, key.fingerprint(head, FOX.encode()), 60)
    same = post(FOX, IMAGES, "application/json", **{"Idempotency-Key": "b-key"})
    assert (same.status_code, same.headers["x-should-retry"]) == (409, "true")
    assert (same.headers["Retry-After"], bedrock.paintings) == ("2", [])


def test_an_unknown_key_is_404_and_tells_nothing(each_bucket, bedrock, post, monkeypatch):
    post("a fox", **KEY)
    unknown = [ask("/results/guessed"), ask("/results/a-key", Authorization="Bearer other")]
    monkeypatch.setattr(easel, "kept", results.Results(None, "", 1, None))
    unknown.append(ask("/results/a-key"))
    for response in unknown:
        assert (response.status_code, response.json_body["Code"]) == (404, "UnknownResult")
        assert (response.body, response.headers) == (unknown[0].body, unknown[0].headers)


def test_s3_may_hide_that_an_object_is_missing(bucket, bedrock, post):
    """S3 answers 403 instead of 404 to callers that may not list the bucket."""

    def refuse(**_):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    bucket.client.get_object = refuse
    assert ask("/results/guessed").status_code == 404


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
    assert post("!large a fox").json_body["Code"] == "ImageTooLarge"
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


def test_asks_s3_twice_at_most_before_bedrock_and_once_after(bucket, bedrock, post):
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


@pytest.mark.parametrize("headers", [KEY, {}])
@pytest.mark.parametrize("path", ["/?output_format=png", IMAGES])
def test_a_large_answer_is_a_redirect_to_its_object(
    each_bucket, bedrock, post, budget, capsys, path, headers
):
    body, type = "!large a fox", "text/plain"
    if path == IMAGES:
        order = {"prompt": body, "n": 2, "output_format": "png"}
        body, type = json.dumps(order), "application/json"
    response = post(body, path, type, **headers)
    assert (response.status_code, response.body) == (303, b"")
    assert "Location" in response.headers["Access-Control-Expose-Headers"]
    location = response.headers["Location"]
    stored = each_bucket.get_object(Bucket=BUCKET, Key=location[1:])
    content = stored["Body"].read()
    images = [content]
    if path == IMAGES:
        images = [each["b64_json"] for each in json.loads(content)["data"]]
    for image in images:
        assert base64.b64decode(image)[:4] == b"\x89PNG"
    assert len(content) > easel.MAX_RESPONSE_BYTES
    assert stored["ContentType"] == response.headers["Content-Type"]
    assert (stored["ContentType"], stored["CacheControl"]) == (
        "text/plain" if path != IMAGES else "application/json",
        "no-store",
    )
    assert stored["Metadata"]["x-image-seed"] == response.headers["X-Image-Seed"]
    assert spent() == len(images)
    assert json.loads(capsys.readouterr().out)["Images"] == len(images)
    if headers:
        for again in (post(body, path, type, **headers), ask("/results/a-key")):
            assert (again.status_code, again.headers["Location"]) == (303, location)
            assert again.headers["X-Image-Seed"] == response.headers["X-Image-Seed"]
    assert spent() == len(images)


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


def order(**fields):
    return json.dumps({"prompt": "a fox", "n": 2, "response_format": "url"} | fields)


def test_openais_urls_lead_to_the_images(bucket, bedrock, post):
    response = post(order(), IMAGES, "application/json", **SITE)
    assert response.status_code == 200
    for each in response.json_body["data"]:
        site, _, path = each["url"].rpartition("/files/")
        stored = bucket.get_object(Bucket=BUCKET, Key=f"files/{path}")
        assert site == "https://easel.example" and "b64_json" not in each
        assert stored["ContentType"] == "image/jpeg" and stored["Body"].read()[:2] == b"\xff\xd8"
    assert len({each["url"] for each in response.json_body["data"]}) == 2


@pytest.mark.parametrize(
    ("headers", "site"),
    [
        ({"X-Forwarded-Host": "127.0.0.1:8080", "X-Forwarded-Proto": "http"}, "http://127.0.0.1:8080"),
        ({"X-Forwarded-Host": "easel.example", "X-Forwarded-Proto": "ftp"}, "https://easel.example"),
        ({"X-Forwarded-Host": "a/b"}, ""),
        ({"X-Forwarded-Host": "a, b"}, ""),
        ({"Host": "api.example"}, ""),
    ],
)  # fmt: skip
def test_urls_need_to_know_the_website(bucket, bedrock, post, headers, site):
    response = post(order(), IMAGES, "application/json", **headers)
    if site:
        assert response.json_body["data"][0]["url"].startswith(f"{site}/files/")
    else:
        assert response.json_body["error"]["message"] == (
            "response_format must be b64_json, got 'url': only the website's own address can give "
            "URLs"
        )
        assert bedrock.paintings == []


def test_an_image_that_s3_does_not_take_is_sent_itself(bucket, bedrock, post):
    bucket.down = ("put_object",)
    response = post(order(), IMAGES, "application/json", **SITE)
    assert response.status_code == 200
    assert all(base64.b64decode(each["b64_json"]) for each in response.json_body["data"])


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

        get_object = bucket.get_object

    kept = results.Results(Released, BUCKET, 9, Clock())
    with pytest.raises(errors.RequestInProgress):
        kept.claim("name", "fingerprint", 60)


def test_one_of_fifty_requests_at_once_is_worked_on(each_bucket):
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


@pytest.mark.parametrize(
    ("text", "bucket", "limit"),
    [
        ("26", "", None),
        ("3", "", None),
        ("27", "", "26 without RESULTS_BUCKET"),
        ("100", "", "26 without RESULTS_BUCKET"),
        ("100", "b", None),
        ("870", "b", None),
        ("871", "b", "870"),
        ("2", "b", "870"),
        ("", "b", "870"),
        ("-5", "b", "870"),
        ("1e2", "b", "870"),
    ],
)
def test_reads_the_timeout(text, bucket, limit):
    if limit is None:
        assert results.parse_timeout(text, bucket) == float(text)
        return
    with pytest.raises(ValueError) as error:
        results.parse_timeout(text, bucket)
    assert str(error.value) == f"MODEL_TIMEOUT_SECONDS must be from 3 to {limit}, got {text!r}"


def test_all_waits_fit_into_30_seconds_beside_the_models():
    s3, dynamodb = easel.S3_CONFIG, easel.DYNAMODB_CONFIG
    attempts = s3.retries["total_max_attempts"]
    s3_seconds = attempts * (s3.connect_timeout + s3.read_timeout) + (attempts - 1)
    dynamodb_seconds = dynamodb.connect_timeout + dynamodb.read_timeout
    assert 3 * s3_seconds + 2 * dynamodb_seconds <= 30
    assert easel.bedrock_client.meta.config.read_timeout == easel.MODEL_TIMEOUT_SECONDS - 2
