"""Changing a picture: ways in, the order, the result beside its parent, before and after."""

import base64
import io
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from browser.acts import (
    download,
    generate,
    last_announcement,
    press_in_viewer,
    shelved,
    viewer,
    watch_posts,
)
from browser.changes import (
    TOAST,
    ball,
    child,
    choose_tool,
    open_child,
    open_picture,
    press,
    relatives,
    remove_background,
    room,
)
from browser.pending import POSTS
from browser.recipes import read_parameters

pytestmark = pytest.mark.slow

FOX = "a fox in the snow"
BROWN = """image => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
  const context = canvas.getContext("2d")
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
  let brown = 0
  for (let at = 0; at < data.length; at += 4) {
    brown += data[at] > 2 * data[at + 2] && data[at] > 90 && data[at + 1] < 130
  }
  return brown / (data.length / 4)
}"""


@pytest.fixture
def page(open_page, site):
    return open_page(site.url)


def test_replaces_a_fox_by_a_cat_beside_it(page):
    generate(page, FOX)
    page.get_by_role("button", name="Change…").click()
    choose_tool(page, "By words")
    room(page).get_by_label("Find").fill("fox")
    room(page).get_by_label("Make it").fill("a cat")
    button = room(page).locator(".room-footer button")
    expect(button).to_have_text("Replace · $0.07")
    sent = watch_posts(page)
    press(page)
    expect(page.locator("figure.before img")).to_be_visible()
    expect(child(page)).to_be_visible()
    [request] = sent
    assert request.headers["content-type"].startswith("multipart/form-data")
    assert re.fullmatch("[0-9a-f]{32}", request.headers["idempotency-key"])
    assert request.url.endswith("?model=stable-image-search-replace")
    caption = page.locator(".label .facts")
    expect(caption).to_contain_text(f"From “{FOX}” · Stable Image Search and Replace · $0.07")
    before, after = (
        page.locator(f"figure{which} img").evaluate(BROWN) for which in (".before", ":not(.before)")
    )
    assert before > 4 * after
    page.reload()  # both hang as they did
    expect(page.locator("figure.before img")).to_be_visible()
    expect(caption).to_contain_text(f"From “{FOX}”")
    open_child(page)
    expect(viewer(page).get_by_role("term")).to_contain_text(["Tool", "Find", "Model"])
    relatives(page, "From").click()
    expect(viewer(page).locator(".prompt-text")).to_have_text(FOX)
    relatives(page, "Changed into").click()
    expect(viewer(page).locator(".prompt-text")).to_have_text("a cat")


def test_says_if_the_words_were_not_found(page):
    again = io.BytesIO()
    Image.open(io.BytesIO(ball())).save(again, "JPEG", quality=80)
    headers = {"X-Image-Type": "image/jpeg", "X-Image-Seed": "7", "X-Image-Price": "0.07"}
    body = base64.b64encode(again.getvalue())
    page.route(POSTS, lambda route: route.fulfill(body=body, headers=headers))
    open_picture(page)
    choose_tool(page, "By words")
    room(page).get_by_label("Find").fill("elephant")
    room(page).get_by_label("Make it").fill("a cat")
    press(page)
    expect(page.locator(TOAST)).to_have_text(
        "Nothing like “elephant” was found: the picture is as it was."
    )
    expect(child(page)).to_be_visible()


def test_a_background_is_transparent_in_the_file_and_checkered_on_the_page(page):
    open_picture(page)
    expect(room(page)).to_be_visible()
    choose_tool(page, "Remove background")
    press(page)
    style = "image => getComputedStyle(image).backgroundImage"
    assert "conic" in child(page).locator("img").evaluate(style)
    assert "conic" not in page.locator("figure.before img").evaluate(style)
    open_child(page)
    assert "conic" in viewer(page).locator(".zoom img").first.evaluate(style)
    button = viewer(page).get_by_role("button", name="Download")
    name, file = download(page, button.click)
    assert name.startswith("ball")
    with Image.open(io.BytesIO(file)) as image:
        assert image.getpixel((2, 2))[3] == 0
        assert image.getpixel((240, 160))[3] == 255
    text = read_parameters(file)
    assert "Tool: background" in text
    assert "ball" not in text
    relatives(page, "From").click()
    expect(viewer(page).get_by_role("definition").filter(has_text="Yours")).to_be_visible()
    expect(viewer(page).get_by_role("button", name="Change again…")).to_be_hidden()
    _, own = download(page, button.click)
    with Image.open(io.BytesIO(own)) as image:
        assert (image.size, image.info.get("parameters")) == ((480, 320), None)


def test_compares_before_and_after_by_keyboard(page):
    remove_background(page)
    child(page).press("Enter")
    before = viewer(page).locator(".before")
    expect(before).to_be_visible()
    words = viewer(page).locator(".prompt-text").inner_text()
    toggle = viewer(page).get_by_role("button", name="Before", exact=True)
    seen = viewer(page).get_by_role("slider", name="How much of the picture before is seen")
    clip = "image => getComputedStyle(image).clipPath"
    assert before.evaluate(clip) == "inset(0px 100% 0px 0px)"
    viewer(page).locator("[data-action=close]").press("\\")
    expect(last_announcement(page)).to_have_text("Before")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert before.evaluate(clip) in ("inset(0px)", "inset(0px 0% 0px 0px)")
    toggle.press("Space")
    expect(last_announcement(page)).to_have_text("After")
    seen.press("PageUp")
    seen.press("ArrowRight")
    expect(seen).to_have_attribute("aria-valuetext", "11 % before")
    assert before.evaluate(clip) == "inset(0px 89% 0px 0px)"
    expect(viewer(page).locator(".prompt-text")).to_have_text(words)  # the arrows did not step
    assert viewer(page).locator("[style]:not(.stage, img, .menu)").count() == 0


