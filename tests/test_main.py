"""All of `make run` in processes of its own: ready, busy ports, and how it ends."""

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from PIL import Image, ImageChops, ImageStat

from conftest import ROOT, Running

pytestmark = pytest.mark.slow


def ask(running, path="/api/", body="a fox in the snow", method="POST", **headers):
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


def test_words_become_a_jpeg_and_with_a_seed_the_same_one(site):
    status, headers, content = ask(site, "/api/?seed=7")
    assert (status, headers["X-Image-Type"], headers["X-Image-Seed"]) == (200, "image/jpeg", "7")
    assert (image(content).format, image(content).size) == ("JPEG", (1024, 1024))
    assert ask(site, "/api/?seed=7")[2] == content
    assert ask(site, "/api/?seed=8")[2] != content


def test_the_readmes_curl_line_makes_a_picture(site, tmp_path):
    line = next(line for line in site.words().splitlines() if line.strip().startswith("curl"))
    assert line.strip() in (ROOT / "README.md").read_text().replace(
        "http://127.0.0.1:8080/", site.url
    )
    subprocess.run(["sh", "-c", line], cwd=tmp_path, check=True, capture_output=True)
    with Image.open(tmp_path / "fox.jpg") as picture:
        assert picture.format == "JPEG"


def test_a_png_is_a_png_and_a_wide_picture_is_wide(site):
    _, headers, content = ask(site, "/api/?output_format=png&aspect_ratio=16:9")
    assert (image(content).format, headers["X-Image-Type"]) == ("PNG", "image/png")
    assert image(content).size == (1344, 768)


def test_steps_make_a_visible_difference_on_sdxl(site):
    few, many = (
        image(ask(site, f"/api/?model=stable-diffusion-xl&seed=7&steps={steps}")[2]).convert("L")
        for steps in (10, 50)
    )
    assert ImageStat.Stat(ImageChops.difference(few, many)).mean[0] > 3  # of 255


def test_the_tutorials_call_works_on_every_model(site):
    models = json.loads(ask(site, "/api/models", method="GET", body="")[2])["models"]
    assert len(models) == 4
    for model in models:
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
def test_bad_input_never_reaches_bedrock(site, path, body, status):
    before = site.calls()
    assert ask(site, path, body)[0] == status
    assert site.calls() == before


@pytest.mark.parametrize("type", ["application/json", "application/x-www-form-urlencoded"])
def test_another_content_type_never_reaches_bedrock(site, type):
    before = site.calls()
    status, headers, _ = ask(site, Content_Type=type)
    assert (status, headers["Access-Control-Allow-Origin"]) == (415, "*")
    assert site.calls() == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_405(site, method):
    status, headers, _ = ask(site, method=method)
    assert (status, headers["Allow"]) == (405, "POST")


def test_a_preflight_says_what_a_foreign_page_may_do(site):
    status, headers, _ = ask(
        site, method="OPTIONS", Origin="https://example.com", Access_Control_Request_Method="POST"
    )
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert headers["Access-Control-Allow-Methods"] == "POST,OPTIONS"
    assert "X-Image-Seed" in headers["Access-Control-Expose-Headers"]


def test_twenty_people_at_once_each_get_their_own_picture(site):
    def alone(number):
        path = f"/api/?model=stable-diffusion-xl&size=640x1536&steps=10&seed={number}"
        status, headers, content = ask(site, path, f"qwzx {number}")
        return status, headers["X-Image-Seed"], content

    with ThreadPoolExecutor(20) as people:
        together = list(people.map(alone, range(1, 21)))
    assert [(status, seed) for status, seed, _ in together] == [(200, str(n)) for n in range(1, 21)]
    assert len({content for _, _, content in together}) == 20
    assert together[12] == alone(13)


