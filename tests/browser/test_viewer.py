"""The viewer: how a picture was made, and what can be done with it."""

import base64
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    choose_shape,
    download,
    expect_setting,
    fill_shelf,
    make_pictures,
    press_in_viewer,
    setting,
    shelf,
    thumbnail,
    thumbnails,
    viewer,
    watch_posts,
)
from browser.recipes import read_parameters

pytestmark = pytest.mark.slow

FORGET_FILES = """async () => {
  const { openDB } = await import("./vendor/idb.js")
  const database = await openDB("easel")
  await database.clear("files")
  database.close()
}"""


def facts(page):
    terms = viewer(page).get_by_role("term").all_inner_texts()
    return dict(zip(terms, viewer(page).get_by_role("definition").all_inner_texts(), strict=True))


def test_the_viewer_shows_how_a_picture_was_made(page):
    page.get_by_role("button", name="More settings").click()
    setting(page, "Seed").fill("7")
    choose_shape(page, "16:9")
    make_pictures(page, QUICK)
    for opener in (
        page.locator("figure").get_by_role("button", name=QUICK),
        thumbnail(page, QUICK),
    ):
        opener.click()
        image = viewer(page).get_by_role("img", name=QUICK)
        expect(image).to_be_in_viewport()
        assert image.evaluate("image => image.naturalWidth") == 1344
        expect(viewer(page).locator(".prompt-text")).to_have_text(QUICK)
        shown = facts(page)
        assert re.fullmatch(r"\d+\.\d\ss", shown.pop("Time"))
        assert "202" in shown.pop("Made")
        assert shown == {
            "Model": "Stable Image Core", "Seed": "7", "Aspect ratio": "16:9",
            "File format": "jpeg", "Pixels": "1344 \u00d7 768", "Price": "$0.04",
        }  # fmt: skip
        press_in_viewer(page, "Close")
        expect(viewer(page)).to_be_hidden()


def test_arrows_step_through_the_pictures(page):
    fill_shelf(page, 3)
    thumbnail(page, "picture 2").click()
    words = viewer(page).locator(".prompt-text")
    expect(words).to_have_text("picture 2")
    newer, older = (viewer(page).get_by_role("button", name=name) for name in ("Newer", "Older"))
    for key, shown, end in (
        ("ArrowRight", "picture 1", older),
        ("ArrowLeft", "picture 2", None),
        ("ArrowLeft", "picture 3", newer),
    ):
        page.keyboard.press(key)
        expect(words).to_have_text(shown)
        for button in (newer, older):
            expect(button).to_be_disabled() if button is end else expect(button).to_be_enabled()
    page.keyboard.press("ArrowLeft")
    expect(words).to_have_text("picture 3")
    older.click()
    older.click()
    expect(words).to_have_text("picture 1")
    expect(older).to_be_disabled()
    page.keyboard.press("ArrowLeft")  # although the focused button is disabled
    expect(words).to_have_text("picture 2")


