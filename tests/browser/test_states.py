"""Every state of the page under axe-core: light and dark, wide and narrow, in each language."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.acts import QUICK
from browser.languages import LANGUAGES, english, words

pytestmark = pytest.mark.slow

REFUSED = {"Code": "AccessCodeRequired", "Message": "access code must be sent as …"}
NO_ROOM = """() => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError") }
}"""


def press(page, prompt):
    """Generate, whatever the button says."""
    page.locator("#prompt").fill(prompt)
    page.locator("[type=submit]").click()


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
    page.locator("#model").select_option("stable-diffusion-xl")
    page.locator("#fold").click()
    expect(page.locator("[name=steps]")).to_be_visible()


def waiting(page):
    page.locator("#model").select_option("stable-image-core")
    page.locator("[name=count][value='4']").check()
    press(page, "!slow 20 a ship")
    expect(page.locator("[aria-busy=true] button")).to_have_count(4)


def hung(page):
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)
    page.locator("[name=count][value='2']").check()
    press(page, QUICK)
    expect(page.locator("figure img")).to_have_count(2)


def failed(page):
    press(page, "!denied")
    expect(page.locator("figure.failed")).to_have_count(2)


def offline(page):
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()


def kept(page):
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(".thumb")).to_have_count(2)


def searched(page):
    page.locator("[type=search]").fill("nowhere")
    expect(page.locator(".no-matches")).to_be_visible()


def opened(page):
    page.locator("[type=search]").fill("")
    page.locator(".thumb").first.click()
    expect(page.locator("#viewer img")).to_be_visible()


def zoomed(page):
    page.locator(".zoom").click()


def starred(page):
    page.locator(".zoom").click()
    page.locator("[data-action=star]").click()
    expect(page.locator("[data-action=star][aria-pressed=true]")).to_be_visible()


def told(page):
    page.locator("[data-action=copyPrompt]").click()
    expect(page.locator("#viewer #toast")).to_be_visible()


def deleted(page):
    page.locator("[data-action=remove]").click()
    expect(page.locator("main #toast button")).to_be_visible()


def full(page):
    page.evaluate(NO_ROOM)
    press(page, QUICK)
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
    press(page, QUICK)
    expect(page.locator("#access-code[aria-invalid]")).to_be_visible()


# One day on the page, each state from the one before it.
STATES = [without_models, empty, keys, within_the_budget, budget_spent, configured, waiting, hung]
STATES += [failed, offline, kept, searched, opened, zoomed, starred, told, deleted, full]
STATES += [code_needed, code_shown, code_refused]


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_every_state_is_for_every_hand_and_eye(open_page, language):
    # Still, because axe measures the contrast of whatever moment it meets.
    page = open_page(locale=LANGUAGES.get(language, "en-US"), reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("lang", language)
    for state in STATES:
        state(page)
        if language != "en":
            assert english(page, words(language)) == [], state
        for scheme in ("light", "dark"):
            for width in (320, 1280):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 800})
                results = Axe().run(page)
                assert results.violations_count == 0, (
                    state,
                    scheme,
                    width,
                    results.generate_report(),
                )
                for box in page.locator("html, dialog[open], dialog[open] .details").all():
                    assert box.evaluate("box => box.scrollWidth") <= width, (state, scheme, width)


def test_forced_colours_leave_every_control_in_sight_and_what_is_chosen(open_page):
    page = open_page(forced_colors="active")
    hung(page)
    button = page.get_by_role("button", name="Generate")
    assert button.evaluate("button => getComputedStyle(button).borderTopWidth") == "1px"
    colour = "label => getComputedStyle(label).backgroundColor"
    chosen, other = (page.locator(".count label").nth(place) for place in (1, 0))
    assert chosen.evaluate(colour) != other.evaluate(colour)
    starred_only = page.get_by_role("button", name="Starred")
    before = starred_only.evaluate(colour)
    starred_only.click()
    assert starred_only.evaluate(colour) != before


def test_nothing_is_lost_at_200_percent(open_page):
    page = open_page(viewport={"width": 640, "height": 400}, reduced_motion="reduce")
    for state in (configured, hung, opened):
        state(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640
    page.keyboard.press("Escape")
    page.evaluate(
        "document.documentElement.style.fontSize = '32px'"
    )  # letters alone, twice as large
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = """() => [...document.querySelectorAll("button, label, p:not(.visually-hidden), select")]
        .filter(each => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
        .map(each => each.textContent)"""
    assert page.evaluate(cut) == []


def test_a_look_that_is_chosen_stays_and_is_there_before_all_else(open_page):
    page = open_page(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Look").select_option("Dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    assert page.evaluate(ground) == dark
    page.unroute("**/app.js")
    page.reload()
    expect(page.get_by_label("Look")).to_have_value("dark")
    page.get_by_label("Look").select_option("As the system")
    assert page.evaluate(ground) == light


def test_every_control_is_large_enough_to_touch(page):
    configured(page)
    for control in page.locator("button, select, input, textarea").all():
        if control.is_visible():
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 24


def test_tab_reaches_every_control_in_the_order_of_the_page(page):
    configured(page)
    page.locator("[name=prompt]").focus()
    reached = []
    for _ in range(15):
        reached.append(
            page.evaluate("document.activeElement.name || document.activeElement.textContent")
        )
        page.keyboard.press("Tab")
    assert reached[:6] == [
        "prompt", "model", "count", "Generate image", "Hide Configuration",
        "Settings from a picture",
    ]  # fmt: skip
    assert reached[6:14] == [
        "negative_prompt", "size", "cfg_scale", "steps", "seed", "style_preset", "sampler",
        "clip_guidance_preset",
    ]  # fmt: skip
    assert reached[14].startswith("English")
