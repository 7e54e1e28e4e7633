"""FAULTS 19 to 25 and 28 in the package: whatever Bedrock does, one call, our words, exact money.

Real awslambdaric, real boto3, HTTP to the local Bedrock and to a budget table by moto.
"""

import base64
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import serving
from local.faults import FAULTS
from package.lambdas import spent

pytestmark = pytest.mark.slow

TEXT = {"Content_Type": "text/plain"}
KEPT, BACK = 40_000, 0  # micro-dollars of a picture by Stable Image Core, and none
AGAIN = {"Retry-After": "5"}
SECRETS = ["arn:", "123456789012", "/var/task", "Traceback", ".py", "AWS Marketplace", "IAM"]

# What Bedrock does: the status, code and beginning of our words, and the money.
TABLE = {
    "!throttled": (429, "ModelBusy", "the model is busy; try again in a few", BACK),
    "!notready": (503, "ModelUnavailable", "the model is not available; try again", BACK),
    "!unavailable": (503, "ModelUnavailable", "the model is not available; try again", BACK),
    "!quota": (503, "ModelUnavailable", "the model is not available; try again", BACK),
    "!internal": (502, "ModelFailed", "the model failed; try again", KEPT),
    "!modelerror": (502, "ModelFailed", "the model failed; try again", KEPT),
    "!timeout": (504, "ModelTimeout", "the model took too long; try again", KEPT),
    "!invalid": (400, "InvalidParameter", "the model refused the prompt or a setting", BACK),
    "!denied": (503, "ModelAccessDenied", "this site's AWS account may not use", BACK),
    "!marketplace": (503, "ModelAccessDenied", "this site's AWS account may not use", BACK),
    "!expired": (503, "ModelAccessDenied", "this site's AWS account may not use", BACK),
    "!legacy": (410, "ModelRetired", "AWS no longer offers this model", BACK),
    "!retired": (410, "ModelRetired", "AWS no longer offers this model", BACK),
    "!filtered": (422, "ContentFiltered", "the model's filter refused the prompt", BACK),
    "!filtered-picture": (422, "ContentFiltered", "the model's filter refused the picture", KEPT),
    "!inference-error": (502, "ModelFailed", "the model could not make this picture", KEPT),
    "!broken": (502, "ModelFailed", "the model failed; try again", KEPT),
    "!empty": (502, "ModelFailed", "the model's answer holds no picture", KEPT),
    "!html": (502, "ModelFailed", "the model's answer holds no picture", KEPT),
    "!large": (502, "ImageTooLarge", "the picture is too large to send; ask for", KEPT),
    "!reset": (502, "ModelFailed", "the model failed; try again", KEPT),
    "!cut": (502, "ModelFailed", "the model failed; try again", KEPT),
}
WAITS = {
    "!slow 20": (200, None, "", KEPT),
    "!slow 26": (504, "ModelTimeout", "the model took too long", KEPT),
    "!slow 40": (504, "ModelTimeout", "the model took too long", KEPT),
    "!drip 5": (200, None, "", KEPT),
    "!drip 60": (504, "ModelTimeout", "the model took too long", KEPT),
}


@pytest.fixture(scope="module")
def thrifty(start, budget):
    """One instance that keeps a budget."""
    with start(**budget) as gateway:
        yield gateway


def expect(answer, status, code, words):
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if code:
        said = json.loads(answer.body)
        assert (said["Code"], said["Message"][: len(words)]) == (code, words)
        assert not [secret for secret in SECRETS if secret in answer.body]
        retried = code in ("ModelBusy", "ModelUnavailable")
        assert (answer.headers.get("Retry-After") == "5") == retried


def calls(caplog):
    return [record.name for record in caplog.records].count("local.bedrock")


@pytest.mark.parametrize("prompt", TABLE)
def test_19_to_25_each_fault_is_one_call_our_words_and_exact_money(thrifty, caplog, prompt):
    caplog.set_level(logging.INFO, "local.bedrock")
    status, code, words, money = TABLE[prompt]
    before = spent(thrifty)
    expect(thrifty.ask(body=f"{prompt} a ship", **TEXT), status, code, words)
    assert spent(thrifty) - before == money
    assert calls(caplog) == 1
    assert f'"outcome": "{code}"' in thrifty.instances[0].words().splitlines()[-1]


def test_21_every_answer_comes_before_lambda_ends(start, budget, caplog):
    def ask(prompt):
        begun = time.monotonic()
        return gateway.ask(body=f"{prompt} a ship", **TEXT), time.monotonic() - begun

    caplog.set_level(logging.INFO, "local.bedrock")
    with start(len(WAITS), **budget) as gateway, ThreadPoolExecutor(len(WAITS)) as pool:
        for instance in gateway.instances:
            assert instance.invoke(gateway.event("GET", "/models"))  # started, all at once
        before = spent(gateway)
        answers = dict(zip(WAITS, pool.map(ask, WAITS), strict=True))
        assert spent(gateway) - before == sum(money for *_, money in WAITS.values())
    for prompt, (status, code, words, _) in WAITS.items():
        answer, seconds = answers[prompt]
        expect(answer, status, code, words)
        assert seconds < 28, prompt


def test_every_fault_of_the_local_bedrock_is_in_the_table():
    assert {prompt.split()[0][1:] for prompt in TABLE | WAITS} == set(FAULTS)


JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a fox").decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n a hen").decode()
GIF = base64.b64encode(b"GIF89a a hen").decode()
HTML = base64.b64encode(b"<!doctype html>").decode()
CORE, SDXL = "stable-image-core", "stable-diffusion-xl"
FAILED = (502, "ModelFailed", "the model")
NO_PICTURE = (502, "ModelFailed", "the model's answer holds no picture")
FILTERED = (422, "ContentFiltered", "the model's filter refused the picture")
FINE = (200, None, "")


