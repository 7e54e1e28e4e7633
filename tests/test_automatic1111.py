"""The painter behind AUTOMATIC1111's API, with a stub server of that API."""

import base64
import io
import json
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from PIL import Image

from conftest import Running, serving
from local.__main__ import configure, results_environment
from local.automatic1111 import TIMEOUT_SECONDS, Automatic1111, PainterFailed
from local.images import Edit


def png(mode="RGB", image=None):
    content = io.BytesIO()
    (image or Image.new(mode, (64, 32), "navy")).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


class Stub(BaseHTTPRequestHandler):
    """Return `server.answer`, or an image by `server.paint`; record the request."""

    def do_POST(self):
        settings = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Content-Type"], settings))
        self.server.authorization = self.headers["Authorization"]
        status, answer = self.server.answer
        if self.server.paint:
            answer = json.dumps({"images": [png(image=self.server.paint(settings))]}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_request(self, *arguments):
        pass


class StubServer(ThreadingHTTPServer):
    request_queue_size = 128


@pytest.fixture
def server():
    with serving(StubServer(("127.0.0.1", 0), Stub)) as server:
        server.requests, server.paint = [], None
        server.answer = (200, json.dumps({"images": [png()], "info": "{}"}).encode())
        yield server


@pytest.fixture
def painter(server):
    return Automatic1111(f"http://127.0.0.1:{server.server_port}/")


SIZE = {"seed": 7, "width": 64, "height": 32}


def test_sends_only_the_settings_that_the_api_has(server, painter):
    painter.paint(
        "a ship", **SIZE, negative_prompt="fog", steps=12, cfg_scale=9.5, style_preset="anime"
    )
    settings = {"prompt": "a ship", "negative_prompt": "fog", "steps": 12, "cfg_scale": 9.5}
    assert server.requests == [("/sdapi/v1/txt2img", "application/json", settings | SIZE)]


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_returns_the_first_image_as_rgb(prefix, mode, server, painter):
    server.answer = (200, json.dumps({"images": [prefix + png(mode), "another"]}).encode())
    image = painter.paint("a ship", **SIZE)
    assert (image.mode, image.size) == ("RGB", (64, 32))


def test_uses_no_proxy_for_a_loopback_address(painter, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Automatic1111(painter.url.removesuffix("/sdapi/v1")).paint("a ship", **SIZE)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"images": []}',
        b'{"images": null}',
        b'{"images": [null]}',
        b'{"images": ["?"]}',
        b'{"images": ["aGk="]}',
        json.dumps({"images": [png()[:80]]}).encode(),
    ],
)
def test_a_response_without_an_image_fails(answer, server, painter):
    server.answer = (200, answer)
    with pytest.raises(PainterFailed) as caught:
        painter.paint("a ship", **SIZE)
    assert str(caught.value).startswith(f"{painter.url}/txt2img returned no image: ")


def test_an_error_status_fails_with_url_and_cause(server, painter):
    server.answer = (500, b"CUDA out of memory")
    with pytest.raises(PainterFailed) as caught:
        painter.paint("a ship", **SIZE)
    assert str(caught.value) == f"{painter.url}/txt2img returned 500 Internal Server Error"


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "OutOfMemoryError", "errors": "CUDA out of memory"},  # AUTOMATIC1111
        {"detail": "CUDA out of memory"},
        {"error": "CUDA out of memory"},
    ],
)
def test_an_error_has_the_painters_own_words(answer, server, painter):
    server.answer = (500, json.dumps(answer).encode())
    with pytest.raises(PainterFailed, match=r"returned 500 CUDA out of memory$"):
        painter.paint("a ship", **SIZE)


def test_a_painter_may_need_a_name_and_password(server):
    words = "me:a%40b"
    url = f"http://{words}@127.0.0.1:{server.server_port}/"
    painter = Automatic1111(url)
    painter.paint("a ship", **SIZE)
    assert base64.b64decode(server.authorization.removeprefix("Basic ")) == b"me:a@b"
    assert words not in painter.url and "@" not in painter.url


def test_everything_before_a_slow_painter_waits_for_it(monkeypatch):
    """50 steps on a laptop's graphics card take longer than API Gateway and Lambda allow on AWS."""
    monkeypatch.setenv("PAINTER", "http://127.0.0.1:7860")
    website = SimpleNamespace()
    configure(website)
    of_the_function = int(results_environment("")["MODEL_TIMEOUT_SECONDS"])
    assert 60 < TIMEOUT_SECONDS <= of_the_function < website.gateway_timeout_seconds


def test_a_missing_server_fails_with_url_and_cause():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: the connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(
            PainterFailed, match=f"{url}/sdapi/v1/txt2img did not respond: .*efused"
        ):
            Automatic1111(url).paint("a ship", **SIZE)


MASK = Image.new("L", (64, 32))
MASK.paste(255, (0, 0, 16, 32))


