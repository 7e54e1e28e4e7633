"""Fixtures for the page: one Chromium and one site per worker, a fresh context per test."""

from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from PIL import Image

from browser.painter import BlankPainter
from conftest import Running, budget_table, serving
from local.__main__ import (
    RESULTS_BUCKET,
    free_port,
    local_environment,
    results_environment,
    start_api,
    wait_until_listening,
)
from local.api import SECRET_HEADER
from local.bedrock import Bedrock
from local.s3 import S3
from local.website import Website

# The waiting canvas breathes, and without a graphics card each frame costs a core.
STILL = {"reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def chromium():
    """The browser itself; `make test` finds or installs it."""
    from playwright.sync_api import sync_playwright

    from browser.chromium import find

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def blank_painter():
    """The address of a painter that returns blank images at once, for `PAINTER=`."""
    with serving(BlankPainter()) as painter:
        yield painter.url


@pytest.fixture(scope="session")
def quick_site(tmp_path_factory, blank_painter):
    """`site` with the blank painter, as most tests do not look at the picture."""
    log = tmp_path_factory.mktemp("quick") / "log"
    with Running(log, PORT="0", PAINTER=blank_painter) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def kept_site(moto):
    """Easel with a results bucket, a budget of $50 in a table by moto, and a stub painter.

    `kept_site.website` is its web server, `kept_site.calls()` the number of calls of Bedrock.
    """
    port, paintings = free_port(), []

    def paint(prompt, **settings):
        paintings.append(prompt)
        return Image.new("RGB", (128, 128), "navy")

    with ExitStack() as stack:
        table = stack.enter_context(budget_table(moto, "page"))
        bedrock = stack.enter_context(serving(Bedrock(0, paint)))
        results = stack.enter_context(serving(S3(0, RESULTS_BUCKET)))
        settings = {
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ENDPOINT_URL_DYNAMODB": table.meta.endpoint_url,
            "BUDGET_TABLE": "page",
            "DAILY_BUDGET_USD": "50",
        }
        environment = local_environment(bedrock.url) | results_environment(results.url) | settings
        api = stack.enter_context(start_api(port, "aws", environment, "secret"))
        stack.callback(api.kill)
        assert wait_until_listening(api, port)
        website = stack.enter_context(
            serving(Website(0, port, results.objects, {SECRET_HEADER: "secret"}))
        )
        url = f"http://127.0.0.1:{website.server_port}/"
        yield SimpleNamespace(website=website, url=url, calls=lambda: len(paintings))


@pytest.fixture
def open_page(chromium, quick_site):
    """Open the page in a fresh context, or another site's; `open_page(url, color_scheme="dark")`.

    Fails the test if the page throws, breaks its content security policy or calls another site.
    """
    contexts, complaints = [], []

    def record_policy_violation(line):
        if is_about_policy(line.text):
            complaints.append(line.text)

    def open_one(url=quick_site.url, **options):
        def record_foreign_request(request):
            if not request.url.startswith((urljoin(url, "/"), "blob:")):
                complaints.append(request.url)

        context = chromium.new_context(**(STILL | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)  # milliseconds
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", record_policy_violation)
        page.on("request", record_foreign_request)
        page.goto(url)
        page.wait_for_selector("[type=submit]:enabled")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def is_about_policy(complaint: str) -> bool:
    return "Content Security" in complaint or "Trusted" in complaint


@pytest.fixture
def page(open_page):
    return open_page()
