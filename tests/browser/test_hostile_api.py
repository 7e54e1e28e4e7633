"""The page beside an API that lies, and a gateway that answers for it."""

import base64
import copy
import json
import re
from functools import partial

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, SHIP, advance_clock_until, generate, watch_posts
from browser.languages import LANGUAGES
from chalicelib.catalogue import MODELS
from conftest import picture

pytestmark = pytest.mark.slow

CATALOGUE = {
    "access": "open",
    "default": MODELS[0].name,
    "models": [model.describe() for model in MODELS[:2]],
}
UNREADABLE = "The server's answer could not be read (status 200). Try again in a moment."
BUSY = "Too many requests at once. Try again in a few seconds."
SVG = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").decode()


def answer(page, **response):
    """Answer each request for a picture with this."""
    page.unroute("**/api/?*")
    page.route("**/api/?*", lambda route: route.fulfill(**response))


def fail(page, **response):
    """Generate with this answer, and skip the pauses before the page asks for the result."""
    answer(page, **response)
    with page.expect_response("**/api/?*"):
        generate(page, QUICK)
    while page.locator("figure[aria-busy=true]").count():
        page.clock.fast_forward(2_000)  # milliseconds


def reload_with(page, models):
    page.unroute("**/api/models")
    page.route("**/api/models", partial(send_json, models))
    page.reload()


def send_json(value, route):
    """Playwright sends no body for `json=None`."""
    route.fulfill(body=json.dumps(value), content_type="application/json")


def expect_message(page, sentence):
    expect(page.locator("figure .message")).to_have_text(sentence)
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")


CODES = ["constructor", "__proto__", "toString", "hasOwnProperty"]


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_an_error_code_of_javascripts_own_is_only_a_code(open_page, language):
    page = open_page(locale=LANGUAGES.get(language, "en-US"))
    for code in CODES:
        error = {"Code": code, "Message": "{constructor} {status} {__proto__}"}
        answer(page, status=400, json=error)
        page.locator("[type=submit]").click()
        expect_message(page, "{constructor} {status} {__proto__}.")


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_descriptions_of_javascripts_own_are_only_words(open_page, language):
    page = open_page(locale=LANGUAGES.get(language, "en-US"))
    models = copy.deepcopy(CATALOGUE)
    models["models"][0]["description"] = "constructor"
    models["models"][0]["parameters"] += [
        {"kind": kind, "name": name, "label": "__proto__", "help": "toString", "default": ""}
        for kind in ("constructor", "__proto__", "text")
        for name in ("elements", "querySelector", "__proto__", "model", "count", "constructor")
    ]
    reload_with(page, models)
    expect(page.locator("[type=submit]")).to_be_enabled()
    expect(page.locator("#model-help")).to_contain_text("constructor")
    page.locator("#prompt").fill(QUICK)
    page.locator("[type=submit]").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def odd(change):
    models = copy.deepcopy(CATALOGUE)
    change(models)
    return models


def put(value, *path):
    def change(models):
        *parents, name = path
        for parent in parents:
            models = models[parent]
        models[name] = value

    return odd(change)


FIRST = ("models", 0)
ODD_CATALOGUES = [
    None, 7, "models", [], {}, {"models": {}}, {"models": [None]}, {"models": [[]]},
    put([], "models"), put("x", "default"), put(None, "default"), put("constructor", "default"),
    put(None, *FIRST, "parameters"), put([None], *FIRST, "parameters"),
    put([], *FIRST, "parameters"),
    put("NaN", *FIRST, "price_usd"), put(-1, *FIRST, "price_usd"), put({}, *FIRST, "title"),
    put(None, *FIRST, "description"), put("x", *FIRST, "parameters", 0, "max_length"),
    put({}, *FIRST, "parameters", 1, "label"), put("x", *FIRST, "parameters", 2, "choices"),
    put([{}], *FIRST, "parameters", 2, "choices"), put({}, *FIRST, "parameters", 3, "default"),
    put(5, *FIRST, "parameters", 3, "name"), put("1", *FIRST, "parameters", 3, "minimum"),
]  # fmt: skip


