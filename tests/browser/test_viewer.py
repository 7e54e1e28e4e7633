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
    fill_shelf,
    make_pictures,
    press_in_viewer,
    setting,
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
    thumbnail(page, QUICK).click()
    image = viewer(page).get_by_role("img", name=QUICK)
    expect(image).to_be_in_viewport()
    assert image.evaluate("image => image.naturalWidth") == 1344
    expect(viewer(page).locator(".prompt-text")).to_have_text(QUICK)
    expect(viewer(page).locator(".place")).to_have_text("1 of 1")
    shown = facts(page)
    assert re.fullmatch(r"\w+ \d+, 20\d\d, .+, in \d+\.\d\ss, for \$0\.04", shown.pop("Made"))
    assert shown == {
        "Model": "Stable Image Core", "Shape": "16:9, 1344 \u00d7 768, JPEG", "Seed": "7",
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


def test_the_viewer_closes_where_one_was(page):
    fill_shelf(page, 3)
    for name in ("picture 3", "picture 2"):  # hung large, and on the shelf
        thumbnail(page, name).press("Enter")
        expect(viewer(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(viewer(page)).to_be_hidden()
        expect(thumbnail(page, name)).to_be_focused()
    thumbnail(page, "picture 3").press("Enter")
    expect(viewer(page).locator(".place")).to_have_text("1 of 3")
    page.keyboard.press("End")
    expect(viewer(page).locator(".place")).to_have_text("3 of 3")
    page.keyboard.press("Escape")
    expect(thumbnail(page, "picture 1")).to_be_focused()
    thumbnail(page, "picture 1").press("Enter")
    expect(viewer(page).locator(".place")).to_have_text("3 of 3")
    page.keyboard.press("Home")
    expect(viewer(page).locator(".place")).to_have_text("1 of 3")
    page.keyboard.press("Escape")
    expect(thumbnail(page, "picture 3")).to_be_focused()


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
    for button, seed in (("Edit the words", ""), ("Same seed", "7")):
        setting(page, "Model").select_option("Stable Image Core")
        setting(page, "Seed").fill("9")
        setting(page, "Prompt").fill("another")
        thumbnail(page, "qwzx a fox").click()
        press_in_viewer(page, button)
        expect(viewer(page)).to_be_hidden()
        expect(setting(page, "Prompt")).to_have_value("qwzx a fox")
        expect(setting(page, "Prompt")).to_be_focused()
        expect(setting(page, "Seed")).to_have_value(seed)
        expect(setting(page, "Model").locator(":checked")).to_have_text("Stable Diffusion XL")
    assert sent == []


def test_more_like_this_says_and_makes_the_chosen_count(page):
    page.get_by_role("button", name="More settings").click()
    setting(page, "Seed").fill("7")
    make_pictures(page, QUICK)
    page.get_by_role("group", name="Pictures").get_by_text("2", exact=True).click()
    sent = watch_posts(page)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "2 more like this, about $0.08")
    expect(viewer(page)).to_be_hidden()
    expect(thumbnails(page)).to_have_count(3)
    assert [request.post_data for request in sent] == [QUICK] * 2
    assert not any("seed=7" in request.url for request in sent)


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
    viewer(page).get_by_label("Settings inside the file").uncheck()
    assert download(page, button.click) == (name, sent)


def test_more_like_this_needs_a_model_on_offer(page):
    fill_shelf(page, 1)
    thumbnail(page, "picture 1").click()
    sent = watch_posts(page)
    press_in_viewer(page, "One more like this")  # no price, as the model is not on offer
    expect(page.locator("#toast p")).to_have_text(
        "stable-image-past is not available here. The other settings are in the form."
    )
    expect(setting(page, "Prompt")).to_have_value("picture 1")
    expect(page.locator("figure")).to_have_count(1)
    assert sent == []


def test_says_when_the_file_of_a_picture_is_missing(page):
    fill_shelf(page, 1)
    page.evaluate(FORGET_FILES)
    thumbnail(page, "picture 1").click()
    expect(page.locator("#toast p")).to_have_text("This picture is no longer in this browser.")
    expect(viewer(page)).to_be_hidden()