def edit(tool, image=None, **settings):
    return Edit(tool, image or Image.new("RGB", (64, 32), "red"), MASK, settings=settings)


def sent_image(text):
    return Image.open(io.BytesIO(base64.b64decode(text)))


def test_image_to_image_sends_image_and_strength(server, painter):
    painter.paint("a ship", **SIZE, edit=edit("image-to-image", strength=0.3))
    ((path, _, settings),) = server.requests
    assert (path, settings["denoising_strength"]) == ("/sdapi/v1/img2img", 0.3)
    assert (settings["prompt"], settings["seed"], settings["width"]) == ("a ship", 7, 64)
    assert sent_image(settings["init_images"][0]).getpixel((9, 9)) == (255, 0, 0)
    assert "mask" not in settings


@pytest.mark.parametrize("tool", ["inpaint", "erase-object"])
def test_inpaint_sends_the_mask_and_changes_nothing_outside(tool, server, painter):
    image = painter.paint("", **SIZE, edit=edit(tool))
    ((path, _, settings),) = server.requests
    assert path == "/sdapi/v1/img2img"
    assert [sent_image(settings["mask"]).getpixel((x, 9)) for x in (5, 50)] == [255, 0]
    assert [image.getpixel((x, 9)) for x in (5, 50)] == [(0, 0, 128), (255, 0, 0)]


def test_inpaint_sends_a_large_image_at_a_megapixel_and_returns_its_size(server, painter):
    large = Image.new("RGB", (3001, 2003))
    request = Edit("inpaint", large, Image.new("L", large.size))
    assert painter.paint("", seed=7, width=3001, height=2003, edit=request).size == large.size
    ((_, _, settings),) = server.requests
    width, height = settings["width"], settings["height"]
    assert width * height <= 1_048_576 and width % 8 == height % 8 == 0
    assert sent_image(settings["init_images"][0]).size == (width, height)
    assert sent_image(settings["mask"]).size == (width, height)


def test_an_upscale_asks_for_the_size(server, painter):
    server.answer = (200, json.dumps({"image": png(), "html_info": ""}).encode())
    image = painter.paint("", seed=7, width=256, height=128, edit=edit("fast-upscale"))
    ((path, _, settings),) = server.requests
    assert (path, settings["resize_mode"]) == ("/sdapi/v1/extra-single-image", 1)
    assert (settings["upscaling_resize_w"], settings["upscaling_resize_h"]) == (256, 128)
    assert settings["upscaler_1"] == "R-ESRGAN 4x+"
    assert sent_image(settings["image"]).size == (64, 32)
    assert image.mode == "RGB"


@pytest.mark.parametrize("tool", ["search-replace", "remove-background", "style-transfer"])
def test_says_what_the_api_has_not(tool, server, painter):
    with pytest.raises(PainterFailed, match=f"^AUTOMATIC1111's API has no {tool}$"):
        painter.paint("a ship", **SIZE, edit=edit(tool))
    assert server.requests == []


@pytest.fixture
def running(server, tmp_path):
    """`make run` with the stub as its painter."""
    address = f"http://127.0.0.1:{server.server_port}"
    with Running(tmp_path / "log", PORT="0", PAINTER=address) as running:
        running.wait_until_ready()
        assert f"Pictures come from {address}" in running.words()
        yield running


def generate(running, prompt, query):
    """The seed in the response's header, and the image."""
    url = f"{running.url}api/?{query}"
    request = urllib.request.Request(url, prompt.encode(), {"Content-Type": "text/plain"})
    with urllib.request.urlopen(request) as response:
        image = Image.open(io.BytesIO(base64.b64decode(response.read())))
        return response.headers["X-Image-Seed"], image


@pytest.mark.slow
def test_make_run_uses_the_painter_setting(server, running):
    _, image = generate(running, "a ship", "seed=7&negative_prompt=birds&output_format=png")
    assert (image.format, image.getpixel((0, 0))) == ("PNG", (0, 0, 128))
    ((path, _, settings),) = server.requests
    assert path == "/sdapi/v1/txt2img"
    assert (settings["prompt"], settings["negative_prompt"]) == ("a ship", "birds")
    assert (settings["seed"], settings["width"], settings["height"]) == (7, 1024, 1024)


@pytest.mark.slow
def test_twenty_people_at_once_get_their_own_pictures(server, running):
    server.paint = lambda settings: Image.new("RGB", (8, 8), (settings["seed"], 0, 0))

    def ask(seed):
        query = f"model=stable-diffusion-xl&seed={seed}"
        header, image = generate(running, f"picture {seed}", query)
        return int(header), image.getpixel((0, 0))[0]

    with ThreadPoolExecutor(20) as people:
        assert list(people.map(ask, range(1, 21))) == [(seed, seed) for seed in range(1, 21)]
    assert sorted(request["prompt"] for _, _, request in server.requests) == sorted(
        f"picture {seed}" for seed in range(1, 21)
    )
