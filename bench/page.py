"""What a visitor waits for: the page, a picture, four pictures; and what a budget costs."""

import gzip
import logging
import re
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from moto.server import ThreadedMotoServer
from playwright.sync_api import Page, expect, sync_playwright

from bench.handlers import EVENT, ROOT, Handler
from bench.starts import bedrock, instance
from browser.chromium import find
from conftest import Running, budget_table

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
SERVED = (".html", ".css", ".js", ".svg")
WAITING = "!slow 3 qwzx"  # a model that takes three seconds, and a picture that paints quickly


def weight() -> float:
    """Kilobytes of all of the page, each file compressed."""
    files = [file for file in (ROOT / "frontend").rglob("*") if file.suffix in SERVED]
    return sum(len(gzip.compress(file.read_bytes())) for file in files) / 1e3


def first_picture(folder: Path) -> tuple[float, float]:
    """Seconds from `python -m local` until it is ready, and until its first ship is here."""
    began = perf_counter()
    with Running(folder / "first", PORT="0") as site:
        site.wait_until_ready()
        ready = perf_counter()
        headers = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{site.url}api/", SHIP.encode(), headers)
        with urllib.request.urlopen(request) as answer:
            assert answer.read(8) == b"/9j/4AAQ"
        return ready - began, perf_counter() - began


def visits(folder: Path) -> tuple[float, float, float]:
    """Milliseconds to the first paint; seconds of one picture, and of four side by side."""
    with (
        Running(folder / "visits", PORT="0") as site,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=find(), args=["--no-sandbox"]) as browser,
    ):
        site.wait_until_ready()
        paints = [first_paint(browser.new_page(), site.url) for _ in range(5)]
        page = browser.new_page()
        page.goto(site.url)
        return median(paints), hang(page, 1), hang(page, 4)


def first_paint(page: Page, url: str) -> float:
    page.goto(url)
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    return page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")


def hang(page: Page, number: int) -> float:
    """Seconds from the click until so many pictures hang."""
    page.get_by_label("Prompt", exact=True).fill(WAITING)
    page.get_by_role("radio", name=str(number), exact=True).check()
    before = page.locator("figure img").count()
    began = perf_counter()
    page.get_by_role("button", name=re.compile("^Generate")).click()
    expect(page.locator("figure img")).to_have_count(before + number, timeout=30_000)
    return perf_counter() - began


def budget_costs(handler: Handler) -> tuple[float, float]:
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
    return tuple(median(each) * 1e3 for each in zip(*times, strict=True))


def answer(made) -> float:
    began = perf_counter()
    assert made.invoke(EVENT)["statusCode"] == 200, made.words()
    return perf_counter() - began
