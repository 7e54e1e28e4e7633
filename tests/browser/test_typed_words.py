"""Words that people type: what replaces them can be undone."""

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    choose_shape,
    expect_setting,
    last_announcement,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
)
from browser.recipes import automatic1111_file
from browser.test_restore import drop
from browser.test_shortcuts import press

pytestmark = pytest.mark.slow

EXAMPLE = "A lighthouse in the fog, watercolor"
FILLED = "The settings are in the form."
OWN = "my own words"


def type_words(page, words=OWN):
    setting(page, "Prompt").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def undo(page):
    return page.get_by_role("button", name="Undo", exact=True)


def use_example(page, site):
    page.get_by_role("button", name=EXAMPLE).click()
    return EXAMPLE


def use_link(page, site):
    page.goto(f"{site.url}#prompt=linked%0Awords&seed=7&count=3&model=stable-image-ultra")
    return "linked\nwords"


def use_picture(page, action):
    """Make a picture, type other words, and use the picture's."""
    make_pictures(page, QUICK)
    return use_shelved(page, action)


def use_shelved(page, action):
    type_words(page)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, action)
    return QUICK


def edit_words(page, site):
    return use_picture(page, "Edit the words")


def use_seed(page, site):
    return use_picture(page, "Same seed")


def use_more(page, site):
    """The second picture never comes, so that no announcement of it follows the form's."""
    make_pictures(page, QUICK)
    page.route("**/api/?*", lambda route: None)
    return use_shelved(page, "One more like this, about $0.04")


def use_file(page, site):
    text = "dropped words\nSteps: 0, Sampler: unknown, Seed: 7"
    drop(page, "fox.png", automatic1111_file(text, "PNG"))
    return "dropped words"


WAYS = [use_example, use_link, edit_words, use_seed, use_more, use_file]


@pytest.mark.parametrize("use", WAYS, ids=lambda use: use.__name__)
def test_the_browsers_undo_brings_typed_words_back(page, quick_site, use):
    type_words(page)
    words = use(page, quick_site)
    expect(setting(page, "Prompt")).to_have_value(words)
    setting(page, "Prompt").focus()
    page.keyboard.press("Control+z")
    expect(setting(page, "Prompt")).to_have_value(OWN)
    page.keyboard.press("Control+Shift+z")
    expect(setting(page, "Prompt")).to_have_value(words)


@pytest.mark.parametrize("use", WAYS, ids=lambda use: use.__name__)
def test_undo_brings_the_whole_form_back(page, quick_site, use):
    type_words(page)
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Generation steps").fill("12")
    setting(page, "Model").select_option("Stable Image Core")
    setting(page, "Negative prompt").fill("no people")
    choose_shape(page, "16:9")
    setting(page, "Seed").fill("5")
    words = use(page, quick_site)
    expect(setting(page, "Prompt")).to_have_value(words)
    expect(page.locator("#toast p")).to_have_text(FILLED)
    undo(page).click()
    expect(last_announcement(page)).to_have_text("The form is as it was before.")
    expect(undo(page)).to_be_hidden()
    expect(setting(page, "Prompt")).to_be_focused()
    for label, value in (
        ("Prompt", OWN), ("Model", "stable-image-core"), ("Negative prompt", "no people"),
        ("Aspect ratio", "16:9"), ("Seed", "5"),
    ):  # fmt: skip
        expect_setting(page, label, value)
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()
    setting(page, "Model").select_option("Stable Diffusion XL")
    expect(setting(page, "Generation steps")).to_have_value("12")


def test_no_undo_is_offered_once_the_form_was_changed_again(page):
    type_words(page)
    use_example(page, None)
    expect(undo(page)).to_be_visible()
    page.keyboard.press("Control+z")  # takes back the words, and leaves the rest to the button
    expect(undo(page)).to_be_visible()
    page.keyboard.press("End")
    page.keyboard.type("!")
    expect(undo(page)).to_be_hidden()
    page.get_by_role("button", name="Keys").focus()
    press(page, key="z", ctrlKey=True)
    expect(setting(page, "Prompt")).to_have_value(f"{OWN}!")


