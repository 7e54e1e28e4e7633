"""One picture, large: how it was made, and all that can be done with it."""

import base64
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    act,
    download,
    large,
    make,
    setting,
    shelf,
    thumb,
    thumbs,
    watch_posts,
    with_many,
)
from browser.recipes import read

pytestmark = pytest.mark.slow

FORGET_FILES = """async () => {
  const { openDB } = await import("./vendor/idb.js")
  const database = await openDB("easel")
  await database.clear("files")
  database.close()
}"""


def how_it_was_made(page):
    terms = large(page).get_by_role("term").all_inner_texts()
    return dict(zip(terms, large(page).get_by_role("definition").all_inner_texts(), strict=True))


def test_the_wall_and_the_shelf_open_the_large_view_which_says_how_it_was_made(page):
    page.get_by_role("button", name="Show Configuration").click()
    setting(page, "Seed").fill("7")
    setting(page, "Aspect ratio").select_option("16:9")
    make(page, QUICK)
    for opener in (page.locator("figure").get_by_role("button", name=QUICK), thumb(page, QUICK)):
        opener.click()
        image = large(page).get_by_role("img", name=QUICK)
        expect(image).to_be_in_viewport()
        assert image.evaluate("image => image.naturalWidth") == 1344
        expect(large(page).locator(".prompt-text")).to_have_text(QUICK)
        facts = how_it_was_made(page)
        assert re.fullmatch(r"\d+\.\d\ss", facts.pop("Time"))
        assert "202" in facts.pop("Made")
        assert facts == {
            "Model": "Stable Image Core", "Seed": "7", "Aspect ratio": "16:9",
            "File format": "jpeg", "Pixels": "1344 \u00d7 768", "Price": "$0.04",
        }  # fmt: skip
        act(page, "Close")
        expect(large(page)).to_be_hidden()


def test_arrows_go_from_picture_to_picture_and_stop_at_the_ends(page):
    with_many(page, 3)
    thumb(page, "picture 2").click()
    words = large(page).locator(".prompt-text")
    expect(words).to_have_text("picture 2")
    newer, older = (large(page).get_by_role("button", name=name) for name in ("Newer", "Older"))
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
    page.keyboard.press("ArrowLeft")  # though the button that had the focus is disabled
    expect(words).to_have_text("picture 2")


