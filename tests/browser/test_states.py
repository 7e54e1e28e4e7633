"""Every state of the page under axe-core, light and dark, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.acts import generate

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


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", [empty, configured, waiting, hung, failed, without_models])
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
    for _ in range(13):
        reached.append(
            page.evaluate("document.activeElement.name || document.activeElement.textContent")
        )
        page.keyboard.press("Tab")
    assert reached[:4] == ["prompt", "model", "Generate Image", "Hide Configuration"]
    assert reached[4:12] == [
        "negative_prompt", "size", "cfg_scale", "steps", "seed", "style_preset", "sampler",
        "clip_guidance_preset",
    ]  # fmt: skip
    assert reached[12].startswith("A red hot-air balloon")
