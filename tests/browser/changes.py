"""Changing pictures: what people do on the way to the editing room and after it."""

import io
import re

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect

from browser.acts import viewer

TOAST = "#toast:not([hidden]) p"


def ball(width=480, height=320, text=None):
    """The bytes of a PNG of a red ball on blue ground, with the text as other programs write it."""
    file = io.BytesIO()
    image = Image.new("RGB", (width, height), "#88aacc")
    box = [width // 2 - 80, height // 2 - 80, width // 2 + 80, height // 2 + 80]
    ImageDraw.Draw(image).ellipse(box, fill="#cc3322")
    info = PngInfo()
    if text:
        info.add_text("parameters", text)
    image.save(file, "PNG", pnginfo=info)
    return file.getvalue()


def open_picture(page, name="ball.png", content=None):
    """Choose a file of one's own, or several of the same content; the room, where it is one."""
    names = [name] if isinstance(name, str) else name
    content = content or ball()
    files = [{"name": each, "mimeType": "image/png", "buffer": content} for each in names]
    page.get_by_label("A picture", exact=True).set_input_files(files[0])
    return room(page)


def room(page):
    return page.get_by_role("dialog", name=re.compile("^Change “"))


def choose_tool(page, title):
    room(page).get_by_role("radio", name=title, exact=True).check()


def press(page):
    """Press the room's one button twice, as quick fingers do."""
    room(page).locator(".room-footer button").dblclick()
    expect(room(page)).to_be_hidden()


def remove_background(page):
    """The child of a ball of one's own, without its background."""
    open_picture(page)
    choose_tool(page, "Remove background")
    press(page)
    expect(child(page)).to_be_visible()


def child(page):
    """The changed picture's button where it hangs."""
    return page.locator("figure:not(.before) .frame")


def open_child(page):
    child(page).click()
    expect(relatives(page, "From")).to_have_count(1)


def relatives(page, title):
    return viewer(page).get_by_role("group", name=title).get_by_role("button")