def test_escape_closes_and_the_focus_goes_back_to_what_opened(page):
    make(page, QUICK)
    for opener in (page.locator("figure").get_by_role("button", name=QUICK), thumb(page, QUICK)):
        opener.press("Enter")
        expect(large(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(large(page)).to_be_hidden()
        expect(opener).to_be_focused()
    thumb(page, QUICK).press("Enter")
    act(page, "Star")
    expect(shelf(page).locator(".starred")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(thumb(page, QUICK)).to_be_focused()


@pytest.mark.parametrize(
    ("button", "prompt", "seed", "size", "model"),
    [
        ("Use prompt", "qwzx a fox", "0", None, "Stable Image Core"),
        ("Use seed", "another", "7", None, "Stable Image Core"),
        ("Use everything", "qwzx a fox", "7", "1344x768", "Stable Diffusion XL"),
    ],
)
def test_what_is_used_again_is_in_the_form_and_nothing_runs(
    page, site, button, prompt, seed, size, model
):
    page.get_by_role("button", name="Show Configuration").click()
    setting(page, "Model").select_option("Stable Diffusion XL")
    setting(page, "Size").select_option("1344x768")
    setting(page, "Seed").fill("7")
    make(page, "qwzx a fox")
    setting(page, "Seed").fill("0")
    setting(page, "Size").select_option("1024x1024")
    setting(page, "Model").select_option("Stable Image Core")
    setting(page, "Prompt").fill("another")
    sent = watch_posts(page)
    thumb(page, "qwzx a fox").click()
    act(page, button)
    expect(large(page)).to_be_hidden()
    expect(setting(page, "Prompt")).to_have_value(prompt)
    expect(setting(page, "Prompt")).to_be_focused()
    expect(setting(page, "Seed")).to_have_value(seed)
    expect(setting(page, "Model").locator(":checked")).to_have_text(model)
    if size:
        expect(setting(page, "Size")).to_have_value(size)
    assert sent == []


def test_more_like_this_makes_as_many_as_chosen_with_other_seeds(page):
    page.get_by_role("button", name="Show Configuration").click()
    setting(page, "Seed").fill("7")
    make(page, QUICK)
    page.get_by_role("group", name="Pictures").get_by_text("2", exact=True).click()
    sent = watch_posts(page)
    thumb(page, QUICK).click()
    act(page, "More like this, about $0.08")
    expect(large(page)).to_be_hidden()
    expect(thumbs(page)).to_have_count(3)
    assert [request.post_data for request in sent] == [QUICK] * 2
    text = " ".join(page.locator("figcaption .facts").all_inner_texts())
    assert len(set(re.findall(r"seed (\d+)", text))) == 3


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_a_download_has_a_telling_name_and_says_how_it_was_made_unless_asked_not_to(page, format):
    prompt = 'qwzx "a/b": 雪 🦊?'
    page.get_by_role("button", name="Show Configuration").click()
    setting(page, "Seed").fill("7")
    setting(page, "File format").select_option(format)
    with page.expect_response("**/api/?*") as answer:
        make(page, prompt)
    sent = base64.b64decode(answer.value.text())
    thumb(page, prompt).click()
    button = large(page).get_by_role("button", name="Download")
    name, file = download(page, button.click)
    assert name == f"qwzx a b 雪 🦊 7.{format.replace('e', '')}"
    assert read(file).startswith(f"{prompt}\n")
    assert "Seed: 7," in read(file)
    with Image.open(io.BytesIO(file)) as inscribed, Image.open(io.BytesIO(sent)) as plain:
        assert inscribed.format == format.upper()
        assert inscribed.tobytes() == plain.tobytes()
    large(page).get_by_label("Write prompt and settings into the file").uncheck()
    assert download(page, button.click) == (name, sent)


def test_more_of_a_model_that_is_gone_costs_nothing_and_says_so(page):
    with_many(page, 1)
    thumb(page, "picture 1").click()
    sent = watch_posts(page)
    act(page, "More like this")  # no price, as it will not be made
    expect(page.locator("#toast p")).to_have_text(
        "stable-image-past is not on offer here. The other settings are in the form."
    )
    expect(setting(page, "Prompt")).to_have_value("picture 1")
    expect(page.locator("figure")).to_have_count(0)
    assert sent == []


def test_a_picture_whose_file_is_gone_is_told_in_a_sentence(page):
    with_many(page, 1)
    page.evaluate(FORGET_FILES)
    thumb(page, "picture 1").click()
    expect(page.locator("#toast p")).to_have_text("This picture is no longer in this browser.")
    expect(large(page)).to_be_hidden()


def test_a_click_on_the_large_picture_shows_every_pixel_and_another_all_of_it(open_page):
    page = open_page(viewport={"width": 800, "height": 600})
    make(page, QUICK)
    thumb(page, QUICK).click()
    image = large(page).get_by_role("img")
    stage = large(page).locator(".stage")
    width = image.bounding_box()["width"]
    assert width < 1024
    page.keyboard.press("Enter")
    assert image.bounding_box()["width"] == 1024
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    stage.evaluate("stage => new Promise(done => { stage.onscrollend = done })")
    assert stage.evaluate("stage => stage.scrollLeft > 0 && stage.scrollTop > 0")
    stage.evaluate("stage => stage.scrollTo(9999, 9999)")
    box, corner = stage.bounding_box(), image.bounding_box()
    assert corner["x"] + 1024 <= box["x"] + box["width"]
    page.keyboard.press("Escape")  # from the zoom, not from the picture
    assert image.bounding_box()["width"] == width
