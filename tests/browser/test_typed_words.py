"""What people type: never lost, never taken for a shortcut, and refused only with a reason."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    generate,
    last_announcement,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
    thumbnails,
    viewer,
    watch_posts,
)
from browser.languages import LANGUAGES, translations

pytestmark = pytest.mark.slow

EXAMPLE = "A lighthouse in the fog, watercolor"
FILLED = "The settings are in the form."
OWN = "my own words"

PRESS = """key => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...key }))"""


def press(page, **key):
    page.evaluate(PRESS, key)


def type_words(page, words=OWN):
    setting(page, "Prompt").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def undo(page):
    return page.get_by_role("button", name="Undo", exact=True)


# Shortcuts


def test_escape_during_a_japanese_conversion_cancels_nothing(page):
    generate(page, "!slow 20 qwzx")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    setting(page, "Prompt").focus()
    keyboard = page.context.new_cdp_session(page)
    composed = {"text": "せかい", "selectionStart": 3, "selectionEnd": 3}
    keyboard.send("Input.imeSetComposition", composed)
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    keyboard.send("Input.insertText", {"text": "世界"})
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)


@pytest.mark.parametrize("composing", [{"isComposing": True}, {"keyCode": 229}])
def test_no_shortcut_acts_while_text_is_composed(page, composing):
    sent = watch_posts(page)
    make_pictures(page, "qwzx one", "qwzx two")
    thumbnail(page, "qwzx two").click()
    press(page, key="ArrowRight", **composing)
    press_in_viewer(page, "Delete")
    press(page, key="z", ctrlKey=True, **composing)
    expect(thumbnails(page)).to_have_count(1)
    press(page, key="?", **composing)
    press(page, key="Enter", ctrlKey=True, **composing)
    expect(page.locator("dialog[open], figure[aria-busy]")).to_have_count(0)
    assert len(sent) == 2
    press(page, key="z", ctrlKey=True)
    expect(thumbnails(page)).to_have_count(2)


def test_escape_in_a_menu_or_field_cancels_nothing(page):
    show_configuration(page)
    generate(page, "!slow 20 qwzx")
    for label in ("Model", "Seed", "Aspect ratio", "Language"):
        setting(page, label).focus()
        page.keyboard.press("Escape")
    page.get_by_role("radio", name="2").focus()
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    page.get_by_role("button", name="Generate").focus()
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)


def test_a_held_escape_closes_the_viewer_and_cancels_nothing(page):
    make_pictures(page, QUICK)
    generate(page, "!slow 20 qwzx")
    thumbnail(page, QUICK).click()
    expect(viewer(page)).to_be_visible()
    for _ in range(3):
        page.keyboard.down("Escape")
    expect(viewer(page)).to_be_hidden()
    page.keyboard.down("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(1)
    page.keyboard.up("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("figure[aria-busy]")).to_have_count(0)


def test_the_browsers_own_arrow_shortcuts_turn_no_picture(page):
    make_pictures(page, "qwzx one", "qwzx two")
    thumbnail(page, "qwzx two").click()
    for modifier in ("altKey", "ctrlKey", "metaKey"):
        press(page, key="ArrowRight", **{modifier: True})
    expect(viewer(page).get_by_role("img", name="qwzx two")).to_be_visible()
    press(page, key="ArrowRight")
    expect(viewer(page).get_by_role("img", name="qwzx one")).to_be_visible()


UNDO_KEYS = {
    "Caps Lock": {"key": "Z", "code": "KeyZ"},
    "Cyrillic": {"key": "я", "code": "KeyZ"},
    "Greek": {"key": "ζ", "code": "KeyZ"},
    "German": {"key": "z", "code": "KeyY"},
}
OTHER_KEYS = {
    "redo": {"key": "Z", "code": "KeyZ", "shiftKey": True},
    "German Y": {"key": "y", "code": "KeyZ"},
    "Cyrillic Y": {"key": "н", "code": "KeyY"},
}


def test_undo_works_with_caps_lock_and_on_any_keyboard(page):
    make_pictures(page, QUICK)
    for key in UNDO_KEYS.values():
        thumbnail(page, QUICK).click()
        press_in_viewer(page, "Delete")
        expect(thumbnails(page)).to_have_count(0)
        for other in OTHER_KEYS.values():
            press(page, ctrlKey=True, **other)
        expect(thumbnails(page)).to_have_count(0)
        press(page, ctrlKey=True, **key)
        expect(thumbnails(page)).to_have_count(1)


def test_undo_works_while_the_number_of_pictures_has_the_focus(page):
    make_pictures(page, QUICK)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "Delete")
    page.get_by_role("radio", name="1").focus()
    page.keyboard.press("Control+z")
    expect(thumbnails(page)).to_have_count(1)


def test_the_wheel_changes_no_number_and_no_menu(page):
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Seed").fill("7")
    for label, value in (("Seed", "7"), ("Generation steps", "50"), ("Size", "1024x1024")):
        before = setting(page, label).input_value()
        setting(page, label).focus()
        setting(page, label).hover()
        page.mouse.wheel(0, -120)
        page.mouse.wheel(0, 240)
        page.evaluate("() => new Promise(done => setTimeout(done, 100))")
        expect(setting(page, label)).to_have_value(before)
        expect(setting(page, label)).to_be_focused()
    expect(setting(page, "Seed")).to_have_value("7")


# Words that are replaced


def use_example(page, site):
    page.get_by_role("button", name=EXAMPLE).click()
    return EXAMPLE


def use_link(page, site):
    page.goto(f"{site.url}#prompt=linked%0Awords&seed=7&count=3&model=stable-image-ultra")
    return "linked\nwords"


def use_picture(page, action):
    """Make a picture, type other words, and use the picture's."""
    make_pictures(page, QUICK)
    type_words(page)
    thumbnail(page, QUICK).click()
    press_in_viewer(page, action)
    return QUICK


