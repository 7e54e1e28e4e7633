"""FAULTS 30 in the package: many people, nothing mixed, nothing kept."""

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
    """Paints each seed in a colour of its own; a crowd's pictures, only so many at once."""

    def __init__(self):
        self.calls = Counter()
        self.at_once = Barrier(INSTANCES)

    def paint(self, prompt, seed, **settings):
        self.calls[prompt, seed] += 1
        if prompt.startswith("crowd"):
            self.at_once.wait(30)
        return Image.new("RGB", (16, 16), colour(seed))


def colour(seed):
    return tuple(seed.to_bytes(3, "big"))


@pytest.fixture
def painter(local_bedrock, monkeypatch):
    painter = Painter()
    monkeypatch.setattr(local_bedrock, "paint", painter.paint)
    return painter


def ask(gateway, prompt, seed):
    query = [("seed", str(seed)), ("output_format", "png")]
    return gateway.ask(body=prompt, query=query, **TEXT)


def is_of(answer, seed):
    """Whether the answer names the seed, and its picture is that seed's."""
    with Image.open(io.BytesIO(base64.b64decode(answer.body))) as image:
        painted = image.getpixel((0, 0))
    return (answer.headers["X-Image-Seed"], painted) == (str(seed), colour(seed))


def lines(gateway):
    """The request lines of all logs together."""
    words = "".join(instance.words() for instance in gateway.instances)
    return [json.loads(line) for line in words.splitlines() if line.startswith("{")]


def test_30_twenty_people_at_once_each_get_their_own_picture(start, painter):
    wishes = {f"crowd {number} before a gate": 70_007 * number for number in range(1, PEOPLE + 1)}
    with start(INSTANCES) as gateway, ThreadPoolExecutor(PEOPLE) as people:
        answers = people.map(lambda wish: ask(gateway, *wish), wishes.items())
        for answer, seed in zip(answers, wishes.values(), strict=True):
            assert answer.status == 200 and is_of(answer, seed)
        said = lines(gateway)
    crowd = {call: times for call, times in painter.calls.items() if call[0] in wishes}
    assert crowd == dict.fromkeys(wishes.items(), 1)
    assert len(said) == len({line["request_id"] for line in said}) == PEOPLE


def test_30_of_two_hundred_requests_every_fourth_fails_and_no_other(start, painter):
    def take(number):
        return ask(gateway, f"!internal 1 picture {number}" if fails(number) else "a hen", number)

    def fails(number):
        return number % 4 == 0

    with start(4) as gateway, ThreadPoolExecutor(PEOPLE) as people:
        for number, answer in enumerate(people.map(take, range(1, 201)), 1):
            if fails(number):
                assert (answer.status, json.loads(answer.body)["Code"]) == (502, "ModelFailed")
            else:
                assert answer.status == 200 and is_of(answer, number)
        outcomes = Counter(line["outcome"] for line in lines(gateway))
        assert [instance.starts for instance in gateway.instances] == [1] * 4
    assert outcomes == {"ModelFailed": 50, "success": 150}
    assert sum(times for (prompt, _), times in painter.calls.items() if prompt == "a hen") == 150
    assert not [prompt for prompt, _ in painter.calls if prompt.startswith("picture")]


@pytest.fixture
def picture():
    """1.5 MB, as Bedrock sends them: base64 text."""
    return base64.b64encode(b"\xff\xd8\xff\xe0" + os.urandom(1_500_000)).decode()


def test_memory_stays_flat_over_five_hundred_pictures(start, picture):
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Scripted)) as bedrock:
        bedrock.status, bedrock.asked = 200, 0
        answer = {"seeds": [7], "finish_reasons": [None], "images": [picture]}
        bedrock.content = json.dumps(answer).encode()
        address = f"http://127.0.0.1:{bedrock.server_port}"
        with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
            early = most_after(50, gateway, picture)
            late = most_after(450, gateway, picture)
    assert bedrock.asked == 500
    assert late - early < 8_000_000


def most_after(number, gateway, picture):
    """The most bytes of memory that the process ever held, after so many more pictures.

    What it holds at one moment jumps by a picture or two, as malloc gives back or keeps.
    """
    for _ in range(number):
        assert gateway.ask(body="a fox", **TEXT).body == picture
    return gateway.instances[0].holds("VmHWM")
