"""Each order of the editing room, as the API and the local painter take it."""

import base64

import pytest
from playwright.sync_api import expect

from browser.rooms import choose_tool, open_room, picture, press, room, sent_image, size_of

pytestmark = pytest.mark.slow

SEND = """async () => {
  const { model, values, images } = orders.at(-1)
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...values, ...images })) form.append(name, value)
  const response = await fetch(`api/?model=${model}`, { method: "POST", body: form })
  return [response.status, response.headers.get("X-Image-Ignored"), await response.text()]
}"""


def send(page):
    """Send the last order; the size of the picture that comes back."""
    status, ignored, text = page.evaluate(SEND)
    assert (status, ignored) == (200, None), text[:300]
    return size_of(base64.b64decode(text))


def size_text(page):
    return room(page).locator(".room-size").inner_text()


def test_extends_a_square_to_the_shape_and_place_that_are_chosen(open_page, site):
    page = open_page(site.url)
    open_room(page, 256, 256)
    choose_tool(page, "Extend")
    room(page).get_by_label("Shape").select_option("1:1")
    assert press(page) is None
    expect(room(page).locator(".room-missing")).to_contain_text("has this shape already")
    room(page).get_by_label("Shape").select_option("16:9")
    assert size_text(page) == "256 \u00d7 256 → 455 \u00d7 256"
    room(page).get_by_role("radio", name="Bottom left").check()
    order = press(page)
    assert order["values"] == {"right": "199"}
    assert send(page) == (455, 256)
    open_room(page, 256, 256)
    choose_tool(page, "Extend")
    room(page).get_by_label("Shape").select_option("Exact pixels")
    room(page).get_by_label("Above").fill("2001")
    assert press(page) is None
    expect(room(page).get_by_label("Above")).to_be_focused()
    room(page).get_by_label("Above").fill("30")
    assert press(page)["values"] == {"up": "30"}


def test_shrinks_a_picture_whose_extension_would_be_too_large(page):
    open_room(page, 3000, 3000)
    choose_tool(page, "Extend")
    assert size_text(page) == "3000 \u00d7 3000 → 4095 \u00d7 2304"
    press(page)
    assert size_of(sent_image(page)[1]) == (2304, 2304)


@pytest.mark.parametrize(
    ("way", "model"),
    [
        ("Vary it", "stable-diffusion-3.5-large"),
        ("Its structure", "stable-image-control-structure"),
        ("Its lines", "stable-image-control-sketch"),
        ("Its style $", "stable-image-style-guide"),
        ("Its style on another", "stable-style-transfer"),
    ],
)
def test_makes_a_new_picture_from_it(open_page, site, way, model):
    page = open_page(site.url)
    open_room(page, 128, 128)
    choose_tool(page, "New from it")
    room(page).get_by_role("radio", name=way.replace("$", "$0.07")).check()
    expect(page.get_by_label("What the new picture shows")).to_have_value("a fox in the snow")
    if model == "stable-style-transfer":
        assert press(page) is None
        expect(room(page).locator(".room-missing")).to_contain_text("Choose the picture")
        file = {"name": "cup.png", "mimeType": "image/png", "buffer": picture(100, 80, "PNG")}
        chooser = room(page).get_by_label("The picture that gets the style")
        chooser.set_input_files(files=[file])
        expect(room(page).locator(".room-missing")).to_be_empty()
    slider = room(page).get_by_label("How far it may go from the picture")
    slider.fill("0.9")
    order = press(page)
    assert order["model"] == model
    sent = {"strength": "0.9", "control_strength": "0.1", "fidelity": "0.1"}
    assert {name: value for name, value in order["values"].items() if name != "prompt"} in [
        *({name: value} for name, value in sent.items()),
        {},  # the default of change_strength
    ]
    send(page)


def test_every_other_tool_sends_what_the_api_takes(open_page, site):
    page = open_page(site.url)
    for tool, draft in {
        "stable-image-inpaint": {"tool": "retouch", "values": {"prompt": "a lamp"}},
        "stable-image-erase-object": {"tool": "retouch", "values": {}},
        "stable-image-search-recolor": {
            "tool": "words",
            "values": {"select_prompt": "fox", "prompt": "blue"},
        },
        "stable-image-remove-background": {"tool": "background", "values": {}},
        "stable-fast-upscale": {"tool": "enlarge", "values": {}},
        "stable-conservative-upscale": {
            "tool": "enlarge",
            "values": {"way": "conservative", "prompt": "fox"},
        },
    }.items():
        open_room(page, 128, 96, draft={"strokes": [{"cell": 4}], **draft})
        assert press(page)["model"] == tool
        assert send(page)[0] >= 128
