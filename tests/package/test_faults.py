"""Failures of Bedrock against the package: one call, the right error, the exact charge.

Real awslambdaric, real boto3, HTTP to the local Bedrock and to a budget table in moto.
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
from package.lambdas import spent_microdollars

pytestmark = pytest.mark.slow

TEXT = {"Content_Type": "text/plain"}
KEPT, BACK = 40_000, 0  # micro-dollars: the price of an image by Stable Image Core, or nothing
SECRETS = ["arn:", "123456789012", "/var/task", "Traceback", ".py", "AWS Marketplace", "IAM"]

# What Bedrock does: the status, code and start of the API's message, and the charge.
ERRORS = {
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
    "!notallowed": (503, "ModelAccessDenied", "this site's AWS account may not use", BACK),
    "!quotazero": (503, "ModelAccessDenied", "this site's AWS account may not use", BACK),
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
MODEL_SECONDS, LAMBDA_SECONDS = 5, 9  # as deployed, but shorter: 24 and 28
SLOW = {
    "!slow 1": (200, None, "", KEPT),
    "!slow 5": (504, "ModelTimeout", "the model took too long", KEPT),
    "!slow 10": (504, "ModelTimeout", "the model took too long", KEPT),
    "!drip 2": (200, None, "", KEPT),
    "!drip 20": (504, "ModelTimeout", "the model took too long", KEPT),
}


@pytest.fixture(scope="module")
def budgeted(start, budget):
    """A gateway with one instance that has a budget."""
    with start(**budget) as gateway:
        yield gateway


def expect(answer, status, code, message):
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if code:
        error = json.loads(answer.body)
        assert (error["Code"], error["Message"][: len(message)]) == (code, message)
        assert not [secret for secret in SECRETS if secret in answer.body]
        retried = code in ("ModelBusy", "ModelUnavailable")
        assert (answer.headers.get("Retry-After") == "5") == retried


def calls(caplog):
    """The number of calls to the local Bedrock, from its log."""
    return [record.name for record in caplog.records].count("local.bedrock")


@pytest.mark.parametrize("prompt", ERRORS)
def test_maps_and_charges_each_bedrock_fault(budgeted, caplog, prompt):
    caplog.set_level(logging.INFO, "local.bedrock")
    status, code, message, charge = ERRORS[prompt]
    before = spent_microdollars(budgeted)
    expect(budgeted.ask(body=f"{prompt} a ship", **TEXT), status, code, message)
    assert spent_microdollars(budgeted) - before == charge
    assert calls(caplog) == 1
    assert f'"outcome": "{code}"' in budgeted.instances[0].log_text().splitlines()[-1]


def test_responds_before_lambda_times_out(start, budget):
    def ask(prompt):
        started = time.monotonic()
        return gateway.ask(body=f"{prompt} a ship", **TEXT), time.monotonic() - started

    budget = budget | {"MODEL_TIMEOUT_SECONDS": str(MODEL_SECONDS)}
    with (
        start(len(SLOW), LAMBDA_SECONDS, **budget) as gateway,
        ThreadPoolExecutor(len(SLOW)) as pool,
    ):
        for instance in gateway.instances:
            assert instance.invoke(gateway.event("GET", "/models"))  # so all have started
        before = spent_microdollars(gateway)
        results = dict(zip(SLOW, pool.map(ask, SLOW), strict=True))
        charged = spent_microdollars(gateway) - before
    assert charged == sum(charge for *_, charge in SLOW.values())
    for prompt, (status, code, message, _) in SLOW.items():
        result, seconds = results[prompt]
        expect(result, status, code, message)
        assert seconds < LAMBDA_SECONDS, prompt


def test_covers_every_fault_of_the_local_bedrock():
    of_images = {"filtered-input"}  # in test_wire.py
    assert {prompt.split()[0][1:] for prompt in ERRORS | SLOW} == set(FAULTS) - of_images


JPEG = base64.b64encode(b"\xff\xd8\xff\xe0 a fox").decode()
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n a hen").decode()
GIF = base64.b64encode(b"GIF89a a hen").decode()
HTML = base64.b64encode(b"<!doctype html>").decode()
CORE, SDXL = "stable-image-core", "stable-diffusion-xl"
FAILED = (502, "ModelFailed", "the model")
NO_PICTURE = (502, "ModelFailed", "the model's answer holds no picture")
FILTERED = (422, "ContentFiltered", "the model's filter refused the picture")
SUCCESS = (200, None, "")


def answer(**fields):
    return json.dumps({"seeds": [7], "finish_reasons": [None], "images": [JPEG]} | fields).encode()


def artifact(**fields):
    artifact = {"seed": 7, "base64": JPEG, "finishReason": "SUCCESS"} | fields
    return json.dumps({"result": "success", "artifacts": [artifact]}).encode()


# Bedrock's response body with status 200, and the API's response; includes blurred images.
ANSWERS = {
    "success": (CORE, answer(), SUCCESS),
    "half JSON": (CORE, answer()[:40], FAILED),
    "an empty body": (CORE, b"", FAILED),
    "a list": (CORE, b"[]", NO_PICTURE),
    "a string": (CORE, b'"picture"', NO_PICTURE),
    "null": (CORE, b"null", NO_PICTURE),
    "a million brackets": (CORE, b"[" * 1_000_000, FAILED),
    "bytes that are not UTF-8": (CORE, b"\xff\xfe{}", FAILED),
    "no images": (CORE, b'{"seeds": [7]}', NO_PICTURE),
    "images: []": (CORE, answer(images=[]), NO_PICTURE),
    "images: null": (CORE, answer(images=None), NO_PICTURE),
    "images: [null]": (CORE, answer(images=[None]), NO_PICTURE),
    "images: a string": (CORE, answer(images=JPEG), NO_PICTURE),
    "bad base64": (CORE, answer(images=["=/9j"]), NO_PICTURE),
    "a data URL": (CORE, answer(images=[f"data:image/jpeg;base64,{JPEG}"]), NO_PICTURE),
    "HTML": (CORE, answer(images=[HTML]), NO_PICTURE),
    "a GIF": (CORE, answer(images=[GIF]), NO_PICTURE),
    "two images": (CORE, answer(images=[JPEG, PNG], seeds=[7, 8]), SUCCESS),
    "a filtered prompt": (
        CORE, answer(finish_reasons=["Filter reason: prompt"], images=[]),
        (422, "ContentFiltered", "the model's filter refused the prompt"),
    ),
    "a filtered picture": (CORE, answer(finish_reasons=["Filter reason: output image"]), FILTERED),
    "an inference error": (CORE, answer(finish_reasons=["Inference error"]), FAILED),
    "a reason that is not a list": (
        CORE, answer(finish_reasons="Filter reason: output image"), FILTERED,
    ),
    "an unknown reason": (CORE, answer(finish_reasons=["Filter reason: mood"]), FAILED),
    "SDXL, success": (SDXL, artifact(), SUCCESS),
    "SDXL, blurred": (SDXL, artifact(finishReason="CONTENT_FILTERED"), FILTERED),
    "SDXL, an error": (SDXL, artifact(finishReason="ERROR"), FAILED),
    "SDXL, no artifacts": (SDXL, b'{"result": "success", "artifacts": []}', FAILED),
    "SDXL, artifacts: null": (SDXL, b'{"artifacts": null}', FAILED),
    "SDXL, Core's answer": (SDXL, answer(), FAILED),
}  # fmt: skip


class Scripted(BaseHTTPRequestHandler):
    """Answers every call with `server.status` and `server.content`, and counts `server.calls`."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls += 1
        self.send_response_only(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *arguments):
        """Keep the test output quiet."""


