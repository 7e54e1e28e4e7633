"""What holds for any requests with any keys, whatever fails and dies; `make fuzz` searches on."""

import uuid
from collections import Counter
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from buckets import BUCKET, local_bucket, moto_bucket
from chalicelib import errors, results

pytestmark = pytest.mark.slow

LIFE = 100  # seconds that a process lives at most


class Killed(BaseException):
    """Lambda stops a process."""


@dataclass(frozen=True)
class Request:
    """What one caller sends, what happens to it, and the requests that arrive meanwhile."""

    key: str
    words: str
    outcome: str
    before: str  # what S3 does before Bedrock is called
    after: str  # and after it
    seconds: int  # how long Bedrock takes
    pause: int  # seconds until the request
    meanwhile: tuple["Request", ...]


@dataclass
class Model:
    """What must be known of a key: "" for a free one, "claimed", or "answered"."""

    state: str = ""
    words: str = ""
    deadline: float = 0.0
    answer: results.Answer | None = None
    charged: int = 0


@dataclass
class World:
    """The API's processes with one bucket, and beside them the model of each key."""

    client: object
    prefix: str = field(default_factory=lambda: uuid.uuid4().hex)
    now: float = 1_800_000_000.0
    s3: str = ""
    models: dict = field(default_factory=dict)
    calls: Counter = field(default_factory=Counter)

    def __post_init__(self):
        self.kept = results.Results(lambda: self, BUCKET, 40, lambda: self.now)

    def put_object(self, **parameters):
        return self.ask("put", self.client.put_object, parameters)

    def get_object(self, **parameters):
        return self.ask("get", self.client.get_object, parameters)

    def delete_object(self, **parameters):
        return self.ask("delete", self.client.delete_object, parameters)

    def ask(self, name, call, parameters):
        """S3, which may refuse a call, or serve it and lose its answer."""
        if self.s3 == "down" or (self.s3, name) in (("refused", "put"), ("deaf", "get")):
            raise ClientError({"Error": {"Code": "SlowDown"}}, name)
        answer = call(**parameters)
        if self.s3 in ("lost", "deaf") and name != "get":
            raise ReadTimeoutError(endpoint_url="S3")
        return answer

    def send(self, request):
        """One request, checked against the model of its key."""
        self.now += request.pause
        model = self.models.setdefault(request.key, Model())
        key = results.parse_key(f"{self.prefix}-{request.key}", "")
        fingerprint, was = key.fingerprint(request.words.encode()), Model(**vars(model))
        if not was.state and request.before in ("", "lost", "deaf"):
            self.claim(model, request)
        called, self.s3 = self.calls[request.key], request.before
        try:
            got = self.kept.answer_once(
                key, fingerprint, LIFE, lambda: self.generate(request, model)
            )
        except (errors.Failure, Killed) as error:
            got = error
        self.s3 = ""
        if self.calls[request.key] == called:
            self.check_unpaid(request, was, got)
        elif request.outcome == "image" and not isinstance(got, Killed):
            is_too_large = isinstance(got, errors.ImageTooLarge) and request.after
            assert isinstance(got, results.Answer) or is_too_large
        self.check_result(key, model)

    def claim(self, model, request):
        model.state, model.words, model.deadline = "claimed", request.words, self.now + LIFE

    def generate(self, request, model):
        """Bedrock, which makes an image, or fails, or the process dies."""
        assert not model.charged and model.words == request.words and model.state == "claimed"
        self.calls[request.key] += 1
        deadline = model.deadline
        model.charged += request.outcome != "busy"
        for each in request.meanwhile:
            called = self.calls[request.key]
            self.send(each)
            assert self.calls[request.key] == called  # never two at once for one key
        self.now += request.seconds
        if request.outcome == "killed" or self.now >= deadline:
            model.charged += request.outcome == "busy"  # nobody knows what became of it
            raise Killed
        self.s3 = {"deaf": "lost"}.get(request.after, request.after)
        is_written = self.s3 in ("", "lost") or (self.s3 == "refused" and request.outcome == "busy")
        answer = results.Answer(
            200, {"Content-Type": "text/plain", "X-Image-Seed": "7"}, f"{request.words}" * 9
        )
        if request.outcome != "image":
            failure = {"busy": errors.ModelBusy, "failed": errors.ModelFailed}[request.outcome]("x")
            answer = results.failure_answer(failure)
        if is_written and request.outcome == "busy":
            model.state = ""
        elif is_written:
            model.state, model.answer = "answered", answer
        if request.outcome != "image":
            raise failure
        return answer

    def check_unpaid(self, request, was, got):
        """What a request gets that did not call Bedrock."""
        if request.before in ("down", "deaf") or (request.before == "refused" and not was.state):
            assert isinstance(got, errors.ModelUnavailable)
        elif was.words != request.words:
            assert isinstance(got, errors.KeyReused)
        else:
            self.check_answer(was, got)

    def check_result(self, key, model):
        """What /results gives."""
        try:
            got = self.kept.find(key)
        except errors.Failure as error:
            got = error
        if not model.state:
            assert isinstance(got, errors.UnknownResult)
        else:
            self.check_answer(model, got)

    def check_answer(self, model, got):
        if model.state == "claimed" and self.now < model.deadline:
            assert isinstance(got, errors.RequestInProgress)
        elif model.state == "claimed":
            assert isinstance(got, errors.ModelFailed)
        elif len(model.answer.body) > 40:
            assert got.status == 303 and got.is_stored and got.headers["X-Image-Seed"] == "7"
        else:
            assert (got.status, got.body) == (model.answer.status, model.answer.body)
            assert got.is_stored and got.headers.items() >= model.answer.headers.items()


def requests(meanwhile):
    faults = st.sampled_from(["", "", "", "refused", "lost", "down", "deaf"])
    return st.builds(
        Request,
        key=st.sampled_from("ab"),
        words=st.sampled_from(["fox", "fox", "ship in the snow"]),
        outcome=st.sampled_from(["image", "image", "busy", "failed", "killed"]),
        before=faults,
        after=faults,
        seconds=st.sampled_from([0, 5, 60, 200]),
        pause=st.sampled_from([0, 0, 1, 120]),
        meanwhile=meanwhile,
    )


def nest(inner):
    return requests(st.lists(inner, max_size=3).map(tuple))


several = st.lists(st.recursive(requests(st.just(())), nest, max_leaves=5), max_size=4)


@pytest.fixture(scope="module")
def local_client():
    with local_bucket() as client:
        yield client


@pytest.fixture(scope="module")
def moto_client(moto):
    with moto_bucket(moto) as client:
        yield client


@given(sent=several)
def test_any_requests_pay_once_for_each_key_in_the_local_s3(local_client, sent):
    run(local_client, sent)


@settings(max_examples=settings.default.max_examples * 3 // 10)  # moto takes five times as long
@given(sent=several)
def test_any_requests_pay_once_for_each_key_in_motos_s3(moto_client, sent):
    run(moto_client, sent)


def run(client, sent):
    world = World(client)
    for request in sent:
        world.send(request)
        assert all(model.charged <= 1 for model in world.models.values())
