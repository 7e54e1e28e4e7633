"""The page in a real browser, with the API and the local Bedrock behind it."""

import json
import re

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    choose_shape,
    expect_setting,
    expect_shelf,
    generate,
    make_pictures,
    seeds,
    watch_posts,
)

pytestmark = pytest.mark.slow


def facts(page):
    return page.locator(".set .facts").first


def test_a_first_visit_ends_with_a_picture(open_page, site):
    page = open_page(site.url, reduced_motion="no-preference")  # nothing replaced
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()
    expect(page.get_by_placeholder(SHIP)).to_be_visible()
    generate(page)
    picture = page.get_by_role("img", name=SHIP)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1024, 1024]
    expect(facts(page)).to_have_text(re.compile(r"^Stable Image Core · \$0\.04 · \d+\.\d\ss$"))
    expect(page.get_by_role("status")).to_have_text("The picture is ready.")
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_hidden()


def test_the_configuration_is_folded_at_first(page):
    seed = page.get_by_label("Seed")
    expect(seed).to_be_hidden()
    page.get_by_role("button", name="More settings").click()
    expect(seed).to_be_visible()
    expect(page.get_by_role("button", name="Fewer settings")).to_have_attribute(
        "aria-expanded", "true"
    )
    page.get_by_role("button", name="Fewer settings").click()
    expect(seed).to_be_hidden()


def is_drawn(parameter):
    """Images, and what has a meaning only with an image, belong to the editing room."""
    return parameter["kind"] != "image" and parameter.get("with_image") is not True


def test_draws_the_parameters_of_each_model(page, quick_site):
    offer = page.request.get(f"{quick_site.url}api/models").json()
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Seed").fill("7")
    choose_shape(page, "16:9")
    menu = page.get_by_label("Model", exact=True)
    titles = menu.evaluate("select => [...select.options].map(each => each.textContent)")
    assert titles[:3] == ["Stable Image Core", "Stable Diffusion 3.5 Large", "Stable Image Ultra"]
    for model in [each for each in offer["models"] if each["title"] in titles]:
        menu.select_option(model["title"])
        model["parameters"] = [each for each in model["parameters"] if is_drawn(each)]
        drawn = page.evaluate("[...new FormData(document.forms[0]).keys()]")
        assert sorted(drawn) == sorted(
            ["count", "model", *(each["name"] for each in model["parameters"])]
        )
        expect(page.get_by_label("Seed")).to_have_value("7")
        for each in model["parameters"]:
            control = page.locator(f"[name={each['name']}]")
            if each["kind"] in ("integer", "number"):
                expect(control).to_have_attribute("min", str(each["minimum"]))
                expect(control).to_have_attribute("max", str(each["maximum"]))
            if each["name"] in ("aspect_ratio", "size"):
                shapes = control.evaluate_all("radios => radios.map(radio => radio.value)")
                assert sorted(shapes) == sorted(each["choices"])
            elif each["kind"] == "choice":
                words = control.evaluate("select => [...select.options].map(o => o.value)")
                assert [word for word in words if word] == each["choices"]
    page.get_by_label("Model", exact=True).select_option("Stable Image Core")
    expect_setting(page, "Aspect ratio", "16:9")


def test_the_picture_follows_the_settings(page):
    page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
    page.get_by_role("button", name="More settings").click()
    choose_shape(page, "1344x768")
    page.get_by_label("Generation steps").fill("10")
    page.get_by_label("Seed").fill("7")
    generate(page, QUICK)
    picture = page.get_by_role("img", name=QUICK)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1344, 768]
    expect(facts(page)).to_have_text(re.compile(r"^Stable Diffusion XL · \d+\.\d\ss$"))
    assert seeds(page) == [7]


def test_an_empty_number_means_the_default(page):
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Seed").fill("")
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    assert seeds(page)[0] > 0


def test_unfolds_a_value_that_is_out_of_range(page, quick_site):
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Seed").fill("-1")
    page.get_by_role("button", name="Fewer settings").click()
    before = quick_site.calls()
    generate(page)
    expect(page.get_by_label("Seed")).to_be_visible()
    expect(page.get_by_label("Seed")).to_be_focused()
    expect(page.locator("figure")).to_have_count(0)
    assert quick_site.calls() == before


def test_generates_and_cancels_by_keyboard(page):
    page.get_by_label("Prompt", exact=True).fill("!slow 20 qwzx")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"Painting… [1-9]\d* s"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^Cancelled\."))
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("!slow 20 qwzx")
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_the_canvas_can_be_cancelled_and_has_the_final_shape(page):
    page.get_by_role("button", name="More settings").click()
    choose_shape(page, "16:9")
    generate(page, "!slow 1 qwzx")
    box = page.locator(".canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.01)
    expect(page.get_by_role("img")).to_be_visible()
    hung = page.get_by_role("img").bounding_box()
    assert hung == pytest.approx(box, abs=1)  # no layout shift
    generate(page, "!slow 20 qwzx")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("figure")).to_have_count(1)


