"""What was made before, on the shelf: found, starred, deleted, downloaded, in two tabs."""

import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    act,
    download,
    expect_shelf,
    generate,
    heard,
    large,
    make,
    setting,
    shelf,
    thumb,
    thumbs,
    with_many,
)
from browser.recipes import read

pytestmark = pytest.mark.slow


def test_what_was_made_stands_on_the_shelf_after_a_reload_newest_first(page):
    expect(shelf(page)).to_be_hidden()
    make(page, "qwzx one", "qwzx two")
    expect_shelf(page, "qwzx two", "qwzx one")
    page.reload()
    expect_shelf(page, "qwzx two", "qwzx one")
    expect(page.locator("figure")).to_have_count(0)
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_hidden()
    drawn = "image => image.decode().then(() => image.naturalWidth)"
    assert thumb(page, "qwzx one").locator("img").evaluate(drawn) == 320


def test_stars_and_words_find_a_picture(page):
    make(page, "qwzx red fox", "qwzx blue hen")
    thumb(page, "qwzx red fox").click()
    act(page, "Star")
    star = large(page).get_by_role("button", name="Star")
    expect(star).to_have_attribute("aria-pressed", "true")
    act(page, "Close")
    page.locator("figure").get_by_role("button", name="qwzx red fox").click()
    expect(star).to_be_visible()  # from wherever it is looked at
    act(page, "Close")
    page.reload()
    starred = shelf(page).get_by_role("button", name="Starred", exact=True)
    starred.click()
    expect_shelf(page, "qwzx red fox")
    search = shelf(page).get_by_role("searchbox", name="Search the prompts")
    search.fill("hen")
    expect(shelf(page).get_by_text("No picture fits.")).to_be_visible()
    starred.click()
    expect_shelf(page, "qwzx blue hen")
    search.fill("QWZX")
    expect_shelf(page, "qwzx blue hen", "qwzx red fox")


def test_a_deleted_picture_leaves_wall_and_shelf_and_undo_puts_it_back_on_both(page):
    make(page, "qwzx one", "qwzx two", "qwzx three")
    thumb(page, "qwzx two").click()
    act(page, "Delete")
    expect(large(page)).to_be_hidden()
    expect_shelf(page, "qwzx three", "qwzx one")
    words = page.locator("figure .prompt-text")
    expect(words).to_have_text(["qwzx three", "qwzx one"])
    page.get_by_role("button", name="Undo").click()
    expect_shelf(page, "qwzx three", "qwzx two", "qwzx one")
    expect(words).to_have_text(["qwzx three", "qwzx two", "qwzx one"])
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    thumb(page, "qwzx two").click()
    act(page, "Delete")
    expect(large(page)).to_be_hidden()
    page.reload()
    expect_shelf(page, "qwzx three", "qwzx one")


def test_the_way_back_stays_as_long_as_somebody_is_at_it(page):
    with_many(page, 1)
    page.clock.install()
    thumb(page, "picture 1").click()
    act(page, "Delete")
    undo = page.get_by_role("button", name="Undo")
    for stay, leave in (
        (undo.hover, lambda: page.mouse.move(0, 0)),
        (undo.focus, setting(page, "Prompt").focus),
    ):
        stay()
        page.clock.run_for(60_000)  # milliseconds
        expect(undo).to_be_visible()
        leave()
        page.clock.run_for(9_000)
        expect(undo).to_be_visible()
    page.clock.run_for(2_000)
    expect(undo).to_be_hidden()


def test_all_are_downloaded_as_one_zip_under_their_own_names(page):
    prompts = ["qwzx größer", "qwzx 雪の中の狐", "qwzx 🦊"]
    make(page, *prompts)
    button = shelf(page).get_by_role("button", name="Download all")
    name, file = download(page, button.click)
    assert name == "easel.zip"
    archive = zipfile.ZipFile(io.BytesIO(file))
    assert archive.testzip() is None
    for number, (name, prompt) in enumerate(zip(archive.namelist(), prompts[::-1], strict=True)):
        assert re.fullmatch(rf"000{number + 1} {prompt} \d+\.jpg", name)
        assert read(archive.read(name)).startswith(f"{prompt}\n")