def test_escape_closes_the_viewer_and_restores_the_focus(page):
    make_pictures(page, QUICK)
    for opener in (
        page.locator("figure").get_by_role("button", name=QUICK),
        thumbnail(page, QUICK),
    ):
        opener.press("Enter")
        expect(viewer(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(viewer(page)).to_be_hidden()
        expect(opener).to_be_focused()
    thumbnail(page, QUICK).press("Enter")
    press_in_viewer(page, "Star")
    expect(shelf(page).locator(".starred")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(thumbnail(page, QUICK)).to_be_focused()


def test_a_viewer_reopened_at_once_keeps_its_picture(page):
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    star = viewer(page).get_by_role("button", name="Star", exact=True)
    expect(star).to_be_visible()
    page.locator("#viewer").evaluate("viewer => { viewer.close(); viewer.showModal() }")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(viewer(page).get_by_role("img", name=QUICK)).to_be_visible()


def test_use_again_fills_the_form_and_runs_nothing(page):
    page.get_by_role("button", name="More settings").click()
    setting(page, "Model").select_option("Stable Diffusion XL")
    choose_shape(page, "1344x768")
    setting(page, "Seed").fill("7")
    make_pictures(page, "qwzx a fox")
    sent = watch_posts(page)
    for button, prompt, seed, model in (
        ("Use prompt", "qwzx a fox", "", "Stable Image Core"),
        ("Use seed", "another", "7", "Stable Image Core"),
        ("Use everything", "qwzx a fox", "7", "Stable Diffusion XL"),
    ):
        setting(page, "Seed").fill("")
        setting(page, "Model").select_option("Stable Diffusion XL")
        choose_shape(page, "1024x1024")
        setting(page, "Model").select_option("Stable Image Core")
        setting(page, "Prompt").fill("another")
        thumbnail(page, "qwzx a fox").click()
        press_in_viewer(page, button)
        expect(viewer(page)).to_be_hidden()
        expect(setting(page, "Prompt")).to_have_value(prompt)
        expect(setting(page, "Prompt")).to_be_focused()
        expect(setting(page, "Seed")).to_have_value(seed)
        expect(setting(page, "Model").locator(":checked")).to_have_text(model)
    expect_setting(page, "Size", "1344x768")
    assert sent == []


def test_more_like_this_makes_the_chosen_count(page):
    page.get_by_role("button", name="More settings").click()
    setting(page, "Seed").fill("7")
    make_pictures(page, QUICK)
    page.get_by_role("group", name="Pictures").get_by_text("2", exact=True).click()
    sent = watch_posts(page)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "More like this, about $0.08")
    expect(viewer(page)).to_be_hidden()
    expect(thumbnails(page)).to_have_count(3)
    assert [request.post_data for request in sent] == [QUICK] * 2
    text = " ".join(page.locator("figcaption .facts").all_inner_texts())
    assert len(set(re.findall(r"seed (\d+)", text))) == 3


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_a_download_carries_its_settings_unless_switched_off(page, format):
    prompt = 'qwzx "a/b": 雪 🦊?'
    page.get_by_role("button", name="More settings").click()
    setting(page, "Seed").fill("7")
    setting(page, "File format").select_option(format)
    with page.expect_response("**/api/?*") as answer:
        make_pictures(page, prompt)
    sent = base64.b64decode(answer.value.text())
    thumbnail(page, prompt).click()
    button = viewer(page).get_by_role("button", name="Download")
    name, file = download(page, button.click)
    assert name == f"qwzx a b 雪 🦊 7.{format.replace('e', '')}"
    assert read_parameters(file).startswith(f"{prompt}\n")
    assert "Seed: 7," in read_parameters(file)
    with Image.open(io.BytesIO(file)) as inscribed, Image.open(io.BytesIO(sent)) as plain:
        assert inscribed.format == format.upper()
        assert inscribed.tobytes() == plain.tobytes()
    viewer(page).get_by_label("Save prompt and settings in the file").uncheck()
    assert download(page, button.click) == (name, sent)


def test_more_like_this_needs_a_model_on_offer(page):
    fill_shelf(page, 1)
    thumbnail(page, "picture 1").click()
    sent = watch_posts(page)
    press_in_viewer(page, "More like this")  # no price, as the model is not on offer
    expect(page.locator("#toast p")).to_have_text(
        "stable-image-past is not available here. The other settings are in the form."
    )
    expect(setting(page, "Prompt")).to_have_value("picture 1")
    expect(page.locator("figure")).to_have_count(0)
    assert sent == []


def test_says_when_the_file_of_a_picture_is_missing(page):
    fill_shelf(page, 1)
    page.evaluate(FORGET_FILES)
    thumbnail(page, "picture 1").click()
    expect(page.locator("#toast p")).to_have_text("This picture is no longer in this browser.")
    expect(viewer(page)).to_be_hidden()


def test_a_click_in_the_viewer_zooms_to_every_pixel(open_page):
    page = open_page(viewport={"width": 800, "height": 600})
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    image = viewer(page).get_by_role("img")
    stage = viewer(page).locator(".stage")
    width = image.bounding_box()["width"]
    assert width < 1024
    page.keyboard.press("Enter")
    assert image.bounding_box()["width"] == 1024
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_function(
        "stage => stage.scrollLeft > 0 && stage.scrollTop > 0", arg=stage.element_handle()
    )
    stage.evaluate("stage => stage.scrollTo(9999, 9999)")
    box, corner = stage.bounding_box(), image.bounding_box()
    assert corner["x"] + 1024 <= box["x"] + box["width"]
    page.keyboard.press("Escape")  # leaves the zoom, not the viewer
    assert image.bounding_box()["width"] == width
