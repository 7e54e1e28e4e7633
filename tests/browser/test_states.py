"""Every state of the page under axe-core, light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.acts import act, generate, large, shelf, thumb, with_many

pytestmark = pytest.mark.slow


def empty(page):
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()


def configured(page):
    page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
    page.get_by_role("button", name="Show Configuration").click()


def waiting(page):
    generate(page, "!slow 20 a ship")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def hung(page):
    generate(page, "qwzx")
    expect(page.get_by_role("img")).to_be_visible(timeout=15_000)


def failed(page):
    generate(page, "!denied")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def without_models(page):
    page.route("**/api/models", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def kept(page):
    with_many(page, 3)
    thumb(page, "picture 2").click()
    act(page, "☆ Star")
    act(page, "Close")
    expect(shelf(page).locator(".starred")).to_have_count(1)


def searched(page):
    kept(page)
    shelf(page).get_by_role("searchbox").fill("nowhere")
    expect(shelf(page).get_by_text("No picture fits.")).to_be_visible()


def opened(page):
    kept(page)
    thumb(page, "picture 2").click()
    expect(large(page).get_by_role("img")).to_be_visible()


def told(page):
    opened(page)
    act(page, "Copy prompt")
    expect(large(page).locator("#toast")).to_be_visible()


def deleted(page):
    opened(page)
    act(page, "Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


STATES = [empty, configured, waiting, hung, failed, without_models]
STATES += [kept, searched, opened, told, deleted]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(open_page, state, scheme, width):
    # Still, because axe measures the contrast of whatever moment it meets.
    page = open_page(
        color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    )
    state(page)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("state", [empty, hung])
def test_forced_colours_leave_every_control_in_sight(open_page, state):
    page = open_page(forced_colors="active")
    state(page)
    button = page.get_by_role("button", name="Generate Image")
    assert button.evaluate("button => getComputedStyle(button).borderTopWidth") == "1px"


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
