"""FAULTS 31 and 32 in the package: a process that dies, runs full, fails, or cannot start."""

import hashlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

TEXT = {"Content_Type": "text/plain"}
GATEWAYS = (502, {}, '{"message": "Internal server error"}')
HELD = "a ship that takes its time"


class HeldPainter:
    """Paints at once, but for one prompt: of that it tells, and waits until it is let go."""

    def __init__(self):
        self.begun, self.let_go = Event(), Event()
        self.prompts = []

    def paint(self, prompt, **settings):
        self.prompts.append(prompt)
        if prompt == HELD:
            self.begun.set()
            self.let_go.wait(30)
        return Image.new("RGB", (16, 16), "navy")


@pytest.fixture
def painter(local_bedrock, monkeypatch):
    painter = HeldPainter()
    monkeypatch.setattr(local_bedrock, "paint", painter.paint)
    yield painter
    painter.let_go.set()


def test_31_a_call_at_its_time_limit_is_the_gateways_502_and_the_next_one_works(start, painter):
    with start() as gateway:
        (instance,) = gateway.instances
        assert gateway.ask("GET", "/models").status == 200
        instance.seconds = 1
        assert gateway.ask(body=HELD, **TEXT) == GATEWAYS
        instance.seconds = 28
        assert gateway.ask(body="a fox", **TEXT).status == 200
        assert instance.starts == 2
    assert painter.prompts.count(HELD) == 1


def test_31_a_process_killed_at_work_is_the_gateways_502_and_the_next_call_works(start, painter):
    with start() as gateway, ThreadPoolExecutor(1) as pool:
        (instance,) = gateway.instances
        asked = pool.submit(gateway.ask, body=HELD, **TEXT)
        assert painter.begun.wait(20)
        os.kill(instance.process.pid, signal.SIGKILL)
        assert asked.result() == GATEWAYS
        assert gateway.ask(body="a fox", **TEXT).status == 200
        assert instance.starts == 2
    assert painter.prompts.count(HELD) == 1


def test_31_a_picture_too_large_for_memory_is_a_failure_and_the_next_one_is_made(start):
    with start() as gateway:
        (instance,) = gateway.instances
        assert gateway.ask(body="a fox", **TEXT).status == 200
        instance.memory = instance.holds("VmData") + 12_000_000  # a large picture takes 22
        instance.end()
        assert gateway.ask(body="a fox", **TEXT).status == 200
        answer = gateway.ask(body="!large a ship", **TEXT)
        assert answer.status >= 500 and "ImageTooLarge" not in answer.body  # never came so far
        assert "Traceback" not in answer.body and "MemoryError" not in answer.body
        assert gateway.ask(body="a fox", **TEXT).status == 200


FAILURES = [
    (400, {"body": ""}),
    (400, {"body": "a fox", "query": [("seed", "abc")]}),
    (401, {"body": "a fox", "Authorization": "Bearer wrong"}),
    (404, {"body": "a fox", "query": [("model", "nonsense")]}),
    (415, {"body": "a fox", "Content_Type": "application/json"}),
    (422, {"body": "!filtered a ship"}),
    (429, {"body": "!throttled a ship"}),
    (502, {"body": "!internal a ship"}),
    (502, {"body": "!cut a ship"}),
    (502, {"body": "!large a ship"}),
    (503, {"body": "!unavailable a ship"}),
    (504, {"body": "!timeout a ship"}),
]
CODE = {"Authorization": "Bearer fox"}
SHA256 = hashlib.sha256(b"fox").hexdigest()


@pytest.fixture(scope="module")
def kept(start):
    """One instance, and the process that it began with."""
    with start(ACCESS_CODE_SHA256=SHA256) as gateway:
        assert gateway.ask("GET", "/models").status == 200
        yield gateway, gateway.instances[0].process


@pytest.mark.parametrize(("status", "call"), FAILURES)
def test_after_a_failure_the_same_process_serves_the_next_request(kept, status, call):
    gateway, process = kept
    (instance,) = gateway.instances
    assert gateway.ask(**TEXT | CODE | call).status == status
    answer = gateway.ask(body="a hen", query=[("seed", "7")], **TEXT, **CODE)
    assert (answer.status, answer.headers["X-Image-Seed"]) == (200, "7")
    assert (instance.starts, instance.process.pid) == (1, process.pid)


MODELS = "MODELS must be names from stable-image-core,"
DOLLARS = "DAILY_BUDGET_USD must be dollars from 0 to 99999.99, got "
NONSENSE = [
    ({"MODELS": "nonsense"}, MODELS),
    ({"MODELS": ""}, MODELS),
    ({"BEDROCK_REGION": ""}, "BEDROCK_REGION must be a region such as us-west-2, got ''"),
    ({"DAILY_BUDGET_USD": "abc", "BUDGET_TABLE": "budget"}, f"{DOLLARS}'abc'"),
    ({"DAILY_BUDGET_USD": "-1", "BUDGET_TABLE": "budget"}, f"{DOLLARS}'-1'"),
    ({"DAILY_BUDGET_USD": "nan"}, f"{DOLLARS}'nan'"),
    ({"DAILY_BUDGET_USD": "5.00"}, "BUDGET_TABLE must be set where DAILY_BUDGET_USD is, got only"),
]


@pytest.mark.parametrize(("environment", "sentence"), NONSENSE)
def test_32_with_nonsense_no_process_starts_and_the_log_names_the_variable(
    start, local_bedrock, environment, sentence
):
    with start(**environment) as gateway:
        (instance,) = gateway.instances
        assert gateway.ask("GET", "/models") == GATEWAYS
        assert gateway.ask(body="a stork", **TEXT) == GATEWAYS
        assert instance.starts == 2
        assert instance.words().count(f"[ERROR] ValueError: {sentence}") == 2
    assert "a stork" not in [each["prompt"] for each in local_bedrock.paintings]


@pytest.mark.parametrize("sha256", ["short", SHA256[:-1], f"{SHA256}0", " "])
def test_32_with_an_access_code_that_is_no_hash_nobody_passes(start, local_bedrock, sha256):
    with start(ACCESS_CODE_SHA256=sha256) as gateway:
        for code in ({}, CODE, {"Authorization": f"Bearer {sha256}"}):
            answer = gateway.ask(body="a stork", **TEXT, **code)
            assert answer.status == 401 and "until its owner sets an access code" in answer.body
    assert "a stork" not in [each["prompt"] for each in local_bedrock.paintings]
