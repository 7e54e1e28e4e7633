"""Pictures and links that people bring: files with settings or without, several at once."""

import base64
import re

import pytest
from playwright.sync_api import expect

from browser.acts import download, forget_announcements, press_in_viewer, setting, shelf, viewer
from browser.changes import (
    TOAST,
    ball,
    choose_tool,
    open_child,
    open_picture,
    press,
    remove_background,
    room,
)
from browser.test_restore import FILLED, HOLDING, drop

pytestmark = pytest.mark.slow

PASTE = """([held, target]) => document.querySelector(target).dispatchEvent(
  new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: held }))"""


@pytest.fixture
def page(open_page, site):
    return open_page(site.url)


def test_a_file_with_settings_can_be_changed_instead(page):
    setting(page, "Prompt").fill("mine")
    drop(page, "fox.png", ball(text="a fox\nSeed: 7, Model: Stable Image Core, Version: Easel"))
    expect(page.locator(TOAST)).to_contain_text(FILLED)
    expect(setting(page, "Prompt")).to_have_value("a fox")
    page.get_by_role("button", name="Change it instead").click()
    expect(room(page)).to_have_accessible_name("Change “fox”")
    page.keyboard.press("Escape")
    expect(setting(page, "Prompt")).to_have_value("mine")


def test_the_file_of_a_changed_picture_opens_with_its_tool(page):
    remove_background(page)
    open_child(page)
    _, file = download(page, viewer(page).get_by_role("button", name="Download").click)
    press_in_viewer(page, "Close")
    open_picture(page, "again.png", file)
    expect(room(page).get_by_role("radio", name="Remove background")).to_be_checked()


def test_keeps_two_dropped_pictures_and_opens_none(page):
    held = page.evaluate_handle(
        HOLDING, [base64.b64encode(ball()).decode(), "one.png", "image/png"]
    )
    held.evaluate("held => held.items.add(new File([held.files[0]], 'two.png', held.files[0]))")
    held.evaluate(
        "held => document.body.dispatchEvent(new DragEvent('drop',"
        " { bubbles: true, cancelable: true, dataTransfer: held }))"
    )
    expect(page.locator(TOAST)).to_have_text("2 pictures are on the shelf.")
    expect(shelf(page)).to_contain_text("Kept in this browser · 2")
    expect(room(page)).to_be_hidden()


def test_pasting_while_typing_stays_text(page):
    held = page.evaluate_handle(HOLDING, [base64.b64encode(ball()).decode(), "t.png", "image/png"])
    held.evaluate("held => held.setData('text/plain', 'a table')")
    page.evaluate(PASTE, [held, "#prompt"])
    forget_announcements(page)
    page.evaluate(PASTE, [held, "body"])  # elsewhere it is the picture
    expect(room(page)).to_be_visible()
    expect(shelf(page)).to_contain_text("Kept in this browser · 1")


def test_a_link_brings_the_tool_and_the_words(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_picture(page)
    choose_tool(page, "By words")
    room(page).get_by_label("Find").fill("ball")
    room(page).get_by_label("Make it").fill("a cat")
    press(page)
    open_child(page)
    viewer(page).get_by_role("button", name=re.compile("Copy|Share")).click()
    press_in_viewer(page, "Copy link")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "tool=words" in link
    other = page.context.browser.new_context().new_page()
    other.goto(link)
    expect(other.locator(TOAST)).to_have_text(
        "Somebody sent you a change. Open a picture to make it."
    )
    assert other.url == site.url
    open_picture(other)
    expect(room(other).get_by_label("Find")).to_have_value("ball")
    expect(room(other).get_by_label("Make it")).to_have_value("a cat")
    other.context.close()