def test_models_in_an_odd_shape_are_one_sentence(page):
    for models in ODD_CATALOGUES:
        reload_with(page, models)
        expect(page.locator("#model-help")).to_have_text(UNREADABLE)
        expect(page.locator("[type=submit]")).to_be_disabled()
        expect(page.get_by_placeholder(SHIP)).to_be_visible()
    page.unroute("**/api/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("[type=submit]")).to_be_enabled()


def test_a_parameter_of_a_newer_api_is_left_out(page):
    models = copy.deepcopy(CATALOGUE)
    newer = {"kind": "image", "name": "init_image", "label": "Image", "help": "", "formats": [1]}
    models["models"][0]["parameters"].append(newer)
    models["models"][0]["parameters"] = [
        each for each in models["models"][0]["parameters"] if each["name"] != "seed"
    ]
    reload_with(page, models)
    expect(page.locator("[name=init_image]")).to_have_count(0)
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


ODD_BUDGETS = [
    None, 7, [], {}, {"daily_usd": "5"}, {"daily_usd": 5},
    {"daily_usd": 5, "spent_usd": "1", "resets_at": "2099-01-01T00:00:00Z"},
    {"daily_usd": 5, "spent_usd": 5, "resets_at": "tomorrow"},
    {"daily_usd": 5, "spent_usd": 5, "resets_at": None},
    {"daily_usd": -5, "spent_usd": 5, "resets_at": "2099-01-01T00:00:00Z"},
]  # fmt: skip


def test_a_budget_in_an_odd_shape_is_no_budget(page):
    for budget in ODD_BUDGETS:
        page.unroute("**/api/budget")
        page.route("**/api/budget", partial(send_json, budget))
        with page.expect_response(lambda response: "budget" in response.url):
            page.reload()
        expect(page.locator("[type=submit]")).to_be_enabled()
        expect(page.locator("#budget")).to_have_text("")


def test_only_jpeg_png_and_webp_become_pictures(page):
    page.evaluate("""() => {
      window.blobs = []
      const create = URL.createObjectURL
      URL.createObjectURL = blob => { window.blobs.push(blob.type); return create.call(URL, blob) }
    }""")
    for type in ("image/svg+xml", "text/html", "", "image/jpeg, text/html", "image/gif"):
        answer(page, body=SVG, headers={"X-Image-Type": type})
        generate(page)
        expect_message(page, "The picture that arrived cannot be shown. Try again.")
    assert page.evaluate("window.blobs") == []


ODD_SEEDS_AND_PRICES = [
    ("", ""), ("<b>7</b>", "NaN"), ("../../7", "Infinity"), ("-1", "-0.04"), ("9" * 40, "1e9"),
]  # fmt: skip


def test_seed_and_price_are_numbers_or_nothing(page):
    for seed, price in ODD_SEEDS_AND_PRICES:
        headers = {"X-Image-Type": "image/png", "X-Image-Seed": seed, "X-Image-Price": price}
        answer(page, body=picture("PNG"), headers=headers)
        generate(page, QUICK)
        facts = re.compile(r"^Stable Image Core · \d+\.\d\ss$")
        expect(page.locator(".set .facts").first).to_have_text(facts)
        expect(page.locator("#budget")).to_have_text("")
    page.locator("figure").first.get_by_role("button").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert re.fullmatch(r"qwzx ?\.png", download.value.suggested_filename)


def test_an_odd_retry_after_is_not_waited_for(page):
    page.clock.install()
    for text in ("1e9", "NaN", "-5", "Fri, 31 Dec 1999 23:59:59 GMT", "999999999999", "0", ""):
        sent = watch_posts(page)
        busy = {"Code": "ModelBusy", "Message": "busy"}
        answer(page, status=429, json=busy, headers={"Retry-After": text})
        generate(page, QUICK)
        expect(page.get_by_text("The model is busy; trying again")).to_be_attached()
        assert len(sent) == 1  # a delay over 24 days would be none at all
        advance_clock_until(page, sent, 3)
        expect_message(page, "Busy.")


def test_a_long_retry_after_is_left_to_the_person(page):
    page.clock.install()
    sent = watch_posts(page)
    busy = {"Code": "ModelBusy", "Message": "busy"}
    answer(page, status=429, json=busy, headers={"Retry-After": "3600"})
    generate(page, QUICK)
    expect_message(page, "Busy.")
    page.clock.fast_forward(7_200_000)
    assert len(sent) == 1


def test_a_spent_budget_without_a_time_resets_at_midnight_utc(open_page):
    page = open_page(timezone_id="Africa/Lagos", locale="en-GB")  # UTC+1 all year
    spent = {"Code": "BudgetSpent", "Message": "spent"}
    for text in ("", "NaN", "99999999999999", "-1"):
        answer(page, status=429, json=spent, headers={"Retry-After": text})
        generate(page, QUICK)
        expect_message(
            page, "Too little is left of today's budget for this picture. It resets at 01:00."
        )


ODD_ERRORS = [
    {"Code": 7, "Message": "x"}, {"Code": "ModelFailed", "Message": 7}, {"Code": "ModelFailed"},
    {"Code": "AccessCodeRequired", "Message": {}}, {"Code": [], "Message": []},
    {"Code": "ModelFailed", "Message": ""}, None, 7, "x", [],
]  # fmt: skip


def test_an_error_in_an_odd_shape_is_one_sentence(page):
    page.clock.install()
    for error in ODD_ERRORS:
        fail(page, status=502, json=error)
        expect_message(page, UNREADABLE.replace("200", "502"))
    fail(page, status=502, json={"Code": "ModelFailed", "Message": "x" * 100_000})
    expect_message(page, "X" + "x" * 499 + ".")


# API Gateway and CloudFront


@pytest.mark.parametrize(
    ("status", "body"),
    [(429, '{"message": "Too Many Requests"}'), (500, '{"message": "Internal server error"}')],
)
def test_a_bare_429_or_500_of_the_gateway_is_busy_and_retried(page, status, body):
    page.clock.install()
    sent = watch_posts(page)
    answer(page, status=status, body=body)
    generate(page, QUICK)
    expect(page.get_by_text("The model is busy; trying again")).to_be_attached()
    advance_clock_until(page, sent, 3)
    expect_message(page, BUSY)
    page.unroute("**/api/?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


MAY_BE_CHARGED = [
    (500, "<html>"),
    (500, ""),
    (500, '{"Code": "InternalServerError", "Message": "An internal server error occurred."}'),
    (502, '{"message": "Internal server error"}'),
    (503, '{"message": "Service Unavailable"}'),
    (504, '{"message": "Endpoint request timed out"}'),
]


def test_other_bare_failures_may_be_charged_and_are_not_retried(page):
    page.clock.install()
    sent = watch_posts(page)
    for status, body in MAY_BE_CHARGED:
        fail(page, status=status, body=body)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        page.clock.fast_forward(60_000)
    assert len(sent) == len(MAY_BE_CHARGED)


def test_a_gateway_that_finds_the_request_too_long_is_explained(page):
    for status in (413, 414, 431, 494):  # CloudFront answers 494 to long headers
        answer(page, status=status, body="<html>")
        generate(page, QUICK)
        expect_message(page, "The text is too long to send. Shorten it.")
