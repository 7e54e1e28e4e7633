"""Characters of a text: line ends of other programs are line ends; others are refused by name."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, generate, setting, show_configuration, watch_posts
from browser.languages import LANGUAGES, translations

pytestmark = pytest.mark.slow


def test_line_ends_of_powerpoint_and_pdf_become_line_ends(page):
    sent = watch_posts(page)
    show_configuration(page)
    setting(page, "Negative prompt").fill("no\vpeople")
    generate(page, "qwzx\va fox\fin the\x85snow")
    expect(page.get_by_role("img")).to_be_visible()
    assert sent[0].post_data == "qwzx\na fox\nin the\nsnow"
    assert "negative_prompt=no%0Apeople" in sent[0].url


NAME = "The text contains the character {character}, which no model takes. Remove it."


UNUSABLE = [
    ("a fox\x02 in the snow", "U+0002", "\x02"),
    ("\x1b[31ma fox", "U+001B", "\x1b"),
    ("a fox\x7f", "U+007F", "\x7f"),
    ("a fox \ufffd", "U+FFFD", "\ufffd"),
    ("🦊 HALF", "U+D83E", None),  # half an emoji, which Playwright cannot send
]


@pytest.mark.parametrize("label", ["Prompt", "Negative prompt"])
def test_names_and_selects_a_character_that_cannot_be_used(page, label):
    sent = watch_posts(page)
    show_configuration(page)
    field = setting(page, label)
    page.get_by_role("button", name="Fewer settings").click()
    for text, code, selected in UNUSABLE:
        fill = "(area, text) => { area.value = text.replace('HALF', '\\ud83e') }"
        field.evaluate(fill, text)
        page.get_by_role("button", name="Generate").click()
        assert field.evaluate("area => area.validationMessage") == NAME.format(character=code)
        expect(field).to_be_focused()
        if selected:
            field.press("Delete")
            expect(field).to_have_value(text.replace(selected, ""))
        field.fill(QUICK)
        assert field.evaluate("area => area.validationMessage") == ""
    assert sent == []
    generate(page, QUICK)
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


def test_an_invisible_prompt_is_empty(page):
    sent = watch_posts(page)
    for words in ("\u200b", "\u2060\ufe0f \u3000", "\u0301"):
        prompt = setting(page, "Prompt")
        prompt.fill(words)
        page.get_by_role("button", name=re.compile("^Generate")).click()
        assert prompt.evaluate("area => area.validationMessage") == "The prompt is empty."
    assert sent == []
