"""All of `make run` in its own processes: startup, ports, requests and shutdown."""

import base64
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops, ImageStat

from conftest import ROOT, Running
from local.__main__ import choose_bedrock, open_website
from local.website import Website

pytestmark = pytest.mark.slow

QUICK = "qwzx"  # the painter does not know this word, and paints it quickly


def ask(running, path="/api/", body=QUICK, method="POST", **headers):
    connection = http.client.HTTPConnection(urlsplit(running.url).netloc)
    plain = {"Content-Type": "text/plain"} if method == "POST" else {}
    headers = plain | {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body.encode(), headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def image(content):
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_returns_the_same_jpeg_for_the_same_seed(site):
    status, headers, content = ask(site, "/api/?seed=7")
    assert (status, headers["X-Image-Type"], headers["X-Image-Seed"]) == (200, "image/jpeg", "7")
    assert (image(content).format, image(content).size) == ("JPEG", (1024, 1024))
    assert ask(site, "/api/?seed=7")[2] == content
    assert ask(site, "/api/?seed=8")[2] != content


def test_the_readmes_curl_command_works(site, tmp_path):
    line = next(line for line in site.words().splitlines() if line.strip().startswith("curl"))
    assert line.strip() in (ROOT / "README.md").read_text().replace(
        "http://127.0.0.1:8080/", site.url
    )
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True, capture_output=True)
    with Image.open(tmp_path / "fox.jpg") as picture:
        assert picture.format == "JPEG"


def test_returns_a_wide_png(site):
    _, headers, content = ask(site, "/api/?output_format=png&aspect_ratio=16:9")
    assert (image(content).format, headers["X-Image-Type"]) == ("PNG", "image/png")
    assert image(content).size == (1344, 768)


def test_steps_change_the_image_on_sdxl(site):
    few, many = (
        image(ask(site, f"/api/?model=stable-diffusion-xl&seed=7&steps={steps}", "a fox")[2])
        for steps in (10, 50)
    )
    difference = ImageChops.difference(few.convert("L"), many.convert("L"))
    assert ImageStat.Stat(difference).mean[0] > 3  # of 255


def needs_image(model):
    return any(each["kind"] == "image" and each["required"] for each in model["parameters"])


def test_every_model_accepts_the_tutorials_query(site):
    models = json.loads(ask(site, "/api/models", method="GET", body="")[2])["models"]
    painters = [each for each in models if not needs_image(each)]
    assert (len(models), len(painters)) == (17, 4)
    for model in painters:
        status, _, content = ask(site, f"/api/?cfg_scale=10&seed=0&steps=50&model={model['name']}")
        assert (status, image(content).width) == (200, 1024)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/", "", 400),
        ("/api/", "\0", 400),
        ("/api/", "x" * 10_001, 400),
        ("/api/", "x" * 3_000_000, 400),
        ("/api/", "x" * 10_500_000, 413),
        ("/api/?seed=-1", "a fox", 400),
        ("/api/?seed=%ff%zz", "a fox", 400),
        ("/api/?seed=1&seed=1", "a fox", 400),
        ("/api/?nonsense=1", "a fox", 400),
        ("/api/?model=nonsense", "a fox", 404),
        ("/api/?model=amazon.nova-canvas-v1:0", "a fox", 410),
        ("/api/nothing", "a fox", 403),
    ],
)
def test_rejects_invalid_input_before_bedrock(site, path, body, status):
    before = site.calls()
    assert ask(site, path, body)[0] == status
    assert site.calls() == before


@pytest.mark.parametrize("type", ["application/json", "application/x-www-form-urlencoded"])
def test_rejects_other_content_types_before_bedrock(site, type):
    before = site.calls()
    status, headers, _ = ask(site, Content_Type=type)
    assert (status, headers["Access-Control-Allow-Origin"]) == (415, "*")
    assert site.calls() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_rejects_other_methods_with_405(site, method):
    status, headers, _ = ask(site, method=method)
    assert (status, headers["Allow"]) == (405, "POST")


def test_a_preflight_allows_cross_origin_posts(site):
    status, headers, _ = ask(
        site, method="OPTIONS", Origin="https://example.com", Access_Control_Request_Method="POST"
    )
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"
    assert "X-Image-Seed" in headers["Access-Control-Expose-Headers"]