def test_two_tabs_share_the_shelf(page):
    other = page.context.new_page()
    other.goto(page.url)
    make(page, "qwzx one")
    expect_shelf(other, "qwzx one")
    make(other, "qwzx two")
    expect_shelf(page, "qwzx two", "qwzx one")
    thumb(page, "qwzx two").click()
    act(page, "Delete")
    expect_shelf(other, "qwzx one")
    expect(other.get_by_role("img", name="qwzx two")).to_have_count(0)
    thumb(other, "qwzx one").click()
    thumb(page, "qwzx one").click()
    act(page, "Delete")
    expect(large(other)).to_be_hidden()
    expect(other.locator("#toast p")).to_have_text("This picture is no longer in this browser.")
    expect(page.locator("[type=submit]")).to_be_focused()  # as nothing is left on the shelf
    page.get_by_role("button", name="Undo").click()
    expect_shelf(other, "qwzx one")


def test_the_keyboard_alone_goes_through_shelf_and_large_view(page):
    with_many(page, 2)
    shelf(page).get_by_role("searchbox").focus()
    page.keyboard.type("picture")
    for name in ("Starred", "Download all", "picture 2", "picture 1"):
        page.keyboard.press("Tab")
        expect(shelf(page).get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    # Not on the act that costs.
    expect(large(page).get_by_role("button", name="picture 1", exact=True)).to_be_focused()
    reached = set()
    name = "document.activeElement.dataset.action ?? document.activeElement.className"
    while (control := page.evaluate(name)) not in reached:
        reached.add(control)
        page.keyboard.press("Tab")
    acts = (
        large(page)
        .locator("[data-action]:enabled")
        .evaluate_all("all => all.map(a => a.dataset.action)")
    )
    assert reached - {""} == {*acts, "zoom", "embed-metadata"}
    large(page).get_by_role("button", name="Delete").press("Enter")
    expect_shelf(page, "picture 2")
    expect(thumb(page, "picture 2")).to_be_focused()
    page.keyboard.press("Control+z")
    expect_shelf(page, "picture 2", "picture 1")
    expect(thumb(page, "picture 1")).to_be_focused()
    expect(heard(page)).to_have_text("The picture is back.")
    expect(shelf(page).get_by_role("searchbox")).to_have_value("picture")  # not undone as well
    page.keyboard.press("Enter")
    expect(large(page)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(heard(page)).to_have_text("picture 2")
    page.keyboard.press("Escape")
    shelf(page).get_by_role("searchbox").fill("nothing like it")
    expect(heard(page)).to_have_text("No picture fits.")
    shelf(page).get_by_role("searchbox").press("Escape")
    expect(heard(page)).to_have_text("Pictures found.")


def test_the_focus_goes_to_what_comes_in_place_of_what_is_gone(page):
    with_many(page, 2)
    thumb(page, "picture 1").click()
    act(page, "Star")
    act(page, "Close")
    expect(thumb(page, "picture 1")).to_be_focused()
    shelf(page).get_by_role("button", name="Starred", exact=True).click()
    expect_shelf(page, "picture 1")
    thumb(page, "picture 1").click()
    act(page, "Star")  # no longer
    act(page, "Close")
    expect(thumbs(page)).to_have_count(0)
    expect(page.locator("[type=submit]")).to_be_focused()


def test_three_hundred_pictures_come_as_far_as_anybody_scrolls(page):
    with_many(page, 300)
    expect(thumbs(page)).to_have_count(60)
    for number in (60, 120, 180, 240, 300):
        expect(thumbs(page).nth(number - 1)).to_be_attached()
        thumbs(page).last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 10_000)
    thumb(page, "picture 1").click()
    expect(large(page).get_by_role("button", name="Older")).to_be_disabled()
    act(page, "Close")
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    page.reload()
    # The last that is drawn, with nothing scrolled: as by arrows from the first one on.
    thumb(page, "picture 242").dispatch_event("click")
    expect(large(page)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(large(page).locator(".prompt-text")).to_have_text("picture 241")
