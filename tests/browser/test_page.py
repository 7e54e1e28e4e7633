"""The page in a real browser, against all of `make run`, as a person uses it."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow
expect.set_options(timeout=15_000)

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
QUICK = "qwzx"  # the painter knows no such word, and paints quickly


def generate(page, prompt=None):
    if prompt is not None:
        page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate Image").click()


def facts(page):
    return page.locator("figcaption .facts").first


def test_a_first_visit_ends_with_a_picture(page):
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(SHIP)
    generate(page)
    picture = page.get_by_role("img", name=SHIP)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1024, 1024]
    expect(facts(page)).to_have_text(
        re.compile(r"^Stable Image Core · seed \d+ · \$0\.04 · \d+\.\d s$")
    )
    expect(page.get_by_role("status")).to_have_text("The picture is ready.")
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_hidden()


def test_the_configuration_is_folded_until_asked_for(page):
    seed = page.get_by_label("Seed")
    expect(seed).to_be_hidden()
    page.get_by_role("button", name="Show Configuration").click()
    expect(seed).to_be_visible()
    expect(page.get_by_role("button", name="Hide Configuration")).to_have_attribute(
        "aria-expanded", "true"
    )
    page.get_by_role("button", name="Hide Configuration").click()
    expect(seed).to_be_hidden()


def test_each_model_brings_its_own_parameters_and_keeps_what_still_fits(page, site):
    offer = page.request.get(f"{site.url}api/models").json()
    page.get_by_role("button", name="Show Configuration").click()
    page.get_by_label("Seed").fill("7")
    page.get_by_label("Aspect ratio").select_option("16:9")
    for model in offer["models"]:
        page.get_by_label("Model", exact=True).select_option(model["title"])
        drawn = [
            name
            for name in page.evaluate(
                "Object.keys(Object.fromEntries(new FormData(document.forms[0])))"
            )
        ]
        assert sorted(drawn) == sorted(["model", *(each["name"] for each in model["parameters"])])
        expect(page.get_by_label("Seed")).to_have_value("7")
        for each in model["parameters"]:
            control = page.locator(f"[name={each['name']}]")
            if each["kind"] in ("integer", "number"):
                expect(control).to_have_attribute("min", str(each["minimum"]))
                expect(control).to_have_attribute("max", str(each["maximum"]))
            if each["kind"] == "choice":
                words = control.evaluate("select => [...select.options].map(o => o.value)")
                assert [word for word in words if word] == each["choices"]
    page.get_by_label("Model", exact=True).select_option("Stable Image Core")
    expect(page.get_by_label("Aspect ratio")).to_have_value("1:1")


def test_settings_reach_the_picture(page):
    page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
    page.get_by_role("button", name="Show Configuration").click()
    page.get_by_label("Size").select_option("1344x768")
    page.get_by_label("Generation steps").fill("10")
    page.get_by_label("Seed").fill("7")
    generate(page, QUICK)
    picture = page.get_by_role("img", name=QUICK)
    expect(picture).to_be_visible()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1344, 768]
    expect(facts(page)).to_have_text(re.compile(r"^Stable Diffusion XL · seed 7 · \d+\.\d s$"))


def test_a_value_out_of_range_is_shown_even_when_folded_and_nothing_is_sent(page, site):
    page.get_by_role("button", name="Show Configuration").click()
    page.get_by_label("Seed").fill("-1")
    page.get_by_role("button", name="Hide Configuration").click()
    before = site.calls()
    generate(page)
    expect(page.get_by_label("Seed")).to_be_visible()
    expect(page.get_by_label("Seed")).to_be_focused()
    expect(page.locator("figure")).to_have_count(0)
    assert site.calls() == before


def test_the_keyboard_generates_and_cancels(page):
    page.get_by_label("Prompt", exact=True).fill("!slow 20 a ship")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"Painting… [1-9]\d* s"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text("Cancelled.")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("!slow 20 a ship")
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_the_canvas_has_a_cancel_of_its_own_and_the_shape_of_the_picture(page):
    page.get_by_role("button", name="Show Configuration").click()
    page.get_by_label("Aspect ratio").select_option("16:9")
    generate(page, "!slow 3 qwzx")
    box = page.locator(".canvas").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.01)
    expect(page.get_by_role("img")).to_be_visible()
    hung = page.get_by_role("img").bounding_box()
    assert hung == pytest.approx(box, abs=1)  # nothing jumped
    generate(page, "!slow 20 a ship")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("figure")).to_have_count(1)


def test_however_often_the_button_is_pressed_one_request_goes_out(page):
    sent = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )
    page.get_by_label("Prompt", exact=True).fill("!slow 2 qwzx")
    page.get_by_role("button", name="Generate Image").dblclick()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("img")).to_be_visible()
    assert len(sent) == 1
    expect(page.get_by_role("button", name="Generate Image")).to_have_attribute(
        "aria-disabled", "false"
    )


def test_pictures_stay_when_new_ones_come(page):
    for words in ("qwzx one", "qwzx two"):
        generate(page, words)
        expect(page.get_by_role("img", name=words)).to_be_visible()
    names = page.get_by_role("img").evaluate_all("images => images.map(image => image.alt)")
    assert names == ["qwzx two", "qwzx one"]


def test_an_example_fills_the_prompt_and_spends_nothing(page, site):
    before = site.calls()
    page.get_by_role("button", name="A lighthouse in the fog, watercolor").click()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value("A lighthouse in the fog, watercolor")
    expect(prompt).to_be_focused()
    assert site.calls() == before


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (
            "!denied",
            "This site's AWS account may not use the model yet; the owner finds help in Easel's README.",
        ),
        (
            "!filtered",
            "The model's filter refused the prompt; change its words (English works best).",
        ),
        ("!broken", "The model failed; try again."),
        ("!legacy", "AWS no longer offers this model to this site; choose another one."),
        ("!large", "The picture is too large to send; ask for output_format=jpeg."),
        (" ", "Prompt must not be empty."),
    ],
)
def test_a_failure_is_one_sentence_and_one_button(page, prompt, sentence):
    generate(page, prompt)
    canvas = page.locator("figure .canvas")
    expect(canvas.get_by_text(sentence, exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(sentence)
    expect(canvas.get_by_role("button")).to_have_count(1)
    expect(canvas.get_by_role("button", name="Try again")).to_be_visible()


def test_try_again_tries_the_same_again(page):
    generate(page, "!internal 1 qwzx")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!internal 1 qwzx")).to_be_visible()
    expect(page.locator("figure")).to_have_count(1)


@pytest.mark.parametrize("fault", ["throttled", "unavailable"])
def test_a_busy_model_is_asked_again_and_the_picture_comes(open_page, site, fault):
    page = open_page()
    page.clock.install()
    before = site.calls()
    generate(page, f"!{fault} 2 qwzx")
    for _ in range(2):
        expect(page.get_by_text("The model is busy. Asking again")).to_be_visible()
        page.clock.fast_forward(6_000)
    expect(page.get_by_role("img")).to_be_visible()


def test_after_two_retries_the_sentence_comes(page, site):
    page.clock.install()
    answers = []
    page.on(
        "response",
        lambda response: (
            answers.append(response.status) if response.request.method == "POST" else None
        ),
    )
    generate(page, "!throttled")
    while len(answers) < 3:
        page.clock.fast_forward(6_000)
        page.wait_for_timeout(50)
    expect(page.locator(".message")).to_have_text("The model is busy; try again in a few seconds.")
    page.clock.fast_forward(60_000)
    assert answers == [429, 429, 429]


def test_what_may_have_been_paid_is_never_sent_again(page):
    page.clock.install()
    sent = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )
    for fault in ("!internal", "!timeout", "!reset", "!cut", "!marketplace"):
        sent.clear()
        generate(page, fault)
        expect(page.get_by_role("button", name="Try again").first).to_be_visible()
        page.clock.fast_forward(60_000)
        assert len(sent) == 1
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, "<!doctype html><title>hello</title>", "no sense here (status 200)"),
        (500, '{"message": "Internal server error"}', "no sense here (status 500)"),
        (503, "<html>", "no sense here (status 503)"),
        (None, "", "Easel cannot be reached."),
    ],
)
def test_without_the_models_the_page_says_so_and_offers_to_try_again(
    open_page, site, status, body, sentence
):
    page = open_page()
    broken = lambda route: route.fulfill(status=status, body=body) if status else route.abort()  # noqa: E731
    page.route("**/api/models", broken)
    page.reload()
    expect(page.locator("#model-help")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Generate Image")).to_be_disabled()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(SHIP)
    page.unroute("**/api/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Generate Image")).to_be_enabled()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


def test_offline_keeps_the_prompt_and_gives_the_button_back(page):
    page.context.set_offline(True)
    generate(page, QUICK)
    expect(page.locator("figure").get_by_text("Easel cannot be reached.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_a_prompt_too_long_for_the_gateway_is_explained(page):
    page.get_by_label("Prompt", exact=True).evaluate(
        "area => { area.value = 'x'.repeat(10_500_000) }"
    )
    generate(page)
    expect(page.locator(".message")).to_have_text(
        "The prompt is too long to send. Make it shorter."
    )


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "\u202egnp.exe"]
)
def test_hostile_words_are_shown_as_words(page, words):
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    generate(page, words)
    expect(page.get_by_role("img")).to_have_attribute("alt", words)
    assert page.locator("figcaption .words").text_content() == words
    assert page.locator("figure img").count() == 1
    assert page.locator("figure script").count() == 0


def test_the_policy_stands_in_the_page_and_stops_inline_script(page):
    assert page.evaluate(
        """() => {
            const script = document.createElement("script")
            script.setAttribute("nonce", "x")
            let blocked = ""
            try { script.text = "window.ran = true" } catch (error) { blocked = error.name }
            document.head.append(script)
            return [blocked, window.ran]
        }"""
    ) == ["TypeError", None]


def test_one_column_on_a_phone_and_the_canvas_comes_into_sight(open_page):
    page = open_page(viewport={"width": 320, "height": 640})
    page.get_by_role("button", name="Show Configuration").click()
    generate(page, QUICK)
    expect(page.get_by_role("img")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_reduced_motion_moves_nothing(open_page):
    page = open_page(reduced_motion="reduce")
    generate(page, "!slow 20 a ship")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_first_paint_needs_no_answer_of_the_api(open_page):
    page = open_page()
    page.route("**/api/models", lambda route: None)  # never answered
    page.reload()
    expect(page.get_by_role("heading", name="Easel")).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(SHIP)


def test_the_models_are_not_asked_for_twice(open_page, site):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    assert [url for url in asked if "/api/" in url] == [f"{site.url}api/models"]
    assert json.loads(page.request.get(f"{site.url}api/models").text())["access"] == "open"
