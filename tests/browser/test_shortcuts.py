"""Keys and the wheel: what is typed or scrolled is never taken for a shortcut."""

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    generate,
    last_announcement,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
    thumbnails,
    viewer,
    watch_posts,
)

pytestmark = pytest.mark.slow

PRESS = """key => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...key }))"""


PRESS_UNDO_ONCE_GONE = """() => {
  const observer = new MutationObserver(() => {
    if (document.querySelector("figure[id]")) return
    observer.disconnect()
    const key = { key: "z", ctrlKey: true, bubbles: true, cancelable: true }
    document.body.dispatchEvent(new KeyboardEvent("keydown", key))
  })
  observer.observe(document.body, { childList: true, subtree: true })
}"""


def press(page, **key):
    page.evaluate(PRESS, key)


def test_escape_during_a_japanese_conversion_cancels_nothing(page):
    generate(page, "!slow 20 qwzx")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    setting(page, "Prompt").focus()
    keyboard = page.context.new_cdp_session(page)
    composed = {"text": "せかい", "selectionStart": 3, "selectionEnd": 3}
    keyboard.send("Input.imeSetComposition", composed)
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    keyboard.send("Input.insertText", {"text": "世界"})
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)


@pytest.mark.parametrize("composing", [{"isComposing": True}, {"keyCode": 229}])
def test_no_shortcut_acts_while_text_is_composed(page, composing):
    sent = watch_posts(page)
    make_pictures(page, "qwzx one", "qwzx two")
    thumbnail(page, "qwzx two").click()
    press(page, key="ArrowRight", **composing)
    press_in_viewer(page, "Delete")
    press(page, key="z", ctrlKey=True, **composing)
    expect(thumbnails(page)).to_have_count(1)
    press_in_viewer(page, "Close")
    press(page, key="?", **composing)
    press(page, key="Enter", ctrlKey=True, **composing)
    expect(page.locator("dialog[open], figure[aria-busy]")).to_have_count(0)
    assert len(sent) == 2
    press(page, key="z", ctrlKey=True)
    expect(thumbnails(page)).to_have_count(2)


def test_escape_in_a_menu_or_field_cancels_nothing(page):
    show_configuration(page)
    generate(page, "!slow 20 qwzx")
    for label in ("Model", "Seed", "File format", "Light or dark"):
        setting(page, label).focus()
        page.keyboard.press("Escape")
    page.get_by_role("radio", name="2", exact=True).focus()
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    page.locator("[type=submit]").focus()
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)


def test_a_held_escape_closes_the_viewer_and_cancels_nothing(page):
    make_pictures(page, QUICK)
    generate(page, "!slow 20 qwzx")
    thumbnail(page, QUICK).click()
    expect(viewer(page)).to_be_visible()
    for _ in range(3):
        page.keyboard.down("Escape")
    expect(viewer(page)).to_be_hidden()
    page.keyboard.down("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    page.keyboard.up("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(0)


def test_the_browsers_own_arrow_shortcuts_turn_no_picture(page):
    make_pictures(page, "qwzx one", "qwzx two")
    thumbnail(page, "qwzx two").click()
    for modifier in ("altKey", "ctrlKey", "metaKey"):
        press(page, key="ArrowRight", **{modifier: True})
    expect(viewer(page).get_by_role("img", name="qwzx two")).to_be_visible()
    press(page, key="ArrowRight")
    expect(viewer(page).get_by_role("img", name="qwzx one")).to_be_visible()


UNDO_KEYS = {
    "Caps Lock": {"key": "Z", "code": "KeyZ"},
    "Cyrillic": {"key": "я", "code": "KeyZ"},
    "Greek": {"key": "ζ", "code": "KeyZ"},
    "German": {"key": "z", "code": "KeyY"},
}
OTHER_KEYS = {
    "redo": {"key": "Z", "code": "KeyZ", "shiftKey": True},
    "German Y": {"key": "y", "code": "KeyZ"},
    "Cyrillic Y": {"key": "н", "code": "KeyY"},
}


def test_undo_works_with_caps_lock_and_on_any_keyboard(page):
    make_pictures(page, QUICK)
    for key in UNDO_KEYS.values():
        thumbnail(page, QUICK).click()
        press_in_viewer(page, "Delete")
        expect(thumbnails(page)).to_have_count(0)
        for other in OTHER_KEYS.values():
            press(page, ctrlKey=True, **other)
        expect(thumbnails(page)).to_have_count(0)
        press(page, ctrlKey=True, **key)
        expect(thumbnails(page)).to_have_count(1)


def test_undo_waits_for_the_deletion_that_is_under_way(page):
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    page.evaluate(PRESS_UNDO_ONCE_GONE)  # before the notice offers it
    press_in_viewer(page, "Delete")
    expect(last_announcement(page)).to_have_text("Picture restored.")
    expect(thumbnails(page)).to_have_count(1)


def test_undo_works_while_the_number_of_pictures_has_the_focus(page):
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "Delete")
    expect(thumbnails(page)).to_have_count(0)
    page.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("Control+z")
    expect(thumbnails(page)).to_have_count(1)


def test_the_wheel_changes_no_number_and_no_menu(page):
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Seed").fill("7")
    for label in ("Seed", "Generation steps", "Sampler"):
        before = setting(page, label).input_value()
        setting(page, label).focus()
        setting(page, label).hover()
        page.mouse.wheel(0, -120)
        page.mouse.wheel(0, 240)
        page.evaluate("() => new Promise(done => setTimeout(done, 100))")
        expect(setting(page, label)).to_have_value(before)
        expect(setting(page, label)).to_be_focused()
    expect(setting(page, "Seed")).to_have_value("7")