def use_prompt(page, site):
    return use_picture(page, "Use prompt")


def use_everything(page, site):
    return use_picture(page, "Use everything")


def use_more(page, site):
    return use_picture(page, "More like this, about $0.04")


def use_file(page, site):
    page.evaluate("""() => {
      const keyword = "parameters\\0", text = "dropped words\\nSteps: 30, Seed: 7, Size: 8x8"
      const bytes = [...keyword + text].map(letter => letter.charCodeAt())
      const chunk = (type, data) => [0, 0, 0, data.length, ...[...type].map(l => l.charCodeAt()), ...data, 0, 0, 0, 0]
      const png = [137, 80, 78, 71, 13, 10, 26, 10, ...chunk("IHDR", Array(13).fill(0)), ...chunk("tEXt", bytes), ...chunk("IEND", [])]
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([new Uint8Array(png)], "fox.png", { type: "image/png" }))
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }))
    }""")
    return "dropped words"


WAYS = [use_example, use_link, use_prompt, use_everything, use_more, use_file]


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
    setting(page, "Aspect ratio").select_option("16:9")
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
        expect(setting(page, label)).to_have_value(value)
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()
    setting(page, "Model").select_option("Stable Diffusion XL")
    expect(setting(page, "Generation steps")).to_have_value("12")


def test_no_undo_is_offered_once_the_form_was_changed_again(page):
    type_words(page)
    use_example(page, None)
    expect(undo(page)).to_be_visible()
    page.keyboard.press("Control+z")  # takes back the words, and leaves the rest to the button
    expect(undo(page)).to_be_visible()
    page.keyboard.type("!")
    expect(undo(page)).to_be_hidden()
    page.get_by_role("button", name="Keys").focus()
    page.keyboard.press("Control+z")
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
    expect(setting(page, "Seed")).to_have_value("0")
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


def test_a_long_text_is_replaced_at_once(page, quick_site):
    type_words(page)
    text = "a fox\n" * 3_300
    seconds = page.evaluate(
        """async text => {
          const { replaceText } = await import("./form/texts.js")
          const started = performance.now()
          replaceText(document.querySelector("#prompt"), text)
          return (performance.now() - started) / 1000
        }""",
        text,
    )
    expect(setting(page, "Prompt")).to_have_value(text)
    assert seconds < 2


