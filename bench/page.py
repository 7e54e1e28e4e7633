"""Measures what a visitor waits for (the page, one image, four), and the cost of AWS's services."""

import gzip
import logging
import urllib.request
import uuid
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.handlers import ROOT, Handler
from bench.starts import bedrock, start_instance
from browser.acts import SHIP, generate
from browser.chromium import find
from conftest import Running, budget_table, serving
from local.__main__ import RESULTS_BUCKET, results_environment
from local.s3 import S3
from package.lambdas import Instance, event

SERVED = (".html", ".css", ".js", ".svg")
SLOW_PROMPT = "!slow 3 qwzx"  # the model takes 3 s, and the painter paints an unknown word quickly


def weight() -> float:
    """Kilobytes of the whole page, each file compressed."""
    files = [file for file in (ROOT / "frontend").rglob("*") if file.suffix in SERVED]
    return sum(len(gzip.compress(file.read_bytes())) for file in files) / 1e3


def first_images(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds from `python -m local` until it is ready, and until its first image arrives."""
    starts = [first_image(folder / "first") for _ in range(3)]
    return [ready for ready, _ in starts], [image for _, image in starts]


def first_image(log: Path) -> tuple[float, float]:
    started = perf_counter()
    with Running(log, PORT="0") as site:
        site.wait_until_ready()
        ready = perf_counter()
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{site.url}api/", SHIP.encode(), headers)
        with urllib.request.urlopen(request) as response:
            assert response.read(8) == b"/9j/4AAQ"
        return ready - started, perf_counter() - started


def visits(folder: Path) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to the first paint; seconds for one image, and for four in parallel."""
    with (
        Running(folder / "visits", PORT="0") as site,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"]) as browser,
    ):
        site.wait_until_ready()
        paints = [first_paint(browser, site.url) for _ in range(9)]
        page = browser.new_page()
        page.goto(site.url)
        times = [(image_time(page, 1), image_time(page, 4)) for _ in range(3)]
        return paints, [one for one, _ in times], [four for _, four in times]


def first_paint(browser: Browser, url: str) -> float:
    with browser.new_page() as page:  # a new page has an empty cache
        page.goto(url)
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return page.evaluate(entry)


def image_time(page: Page, number: int) -> float:
    """Seconds from the click until this many images hang in place of those before."""
    page.get_by_role("radio", name=str(number), exact=True).check()
    started = perf_counter()
    generate(page, SLOW_PROMPT)
    expect(page.locator("figure[aria-busy=true]")).to_have_count(number)
    expect(page.locator("figure:not([aria-busy=true]) img")).to_have_count(number, timeout=30_000)
    return perf_counter() - started


def service_costs(handler: Handler) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of a warm request: alone; with a budget in moto's DynamoDB; and with an
    Idempotency-Key, whose answer the local S3 keeps."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it logs a line per request
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    dynamodb = f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
    budget = {"BUDGET_TABLE": "bench", "DAILY_BUDGET_USD": "9999"}
    with ExitStack() as stack:
        stack.callback(moto.stop)
        stack.enter_context(budget_table(dynamodb, "bench"))
        s3 = stack.enter_context(serving(S3(0, RESULTS_BUCKET)))
        address = stack.enter_context(bedrock(20_000))
        alone, budgeted, keyed = (
            stack.enter_context(start_instance(handler, address)) for _ in range(3)
        )
        budgeted.environment |= budget | {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb}
        keyed.environment |= results_environment(s3.url)
        rounds = [
            (request_time(alone), request_time(budgeted), request_time(keyed, uuid.uuid4().hex))
            for _ in range(40)
        ]
    one, two, three = map(list, zip(*rounds[5:], strict=True))
    return one, two, three


def request_time(instance: Instance, key: str = "") -> float:
    """Milliseconds."""
    headers = {"Content-Type": "text/plain"} | ({"Idempotency-Key": key} if key else {})
    sent = event("POST", "/", "a fox in the snow", [], False, headers)
    started = perf_counter()
    assert instance.invoke(sent)["statusCode"] == 200, instance.log_text()
    return (perf_counter() - started) * 1e3
