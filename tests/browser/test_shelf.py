"""What was made before: on the shelf, in the large view, and on its way to a folder."""

import base64
import io
import re
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    act,
    download,
    expect_shelf,
    generate,
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


def how_it_was_made(page):
    terms = large(page).get_by_role("term").all_inner_texts()
    return dict(zip(terms, large(page).get_by_role("definition").all_inner_texts(), strict=True))


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
        expect(large(page).locator(".words")).to_have_text(QUICK)
        facts = how_it_was_made(page)
        assert re.fullmatch(r"\d+\.\d s", facts.pop("Time"))
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
    words = large(page).locator(".words")
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
    act(page, "☆ Star")
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
    act(page, "More like this")
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


def test_stars_and_words_find_a_picture(page):
    make(page, "qwzx red fox", "qwzx blue hen")
    thumb(page, "qwzx red fox").click()
    act(page, "☆ Star")
    star = large(page).get_by_role("button", name="★ Starred")
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
    words = page.locator("figure .words")
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


def test_a_click_on_the_large_picture_shows_every_pixel_and_another_all_of_it(open_page):
    page = open_page(viewport={"width": 800, "height": 600})
    make(page, QUICK)
    thumb(page, QUICK).click()
    image = large(page).get_by_role("img")
    width = image.bounding_box()["width"]
    assert width < 1024
    image.click()
    assert image.bounding_box()["width"] == 1024
    image.click()
    assert image.bounding_box()["width"] == width


def test_the_keyboard_alone_goes_through_shelf_and_large_view(page):
    with_many(page, 2)
    shelf(page).get_by_role("searchbox").focus()
    page.keyboard.type("picture")
    for name in ("Starred", "Download all", "picture 2", "picture 1"):
        page.keyboard.press("Tab")
        expect(shelf(page).get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(large(page).get_by_role("button", name="More like this")).to_be_focused()
    reached = set()
    while (name := page.evaluate("document.activeElement.textContent")) not in reached:
        reached.add(name)
        page.keyboard.press("Tab")
    assert {"Download", "Use everything", "Copy link", "Delete", "Newer", "Close"} <= reached
    large(page).get_by_role("button", name="Delete").press("Enter")
    expect_shelf(page, "picture 2")
    expect(thumb(page, "picture 2")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect_shelf(page, "picture 2", "picture 1")


def test_three_hundred_pictures_come_as_far_as_anybody_scrolls(page):
    with_many(page, 300)
    for number in (60, 120, 180, 240, 300):
        expect(thumbs(page)).to_have_count(number)
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
    expect(large(page).locator(".words")).to_have_text("picture 241")