def test_an_old_notice_goes_when_something_else_works(page, quick_site):
    page.evaluate("""() => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(["no picture"], "x.png", { type: "image/png" }))
      document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }))
    }""")
    expect(page.locator("#toast p")).to_have_text("This file contains no settings.")
    use_file(page, quick_site)
    expect(page.locator("#toast p")).to_have_text(FILLED)
    press(page, key="z", ctrlKey=True)
    page.goto(f"{quick_site.url}#prompt=qwzx&model=none")
    expect(page.locator("#toast p")).to_contain_text("none is not available here.")
    undo(page).click()
    expect(page.locator("#toast")).to_be_hidden()
    generate(page, "!slow 1 qwzx")
    thumbnails(page)
    page.evaluate("() => document.body.dispatchEvent(new Event('dragend'))")
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()


def test_still_being_painted_is_not_said_over_the_finished_picture(page):
    make_pictures(page, QUICK)
    generate(page, "!slow 2 qwzx")
    thumbnail(page, QUICK).click()
    press_in_viewer(page, "More like this, about $0.04")
    expect(page.locator("#toast p")).to_contain_text("Pictures are still being painted.")
    expect(page.get_by_role("img", name="!slow 2 qwzx")).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()


# Characters


def test_line_ends_of_powerpoint_and_pdf_become_line_ends(page):
    sent = watch_posts(page)
    show_configuration(page)
    setting(page, "Negative prompt").fill("no\vpeople")
    generate(page, "qwzx\va fox\fin the\x85snow")
    expect(page.get_by_role("img")).to_be_visible()
    assert sent[0].post_data == "qwzx\na fox\nin the\nsnow"
    assert "negative_prompt=no%0Apeople" in sent[0].url


NAME = "This text has a character that cannot be used: {character}. Delete it."


@pytest.mark.parametrize(
    ("text", "code", "selected"),
    [
        ("a fox\x02 in the snow", "U+0002", "\x02"),
        ("\x1b[31ma fox", "U+001B", "\x1b"),
        ("a fox\x7f", "U+007F", "\x7f"),
        ("a fox \ufffd", "U+FFFD", "\ufffd"),
        ("🦊 \ud83e", "U+D83E", None),
    ],
)
def test_names_and_selects_a_character_that_cannot_be_used(page, text, code, selected):
    sent = watch_posts(page)
    show_configuration(page)
    page.get_by_role("button", name="Hide Configuration").click()
    for label in ("Prompt", "Negative prompt"):
        field = page.get_by_label(label, exact=True)
        fill = "(area, text) => { area.value = text.replace('LONE', '\\ud83e') }"
        field.evaluate(fill, text.replace("\ud83e", "LONE"))
        page.get_by_role("button", name="Generate").click()
        assert field.evaluate("area => area.validationMessage") == NAME.format(character=code)
        expect(field).to_be_focused()
        if selected:
            assert page.evaluate("getSelection().toString()") in (selected, "")
            field.press("Delete")
            assert field.input_value() == text.replace(selected, "")
        field.fill("qwzx")
        assert field.evaluate("area => area.validationMessage") == ""
    assert sent == []
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_role("img")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_the_character_in_each_language(open_page, language):
    page = open_page(locale=LANGUAGES[language])
    sentence = translations(language)[NAME].format(character="U+0002")
    prompt = page.locator("#prompt")
    prompt.fill("a fox\x02")
    page.locator("[type=submit]").click()
    assert prompt.evaluate("area => area.validationMessage") == sentence
    message = "negative_prompt must be plain text, got the character U+0002"
    refusal = {"Code": "InvalidParameter", "Message": message}
    page.route("**/api/?*", lambda route: route.fulfill(status=400, json=refusal))
    prompt.fill(QUICK)
    page.locator("[type=submit]").click()
    expect(page.locator("figure .message")).to_have_text(sentence)


def test_a_prompt_that_nobody_can_see_is_called_empty(page):
    sent = watch_posts(page)
    for words in ("\u200b", "\u2060\ufe0f \u3000", "\u0301"):
        prompt = setting(page, "Prompt")
        prompt.fill(words)
        page.get_by_role("button", name=re.compile("^Generate")).click()
        assert prompt.evaluate("area => area.validationMessage") == "The prompt is empty."
    assert sent == []