def answer(**fields):
    return json.dumps({"seeds": [7], "finish_reasons": [None], "images": [JPEG]} | fields).encode()


def artifact(**fields):
    artifact = {"seed": 7, "base64": JPEG, "finishReason": "SUCCESS"} | fields
    return json.dumps({"result": "success", "artifacts": [artifact]}).encode()


# What stands in Bedrock's answer with status 200, and what comes of it; blurred pictures included.
ANSWERS = {
    "all is well": (CORE, answer(), FINE),
    "half JSON": (CORE, answer()[:40], FAILED),
    "nothing": (CORE, b"", FAILED),
    "a list": (CORE, b"[]", NO_PICTURE),
    "a word": (CORE, b'"picture"', NO_PICTURE),
    "null": (CORE, b"null", NO_PICTURE),
    "a million brackets": (CORE, b"[" * 1_000_000, FAILED),
    "bytes that are no UTF-8": (CORE, b"\xff\xfe{}", FAILED),
    "no images": (CORE, b'{"seeds": [7]}', NO_PICTURE),
    "images: []": (CORE, answer(images=[]), NO_PICTURE),
    "images: null": (CORE, answer(images=None), NO_PICTURE),
    "images: [null]": (CORE, answer(images=[None]), NO_PICTURE),
    "images: a word": (CORE, answer(images=JPEG), NO_PICTURE),
    "bad base64": (CORE, answer(images=["=/9j"]), NO_PICTURE),
    "a data address": (CORE, answer(images=[f"data:image/jpeg;base64,{JPEG}"]), NO_PICTURE),
    "HTML": (CORE, answer(images=[HTML]), NO_PICTURE),
    "a GIF": (CORE, answer(images=[GIF]), NO_PICTURE),
    "two images": (CORE, answer(images=[JPEG, PNG], seeds=[7, 8]), FINE),
    "a filtered prompt": (
        CORE, answer(finish_reasons=["Filter reason: prompt"], images=[]),
        (422, "ContentFiltered", "the model's filter refused the prompt"),
    ),
    "a filtered picture": (CORE, answer(finish_reasons=["Filter reason: output image"]), FILTERED),
    "an inference error": (CORE, answer(finish_reasons=["Inference error"]), FAILED),
    "a reason that is no list": (
        CORE, answer(finish_reasons="Filter reason: output image"), FILTERED,
    ),
    "a reason of tomorrow": (CORE, answer(finish_reasons=["Filter reason: mood"]), FAILED),
    "SDXL, all is well": (SDXL, artifact(), FINE),
    "SDXL, blurred": (SDXL, artifact(finishReason="CONTENT_FILTERED"), FILTERED),
    "SDXL, an error": (SDXL, artifact(finishReason="ERROR"), FAILED),
    "SDXL, no artifacts": (SDXL, b'{"result": "success", "artifacts": []}', FAILED),
    "SDXL, artifacts: null": (SDXL, b'{"artifacts": null}', FAILED),
    "SDXL, Core's answer": (SDXL, answer(), FAILED),
}  # fmt: skip


class Scripted(BaseHTTPRequestHandler):
    """A Bedrock that answers whatever it is told, `server.status` and `server.content`."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        self.send_response_only(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture(scope="module")
def script():
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Scripted)) as server:
        server.status, server.asked = 200, 0
        yield server


@pytest.fixture(scope="module")
def told(start, script):
    """One instance before the scripted Bedrock."""
    address = f"http://127.0.0.1:{script.server_port}"
    with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
        yield gateway


@pytest.mark.parametrize("what", ANSWERS)
def test_23_and_24_an_answer_is_a_picture_or_one_sentence(told, script, what):
    model, script.content, expected = ANSWERS[what]
    script.status, script.asked = 200, 0
    said = told.ask(body="a fox", query=[("model", model)], **TEXT)
    expect(said, *expected)
    assert said.body == JPEG if said.status == 200 else JPEG not in said.body
    assert script.asked == 1


@pytest.mark.parametrize("status", [502, 500, 429, 403, 404])
def test_22_a_web_page_of_a_proxy_is_a_failure_too(told, script, status):
    script.status, script.content, script.asked = status, b"<html>Bad gateway</html>", 0
    answer = told.ask(body="a fox", **TEXT)
    assert 400 <= answer.status < 600 and "html" not in answer.body
    assert json.loads(answer.body).keys() == {"Code", "Message"}
    assert script.asked == 1


@pytest.mark.parametrize(
    ("address", "seconds"), [("http://127.0.0.1:9", 3), ("http://bedrock.invalid", 27)]
)
def test_22_a_bedrock_that_is_not_there_has_made_nothing(start, address, seconds):
    with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
        gateway.ask("GET", "/models")
        begun = time.monotonic()
        expect(gateway.ask(body="a fox", **TEXT), 503, "ModelUnavailable", "the model is not")
        assert time.monotonic() - begun < seconds


def test_19_without_credentials_the_owner_is_named(start):
    no_credentials = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with start(AWS_EC2_METADATA_DISABLED="true", **no_credentials) as gateway:
        expect(gateway.ask(body="a fox", **TEXT), 503, "ModelAccessDenied", "this site's AWS")


def test_25_the_largest_picture_passes_lambda_and_the_next_one_says_what_to_do(told, script):
    largest = (6_291_556 - 8_192) // 4 * 4  # letters of base64
    picture = JPEG[:4] + "A" * (largest - 4)
    script.status, script.content = 200, answer(images=[picture])
    assert told.ask(body="a fox", **TEXT)[::2] == (200, picture)
    script.content = answer(images=[picture + "AAAA"])
    expect(told.ask(body="a fox", **TEXT), *TABLE["!large"][:3])
