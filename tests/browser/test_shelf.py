"""The shelf of earlier pictures: search, star, delete, undo, download, and two tabs."""

import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    download,
    download_all,
    expect_shelf,
    fill_shelf,
    generate,
    last_announcement,
    make_pictures,
    press_in_viewer,
    setting,
    shelf,
    shelved,
    thumbnail,
    thumbnails,
    viewer,
)
from browser.recipes import read_parameters

pytestmark = pytest.mark.slow


def test_the_pictures_survive_a_reload_newest_first(page):
    expect(shelf(page)).to_be_hidden()
    make_pictures(page, "qwzx one", "qwzx two")
    for _ in range(2):
        expect_shelf(page, "qwzx two", "qwzx one")
        expect(page.get_by_role("img", name="qwzx two")).to_have_count(1)  # large
        expect(shelved(page)).to_have_count(1)
        expect(page.get_by_role("heading", name="What would you like to see?")).to_be_hidden()
        page.reload()
    drawn = "image => image.decode().then(() => image.naturalWidth)"
    assert thumbnail(page, "qwzx one").locator("img").evaluate(drawn) == 400


def test_finds_a_picture_by_star_and_words(page):
    make_pictures(page, "qwzx red fox", "qwzx blue hen")
    thumbnail(page, "qwzx red fox").click()
    press_in_viewer(page, "Star")
    star = viewer(page).get_by_role("button", name="Star")
    expect(star).to_have_attribute("aria-pressed", "true")
    press_in_viewer(page, "Close")
    page.locator("figure").get_by_role("button", name="qwzx blue hen").click()
    expect(star).to_be_visible()  # also when it is opened from the wall
    press_in_viewer(page, "Close")
    page.reload()
    starred = shelf(page).get_by_role("button", name="Starred", exact=True)
    starred.click()
    expect(shelved(page)).to_have_accessible_name("qwzx red fox, starred")
    search = shelf(page).get_by_role("searchbox", name="Search the prompts")
    search.fill("hen")
    expect(shelf(page).get_by_text("No picture for “hen”.")).to_be_visible()
    starred.click()
    expect(shelved(page)).to_have_accessible_name("qwzx blue hen")
    search.fill("QWZX")
    expect(shelved(page)).to_have_count(2)
    search.fill("zebra")
    shelf(page).get_by_role("button", name="Clear the search").click()
    expect(search).to_have_value("")
    expect(search).to_be_focused()
    expect_shelf(page, "qwzx blue hen", "qwzx red fox, starred")


def test_undo_restores_a_picture_on_wall_and_shelf(page):
    make_pictures(page, "qwzx one", "qwzx two", "qwzx three")
    large = page.locator(".set .prompt-text")
    for prompt, left, hung in (
        ("qwzx two", ["qwzx three", "qwzx one"], "qwzx three"),
        ("qwzx three", ["qwzx two", "qwzx one"], "qwzx two"),
    ):
        thumbnail(page, prompt).click()
        press_in_viewer(page, "Delete")
        expect(viewer(page).locator(".prompt-text")).not_to_have_text(prompt)  # the next one
        expect_shelf(page, *left)
        expect(large).to_have_text(hung)
        press_in_viewer(page, "Undo")
        expect(viewer(page).locator(".prompt-text")).to_have_text(prompt)
        expect_shelf(page, "qwzx three", "qwzx two", "qwzx one")
        expect(large).to_have_text("qwzx three")
        expect(page.get_by_role("button", name="Undo")).to_be_hidden()
        press_in_viewer(page, "Close")
    thumbnail(page, "qwzx two").click()
    press_in_viewer(page, "Delete")
    expect_shelf(page, "qwzx three", "qwzx one")
    page.reload()
    expect_shelf(page, "qwzx three", "qwzx one")


def test_every_deletion_of_the_visit_can_be_undone(page):
    fill_shelf(page, 4)
    thumbnail(page, "picture 3").click()
    for left in (3, 2):
        press_in_viewer(page, "Delete")
        expect(thumbnails(page)).to_have_count(left)
    press_in_viewer(page, "Close")
    for left in (3, 4):
        page.keyboard.press("Control+z")
        expect(thumbnails(page)).to_have_count(left)
    expect_shelf(page, "picture 4", "picture 3", "picture 2", "picture 1")


def test_undo_stays_while_it_has_hover_or_focus(page):
    fill_shelf(page, 1)
    page.clock.install()
    thumbnail(page, "picture 1").click()
    press_in_viewer(page, "Delete")
    expect(viewer(page)).to_be_hidden()  # as no picture is left
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


def test_downloads_all_pictures_as_a_zip(page):
    prompts = ["qwzx größer", "qwzx 雪の中の狐", "qwzx 🦊"]
    make_pictures(page, *prompts)
    name, file = download(page, download_all(page).click)
    assert name == "easel.zip"
    archive = zipfile.ZipFile(io.BytesIO(file))
    assert archive.testzip() is None
    for number, (name, prompt) in enumerate(zip(archive.namelist(), prompts[::-1], strict=True)):
        assert re.fullmatch(rf"000{number + 1} {prompt} \d+\.jpg", name)
        assert read_parameters(archive.read(name)).startswith(f"{prompt}\n")