def test_a_child_stays_when_its_parent_is_deleted(page):
    remove_background(page)
    open_child(page)
    relatives(page, "From").click()
    press_in_viewer(page, "Delete")
    expect(viewer(page)).to_contain_text("The picture before is gone.")
    expect(viewer(page).locator(".compare")).to_be_hidden()
    viewer(page).get_by_role("button", name="Undo").click()
    expect(relatives(page, "Changed into")).to_have_count(1)
    relatives(page, "Changed into").click()
    expect(relatives(page, "From")).to_have_count(1)


def test_change_again_brings_back_what_was_chosen(page):
    open_picture(page)
    choose_tool(page, "By words")
    room(page).get_by_label("Find").fill("ball")
    room(page).get_by_label("Make it").fill("a cat")
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_role("button", name="Change…").click()
    expect(room(page).get_by_label("Find")).to_have_value("ball")
    press(page)
    open_child(page)
    press_in_viewer(page, "Change again…")
    expect(room(page)).to_have_accessible_name("Change “ball”")
    expect(room(page).get_by_label("Make it")).to_have_value("a cat")
    page.keyboard.press("Escape")
    expect(room(page)).to_be_hidden()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 413, "json": {"message": "Request Too Long"}},
        {"status": 413, "body": "HTTP content length exceeded 10485760 bytes."},
    ],
)
def test_a_picture_that_is_too_large_to_send_says_so(page, answer):
    page.route(POSTS, lambda route: route.fulfill(**answer))
    open_picture(page)
    choose_tool(page, "Remove background")
    press(page)
    expect(page.locator(".failed .message")).to_have_text(
        "The picture is too large to send. Choose a smaller one."
    )
    expect(page.locator(".failed")).to_contain_text("Nothing was charged.")
    page.locator(".failed").get_by_role("button", name="Change again…").click()
    expect(room(page).get_by_role("radio", name="Remove background")).to_be_checked()


def test_a_changed_picture_arrives_after_its_tab_was_closed(open_page, kept_site):
    page = open_page(kept_site.url)
    url, context, calls = page.url, page.context, kept_site.calls()
    open_picture(page)
    choose_tool(page, "By words")
    room(page).get_by_label("Find").fill("ball")
    room(page).get_by_label("Make it").fill("!slow 3 a cat")
    press(page)
    expect(page.get_by_text("Painting… 1 s")).to_be_visible()
    page.close()
    page = context.new_page()
    page.goto(url)
    expect(child(page)).to_be_visible()
    expect(page.locator(".label .facts")).to_contain_text("From “ball”")
    open_child(page)
    assert kept_site.calls() == calls + 1


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_a_changed_picture(open_page, site, width):
    page = open_page(site.url, viewport={"width": width, "height": 640})
    remove_background(page)
    assert Axe().run(page).response["violations"] == []
    open_child(page)
    assert Axe().run(page).response["violations"] == []
    room = page.evaluate("document.documentElement.scrollWidth")
    assert room <= width


def test_changes_a_picture_by_touch(open_page, site):
    page = open_page(site.url, viewport={"width": 320, "height": 568}, has_touch=True)
    open_picture(page)
    room(page).get_by_role("radio", name="Enlarge", exact=True).tap()
    button = room(page).locator(".room-footer button")
    expect(button).to_have_text("Enlarge · $0.03")
    button.tap()
    expect(child(page)).to_be_visible()
    child(page).tap()
    expect(relatives(page, "From")).to_have_count(1)
    size = viewer(page).get_by_role("definition").filter(has_text="1920 \u00d7 1280")
    expect(size).to_be_visible()
    viewer(page).get_by_role("button", name="Before", exact=True).tap()
    after, before = viewer(page).locator(".zoom img").all()
    assert before.bounding_box() == pytest.approx(after.bounding_box(), abs=1)


def test_changes_a_picture_by_keyboard_alone(page):
    open_picture(page)
    expect(room(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(room(page)).to_be_hidden()
    page.get_by_role("button", name="Change…").focus()
    page.keyboard.press("Enter")
    room(page).get_by_role("radio", name="Remove background").focus()
    page.keyboard.press("Space")
    sent = watch_posts(page)
    page.keyboard.press("Control+Enter")
    expect(last_announcement(page)).to_have_text("The picture is ready.")
    expect(page.locator("figure.before .frame")).to_be_visible()
    expect(shelved(page)).to_have_count(0)  # both hang
    assert len(sent) == 1  # the form under the room sent nothing
    child(page).focus()
    page.keyboard.press("Enter")
    expect(relatives(page, "From")).to_have_count(1)
    page.keyboard.press("\\")
    expect(last_announcement(page)).to_have_text("Before")


def test_a_cancelled_change_leaves_the_picture_before(page):
    page.route(POSTS, lambda route: None)  # never answers
    open_picture(page)
    choose_tool(page, "Remove background")
    press(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("figure")).to_have_count(1)
    expect(page.locator(".label .prompt-text")).to_have_text("ball")
    expect(page.get_by_role("button", name="Change…")).to_be_visible()