@pytest.fixture(scope="module")
def script():
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Scripted)) as server:
        server.status, server.calls = 200, 0
        yield server


@pytest.fixture(scope="module")
def scripted(start, script):
    """A gateway with one instance that calls the scripted Bedrock."""
    address = f"http://127.0.0.1:{script.server_port}"
    with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
        yield gateway


@pytest.mark.parametrize("name", ANSWERS)
def test_returns_an_image_or_an_error_message(scripted, script, name):
    model, script.content, expected = ANSWERS[name]
    script.status, script.calls = 200, 0
    result = scripted.ask(body="a fox", query=[("model", model)], **TEXT)
    expect(result, *expected)
    assert result.body == JPEG if result.status == 200 else JPEG not in result.body
    assert script.calls == 1


@pytest.mark.parametrize("status", [502, 500, 429, 403, 404])
def test_a_proxys_html_page_is_an_error(scripted, script, status):
    script.status, script.content, script.calls = status, b"<html>Bad gateway</html>", 0
    result = scripted.ask(body="a fox", **TEXT)
    assert 400 <= result.status < 600 and "html" not in result.body
    assert json.loads(result.body).keys() == {"Code", "Message"}
    assert script.calls == 1


@pytest.mark.parametrize(
    ("address", "seconds"), [("http://127.0.0.1:9", 3), ("http://bedrock.invalid", 27)]
)
def test_an_unreachable_bedrock_is_unavailable(start, address, seconds):
    with start(AWS_ENDPOINT_URL_BEDROCK_RUNTIME=address) as gateway:
        gateway.ask("GET", "/models")
        started = time.monotonic()
        expect(gateway.ask(body="a fox", **TEXT), 503, "ModelUnavailable", "the model is not")
        assert time.monotonic() - started < seconds


def test_missing_credentials_deny_model_access(start):
    no_credentials = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with start(AWS_EC2_METADATA_DISABLED="true", **no_credentials) as gateway:
        expect(gateway.ask(body="a fox", **TEXT), 503, "ModelAccessDenied", "this site's AWS")


def test_returns_the_largest_image_that_lambda_can_send(scripted, script):
    length = (6_291_556 - 8_192) // 4 * 4  # characters of base64
    largest = JPEG[:4] + "A" * (length - 4)
    script.status, script.content = 200, answer(images=[largest])
    assert scripted.ask(body="a fox", **TEXT)[::2] == (200, largest)
    script.content = answer(images=[largest + "AAAA"])
    expect(scripted.ask(body="a fox", **TEXT), *ERRORS["!large"][:3])
