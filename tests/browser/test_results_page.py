"""Every paid picture arrives once: after a lost answer, a closed tab, in two tabs, after Cancel."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    generate,
    last_announcement,
    make_pictures,
    seeds,
    thumbnail,
    thumbnails,
    watch_posts,
)
from browser.pending import (
    CHARGED,
    LATE,
    LOST,
    POSTS,
    RESULTS,
    STORED,
    UNREACHABLE,
    expect_paid_once,
    keys,
    not_kept,
    questions_before_leaving,
    spent,
    start_and_close,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(kept_site):
    return kept_site


@pytest.fixture
def page(open_page, site):
    page = open_page(site.url)
    page.spent = spent(page)
    return page


def test_shows_a_picture_after_the_gateways_timeout(page, site, monkeypatch):
    monkeypatch.setattr(site.website, "gateway_timeout_seconds", 1)
    sent = watch_posts(page)
    generate(page, "!slow 3 qwzx")
    expect(page.get_by_text(LOST)).to_be_visible()
    expect(page.get_by_role("img", name="!slow 3 qwzx")).to_be_visible()
    expect(last_announcement(page)).to_have_text("The picture is ready.")
    assert len(sent) == 1
    expect_paid_once(page, page.spent)


def test_a_picture_arrives_after_its_tab_was_closed_in_one_of_two_new_ones(page):
    before = page.spent
    open_again = start_and_close(page)
    first, second = open_again(), open_again()
    expect(first.locator("#toast p")).to_contain_text("One picture was still being made.")
    expect(first.get_by_role("img", name="!slow 3 qwzx")).to_be_visible()
    expect(thumbnails(second)).to_have_count(1)
    expect(second.locator("figure[aria-busy]")).to_have_count(0)
    expect_paid_once(first, before)
    first.reload()
    expect(thumbnails(first)).to_have_count(1)
    expect(first.locator("[type=submit]")).to_be_enabled()
    expect(first.locator("figure[aria-busy]")).to_have_count(0)


def test_a_picture_under_way_in_one_tab_is_left_to_it(page):
    generate(page, "!slow 2 qwzx")
    expect(page.get_by_text("Painting… 1 s")).to_be_visible()
    other = page.context.new_page()
    asked = []
    other.on("request", lambda request: asked.append(request.url))
    other.goto(page.url)
    expect(thumbnail(other, "!slow 2 qwzx")).to_be_visible()
    assert [url for url in asked if "/results/" in url] == []
    expect_paid_once(page, page.spent)


def test_a_lost_answer_is_fetched_when_the_connection_returns(page):
    sent = watch_posts(page)

    def go_offline(route):
        route.fetch()
        page.context.set_offline(True)
        route.abort("connectionreset")

    page.route(POSTS, go_offline)
    generate(page, QUICK)
    expect(page.get_by_text(LOST)).to_be_visible()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    assert len(sent) == 1
    expect_paid_once(page, page.spent)


def test_a_request_that_got_lost_is_sent_once_more_with_its_key(page):
    make_pictures(page, QUICK)  # which shows that results are kept
    sent = watch_posts(page)
    page.route(POSTS, lambda route: route.abort("connectionreset"), times=3)
    generate(page, "qwzx two")
    message = page.locator(".message")
    expect(message).to_have_text(UNREACHABLE)
    expect(page.locator("figure").get_by_text(CHARGED)).to_be_hidden()  # the key stays
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="qwzx two")).to_be_visible()
    assert len(sent) == 4 and len(set(keys(sent))) == 1
    assert spent(page) == pytest.approx(page.spent + 0.08)


def test_a_request_is_not_sent_again_before_results_are_known_to_be_kept(page):
    sent = watch_posts(page)
    page.route(POSTS, lambda route: route.abort("connectionreset"))
    generate(page, QUICK)
    expect(page.locator(".message")).to_have_text(UNREACHABLE)
    expect(page.locator("figure").get_by_text(CHARGED)).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_accessible_description(CHARGED)
    assert len(sent) == 1


def test_stops_polling_after_the_functions_timeout(page):
    page.clock.install()
    sent = watch_posts(page)
    page.route(
        POSTS, lambda route: route.fulfill(status=504, json={"message": "timed out"}), times=1
    )
    page.route(RESULTS, lambda route: route.fulfill(status=202, headers={"Retry-After": "2"}))
    generate(page, QUICK)
    expect(page.get_by_text(LOST)).to_be_visible()
    for _ in range(40):
        page.clock.fast_forward(5_000)  # milliseconds
        if page.get_by_role("button", name="Try again").is_visible():
            break
    expect(page.locator(".message")).to_have_text(
        "The picture is still being made. Try again in a moment to fetch it."
    )
    page.unroute(RESULTS)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    assert len(set(keys(sent))) == 1


def test_trying_again_after_a_charged_failure_says_so_and_is_another_request(page):
    sent = watch_posts(page)
    generate(page, "!internal 1 qwzx, kept")
    expect(page.locator("figure").get_by_text(CHARGED)).to_be_visible()
    expect(last_announcement(page)).to_contain_text(CHARGED)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!internal 1 qwzx, kept")).to_be_visible()
    assert len(set(keys(sent))) == 2


def test_a_failure_that_cost_nothing_says_nothing_of_money(page):
    generate(page, "!filtered")
    expect(page.locator(".failed").get_by_text("Nothing was charged.")).to_be_visible()
    page.get_by_role("button", name="Change the words").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()


@pytest.mark.parametrize("leave", [False, True])
def test_a_cancelled_picture_lands_on_the_shelf(page, leave):
    before = page.spent
    generate(page, "!slow 3 qwzx")
    expect(page.get_by_text("Painting… 1 s")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(last_announcement(page)).to_have_text(
        "Cancelled. What is already paid for still lands on the shelf."
    )
    expect(page.locator("figure")).to_have_count(0)
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")
    if leave:
        page.reload()
    expect(page.locator("#toast p")).to_have_text(LATE)
    expect(thumbnail(page, "!slow 3 qwzx")).to_be_visible()
    expect(page.locator("figure")).to_have_count(0)
    expect_paid_once(page, before)


def test_a_large_picture_arrives_from_the_bucket_with_seed_and_price(page):
    generate(page, "!large")
    expect(page.get_by_role("img", name="!large")).to_be_visible()
    expect(page.locator(".set .facts")).to_have_text(re.compile(r" · \$0\.04 · "))
    assert seeds(page)[0] > 0


FORBIDDEN = [
    "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError') }",
    "Object.defineProperty(navigator, 'locks', { value: undefined })",
]


@pytest.mark.parametrize("script", FORBIDDEN)
def test_warns_before_leaving_where_pictures_cannot_be_written_down(page, script):
    page.add_init_script(script)
    page.reload()
    make_pictures(page, QUICK)
    assert questions_before_leaving(page) == ["beforeunload"]


def test_warns_before_leaving_until_results_are_known_to_be_kept(page):
    assert questions_before_leaving(page) == ["beforeunload"]
    page.wait_for_selector("[type=submit]:enabled")
    expect(thumbnails(page)).to_have_count(1)
    assert questions_before_leaving(page) == []


def test_warns_before_leaving_where_the_server_keeps_no_results(page):
    headers = {"X-Image-Ignored": "seed, Idempotency-Key"}

    def ignore_key(route):
        response = route.fetch()
        route.fulfill(response=response, headers=response.headers | headers)

    page.route(POSTS, ignore_key, times=1)
    make_pictures(page, QUICK)
    assert questions_before_leaving(page) == ["beforeunload"]


def test_a_picture_that_was_not_made_says_so_in_the_next_visit(page):
    page.context.clock.install()
    page.context.route(RESULTS, not_kept)
    page = start_and_close(page, "!slow 2 qwzx")()
    message = page.locator(".message")
    expect(message).to_contain_text("Painting…")  # the server may not have seen the key yet
    for _ in range(6):
        page.clock.fast_forward(5_000)  # milliseconds
    expect(message).to_have_text("This picture was not made, or is no longer kept.")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!slow 2 qwzx")).to_be_visible()


def test_a_picture_under_way_waits_for_the_access_code(page):
    """The site asks for a code that the new tab does not have; the API here needs none."""
    models = page.request.get(f"{page.url}api/models").json() | {"access": "code"}
    page.context.route("**/api/models", lambda route: route.fulfill(json=models))
    page.reload()
    page.get_by_label("Access code", exact=True).fill("Sesame")
    open_again = start_and_close(page, "!slow 2 qwzx")
    page = open_again()
    expect(page.locator(".message")).to_have_text(
        "Enter the access code, then try again: this picture may be ready."
    )
    assert "Sesame" not in page.evaluate(STORED)
    refused = {"Code": "AccessCodeRequired", "Message": "access code must be sent as …"}
    page.route(RESULTS, lambda route: route.fulfill(status=401, json=refused))
    page.get_by_label("Access code", exact=True).fill("Simsim")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message")).to_have_text(
        "That access code is wrong. Check it, then try again."
    )
    page.unroute(RESULTS)
    page.get_by_label("Access code", exact=True).fill("Sesame")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!slow 2 qwzx")).to_be_visible()
