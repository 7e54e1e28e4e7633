"""Fixtures for all tests: no real AWS, a small image, the API in this process."""

import base64
import contextlib
import functools
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

OWN_ENVIRONMENT = dict(os.environ)  # for the tests in a real AWS account

# The API creates its AWS clients when it is imported, so what boto3 reads is set before.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
SETTINGS = "MODELS BEDROCK_REGION ACCESS_CODE_SHA256 BUDGET_TABLE DAILY_BUDGET_USD RESULTS_BUCKET"
for name in [*SETTINGS.split(), "MODEL_TIMEOUT_SECONDS", "PROMPT_MODEL"]:
    os.environ.pop(name, None)

import boto3
import botocore.session
from botocore.config import Config
from chalice.test import BaseClient, Client
from hypothesis import settings
from PIL import Image

import app as easel
from accounts import SERVICES, Account
from chalicelib import catalogue
from infra.account import create_client
from local.bedrock import Bedrock

# `gate` uses the same examples on every run, without a deadline. `make fuzz` searches at random
# with pytest's --hypothesis-profile=fuzz, which is read after this file.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("gate")

# One loader for all sessions: a session of its own reads 20 MB of service descriptions again.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# chalice.test's client replaces os.environ during a request. Of two requests at once, the second
# would restore the first one's copy, and no child process would get what a test sets.
BaseClient._patched_env_vars = lambda *_: contextlib.nullcontext()

pytest_plugins = ["browser.fixtures", "buckets", "forms", "services"]

ROOT = Path(__file__).parent.parent
CHALICE = json.loads((ROOT / ".chalice/config.json").read_text())
LOADED = re.compile(r'<(?:link|script) (?!rel="apple-touch-icon")[^>]*(?:href|src)="(.+?)"')
EVERY_MODEL = CHALICE["stages"]["local"]["environment_variables"]["MODELS"]
TEXT_MODELS = [model for model in catalogue.parse(EVERY_MODEL).models if not model.edits]

NAMES = {each.name for model in catalogue.MODELS for each in model.parameters}
PARAMETERS = ", ".join(["model", *sorted(NAMES - {"prompt"})])  # as error messages list them


def first_load():
    """The page's files that a first visit in English loads. tests/test_house.py checks that
    index.html names every module of them. The icon for a home screen is fetched for that alone."""
    page = ROOT / "frontend/index.html"
    return [page, *(page.parent / name for name in LOADED.findall(page.read_text()))]


def thorough(test):
    """Run at least 400 examples; other properties run 100 in the gate."""
    return settings(max_examples=max(400, settings.default.max_examples))(test)


def pytest_addoption(parser):
    parser.addoption(
        "--aws",
        action="store_true",
        help="run only the tests in your own AWS account, which bills about $0.35",
    )


def pytest_collection_modifyitems(config, items):
    """Deselect the tests in a real AWS account; with --aws, all others."""
    chosen = [each for each in items if bool(each.get_closest_marker("aws")) == config.option.aws]
    config.hook.pytest_deselected(items=[each for each in items if each not in chosen])
    items[:] = chosen


@pytest.fixture(autouse=True)
def no_real_aws(monkeypatch, request):
    """Fail the test if any code connects to another machine, even if that code hides the error."""
    if request.node.get_closest_marker("aws"):
        yield
        return
    foreign = []
    connect = socket.socket.connect

    def connect_to_loopback(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
        ):
            foreign.append(address)
            raise OSError(f"a test must connect to loopback, got {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_to_loopback)
    yield
    assert not foreign


@pytest.fixture(scope="session")
def jpeg() -> str:
    """A small image as base64 text, as Bedrock returns it."""
    return picture("JPEG")


def picture(format: str) -> str:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(file, format)
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def post():
    """Send a request to the API as API Gateway does: `post(body, "/?seed=7")`."""

    def send(body, path="/", content_type="text/plain", **headers):
        if content_type:
            headers["Content-Type"] = content_type
        # The stage `aws` has no variables.
        with Client(easel.app, stage_name="aws") as client:
            return client.http.post(path, body=body, headers=headers)

    return send


@pytest.fixture
def bedrock(local_bedrock, monkeypatch):
    """The local Bedrock over HTTP, called by the API in this process, with every model on offer.

    `bedrock.paintings` lists the calls that reached its painter, a stub that returns at once.
    """
    local_bedrock.paintings.clear()
    monkeypatch.setattr(easel, "bedrock_client", local_bedrock.client)
    monkeypatch.setattr(easel, "offered", catalogue.parse(EVERY_MODEL))
    return local_bedrock


@pytest.fixture(scope="session")
def moto():
    """The URL of an AWS account emulated by moto: DynamoDB, S3, STS, SSM, IAM, CloudFormation.

    It serves one request at a time: with threads, it sometimes lets two pass one condition.
    """
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server  # together two seconds of imports

    app = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, app, threaded=False)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="session")
def account_server():
    with serving(Account()) as server:
        yield server


@pytest.fixture
def account_services(account_server, monkeypatch):
    """Free Tier, Service Quotas and Sign-In of a Paid account with AWS's default quotas."""
    account_server.reset()
    for service in SERVICES:
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", account_server.url)
    return account_server


@contextlib.contextmanager
def budget_table(moto, name):
    """A DynamoDB client of moto, with a budget table as the stack defines it."""
    client = boto3.client("dynamodb", "us-west-2", endpoint_url=moto)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "day", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "day", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    client.delete_table(TableName=name)
    client.close()


@pytest.fixture(scope="session")
def local_bedrock():
    paintings = []

    def paint(prompt, **settings):
        paintings.append({"prompt": prompt, **settings})
        return Image.new("RGB", (16, 16), "navy")

    with serving(Bedrock(0, paint)) as server:
        server.paintings = paintings
        server.client = bedrock_client(server.url)
        yield server
        server.client.close()


@pytest.fixture
def client():
    """Create the doctor's client of a service; closed after the test."""
    with contextlib.ExitStack() as stack:
        session = boto3.Session()
        yield lambda service: stack.enter_context(
            contextlib.closing(create_client(session, service, "us-west-2"))
        )


def bedrock_client(url: str, region: str = "us-west-2"):
    """A client as in app.py, with another URL and a shorter timeout."""
    once = Config(connect_timeout=3, read_timeout=2, retries={"total_max_attempts": 1})
    return boto3.client("bedrock-runtime", region_name=region, endpoint_url=url, config=once)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """`python -m local`, as `make run` starts it: no part of Easel is replaced."""
    with Running(tmp_path_factory.mktemp("run") / "log", PORT="0") as running:
        running.wait_until_ready()
        yield running


class Running:
    """`python -m local` in its own process, with its output in a log file."""

    def __init__(self, log: Path, command=(sys.executable, "-m", "local"), **environment: str):
        self.log = log
        self.command = command
        self.environment = os.environ | {"PYTHONWARNINGS": "ignore"} | environment

    def __enter__(self):
        with self.log.open("w") as words:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=words, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def wait_until_ready(self):
        self.wait_for(lambda: "Ctrl-C ends it." in self.words())

    def wait_for(self, condition, seconds=30):
        """Wait until the condition holds, in this process or another."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.words()
            time.sleep(0.02)

    def words(self):
        return self.log.read_text()

    @property
    def url(self):
        return re.search(r"http://127.0.0.1:\d+/(?=\n)", self.words())[0]

    def calls(self):
        """The number of calls that have reached the local Bedrock."""
        return len(re.findall(r"InvokeModel \S+ \w+ \d", self.words()))


@contextlib.contextmanager
def serving(server):
    """Run the server while the block runs."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
