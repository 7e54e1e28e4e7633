"""Looking closely at pictures, one after the other: keys, swipes, zoom, and what is in reach."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    download,
    fill_shelf,
    generate,
    make_pictures,
    press_in_viewer,
    thumbnail,
    thumbnails,
    viewer,
)

pytestmark = pytest.mark.slow


def test_single_keys_act_in_the_viewer_unless_switched_off(page):
    fill_shelf(page, 2)
    thumbnail(page, "picture 2").click()
    star = viewer(page).get_by_role("button", name="Star", exact=True)
    expect(star).to_be_visible()
    page.keyboard.press("s")
    expect(star).to_have_attribute("aria-pressed", "true")
    download(page, lambda: page.keyboard.press("d"))
    page.keyboard.press("Delete")
    expect(viewer(page).locator(".prompt-text")).to_have_text("picture 1")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    thumbnail(page, "picture 1").click()
    expect(star).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("ArrowRight")  # the key after it, which does nothing at the end
    expect(star).to_have_attribute("aria-pressed", "false")


def test_deleting_goes_on_to_the_next_picture(page):
    fill_shelf(page, 3)
    thumbnail(page, "picture 2").click()
    for shown in ("picture 1", "picture 3"):  # the next older one, else the one before
        press_in_viewer(page, "Delete")
        expect(viewer(page).locator(".prompt-text")).to_have_text(shown)
        expect(viewer(page).locator("#toast p")).to_be_visible()
    press_in_viewer(page, "Delete")
    expect(viewer(page)).to_be_hidden()
    for shown in (1, 2, 3):
        page.keyboard.press("Control+z")
        expect(thumbnails(page)).to_have_count(shown)


def test_a_swipe_steps_through_the_pictures(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    fill_shelf(page, 2)
    thumbnail(page, "picture 2").tap()
    words = viewer(page).locator(".prompt-text")
    expect(words).to_have_text("picture 2")
    swipe(page, 300, 100)
    expect(words).to_have_text("picture 1")
    swipe(page, 100, 130)  # too short
    expect(words).to_have_text("picture 1")
    swipe(page, 100, 300)
    expect(words).to_have_text("picture 2")
    bar = viewer(page).locator(".navigation").bounding_box()
    assert bar["y"] + bar["height"] == pytest.approx(844, abs=1)  # at the thumb
    for button in viewer(page).locator(".icon").all():
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 44


def swipe(page, start, end):
    touch = page.context.new_cdp_session(page)
    touch.send(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start, "y": 200}]}
    )
    for step in (1, 2, 3):
        at = {"x": start + (end - start) * step / 3, "y": 200}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_shares_a_picture_where_the_browser_can(page):
    page.add_init_script(
        "navigator.canShare = () => true\n"
        "navigator.share = async ({ files }) => { window.shared = files[0].name }"
    )
    page.reload()
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "Share")
    press_in_viewer(page, "Share the picture")
    page.wait_for_function("() => window.shared")
    assert re.fullmatch(rf"{QUICK} \d+\.jpg", page.evaluate("shared"))


def test_a_long_prompt_leaves_the_acts_in_sight(page):
    generate(page, "qwzx " + "long words " * 80)
    page.locator("figure .frame").click()
    words = viewer(page).locator(".prompt-text")
    assert words.bounding_box()["height"] < 160
    expect(viewer(page).get_by_role("button", name="Download")).to_be_in_viewport(ratio=1)
    press_in_viewer(page, "Show all")
    assert words.bounding_box()["height"] > 300


def test_a_click_in_the_viewer_zooms_toward_the_pointer(open_page):
    page = open_page(viewport={"width": 900, "height": 600})
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    image = viewer(page).get_by_role("img")
    stage = viewer(page).locator(".stage")
    expect(image).to_be_in_viewport()
    before = image.bounding_box()
    assert before["width"] < 1024
    x, y = before["x"] + 0.75 * before["width"], before["y"] + 0.75 * before["height"]
    page.mouse.click(x, y)
    after = image.bounding_box()
    assert after["width"] == 1024
    expect(viewer(page).get_by_text("100 %")).to_be_visible()
    # The same point of the picture stays under the pointer.
    assert (x - after["x"]) / 1024 == pytest.approx(0.75, abs=0.02)
    assert (y - after["y"]) / 1024 == pytest.approx(0.75, abs=0.02)
    page.mouse.down()
    page.mouse.move(x + 60, y + 40)  # drags the picture
    page.mouse.up()
    moved = image.bounding_box()
    assert (moved["x"] - after["x"], moved["y"] - after["y"]) == (60, 40)
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_function(
        "stage => stage.scrollLeft > 0 && stage.scrollTop > 0", arg=stage.element_handle()
    )
    page.keyboard.press("Escape")  # leaves the zoom, not the viewer
    assert image.bounding_box()["width"] == before["width"]


def test_a_picture_shown_whole_is_zoomed_to_twice_its_size(open_page):
    page = open_page(viewport={"width": 2000, "height": 1100})
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    image = viewer(page).get_by_role("img")
    expect(image).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert image.bounding_box()["width"] == 2048
    expect(viewer(page).get_by_text("200 %")).to_be_visible()
