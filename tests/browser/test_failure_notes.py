"""Waiting and failing: what the page says meanwhile, and the act that helps."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, generate, watch_posts

pytestmark = pytest.mark.slow


def test_several_failures_of_one_cause_are_one_note(page):
    page.get_by_role("group", name="Pictures").get_by_text("4", exact=True).click()
    generate(page, "!filtered qwzx")
    expect(page.locator("figure.failed")).to_have_count(1)
    expect(page.locator(".failed .message")).to_contain_text("4 failed: ")
    page.get_by_label("Prompt", exact=True).fill("something else")
    page.get_by_role("button", name="Change the words").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("!filtered qwzx")
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("something else")


def test_a_png_that_is_too_large_is_made_as_jpeg(page):
    too_large = {"Code": "ImageTooLarge", "Message": "the picture is too large to send"}
    page.route("**/api/?*", lambda route: route.fulfill(status=502, json=too_large))
    generate(page, QUICK)
    expect(page.locator(".message")).to_have_text("As a PNG it is too large to send.")
    page.unroute("**/api/?*")
    sent = watch_posts(page)
    page.get_by_role("button", name="Make it as JPEG").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    assert "output_format=jpeg" in sent[0].url


def test_says_how_long_a_picture_usually_takes(page):
    page.evaluate("""async () => {
      const { openHistory } = await import("./pictures/history.js")
      const history = await openHistory()
      const blob = await new OffscreenCanvas(8, 8).convertToBlob().catch(() => new Blob())
      for (const seconds of [4, 90, 5]) {
        const values = { prompt: "qwzx", model: "stable-image-core" }
        await history.add({ prompt: "qwzx", values, seconds }, blob)
      }
    }""")
    page.get_by_role("group", name="Pictures").get_by_text("2", exact=True).click()
    generate(page, "!slow 20 qwzx")
    expect(page.get_by_text(re.compile(r"^Painting… \d s, usually 5$"))).to_have_count(1)
    expect(page).to_have_title("… Painting \u2013 Easel")