def test_a_busy_port_is_said_and_the_next_one_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Running(tmp_path / "log", PORT=str(port)) as running:
            running.wait_until_ready()
            assert f"Port {port} is taken; trying the next one." in running.words()
            assert urlsplit(running.url).port > port


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "abc"}, "PORT must be a number from 0 to 65535, got 'abc'"),
        ({"PORT": "-1"}, "PORT must be a number from 0 to 65535, got '-1'"),
        ({"PORT": "65536"}, "PORT must be a number from 0 to 65535, got '65536'"),
        ({"BEDROCK": "AWS"}, "BEDROCK must be aws or empty, got 'AWS'"),
        ({"PAINTER": "gpu"}, "PAINTER must be an address that begins with http://, got 'gpu'"),
        (
            {"BEDROCK": "aws", "PAINTER": "http://127.0.0.1:7860"},
            "BEDROCK and PAINTER must not be given together: either AWS paints, or the other",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_in_a_sentence(tmp_path, settings, sentence):
    with Running(tmp_path / "log", **{"PORT": "0"} | settings) as running:
        assert running.process.wait(30) == 1
    assert running.words() == sentence + "\n"


def test_a_developers_own_aws_settings_change_nothing(tmp_path):
    strange = {
        "AWS_BEARER_TOKEN_BEDROCK": "secret",
        "AWS_PROFILE": "nonsense",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "example.com",
    }
    with Running(tmp_path / "log", PORT="0", **strange) as running:
        running.wait_until_ready()
        assert ask(running)[0] == 200


def test_bedrock_aws_uses_the_persons_own_credentials_and_endpoint(tmp_path):
    own = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "mine"}
    with Running(tmp_path / "log", PORT="0", BEDROCK="aws", **own) as running:
        running.wait_until_ready()
        assert "on your own credentials. Each one costs money." in running.words()
        models = json.loads(ask(running, "/api/models", method="GET", body="")[2])["models"]
        assert "stable-diffusion-xl" not in [model["name"] for model in models]
        status, _, content = ask(running)
        assert (status, json.loads(content)["Code"]) == (503, "ModelUnavailable")
        assert running.calls() == 1  # the API's own line on what failed


def test_ctrl_c_ends_every_process(tmp_path):
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        api = child(running.process.pid)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(10) == 0
        running.wait_for(lambda: not alive(api))
    assert running.words().endswith("\nEasel ends.\n")


def test_killing_the_api_ends_the_rest_and_says_why(tmp_path):
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        os.kill(child(running.process.pid), signal.SIGKILL)
        assert running.process.wait(10) == 1
    assert "`chalice local` has ended with -9, so Easel ends" in running.words()


def test_killing_the_rest_ends_the_api_and_says_why(tmp_path):
    with Running(tmp_path / "log", PORT="0") as running:
        running.wait_until_ready()
        api = child(running.process.pid)
        running.process.kill()
        running.wait_for(lambda: not alive(api))
    assert "`python -m local` has ended, so `chalice local` ends too." in running.words()


def test_killing_make_ends_everything_and_says_why(tmp_path):
    make = ("sh", "-c", f"'{sys.executable}' -m local; true")  # the shell in make's place waits
    with Running(tmp_path / "log", make, PORT="0", MAKELEVEL="1") as running:
        running.wait_until_ready()
        easel = child(running.process.pid)
        api = child(easel)
        running.process.kill()
        running.wait_for(lambda: not alive(easel) and not alive(api))
    assert "`make` has ended, so Easel ends too." in running.words()


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ({"MODELS": "nonsense"}, "MODELS must be names from stable-image-core"),
        ({"DAILY_BUDGET_USD": "abc"}, "DAILY_BUDGET_USD must be dollars from 0 to 1000000"),
    ],
)
def test_an_api_that_cannot_start_ends_the_rest_with_its_last_words(tmp_path, variable, words):
    with Running(tmp_path / "log", PORT="0", BEDROCK="aws", **variable) as running:
        assert running.process.wait(30) == 1
    assert words in running.words()
    assert "Easel is ready" not in running.words()


def child(pid):
    """The one child process of a process."""
    (found,) = subprocess.check_output(["pgrep", "-P", str(pid)], text=True).split()
    return int(found)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
