"""The daily budget on the page, from the first picture to one that it cannot pay for."""

import re
from contextlib import ExitStack

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import QUICK, generate, watch_posts
from conftest import budget_table, serving
from local.__main__ import free_port, local_environment, start_api, wait_until_listening
from local.api import SECRET_HEADER
from local.bedrock import Bedrock
from local.website import Website

pytestmark = pytest.mark.slow

LAGOS = {"timezone_id": "Africa/Lagos", "locale": "en-GB"}  # UTC+1 all year, 24-hour clock
SPENT = "Today's budget is spent. It resets at 01:00."
REFUSED = "Too little is left of today's budget for this picture. It resets at 01:00."


@pytest.fixture(scope="module")
def dynamodb(moto):
    with budget_table(moto, "budget") as client:
        yield client


@pytest.fixture(scope="module")
def thrifty_site(dynamodb):
    """Easel with a budget of ten cents a day in a table by moto, and a stub painter."""
    port = free_port()
    with ExitStack() as stack:
        bedrock = stack.enter_context(serving(Bedrock(0, paint)))
        environment = local_environment(bedrock.url) | {
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb.meta.endpoint_url,
            "BUDGET_TABLE": "budget",
            "DAILY_BUDGET_USD": "0.10",
        }
        api = stack.enter_context(start_api(port, "aws", environment, "secret"))
        stack.callback(api.kill)
        assert wait_until_listening(api, port)
        website = stack.enter_context(
            serving(Website(0, port, api_headers={SECRET_HEADER: "secret"}))
        )
        yield f"http://127.0.0.1:{website.server_port}/"


def paint(prompt, **settings):
    return Image.new("RGB", (16, 16), "navy")


@pytest.fixture
def thrifty(open_page, thrifty_site, dynamodb):
    """The page with an unused budget."""
    for item in dynamodb.scan(TableName="budget")["Items"]:
        dynamodb.delete_item(TableName="budget", Key={"day": item["day"]})
    return open_page(thrifty_site, **LAGOS)


def line(page):
    """The line below the button."""
    return page.locator("#budget")


def answer(page, **budget):
    """Answer requests for the budget with these values, and reload the page."""
    page.route("**/api/budget", lambda route: route.fulfill(json=budget))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")


def answer_budget(page, daily, spent, resets="2026-11-23T00:00:00Z"):
    answer(page, daily_usd=daily, spent_usd=spent, resets_at=resets)


def test_counts_the_budget_down(thrifty):
    page = thrifty
    page.clock.install()
    sent = watch_posts(page)
    expect(line(page)).to_have_text("$0.10 left today: enough for 2.")
    generate(page, "qwzx one")
    expect(line(page)).to_have_text("$0.06 left today: enough for 1. This visit: $0.04.")
    generate(page, "qwzx two")
    expect(line(page)).to_have_text(f"{SPENT} This visit: $0.08.")
    button = page.get_by_role("button", name="Again at 01:00")
    expect(button).to_have_accessible_description(f"{SPENT} This visit: $0.08.")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    page.get_by_label("Prompt", exact=True).press("Control+Enter")
    assert [request.response().status for request in sent] == [200, 200]


def test_a_budget_spent_elsewhere_is_a_failure(thrifty):
    page = thrifty
    expect(line(page)).not_to_be_empty()
    page.route("**/api/budget", lambda route: None)  # what the page knows of it stays
    for words in ("qwzx one", "qwzx two"):
        generate(page, words)
        expect(page.get_by_role("img", name=words)).to_be_visible()
    generate(page, "qwzx three")
    expect(page.get_by_role("status")).to_have_text(REFUSED)


def test_counts_only_failures_that_are_charged(thrifty):
    for prompt, sentence in (
        ("!filtered", "$0.10 left today: enough for 2."),
        ("!broken", "$0.06 left today: enough for 1."),
    ):
        with thrifty.expect_response("**/api/budget"):
            generate(thrifty, prompt)
        expect(line(thrifty)).to_have_text(sentence)


def test_warns_before_the_click_when_the_budget_is_too_small(page):
    answer_budget(page, 2, 1.94)
    expect(line(page)).to_have_text("$0.06 left today: enough for 1.")
    page.get_by_label("Model", exact=True).select_option("Stable Image Ultra")
    expect(line(page)).to_have_text("$0.06 left today: not enough for this model.")
    page.get_by_label("Model", exact=True).select_option("Stable Image Core")
    expect(line(page)).to_have_text("$0.06 left today: enough for 1.")
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")


