"""Many requests to the package at once and in a row: responses are not mixed, memory stays flat."""

import base64
import io
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from threading import Barrier

import pytest
from PIL import Image

from conftest import serving
from package.test_faults import Scripted

pytestmark = pytest.mark.slow

TEXT = {"Content_Type": "text/plain"}
PEOPLE, INSTANCES = 20, 5


class Painter:
    """Paints each seed in its own color; waits until all instances paint for a `crowd` prompt."""

    def __init__(self):
        self.calls = Counter()
        self.all_painting = Barrier(INSTANCES)

    def paint(self, prompt, seed, **settings):
        self.calls[prompt, seed] += 1
        if prompt.startswith("crowd"):
            self.all_painting.wait(30)
        return Image.new("RGB", (16, 16), color(seed))


def color(seed):
    return tuple(seed.to_bytes(3, "big"))


@pytest.fixture
def painter(local_bedrock, monkeypatch):
    painter = Painter()
    monkeypatch.setattr(local_bedrock, "paint", painter.paint)
    return painter


def generate(gateway, prompt, seed):
    query = [("seed", str(seed)), ("output_format", "png")]
    return gateway.ask(body=prompt, query=query, **TEXT)


def has_seed(response, seed):
    """Whether both the header and the image are those of the seed."""
    with Image.open(io.BytesIO(base64.b64decode(response.body))) as image:
        pixel = image.getpixel((0, 0))
    return (response.headers["X-Image-Seed"], pixel) == (str(seed), color(seed))


def log_entries(gateway):
    """The request log of all instances."""
    text = "".join(instance.log_text() for instance in gateway.instances)
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_concurrent_requests_get_their_own_images(start, painter):
    seeds = {f"crowd {number} before a gate": 70_007 * number for number in range(1, PEOPLE + 1)}
    with start(INSTANCES) as gateway, ThreadPoolExecutor(PEOPLE) as people:
        responses = people.map(lambda item: generate(gateway, *item), seeds.items())
        for response, seed in zip(responses, seeds.values(), strict=True):
            assert response.status == 200 and has_seed(response, seed)
        entries = log_entries(gateway)
    crowd = {call: times for call, times in painter.calls.items() if call[0] in seeds}
    assert crowd == dict.fromkeys(seeds.items(), 1)
    assert len(entries) == len({entry["request_id"] for entry in entries}) == PEOPLE


def test_failures_do_not_affect_other_requests(start, painter):
    def send(number):
        return generate(
            gateway, f"!internal 1 picture {number}" if fails(number) else "a hen", number
        )

    def fails(number):
        return number % 4 == 0

    with start(4) as gateway, ThreadPoolExecutor(PEOPLE) as people:
        for number, response in enumerate(people.map(send, range(1, 201)), 1):
            if fails(number):
                assert (response.status, json.loads(response.body)["Code"]) == (502, "ModelFailed")
            else:
                assert response.status == 200 and has_seed(response, number)
        outcomes = Counter(entry["outcome"] for entry in log_entries(gateway))
        assert [instance.starts for instance in gateway.instances] == [1] * 4
    assert outcomes == {"ModelFailed": 50, "success": 150}
    assert sum(times for (prompt, _), times in painter.calls.items() if prompt == "a hen") == 150
    assert not [prompt for prompt, _ in painter.calls if prompt.startswith("picture")]


@pytest.fixture
def jpeg():
    """Base64 text of 500 kB, as Bedrock returns it."""
    return base64.b64encode(b"\xff\xd8\xff\xe0" + os.urandom(500_000)).decode()


def test_memory_stays_flat_over_500_images(start, jpeg):
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Scripted)) as bedrock:
        bedrock.status, bedrock.calls = 200, 0
        response = {"seeds": [7], "finish_reasons": [None], "images": [jpeg]}
        bedrock.content = json.dumps(response).encode()
        address = f"http://127.0.0.1:{bedrock.server_port}"
        with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
            early = peak_memory(50, gateway, jpeg)
            late = peak_memory(450, gateway, jpeg)
    assert bedrock.calls == 500
    assert late - early < 4_000_000


def peak_memory(number, gateway, jpeg):
    """Peak memory of the process in bytes, after `number` more images.

    Current memory is no measure: it varies by an image or two with malloc's reuse of freed blocks.
    """
    for _ in range(number):
        assert gateway.ask(body="a fox", **TEXT).body == jpeg
    return gateway.instances[0].memory_bytes("VmHWM")