def test_undo_of_a_second_example_brings_the_first_back(page):
    type_words(page)
    use_example(page, None)
    page.get_by_role("button", name="A fox in the snow under the northern lights").click()
    undo(page).click()
    expect(setting(page, "Prompt")).to_have_value(EXAMPLE)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(setting(page, "Prompt")).to_have_value(OWN)


def test_a_link_that_opens_over_a_stored_form_can_be_undone(page, quick_site):
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Generation steps").fill("12")
    type_words(page)
    page.goto("about:blank")
    page.goto(f"{quick_site.url}#prompt=qwzx&model=stable-image-core&count=4&seed=9")
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(setting(page, "Model")).to_have_value("stable-image-core")
    undo(page).click()
    expect(setting(page, "Prompt")).to_have_value(OWN)
    expect(setting(page, "Model")).to_have_value("stable-diffusion-xl")
    expect(setting(page, "Generation steps")).to_have_value("12")
    expect(setting(page, "Seed")).to_have_value("")
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()


def test_words_typed_before_the_models_come_are_kept(page):
    page.route("**/api/models", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    type_words(page)
    use_example(page, None)
    expect(setting(page, "Prompt")).to_have_value(EXAMPLE)
    page.unroute("**/api/models")
    page.get_by_role("button", name="Try again").click()
    undo(page).click()
    expect(setting(page, "Prompt")).to_have_value(OWN)
    expect(page.get_by_role("button", name="Generate image, about $0.04")).to_be_enabled()


def test_a_long_text_is_replaced_at_once(page):
    seconds = """async text => {
      const { replaceText } = await import(new URL("form/texts.js", document.baseURI))
      const started = performance.now()
      replaceText(document.querySelector("#prompt"), text)
      return (performance.now() - started) / 1000
    }"""
    for text in ("fox " * 5_000, "a fox\n" * 99, "a fox\n" * 3_300):
        assert page.evaluate(seconds, text) < 2
        expect(setting(page, "Prompt")).to_have_value(text)


def test_an_old_notice_goes_when_something_else_works(page, quick_site):
    drop(page, "x.png", b"no picture")
    expect(page.locator("#toast p")).to_have_text(
        "This file is not a picture that this browser can open."
    )
    use_file(page, quick_site)
    expect(page.locator("#toast p")).to_have_text(FILLED)
    press(page, key="z", ctrlKey=True)
    page.goto(f"{quick_site.url}#prompt=qwzx&model=none")
    expect(page.locator("#toast p")).to_contain_text("none is not available here.")
    undo(page).click()
    expect(page.locator("#toast")).to_be_hidden()


def test_the_first_word_typed_replaces_the_example(page):
    expect(page.get_by_placeholder(SHIP)).to_have_attribute("lang", "en")
    setting(page, "Prompt").click()
    page.keyboard.type("A castle")
    expect(setting(page, "Prompt")).to_have_value("A castle")
    expect(setting(page, "Prompt")).to_have_attribute("lang", "")


def test_cleared_words_come_back(page):
    expect(page.get_by_role("button", name="Clear")).to_be_hidden()
    type_words(page)
    page.get_by_role("button", name="Clear").click()
    expect(setting(page, "Prompt")).to_have_value("")
    undo(page).click()
    expect(setting(page, "Prompt")).to_have_value(OWN)
    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("Control+z")
    expect(setting(page, "Prompt")).to_have_value(OWN)


def test_the_up_key_brings_earlier_prompts_into_an_empty_field(page):
    make_pictures(page, "qwzx one", "qwzx two")
    prompt = setting(page, "Prompt")
    prompt.fill("")
    for key, words in (
        ("ArrowUp", "qwzx two"), ("ArrowUp", "qwzx one"), ("ArrowUp", "qwzx one"),
        ("ArrowDown", "qwzx two"), ("ArrowDown", ""),
    ):  # fmt: skip
        prompt.press(key)
        expect(prompt).to_have_value(words)
    type_words(page)
    prompt.press("ArrowUp")
    expect(prompt).to_have_value(OWN)
