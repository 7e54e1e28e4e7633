"""Every state of the page, checked by axe-core, at two widths, and in each language."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.acts import QUICK, submit
from browser.languages import LANGUAGES, translations, untranslated

pytestmark = pytest.mark.slow

REFUSED = {"Code": "AccessCodeRequired", "Message": "access code must be sent as …"}
FILL_STORAGE = """() => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError") }
}"""

CUT_WORDS = """() => [...document.querySelectorAll("button, label, select, p")]
  .filter(each => !each.matches(".visually-hidden"))
  .filter(each => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
  .map(each => each.textContent)"""


def answer(page, path, **words):
    page.route(f"**/api/{path}", lambda route: route.fulfill(json=words))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")


def without_models(page):
    page.route("**/api/models", lambda route: route.abort())
    page.reload()
    expect(page.locator("#reload")).to_be_visible()


def empty(page):
    page.unroute("**/api/models")
    page.locator("#reload").click()
    expect(page.locator("[type=submit]")).to_be_enabled()
    expect(page.locator(".empty")).to_be_visible()


def keys(page):
    page.locator("#show-keys").click()
    expect(page.locator("#keys")).to_be_visible()


def within_the_budget(page):
    answer(page, "budget", daily_usd=2, spent_usd=0.36, resets_at="2036-11-23T00:00:00Z")
    expect(page.locator("#budget:not(.insufficient)")).not_to_be_empty()


def budget_spent(page):
    answer(page, "budget", daily_usd=2, spent_usd=2, resets_at="2036-11-23T00:00:00Z")
    expect(page.locator("#budget.insufficient")).not_to_be_empty()


def configured(page):
    page.unroute("**/api/budget")
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    page.locator("#model").select_option("stable-diffusion-xl")
    page.locator("#fold").click()
    expect(page.locator("[name=steps]")).to_be_visible()


def waiting(page):
    page.locator("#model").select_option("stable-image-core")
    page.locator("[name=count][value='4']").check()
    submit(page, "!slow 200 qwzx")  # longer than the test, as cancelled pictures arrive too
    expect(page.locator("[aria-busy=true] button")).to_have_count(4)


def painted(page):
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)
    page.locator("[name=count][value='2']").check()
    submit(page, QUICK)
    expect(page.locator("figure img")).to_have_count(2)


def failed(page):
    submit(page, "!denied")
    expect(page.locator("figure.failed")).to_have_count(1)


def offline(page):
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()


def shelved(page):
    page.context.set_offline(False)
    page.locator("[name=count][value='1']").check()
    submit(page, "qwzx two")
    expect(page.locator(".thumb")).to_have_count(2)
    page.reload()
    expect(page.locator(".thumb")).to_have_count(2)


def searched(page):
    page.locator("[type=search]").fill("nowhere")
    expect(page.locator(".no-matches")).to_be_visible()


def selecting(page):
    page.locator("[type=search]").fill("")
    expect(page.locator(".thumb")).to_have_count(2)
    page.locator(".select").click()
    expect(page.locator(".thumb")).to_have_count(3)
    page.locator(".thumb").nth(1).click()
    expect(page.locator("[aria-checked=true]")).to_have_count(1)


def opened(page):
    if page.locator(".selection").is_visible():
        page.locator(".selection button").last.click()
    page.locator(".frame, .thumb").last.click()
    expect(page.locator("#viewer img:not(.before)")).to_be_visible()


def zoomed(page):
    page.locator(".zoom").click()


def starred(page):
    page.locator(".zoom").click()
    page.locator("[data-action=star]").click()
    expect(page.locator("[data-action=star][aria-pressed=true]")).to_be_visible()


def menu_open(page):
    page.locator(".opener").click()
    expect(page.locator(".menu")).to_be_visible()


def toast_shown(page):
    page.keyboard.press("Escape")
    page.locator(".opener").click()
    page.locator("[data-action=copyPrompt]").click()
    expect(page.locator("#viewer #toast")).to_be_visible()


def deleted(page):
    page.locator("[data-action=remove]").click()
    expect(page.locator("#viewer #toast button:not([hidden])")).to_be_visible()


def full(page):
    page.keyboard.press("Escape")
    page.evaluate(FILL_STORAGE)
    submit(page, QUICK)
    expect(page.locator(".storage-note")).not_to_be_empty()


def code_needed(page):
    models = page.request.get(f"{page.url}api/models").json()
    answer(page, "models", **models | {"access": "code"})
    expect(page.locator("#access-code")).to_be_visible()


def code_shown(page):
    page.locator("#access-code").fill("Sesame")
    page.locator("#show-code").click()


def code_refused(page):
    page.route("**/api/?*", lambda route: route.fulfill(status=401, json=REFUSED))
    submit(page, QUICK)
    expect(page.locator("#access-code[aria-invalid]")).to_be_visible()


# In this order, as each state starts from the one before it.
STATES = [without_models, empty, keys, within_the_budget, budget_spent, configured, waiting]
STATES += [painted, failed, offline, shelved, searched, selecting, opened, zoomed, starred]
STATES += [menu_open, toast_shown, deleted, full, code_needed, code_shown, code_refused]


LOOKS = [("dark", 320), ("light", 1280)]


def test_every_state_is_accessible(open_page):
    page = open_page(locale="en-US")
    for state in STATES:
        state(page)
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)
            expect_fits(page, state, width)
            results = Axe().run(page)
            report = state, scheme, width, results.generate_report()
            assert results.violations_count == 0, report


# The states with the most text and controls.
WORDY = [configured, waiting, opened, deleted, code_needed]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_is_translated_and_fits(open_page, language):
    page = open_page(locale=LANGUAGES[language])
    expect(page.locator("html")).to_have_attribute("lang", language)
    for state in STATES:
        state(page)
        assert untranslated(page, translations(language)) == [], state
        for width in (1280, 320):
            expect_fits(page, state, width)
        if state in WORDY:
            results = Axe().run(page)
            assert results.violations_count == 0, (state, results.generate_report())


def expect_fits(page, state, width):
    """Check that nothing scrolls sideways and no words are cut at this width in pixels."""
    page.set_viewport_size({"width": width, "height": 800})
    for box in page.locator("html, dialog[open], dialog[open] .details").all():
        assert box.evaluate("box => box.scrollWidth") <= width, (state, width)
    assert page.evaluate(CUT_WORDS) == [], (state, width)


def test_forced_colors_show_controls_and_choices(open_page):
    page = open_page(forced_colors="active")
    painted(page)
    button = page.get_by_role("button", name="Generate")
    assert button.evaluate("button => getComputedStyle(button).borderTopWidth") == "1px"
    color = "label => getComputedStyle(label).backgroundColor"
    chosen, other = (page.locator(".count label").nth(place) for place in (1, 0))
    assert chosen.evaluate(color) != other.evaluate(color)
    starred_only = page.get_by_role("button", name="Starred")
    before = starred_only.evaluate(color)
    starred_only.click()
    assert starred_only.evaluate(color) != before


def test_nothing_is_cut_off_at_200_percent(open_page):
    large_text = "document.documentElement.style.fontSize = '32px'"  # 200 %, without zoom
    page = open_page(viewport={"width": 320, "height": 568}, reduced_motion="reduce")
    page.evaluate(large_text)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size({"width": 640, "height": 400})
    for state in (configured, painted, opened):
        state(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.keyboard.press("Escape")
    page.evaluate(large_text)
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    assert page.evaluate(CUT_WORDS) == []


def test_a_chosen_look_applies_before_the_app_loads(open_page):
    page = open_page(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Light or dark").select_option("Dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    assert page.evaluate(ground) == dark
    page.unroute("**/app.js")
    page.reload()
    expect(page.get_by_label("Light or dark")).to_have_value("dark")
    page.get_by_label("Light or dark").select_option("")
    assert page.evaluate(ground) == light


def test_every_control_is_large_enough_to_touch(page):
    configured(page)
    for control in page.locator("button, select, input, textarea").all():
        if control.is_visible():
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 24


def test_tab_reaches_every_control_in_page_order(page):
    configured(page)
    page.locator("[name=prompt]").focus()
    reached = []
    for _ in range(15):
        reached.append(
            page.evaluate("document.activeElement.name || document.activeElement.textContent")
        )
        page.keyboard.press("Tab")
    assert reached[:8] == [
        "prompt", "size", "More", "count", "model", "Generate image", "Fewer settings",
        "Open a picture…",
    ]  # fmt: skip
    assert reached[8:15] == [
        "negative_prompt", "cfg_scale", "steps", "seed", "style_preset", "sampler",
        "clip_guidance_preset",
    ]  # fmt: skip
