"""A module of the page that throws or does not arrive: the page says so, and its button works."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, SHIP, generate
from browser.fixtures import STILL
from browser.languages import LANGUAGES, translations
from conftest import ROOT

pytestmark = pytest.mark.slow

FAILURE = "Something went wrong on this page. Reload it, then try again."

# Functions of each file that throw when they are called.
AT_START = {
    "words/words.js": "translate addLanguageMenu",
    "theme.js": "addThemeMenu",
    "form/desk.js": "addDesk",
    "form/access.js": "fillCode",
    "form/link.js": "takeLinkValues",
    "form/fields.js": "storedForm",
    "files/history.js": "openHistory",
    "wall/shelf.js": "addShelf",
    "wall/studio.js": "addStudio",
    "wall/gallery.js": "addGallery",
    "wall/viewer.js": "addViewer",
    "files/import.js": "addFileImport",
}
WITH_THE_MODELS = {
    "api.js": "send fetchJson",
    "form/fields.js": "renderModels fillFields renderModel createField enableForm",
    "form/budget.js": "totalPrice renderBudget",
}
WITH_A_PICTURE = {
    "form/texts.js": "checkTexts",
    "form/fields.js": "batchValues",
    "form/access.js": "readCode acceptCode",
    "api.js": "generateImage readImage decodeBase64",
    "wall/result.js": "addBatch addResult createCaption",
    "wall/studio.js": "summarize finish",
    "words/words.js": "duration",
}


def functions(files):
    return [(path, name) for path, names in files.items() for name in names.split()]


@pytest.fixture
def breaking(chromium, quick_site):
    """Open the page with a function that throws; unlike `open_page`, the page may throw."""
    contexts = []

    def open_one(path, name, **options):
        context = chromium.new_context(**(STILL | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)  # milliseconds
        page.route(f"**/{path}", lambda route: route.fulfill(**broken(path, name)))
        page.goto(quick_site.url)
        return page

    yield open_one
    for context in contexts:
        context.close()


def broken(path, name):
    """The module with `throw` at the start of that function."""
    text = (ROOT / "frontend" / path).read_text()
    start = re.compile(
        rf"^((?:export )?(?:async )?function {name}\(.*?\) \{{\n|export const {name} = \w+ => )",
        re.MULTILINE | re.DOTALL,
    )
    if not start.search(text):  # a function inside another
        start = re.compile(rf"(function {name}\(.*?\) \{{\n)", re.DOTALL)
    text, count = start.subn(rf"\1fail('{name}')\n", text, count=1)
    assert count == 1, name
    text += "\nfunction fail(name) { throw new TypeError(`${name} is broken`) }\n"
    return {"body": text, "content_type": "text/javascript"}


def test_a_module_that_fails_at_the_start_is_said(breaking):
    for path, name in functions(AT_START):
        page = breaking(path, name)
        expect(page.locator("#toast")).to_be_visible()
        expect(page.locator("#toast p")).to_have_text(FAILURE)
        expect(page.locator("#status")).to_have_text(FAILURE)
        expect(page.locator("#prompt")).to_have_value(SHIP)


def test_models_that_cannot_be_drawn_leave_no_half_of_a_form(breaking):
    for path, name in functions(WITH_THE_MODELS):
        page = breaking(path, name)
        expect(page.locator("#model-help")).to_have_text(FAILURE)
        expect(page.locator("[type=submit]")).to_be_disabled()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_module_that_fails_with_a_picture_leaves_the_button_alive(breaking):
    for path, name in functions(WITH_A_PICTURE):
        page = breaking(path, name)
        page.locator("[type=submit]:enabled").click()
        said = page.locator("#toast p, figure .message").filter(visible=True, has_text=FAILURE)
        expect(said.first).to_be_visible()
        expect(page.locator("figure[aria-busy]")).to_have_count(0)
        expect(page.locator("[type=submit]")).not_to_have_attribute("aria-disabled", "true")
        assert page.evaluate("window.onbeforeunload") is None


def test_a_failure_that_cannot_be_read_leaves_the_button_alive(breaking):
    page = breaking("api.js", "readError")
    generate(page, "!denied")
    expect(page.locator("figure .message")).to_have_text(FAILURE)
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")


def test_shows_a_picture_that_cannot_be_stored(breaking):
    page = breaking("files/history.js", "newId")
    generate(page, QUICK)
    sentence = "This picture could not be kept. Save it with the browser's own menu."
    expect(page.locator("#toast p")).to_have_text(sentence)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    page.locator("figure").get_by_role("button").click()
    expect(page.locator("#toast p")).to_have_text(sentence)
    generate(page, "qwzx two")
    expect(page.get_by_role("img")).to_have_count(2)


def test_a_module_that_does_not_arrive_is_said(chromium, quick_site):
    for path in ("app.js", "wall/viewer.js", "vendor/idb.js", "api.js"):
        with chromium.new_context(**STILL) as context:
            page = context.new_page()
            page.route(f"**/{path}", lambda route: route.abort())
            page.goto(quick_site.url)
            expect(page.locator("#toast")).to_be_visible()
            expect(page.locator("#toast p")).to_have_text(FAILURE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_of_the_page_is_said_in_each_language(breaking, language):
    page = breaking("api.js", "send", locale=LANGUAGES[language])
    expect(page.locator("#model-help")).to_have_text(translations(language)[FAILURE])