def test_two_tabs_share_the_shelf(page):
    other = page.context.new_page()
    other.goto(page.url)
    make_pictures(page, "qwzx one")
    expect_shelf(other, "qwzx one")
    make_pictures(other, "qwzx two")
    expect_shelf(page, "qwzx one", "qwzx two")  # what hangs large here stays
    thumbnail(page, "qwzx two").click()
    press_in_viewer(page, "Delete")
    press_in_viewer(page, "Close")
    expect_shelf(other, "qwzx one")
    expect(other.get_by_role("img", name="qwzx two")).to_have_count(0)
    thumbnail(other, "qwzx one").click()
    thumbnail(page, "qwzx one").click()
    press_in_viewer(page, "Delete")
    expect(viewer(other)).to_be_hidden()
    expect(other.locator("#toast p")).to_have_text("This picture is no longer in this browser.")
    expect(page.locator("[type=submit]")).to_be_focused()  # as the shelf is empty
    page.get_by_role("button", name="Undo").click()
    expect_shelf(other, "qwzx one")


def test_shelf_and_viewer_work_by_keyboard(page):
    fill_shelf(page, 3)
    shelf(page).get_by_role("searchbox").focus()
    page.keyboard.type("picture")
    expect(shelved(page)).to_have_count(3)
    for name in ("Starred", "Select", "picture 3"):
        page.keyboard.press("Tab")
        expect(shelf(page).get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(shelf(page).get_by_role("button", name="Star: picture 3")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("End")
    expect(shelved(page).last).to_be_focused()
    page.keyboard.press("Enter")
    # The button that costs money does not get the focus.
    expect(viewer(page).get_by_role("button", name="picture 1", exact=True)).to_be_focused()
    reached = set()
    name = "document.activeElement.dataset.action ?? document.activeElement.className"
    while (control := page.evaluate(name)) not in reached:
        reached.add(control)
        page.keyboard.press("Tab")
    acts = (
        viewer(page)
        .locator("[data-action]:enabled")
        .filter(visible=True)
        .evaluate_all("all => all.map(a => a.dataset.action)")
    )
    assert reached - {""} == {*acts, "zoom", "secondary opener", "embed-metadata"}
    viewer(page).get_by_role("button", name="Delete").press("Enter")
    expect(viewer(page).locator(".prompt-text")).to_have_text("picture 2")
    page.keyboard.press("Escape")
    expect(shelved(page).filter(has_text="picture 2")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(shelved(page)).to_have_count(3)
    expect(shelved(page).last).to_be_focused()
    expect(last_announcement(page)).to_have_text("Picture restored.")
    expect(shelf(page).get_by_role("searchbox")).to_have_value("picture")  # typing stays
    page.keyboard.press("Enter")
    expect(viewer(page)).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(last_announcement(page)).to_have_text("picture 2. 2 of 3")
    page.keyboard.press("Escape")
    shelf(page).get_by_role("searchbox").fill("nothing like it")
    expect(last_announcement(page)).to_have_text("No picture for “nothing like it”.")
    shelf(page).get_by_role("searchbox").press("Escape")
    expect(last_announcement(page)).to_have_text("3 pictures found.")


def test_moves_the_focus_when_a_picture_leaves_the_shelf(page):
    fill_shelf(page, 2)
    thumbnail(page, "picture 1").click()
    press_in_viewer(page, "Star")
    press_in_viewer(page, "Close")
    expect(thumbnail(page, "picture 1, starred")).to_be_focused()
    shelf(page).get_by_role("button", name="Starred", exact=True).click()
    expect(shelved(page)).to_have_accessible_name("picture 1, starred")
    shelved(page).click()
    press_in_viewer(page, "Star")  # removes the star
    press_in_viewer(page, "Close")
    expect(shelved(page)).to_have_count(0)
    expect(page.locator("[type=submit]")).to_be_focused()


def test_loads_pictures_as_the_shelf_is_scrolled(page):
    fill_shelf(page, 300)
    expect(shelved(page)).to_have_count(59)  # and one hangs large
    for number in (59, 119, 179, 239, 299):
        expect(shelved(page).nth(number - 1)).to_be_attached()
        shelved(page).last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 10_000)
    thumbnail(page, "picture 1").click()
    expect(viewer(page).get_by_role("button", name="Older")).to_be_disabled()
    press_in_viewer(page, "Close")
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    page.reload()
    # Opens the last picture that is drawn without scrolling, as the arrow keys do.
    thumbnail(page, "picture 242").dispatch_event("click")
    expect(viewer(page)).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(viewer(page).locator(".prompt-text")).to_have_text("picture 241")
