"""The editing room: its tools, its one button, and what it orders."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.rooms import (
    button_text,
    choose_tool,
    open_room,
    picture,
    press,
    room,
    sent_image,
    size_of,
)
from chalicelib import catalogue

pytestmark = pytest.mark.slow

PRICES = {model.name: model.price_usd for model in catalogue.MODELS}


def missing(page):
    return room(page).locator(".room-missing")


def test_finds_a_thing_by_words_and_replaces_or_recolors_it(page):
    open_room(page)
    assert press(page) is None
    expect(missing(page)).to_have_text("Say what to look for.")
    expect(page.get_by_label("Find")).to_be_focused()
    page.get_by_label("Find").fill(" the fox ")
    assert press(page) is None
    expect(missing(page)).to_have_text("Say what it becomes.")
    page.get_by_label("Make it").fill("a cat")
    page.get_by_label("Change only its color").check()
    expect(page.get_by_label("Change only its color")).to_be_focused()
    assert button_text(page) == "Recolor · $0.07"
    page.get_by_label("Change only its color").uncheck()
    room(page).get_by_text("More", exact=True).click()
    room(page).get_by_role("group", name="Pictures").get_by_label("3").check()
    assert button_text(page) == "Replace · $0.21"
    room(page).get_by_label("Seed").fill("7")
    order = press(page)
    assert order["tool"] == "words" and order["model"] == "stable-image-search-replace"
    assert order["values"] == {"search_prompt": "the fox", "prompt": "a cat", "seed": "7"}
    assert (order["n"], order["price_usd"]) == (3, 0.07)
    assert sent_image(page) == ("image/jpeg", picture())  # unchanged, as each JPEG loses a little
    expect(room(page)).to_have_count(0)


def test_a_draft_brings_tool_and_words_back(page):
    open_room(page)
    page.get_by_label("Find").fill("the fox")
    choose_tool(page, "Enlarge")
    room(page).get_by_role("radio", name="Careful").check()
    page.wait_for_function("() => drafts.at(-1)?.values.way === 'conservative'")
    page.keyboard.press("Escape")
    page.wait_for_function("() => closings === 1")
    open_room(page, draft=page.evaluate("drafts.at(-1)"))
    expect(room(page).get_by_role("radio", name="Careful")).to_be_checked()
    choose_tool(page, "By words")
    expect(page.get_by_label("Find")).to_have_value("the fox")
    words = {"select_prompt": "the hat", "prompt": "red"}  # of an order
    page.keyboard.press("Escape")
    open_room(page, draft={"tool": "words", "values": words})
    assert press(page)["model"] == "stable-image-search-recolor"
    open_room(page, draft={"tool": "new", "values": {}})
    expect(page.get_by_label("What the new picture shows")).to_have_value("a fox in the snow")


def test_says_the_pixels_of_an_enlarged_picture_and_sends_what_the_model_takes(page):
    open_room(page, 1536, 1536)
    choose_tool(page, "Enlarge")
    expect(room(page).locator(".room-size")).to_have_text("1536 \u00d7 1536 → 4096 \u00d7 4096")
    assert button_text(page) == "Enlarge · $0.03"
    order = press(page)
    assert order["model"] == "stable-fast-upscale" and order["values"] == {}
    assert size_of(sent_image(page)[1]) == (1024, 1024)
    open_room(page, 800, 600)
    choose_tool(page, "Enlarge")
    expect(room(page).locator(".room-size")).to_have_text("800 \u00d7 600 → 3200 \u00d7 2400")
    room(page).get_by_role("radio", name="Creative").check()
    expect(room(page).locator(".room-size")).to_have_text("800 \u00d7 600 → about 3547 \u00d7 2660")
    assert press(page)["values"] == {"prompt": "a fox in the snow"}


def test_every_button_says_verb_and_price_of_the_models_on_offer(page):
    open_room(page)
    for tool, ways in {
        "By words": ["stable-image-search-replace"],
        "Remove background": ["stable-image-remove-background"],
        "Enlarge": ["stable-fast-upscale", "stable-conservative-upscale"],
    }.items():
        choose_tool(page, tool)
        for position, model in enumerate(ways):
            if len(ways) > 1:
                room(page).locator("[name=way]").nth(position).check()
            assert button_text(page).endswith(f"· ${PRICES[model]:.2f}")


def test_refuses_before_paying_what_no_model_takes(page):
    open_room(page, 2500, 999)
    page.get_by_label("Find").fill("the fox")
    page.get_by_label("Make it").fill("a cat")
    assert press(page) is None
    expect(missing(page)).to_have_text(
        "This tool takes sides of at most 2.5:1. The picture is longer."
    )
    page.keyboard.press("Escape")
    open_room(page, 2500, 1000, budget=0.05)
    choose_tool(page, "Remove background")
    assert press(page) is None
    expect(missing(page)).to_have_text("$0.05 left today: not enough for this model.")
    choose_tool(page, "Enlarge")
    assert press(page)["model"] == "stable-fast-upscale"


def test_two_presses_make_one_order(page):
    open_room(page, 1536, 1536)
    choose_tool(page, "Enlarge")
    room(page).locator(".room-footer button").dblclick(force=True)
    page.wait_for_function("() => closings === 1")
    assert page.evaluate("orders.length") == 1


@pytest.mark.parametrize("size", [(320, 568), (1280, 800)])
def test_the_room_is_accessible_and_fits(open_page, size):
    page = open_page(viewport={"width": size[0], "height": size[1]}, color_scheme="dark")
    open_room(page)
    for tool in room(page).locator("[name=tool]").all():
        tool.check(force=True)
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.querySelector('.room').scrollWidth <= innerWidth")
        stage = room(page).locator(".room-stage").bounding_box()
        assert size[0] > 320 or stage["height"] >= 0.45 * size[1]
        low = [
            each.inner_text()
            for each in room(page).locator("button, .segmented label, summary").all()
            if each.is_visible() and each.bounding_box()["height"] < 44
        ]
        assert low == []


def test_the_room_fits_with_large_text_from_right_to_left(open_page):
    page = open_page(viewport={"width": 320, "height": 568})
    page.evaluate(
        "Object.assign(document.documentElement, { dir: 'rtl', style: 'font-size: 200%' })"
    )
    open_room(page)
    for tool in room(page).locator("[name=tool]").all():
        tool.check(force=True)
        assert Axe().run(page).response["violations"] == []
        outside = """[...document.querySelectorAll(".room *")].filter(each => {
          const { left, right } = each.getBoundingClientRect()
          return each.checkVisibility() && (left < -1 || right > innerWidth + 1)
        }).map(each => each.className || each.outerHTML.slice(0, 80))"""
        assert page.evaluate(outside) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    choose_tool(page, "Remove background")
    assert press(page)["model"] == "stable-image-remove-background"
