"""A code that replaces another: the old one is kept until the new one has worked."""

import hashlib

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, generate
from conftest import Running

pytestmark = pytest.mark.slow

GOOD = "a-good-code"
BACK = (
    "That access code is wrong. Check it, then try again. Your earlier code is in the field again."
)
STORED = """([code, earlier]) => code === (sessionStorage['access-code'] || '')
  && earlier === (sessionStorage['earlier-access-code'] || '')"""


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory, blank_painter):
    log = tmp_path_factory.mktemp("replaced") / "log"
    sha256 = hashlib.sha256(GOOD.encode()).hexdigest()
    with Running(log, PORT="0", ACCESS_CODE_SHA256=sha256, PAINTER=blank_painter) as site:
        site.wait_until_ready()
        yield site


def field(page):
    return page.locator("#access-code")


def expect_stored(page, code, earlier):
    page.wait_for_function(STORED, arg=[code, earlier])


def expect_picture(page, prompt):
    generate(page, prompt)
    expect(page.get_by_role("img", name=prompt, exact=True)).to_be_visible()


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("again", ["goto", "reload"])
def test_a_wrong_code_in_a_link_leaves_the_good_one(open_page, closed_site, proven, again):
    page = open_page(f"{closed_site.url}#code={GOOD}")
    if proven:
        expect_picture(page, QUICK)
    page.goto(f"{closed_site.url}#code=evil")
    if again == "reload":
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")
    page.evaluate("location.hash = 'code=worse'")
    expect(field(page)).to_have_value("worse")
    expect_stored(page, "worse", GOOD)
    generate(page, "qwzx two")
    expect(page.locator("#access-help")).to_have_text(BACK)
    expect(field(page)).to_have_value(GOOD)
    expect_stored(page, GOOD, "")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="qwzx two")).to_be_visible()
    expect(field(page)).to_be_hidden()


def test_a_wrong_code_that_is_typed_leaves_the_good_one(open_page, closed_site):
    page = open_page(f"{closed_site.url}#code={GOOD}")
    page.get_by_role("button", name="Change access code").click()
    field(page).fill("a typo")
    generate(page, QUICK)
    expect(page.locator("#access-help")).to_have_text(BACK)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_a_new_code_that_works_replaces_the_old_one(open_page, closed_site):
    page = open_page(f"{closed_site.url}#code=yesterdays")
    page.goto(f"{closed_site.url}#code={GOOD}")
    expect_stored(page, GOOD, "yesterdays")
    expect_picture(page, QUICK)
    expect_stored(page, GOOD, "")


def test_two_wrong_codes_are_both_forgotten(open_page, closed_site):
    page = open_page(f"{closed_site.url}#code=one")
    page.goto(f"{closed_site.url}#code=two")
    generate(page, QUICK)
    expect(field(page)).to_have_value("one")
    page.get_by_role("button", name="Try again").click()
    expect(field(page)).to_have_value("")
    expect(page.locator("#access-help")).not_to_contain_text("earlier")
    expect_stored(page, "", "")


def test_a_link_while_a_picture_is_painted_keeps_the_code_that_works(open_page, closed_site):
    page = open_page(f"{closed_site.url}#code={GOOD}")
    generate(page, "!slow 1 qwzx")
    page.goto(f"{closed_site.url}#code=evil")
    expect(page.get_by_role("img", name="!slow 1 qwzx")).to_be_visible()
    expect_stored(page, "evil", GOOD)
    generate(page, QUICK)
    expect(field(page)).to_have_value(GOOD)


def test_without_storage_the_good_code_comes_back_too(open_page, closed_site):
    page = open_page(closed_site.url)
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })"
    )
    page.reload()
    field(page).fill(GOOD)
    expect_picture(page, QUICK)
    page.goto(f"{closed_site.url}#code=evil")
    generate(page, "qwzx two")
    expect(field(page)).to_have_value(GOOD)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="qwzx two")).to_be_visible()
