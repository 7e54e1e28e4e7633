"""Whole stories of changing a picture with the local painter: by touch on a phone, and by keys."""

import base64
import io

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from browser.acts import download, generate, last_announcement, viewer
from browser.changes import child, open_child, open_picture, relatives, room
from browser.rooms import size_of

pytestmark = pytest.mark.slow

WALL, LAMP = (136, 170, 204), (255, 210, 122)
POSTER = """<body style="margin: 0; background: rgb(0, 128, 0)">
<img src="data:image/png;base64,{}" style="display: block">"""


@pytest.fixture
def phone(open_page, site):
    return open_page(
        site.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )


def lamp():
    """The bytes of a square PNG of a lamp on a wall."""
    image, file = Image.new("RGB", (480, 480), WALL), io.BytesIO()
    ImageDraw.Draw(image).ellipse([210, 210, 270, 270], fill=LAMP)
    image.save(file, "PNG")
    return file.getvalue()


def tap_tool(page, title):
    room(page).get_by_role("radio", name=title, exact=True).tap()


def tap_button(page, text):
    """Tap the room's one button, which says the verb and the price; the picture then hangs."""
    button = room(page).locator(".room-footer button")
    expect(button).to_have_text(text)
    button.tap()
    expect(room(page)).to_be_hidden()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator("figure.before img")).to_be_visible()


def downloaded(page):
    _, content = download(page, viewer(page).get_by_role("button", name="Download").click)
    return content


def test_erases_extends_enlarges_and_compares_on_a_phone(phone):
    open_picture(phone, "lamp.png", lamp())
    tap_tool(phone, "Retouch")
    pad = room(phone).get_by_role("application", name="Painting area")
    room(phone).get_by_label("Brush size").fill("90")
    box = pad.bounding_box()
    pad.tap(position={"x": box["width"] / 2, "y": box["height"] / 2})
    tap_button(phone, "Erase · $0.07")
    open_child(phone)
    with Image.open(io.BytesIO(downloaded(phone))) as erased:
        assert erased.size == (480, 480)
        assert erased.convert("RGB").getpixel((240, 240)) == pytest.approx(WALL, abs=12)

    viewer(phone).get_by_role("button", name="Change…", exact=True).tap()
    tap_tool(phone, "Extend")
    room(phone).get_by_label("Shape").select_option("16:9")
    tap_button(phone, "Extend · $0.06")
    open_child(phone)
    assert size_of(downloaded(phone)) == (853, 480)

    viewer(phone).get_by_role("button", name="Change…", exact=True).tap()
    tap_tool(phone, "Enlarge")
    tap_button(phone, "Enlarge · $0.03")
    open_child(phone)
    assert size_of(downloaded(phone)) == (3412, 1920)
    seen = viewer(phone).get_by_role("slider", name="How much of the picture before is seen")
    seen.fill("50")
    expect(seen).to_have_attribute("aria-valuetext", "50 % before")
    relatives(phone, "From").tap()
    relatives(phone, "From").tap()
    relatives(phone, "From").tap()
    expect(viewer(phone).locator(".prompt-text")).to_have_text("lamp")


def test_a_picture_without_its_background_lies_on_another_page(open_page, site):
    page = open_page(site.url)
    open_picture(page)
    expect(room(page)).to_be_visible()
    room(page).get_by_role("radio", name="Remove background").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    expect(last_announcement(page)).to_have_text("The picture is ready.")
    open_child(page)
    content = base64.b64encode(downloaded(page)).decode()
    other = page.context.new_page()
    other.set_content(POSTER.format(content))
    with Image.open(io.BytesIO(other.screenshot())) as shot:
        assert shot.convert("RGB").getpixel((10, 10)) == (0, 128, 0)
        red, green, blue = shot.convert("RGB").getpixel((240, 160))
    assert red > 150 > 100 > max(green, blue)


def test_replaces_a_fox_by_a_cat_by_keyboard_alone(open_page, site):
    page = open_page(site.url)
    generate(page, "a fox in the snow")
    page.get_by_role("button", name="Change…").focus()
    page.keyboard.press("Enter")
    tool = room(page).get_by_role("radio", name="By words")
    expect(tool).to_be_checked()
    tool.focus()
    page.keyboard.press("Tab")
    expect(room(page).get_by_label("Find")).to_be_focused()
    page.keyboard.type("fox")
    page.keyboard.press("Tab")
    page.keyboard.type("a cat")
    page.keyboard.press("Control+Enter")
    expect(last_announcement(page)).to_have_text("The picture is ready.")
    child(page).focus()
    page.keyboard.press("Enter")
    expect(viewer(page).get_by_role("term")).to_contain_text(["Tool", "Find", "Model"])
    expect(relatives(page, "From")).to_have_count(1)
    page.keyboard.press("\\")
    expect(last_announcement(page)).to_have_text("Before")
