"""What axe cannot see on the first screen: the order of focus, sizes, fonts, keys and files."""

import pytest
from playwright.sync_api import expect

from browser.acts import make_pictures, press_in_viewer, thumbnail, thumbnails
from browser.test_shortcuts import press

pytestmark = pytest.mark.slow

DRAG = """kind => {
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }))
  const options = { bubbles: true, cancelable: true, dataTransfer }
  document.body.dispatchEvent(new DragEvent(kind, options))
}"""


def test_a_dragged_file_dims_the_page(page):
    veil = page.get_by_text("Drop it, to use its settings or to change it")
    for end in ("dragleave", "drop"):
        page.evaluate(DRAG, "dragover")
        expect(veil).to_be_visible()
        page.evaluate(DRAG, end)
        expect(veil).to_be_hidden()


def test_single_keys_can_be_switched_off(page):
    press(page, key="?")
    switch = page.get_by_role("checkbox", name="Single keys")
    switch.uncheck()
    page.keyboard.press("Escape")
    for _ in range(2):
        press(page, key="?")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")


def test_undo_is_one_tab_from_where_the_focus_was(page):
    page.get_by_label("Prompt", exact=True).fill("my words")
    page.get_by_role("button", name="A lighthouse in the fog, watercolor").click()
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.get_by_role("button", name="Clear").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_each_deletion_of_a_visit_can_be_undone_after_its_notice(page):
    make_pictures(page, "qwzx one", "qwzx two")
    for words in ("qwzx one", "qwzx two"):
        thumbnail(page, words).click()
        press_in_viewer(page, "Delete")
        page.keyboard.press("Escape")
    expect(thumbnails(page)).to_have_count(0)
    page.evaluate("document.querySelector('#toast').hidden = true")
    for count in (1, 2):
        press(page, key="z", ctrlKey=True)
        expect(thumbnails(page)).to_have_count(count)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_menus_are_last_in_the_focus_order(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    make_pictures(page, "qwzx one", "qwzx two")
    expect(page.locator(".shelf .thumb").first).to_be_visible()
    order = """() => [...document.querySelectorAll("main button, main select, main textarea")]
        .filter(each => each.checkVisibility()).map(each => each.closest(
            "form, .new-pictures, .shelf, .empty, footer, .toast").className || "form")"""
    rooms = list(dict.fromkeys(page.evaluate(order)))
    assert rooms == ["controls", "new-pictures", "shelf", "preferences"]


def test_an_arrow_key_chooses_no_language(page):
    page.get_by_role("button", name="English").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="English")).to_be_focused()


def test_fields_are_large_enough_for_a_phone_not_to_zoom(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="More settings").click()
    sizes = page.locator("input, select, textarea").evaluate_all(
        "fields => fields.map(field => parseFloat(getComputedStyle(field).fontSize))"
    )
    assert min(sizes) >= 16
    expect(page.get_by_role("button", name="Keys")).to_be_hidden()


def test_form_and_pictures_share_the_first_screen_of_a_phone(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.locator("[type=submit]").bounding_box()["y"] < 450
    assert page.locator(".wall").bounding_box()["y"] < 662


def test_scripts_without_italics_are_not_slanted(page):
    style = "getComputedStyle(document.querySelector('.example')).fontSynthesisStyle"
    assert page.evaluate(style) == "none"


def test_a_home_screen_finds_icons(page):
    manifest = page.locator("[rel=manifest]").get_attribute("href")
    answer = page.request.get(f"{page.url}{manifest}").json()
    touch_icon = page.locator("[rel=apple-touch-icon]").get_attribute("href")
    for path in (touch_icon, *(each["src"] for each in answer["icons"])):
        icon = page.request.get(f"{page.url}{path}")
        assert icon.headers["content-type"].startswith("image/")
    assert page.evaluate("path => fetch(path).then(({ ok }) => ok)", manifest)


def test_an_example_whose_picture_is_broken_shows_its_words(page):
    page.eval_on_selector_all(
        ".example img", "images => images.forEach(image => { image.src = 'app.js' })"
    )
    expect(page.locator(".example img")).to_have_count(0)
    expect(page.get_by_role("button", name="A lighthouse in the fog, watercolor")).to_be_visible()
