"""Package processes that crash, run out of memory, fail, or cannot start."""

import hashlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

TEXT = {"Content_Type": "text/plain"}
GATEWAY_502 = (502, {}, '{"message": "Internal server error"}')
SLOW = "a slow ship"


class BlockingPainter:
    """Paints at once, except for SLOW: then sets `started` and waits for `released`."""

    def __init__(self):
        self.started, self.released = Event(), Event()
        self.prompts = []

    def paint(self, prompt, **settings):
        self.prompts.append(prompt)
        if prompt == SLOW:
            self.started.set()
            self.released.wait(30)
        return Image.new("RGB", (16, 16), "navy")


@pytest.fixture
def painter(local_bedrock, monkeypatch):
    painter = BlockingPainter()
    monkeypatch.setattr(local_bedrock, "paint", painter.paint)
    yield painter
    painter.released.set()


def test_recovers_after_a_lambda_timeout(start, painter):
    with start() as gateway:
        (instance,) = gateway.instances
        assert gateway.ask("GET", "/models").status == 200
        instance.seconds = 1
        assert gateway.ask(body=SLOW, **TEXT) == GATEWAY_502
        instance.seconds = 28
        assert gateway.ask(body="a fox", **TEXT).status == 200
        assert instance.starts == 2
    assert painter.prompts.count(SLOW) == 1


def test_recovers_after_the_process_is_killed(start, painter):
    with start() as gateway, ThreadPoolExecutor(1) as pool:
        (instance,) = gateway.instances
        response = pool.submit(gateway.ask, body=SLOW, **TEXT)
        assert painter.started.wait(20)
        os.kill(instance.process.pid, signal.SIGKILL)
        assert response.result() == GATEWAY_502
        assert gateway.ask(body="a fox", **TEXT).status == 200
        assert instance.starts == 2
    assert painter.prompts.count(SLOW) == 1


def test_recovers_after_running_out_of_memory(start):
    with start() as gateway:
        (instance,) = gateway.instances
        assert gateway.ask(body="a fox", **TEXT).status == 200
        instance.memory = instance.memory_bytes("VmData") + 12_000_000  # a large image takes 22
        instance.end()
        assert gateway.ask(body="a fox", **TEXT).status == 200
        response = gateway.ask(body="!large a ship", **TEXT)
        # Memory runs out before the API checks the size of the image.
        assert response.status >= 500 and "ImageTooLarge" not in response.body
        assert "Traceback" not in response.body and "MemoryError" not in response.body
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
def long_running(start):
    """A gateway with one instance, and its first process."""
    with start(ACCESS_CODE_SHA256=SHA256) as gateway:
        assert gateway.ask("GET", "/models").status == 200
        yield gateway, gateway.instances[0].process


@pytest.mark.parametrize(("status", "call"), FAILURES)
def test_the_same_process_serves_the_next_request(long_running, status, call):
    gateway, process = long_running
    (instance,) = gateway.instances
    assert gateway.ask(**TEXT | CODE | call).status == status
    response = gateway.ask(body="a hen", query=[("seed", "7")], **TEXT, **CODE)
    assert (response.status, response.headers["X-Image-Seed"]) == (200, "7")
    assert (instance.starts, instance.process.pid) == (1, process.pid)


MODELS = "MODELS must be names from stable-image-core,"
DOLLARS = "DAILY_BUDGET_USD must be dollars from 0 to 99999.99, got "
INVALID_SETTINGS = [
    ({"MODELS": "nonsense"}, MODELS),
    ({"BEDROCK_REGION": ""}, "BEDROCK_REGION must be a region such as us-west-2, got ''"),
    ({"DAILY_BUDGET_USD": "abc", "BUDGET_TABLE": "budget"}, f"{DOLLARS}'abc'"),
    ({"DAILY_BUDGET_USD": "5.00"}, "BUDGET_TABLE must be set where DAILY_BUDGET_USD is, got only"),
]


@pytest.mark.parametrize(("environment", "message"), INVALID_SETTINGS)
def test_does_not_start_with_invalid_settings(start, local_bedrock, environment, message):
    with start(**environment) as gateway:
        (instance,) = gateway.instances
        assert gateway.ask(body="a stork", **TEXT) == GATEWAY_502
        assert instance.log_text().count(f"[ERROR] ValueError: {message}") == 1
    assert "a stork" not in [each["prompt"] for each in local_bedrock.paintings]


def test_rejects_everyone_if_the_code_is_not_a_hash(start, local_bedrock):
    sha256 = SHA256[:-1]
    with start(ACCESS_CODE_SHA256=sha256) as gateway:
        for code in ({}, CODE, {"Authorization": f"Bearer {sha256}"}):
            response = gateway.ask(body="a stork", **TEXT, **code)
            assert response.status == 401 and "until its owner sets an access code" in response.body
    assert "a stork" not in [each["prompt"] for each in local_bedrock.paintings]
