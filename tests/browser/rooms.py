"""The editing room, opened for a picture on the real page."""

import base64
import io
import re

from PIL import Image

OPEN = """async ({ content, type, size, draft, options }) => {
  const { openRoom } = await import("./edit/room.js")
  const { models } = await (await fetch("api/models")).json()
  Object.assign(window, { orders: [], drafts: [], closings: 0 })
  const [width, height] = size
  const bytes = Uint8Array.from(atob(content), each => each.charCodeAt())
  const blob = new Blob([bytes], { type })
  const picture = { blob, title: "A fox", prompt: "a fox in the snow", width, height }
  openRoom({
    picture, models, draft, ...options,
    onDraft: draft => drafts.push(draft), onSubmit: order => orders.push(order),
  }).then(() => { closings++ })
}"""
READ_IMAGE = """async name => {
  const bytes = new Uint8Array(await orders.at(-1).images[name].arrayBuffer())
  return [orders.at(-1).images[name].type, [...bytes]]
}"""


def picture(width=640, height=480, format="JPEG", color="teal", mode="RGB"):
    """The bytes of a picture."""
    file = io.BytesIO()
    Image.new(mode, (width, height), color).save(file, format)
    return file.getvalue()


def open_room(page, width=640, height=480, draft=None, content=None, **options):
    """Open the room for a picture of that size; its dialog."""
    content = content or picture(width, height)
    type = {b"\x89P": "image/png", b"\xff\xd8": "image/jpeg"}[content[:2]]
    page.evaluate(
        OPEN,
        {
            "content": base64.b64encode(content).decode(), "type": type, "size": [width, height],
            "draft": draft, "options": options,
        },
    )  # fmt: skip
    room(page).wait_for()
    return room(page)


def room(page):
    return page.get_by_role("dialog", name="Change “A fox”")


def choose_tool(page, title):
    room(page).get_by_role("radio", name=title).check()


def press(page):
    """Press the one button; the order, or None if the room said what is missing."""
    before = page.evaluate("orders.length")
    room(page).locator(".room-footer button").click()
    page.wait_for_function(
        "before => orders.length > before || document.querySelector('.room-missing')?.textContent",
        arg=before,
    )
    return page.evaluate("before => orders[before] ?? null", before)


def sent_image(page, name="image"):
    """The picture that the last order sends: its media type, and its bytes."""
    type, content = page.evaluate(READ_IMAGE, name)
    return type, bytes(content)


def size_of(content):
    with Image.open(io.BytesIO(content)) as image:
        return image.size


def button_text(page):
    return re.sub(r"\s+", " ", room(page).locator(".room-footer button").inner_text())
