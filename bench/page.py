"""What a visitor waits for: the page, a picture, four pictures; and what a budget costs."""

import gzip
import logging
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench.handlers import EVENT, ROOT, Handler
from bench.starts import bedrock, instance
from browser.acts import SHIP, generate
from browser.chromium import find
from conftest import Running, budget_table
from package.lambdas import Instance

SERVED = (".html", ".css", ".js", ".svg")
WAITING = "!slow 3 qwzx"  # a model that takes three seconds, and a picture that paints quickly


def weight() -> float:
    """Kilobytes of all of the page, each file compressed."""
    files = [file for file in (ROOT / "frontend").rglob("*") if file.suffix in SERVED]
    return sum(len(gzip.compress(file.read_bytes())) for file in files) / 1e3


def first_pictures(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds from `python -m local` until it is ready, and until its first ship is here."""
    starts = [first_picture(folder / "first") for _ in range(3)]
    return [ready for ready, _ in starts], [picture for _, picture in starts]


def first_picture(log: Path) -> tuple[float, float]:
    began = perf_counter()
    with Running(log, PORT="0") as site:
        site.wait_until_ready()
        ready = perf_counter()
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{site.url}api/", SHIP.encode(), headers)
        with urllib.request.urlopen(request) as answer:
            assert answer.read(8) == b"/9j/4AAQ"
        return ready - began, perf_counter() - began


def visits(folder: Path) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to the first paint; seconds of one picture, and of four side by side."""
    with (
        Running(folder / "visits", PORT="0") as site,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"]) as browser,
    ):
        site.wait_until_ready()
        paints = [first_paint(browser, site.url) for _ in range(9)]
        page = browser.new_page()
        page.goto(site.url)
        hung = [(hang(page, 1), hang(page, 4)) for _ in range(3)]
        return paints, [one for one, _ in hung], [four for _, four in hung]


def first_paint(browser: Browser, url: str) -> float:
    with browser.new_page() as page:  # with a cache of its own, which is empty
        page.goto(url)
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return page.evaluate(entry)


def hang(page: Page, number: int) -> float:
    """Seconds from the click until so many pictures hang."""
    page.get_by_role("radio", name=str(number), exact=True).check()
    before = page.locator("figure img").count()
    began = perf_counter()
    generate(page, WAITING)
    expect(page.locator("figure img")).to_have_count(before + number, timeout=30_000)
    return perf_counter() - began


def budget_costs(handler: Handler) -> tuple[list[float], list[float]]:
    """Milliseconds of a warm request without a budget, and with one in moto's DynamoDB."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # or each request is a line
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    dynamodb = f"http://127.0.0.1:{moto.get_host_and_port()[1]}"
    budget = {"BUDGET_TABLE": "bench", "DAILY_BUDGET_USD": "9999"}
    with ExitStack() as stack:
        stack.callback(moto.stop)
        stack.enter_context(budget_table(dynamodb, "bench"))
        address = stack.enter_context(bedrock(20_000))
        free, kept = (stack.enter_context(instance(handler, address)) for _ in range(2))
        kept.environment |= budget | {"AWS_ENDPOINT_URL_DYNAMODB": dynamodb}
        times = [(answer(free), answer(kept)) for _ in range(40)][5:]
    return [one for one, _ in times], [other for _, other in times]


def answer(made: Instance) -> float:
    began = perf_counter()
    assert made.invoke(EVENT)["statusCode"] == 200, made.log_text()
    return (perf_counter() - began) * 1e3