def test_uses_the_next_port_if_one_is_taken(monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with open_website(lambda port: Website(port, 0)) as website:
            assert website.server_port > port
    assert f"Port {port} is taken; trying the next one." in capsys.readouterr().out


@pytest.mark.parametrize("port", ["abc", "-1", "65536"])
def test_rejects_an_invalid_port(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SystemExit, match=f"^PORT must be a number from 0 to 65535, got '{port}'$"):
        open_website(lambda port: Website(port, 0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"BEDROCK": "AWS"}, "BEDROCK must be aws or empty, got 'AWS'"),
        (
            {"PAINTER": "gpu"},
            "PAINTER must be a URL that starts with http:// or https://, got 'gpu'",
        ),
        (
            {"BEDROCK": "aws", "PAINTER": "http://127.0.0.1:7860"},
            "BEDROCK and PAINTER must not both be set: each one says where pictures come from",
        ),
    ],
)
def test_rejects_an_invalid_setting(monkeypatch, settings, message):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as caught:
        choose_bedrock()
    assert caught.value.code == message


def test_exits_with_only_a_message_if_a_setting_is_invalid(tmp_path):
    with Running(tmp_path / "log", PORT="abc") as running:
        assert running.process.wait(30) == 1
    assert running.words() == "PORT must be a number from 0 to 65535, got 'abc'\n"


def test_ignores_the_developers_aws_settings(tmp_path):
    settings = {
        "AWS_BEARER_TOKEN_BEDROCK": "secret",
        "AWS_PROFILE": "nonsense",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "example.com",
    }
    with Running(tmp_path / "log", PORT="0", **settings) as running:
        running.wait_until_ready()
        assert ask(running)[0] == 200


def test_bedrock_aws_uses_the_callers_credentials(tmp_path):
    own = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "mine"}
    with Running(tmp_path / "log", PORT="0", BEDROCK="aws", **own) as running:
        running.wait_until_ready()
        assert "with your AWS credentials. Each one costs money:" in running.words()
        models = json.loads(ask(running, "/api/models", method="GET", body="")[2])["models"]
        assert "stable-diffusion-xl" not in [model["name"] for model in models]
        status, _, content = ask(running)
        assert (status, json.loads(content)["Code"]) == (503, "ModelUnavailable")
        assert len(re.findall(r"InvokeModel \S+: ", running.words())) == 1  # the API's log line


def test_ctrl_c_stops_every_process(tmp_path):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs inherit "ignore"
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        api = child(running.process.pid)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 0
        running.wait_for(lambda: not alive(api))
    assert running.words().endswith("\nEasel has stopped.\n")


def test_stops_if_the_api_is_killed(tmp_path):
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        os.kill(child(running.process.pid), signal.SIGKILL)
        assert running.process.wait(10) == 1
    assert "`chalice local` exited with status -9, so Easel stops" in running.words()


def test_the_api_stops_if_its_parent_is_killed(tmp_path):
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        api = child(running.process.pid)
        running.process.kill()
        running.wait_for(lambda: not alive(api))
    assert "`python -m local` has exited, so `chalice local` stops too." in running.words()


def test_stops_if_make_is_killed(tmp_path):
    make = ("sh", "-c", f"'{sys.executable}' -m local; true")  # a shell that waits, as make does
    with Running(tmp_path / "log", make, PORT="0", MAKELEVEL="1") as running:
        running.wait_until_ready()
        easel = child(running.process.pid)
        api = child(easel)
        running.process.kill()
        running.wait_for(lambda: not alive(easel) and not alive(api))
    assert "`make` has exited, so Easel stops too." in running.words()


def test_stops_if_the_api_cannot_start(tmp_path):
    with Running(tmp_path / "log", PORT="0", BEDROCK="aws", MODELS="nonsense") as running:
        assert running.process.wait(30) == 1
    assert "MODELS must be names from stable-image-core" in running.words()
    assert "Easel is ready" not in running.words()


def child(pid):
    """The only child process of a process."""
    (found,) = subprocess.check_output(["pgrep", "-P", str(pid)], text=True).split()
    return int(found)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