def test_offers_no_more_pictures_than_the_budget_pays_for(page):
    answer_budget(page, 1, 0)
    page.get_by_role("radio", name="4", exact=True).check()
    answer_budget(page, 0.12, 0.02)
    expect(line(page)).to_have_text("$0.10 left today: enough for 2.")
    expect(page.get_by_role("button", name="Generate 2 images, about $0.08")).to_be_enabled()
    counts = page.get_by_role("group", name="Pictures").get_by_role("radio")
    assert [count.is_disabled() for count in counts.all()] == [False, False, True, True]
    page.get_by_label("Model", exact=True).select_option("Stable Image Ultra")
    button = page.locator("[type=submit]")
    expect(button).to_have_attribute("aria-disabled", "true")
    sent = watch_posts(page)
    button.click(force=True)
    assert sent == []


def test_formats_the_remaining_budget(open_page, thrifty_site):
    page = open_page(thrifty_site, **LAGOS)
    for daily, spent, sentence in (
        (
            0.12,
            0.08,
            "$0.04 left today: enough for 1.",
        ),  # exactly one picture, not a binary fraction
        (0.3, 0.26, "$0.04 left today: enough for 1."),  # slightly less
        (1_000_000, 0, "$1,000,000.00 of today's $1,000,000.00 left."),
        (0.5, 2, SPENT),  # the owner has lowered the budget
        (0, 0, SPENT),
    ):
        answer_budget(page, daily, spent)
        expect(line(page)).to_have_text(sentence)


def test_shows_the_reset_in_local_time(open_page, thrifty_site):
    page = open_page(thrifty_site, timezone_id="America/Phoenix", locale="en-US")
    answer_budget(page, 1, 1)
    expect(line(page)).to_have_text(re.compile(r"It resets at 5:00\sPM\.$"))


def test_shows_nothing_without_a_budget(page):
    answer(page, daily_usd=None)
    expect(line(page)).to_be_empty()


FAULTS = [
    lambda route: route.abort(),
    lambda route: route.fulfill(status=403, json={"message": "Missing Authentication Token"}),
    lambda route: route.fulfill(status=503, json={"Code": "ModelUnavailable", "Message": "x"}),
    lambda route: route.fulfill(status=200, body="<!doctype html>"),
    lambda route: route.fulfill(status=200, json={}),
    lambda route: None,  # never answered
]


def test_works_when_the_budget_cannot_be_loaded(page):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    for fault in FAULTS:
        page.route("**/api/budget", fault)
        requests.clear()
        page.reload()
        generate(page, QUICK)
        expect(page.get_by_role("img", name=QUICK)).to_be_visible()
        expect(page.get_by_role("status")).to_have_text("The picture is ready.")
        expect(line(page)).to_have_text("This visit: $0.04.")
        assert len([url for url in requests if url.endswith("/api/budget")]) == 2


def test_reloads_the_budget_after_it_resets(page):
    answer_budget(page, 1, 0.97, resets="2000-01-01T00:00:00Z")
    expect(line(page)).to_have_text(re.compile("^Today's budget is spent. It resets at "))
    page.unroute("**/api/budget")
    page.route(
        "**/api/budget",
        lambda route: route.fulfill(
            json={"daily_usd": 1, "spent_usd": 0, "resets_at": "2100-01-01T00:00:00Z"}
        ),
    )
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(look)
    expect(line(page)).to_have_text("$1.00 of today's $1.00 left.")
    page.unroute("**/api/budget")
    page.route("**/api/budget", lambda route: pytest.fail("the budget was requested again"))
    page.evaluate(look)
    expect(line(page)).to_have_text("$1.00 of today's $1.00 left.")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_budget_does_not_shift_the_layout(open_page, thrifty_site, width):
    page = open_page(thrifty_site, viewport={"width": width, "height": 800}, locale="en-US")
    late = []
    page.route("**/api/budget", lambda route: late.append(route))
    boxes = """() => [...document.querySelectorAll("body *")].map(element => {
        const { x, y, width, height } = element.getBoundingClientRect()
        return [element.id || element.tagName, x, y, width, height]
    })"""
    for spent in (0.36, 1.94, 2):
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")
        page.get_by_label("Model", exact=True).select_option("Stable Image Ultra")
        before = page.evaluate(boxes)
        assert "of today's" not in page.content()
        budget = {"daily_usd": 2, "spent_usd": spent, "resets_at": "2026-11-23T00:00:00Z"}
        late.pop().fulfill(json=budget)
        expect(line(page)).not_to_be_empty()
        assert page.evaluate(boxes) == before