def test_sends_one_request_for_repeated_presses(page):
    sent = watch_posts(page)
    page.get_by_label("Prompt", exact=True).fill("!slow 2 qwzx")
    page.get_by_role("button", name="Generate Image").dblclick()
    page.get_by_label("Prompt", exact=True).focus()
    page.keyboard.press("Control+Enter")
    page.keyboard.down("Control")
    for _ in range(3):  # key repeat
        page.keyboard.down("Enter")
    expect(page.get_by_role("img")).to_be_visible()
    page.keyboard.down("Enter")  # still held
    expect(page.get_by_role("button", name="Generate Image")).to_have_attribute(
        "aria-disabled", "false"
    )
    assert len(sent) == 1


def test_keeps_earlier_pictures_on_the_wall(page):
    make_pictures(page, "qwzx one", "qwzx two")
    expect_shelf(page, "qwzx two", "qwzx one")


def test_an_example_fills_the_prompt_and_sends_nothing(page, quick_site):
    before = quick_site.calls()
    page.get_by_role("button", name="A lighthouse in the fog, watercolor").click()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value("A lighthouse in the fog, watercolor")
    expect(prompt).to_be_focused()
    assert quick_site.calls() == before


def test_fits_a_phone_and_scrolls_to_the_canvas(open_page):
    page = open_page(viewport={"width": 320, "height": 640})
    page.get_by_role("button", name="More settings").click()
    generate(page, QUICK)
    expect(page.get_by_role("img")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_respects_reduced_motion(open_page):
    page = open_page(reduced_motion="reduce")
    generate(page, "!slow 20 qwzx")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_paints_before_the_api_answers(open_page):
    page = open_page()
    page.route("**/api/models", lambda route: None)  # never answered
    page.reload()
    expect(page.get_by_role("heading", name="Easel")).to_be_visible()
    expect(page.get_by_placeholder(SHIP)).to_be_visible()


def test_requests_models_and_budget_once(open_page, quick_site):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    api = f"{quick_site.url}api/"
    assert sorted(url for url in asked if api in url) == [f"{api}budget", f"{api}models"]
    assert json.loads(page.request.get(f"{quick_site.url}api/models").text())["access"] == "open"


def test_draws_the_shapes_and_unfolds_the_rare_ones(page):
    shape = page.get_by_role("group", name="Shape")
    names = "labels => labels.filter(each => each.checkVisibility()).map(each => each.innerText)"
    common = ["Square", "3:2", "16:9", "2:3", "9:16"]
    assert shape.locator("label").evaluate_all(names) == common
    shape.get_by_role("button", name="More shapes").click()
    expect(shape.get_by_role("radio", name="5:4")).to_be_focused()
    assert shape.locator("label").evaluate_all(names) == [*common, "5:4", "21:9", "4:5", "9:21"]
    boxes = [each.bounding_box() for each in shape.locator(".outline").all()]
    ratios = [box["width"] / box["height"] for box in boxes]
    assert ratios == pytest.approx(
        [1, 3 / 2, 16 / 9, 2 / 3, 9 / 16, 5 / 4, 21 / 9, 4 / 5, 9 / 21], rel=0.1
    )


def test_the_arrow_keys_choose_only_shapes_in_sight(page):
    shape = page.get_by_role("group", name="Shape")
    shape.get_by_role("radio", name="9:16").check()
    page.keyboard.press("ArrowRight")
    expect(shape.get_by_role("radio", name="Square")).to_be_checked()


def test_the_shape_stays_when_the_model_changes(page):
    choose_shape(page, "16:9")
    page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
    expect_setting(page, "Size", "1344x768")
    page.get_by_role("button", name="More shapes").click()
    choose_shape(page, "640x1536")
    page.get_by_label("Model", exact=True).select_option("Stable Image Core")
    expect_setting(page, "Aspect ratio", "9:21")
    expect(page.get_by_role("radio", name="9:21")).to_be_visible()


def test_a_model_without_a_shape_has_no_row_for_it(page, quick_site):
    models = page.request.get(f"{quick_site.url}api/models").json()
    for model in models["models"]:
        model["parameters"] = [
            each for each in model["parameters"] if each["name"] not in ("aspect_ratio", "size")
        ]
    page.route("**/api/models", lambda route: route.fulfill(json=models))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    expect(page.get_by_role("group", name="Shape")).to_be_hidden()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_an_empty_prompt_paints_the_example(page):
    sent = watch_posts(page)
    generate(page, "")
    expect(page.get_by_role("img", name=SHIP)).to_be_visible()
    assert [request.post_data for request in sent] == [SHIP]


@pytest.mark.parametrize("language", ["en-US", "de-DE", "es-ES", "ja-JP"])
def test_the_desk_fits_900_pixels(open_page, language):
    page = open_page(viewport={"width": 1440, "height": 900}, locale=language)
    desk = page.locator(".desk")
    assert desk.evaluate("desk => desk.scrollHeight <= desk.clientHeight")
    expect(page.locator(".preferences")).to_be_in_viewport(ratio=1)


def test_the_button_stays_in_sight_while_settings_are_open(open_page):
    for width, height in ((1280, 700), (390, 700)):
        page = open_page(viewport={"width": width, "height": height})
        page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
        page.get_by_role("button", name="More settings").click()
        page.get_by_label("CLIP guidance").scroll_into_view_if_needed()
        expect(page.locator("[type=submit]")).to_be_in_viewport(ratio=1)
        page.get_by_label("Prompt", exact=True).scroll_into_view_if_needed()
        expect(page.locator("[type=submit]")).to_be_in_viewport(ratio=1)
