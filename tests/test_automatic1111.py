"""The painter behind AUTOMATIC1111's API, against a server that speaks it."""

import base64
import io
import json
import socket
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from PIL import Image

from conftest import Running, serving
from local.automatic1111 import Automatic1111, PainterFailed


def picture(mode="RGB"):
    content = io.BytesIO()
    Image.new(mode, (64, 32), "navy").save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


class Stub(BaseHTTPRequestHandler):
    """Answers with `server.answer`, and keeps what it was asked."""

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Content-Type"], json.loads(content)))
        status, answer = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_request(self, *arguments):
        pass


@pytest.fixture
def server():
    with serving(HTTPServer(("127.0.0.1", 0), Stub)) as server:
        server.asked = []
        server.answer = (200, json.dumps({"images": [picture()], "info": "{}"}).encode())
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
    assert server.asked == [("/sdapi/v1/txt2img", "application/json", settings | SIZE)]


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_returns_the_first_image_as_rgb(prefix, mode, server, painter):
    server.answer = (200, json.dumps({"images": [prefix + picture(mode), "another"]}).encode())
    painted = painter.paint("a ship", **SIZE)
    assert (painted.mode, painted.size) == ("RGB", (64, 32))


def test_uses_no_proxy_for_a_loopback_address(painter, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    assert Automatic1111(painter.url.removesuffix("/sdapi/v1/txt2img")).paint("a ship", **SIZE)


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
        json.dumps({"images": [picture()[:80]]}).encode(),
    ],
)
def test_a_response_without_an_image_fails(answer, server, painter):
    server.answer = (200, answer)
    with pytest.raises(PainterFailed) as caught:
        painter.paint("a ship", **SIZE)
    assert str(caught.value).startswith(f"{painter.url} answered without a picture: ")


def test_an_error_status_fails_with_url_and_cause(server, painter):
    server.answer = (500, b"CUDA out of memory")
    with pytest.raises(PainterFailed) as caught:
        painter.paint("a ship", **SIZE)
    assert str(caught.value) == f"{painter.url} answered 500 Internal Server Error"


def test_a_missing_server_fails_with_url_and_cause():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # held, never listening: the connection is refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(PainterFailed, match=f"{url}/sdapi/v1/txt2img did not answer: .*efused"):
            Automatic1111(url).paint("a ship", **SIZE)


@pytest.mark.slow
def test_make_run_uses_the_painter_setting(server, tmp_path):
    address = f"http://127.0.0.1:{server.server_port}"
    with Running(tmp_path / "log", PORT="0", PAINTER=address) as running:
        running.wait_until_ready()
        assert f"Pictures come from {address}" in running.words()
        path = f"{running.url}api/?seed=7&negative_prompt=birds&output_format=png"
        request = urllib.request.Request(path, b"a ship", {"Content-Type": "text/plain"})
        with urllib.request.urlopen(request) as response:
            image = Image.open(io.BytesIO(base64.b64decode(response.read())))
    assert (image.format, image.getpixel((0, 0))) == ("PNG", (0, 0, 128))
    ((path, _, settings),) = server.asked
    assert path == "/sdapi/v1/txt2img"
    assert (settings["prompt"], settings["negative_prompt"]) == ("a ship", "birds")
    assert (settings["seed"], settings["width"], settings["height"]) == (7, 1024, 1024)
