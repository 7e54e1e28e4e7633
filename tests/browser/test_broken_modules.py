"""A module of the page that throws or does not arrive: the page says so, and its button works."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    download,
    download_all,
    generate,
    make_pictures,
    press_in_viewer,
    viewer,
)
from browser.fixtures import STILL
from browser.languages import LANGUAGES, translations
from conftest import ROOT

pytestmark = pytest.mark.slow

NOT_LOADED = "This part of the page could not be loaded. Check your connection, then try again."
FAILURE = "Something went wrong on this page. Reload it, then try again."

# Functions of each file that throw when they are called.
AT_START = {
    "words/words.js": "translate addLanguages",
    "theme.js": "addThemeMenu addKeysSwitch",
    "form/desk.js": "addDesk",
    "form/access.js": "fillCode",
    "form/link.js": "takeLinkValues",
    "form/fields.js": "storedForm",
    "pictures/history.js": "openHistory",
    "wall/studio.js": "addStudio",
    "pictures/import.js": "addFileImport",
}
WITH_THE_MODELS = {
    "api.js": "send fetchJson",
    "form/fields.js": "renderModels fillFields renderModel createField enableForm batchValues",
    "form/budget.js": "totalPrice renderBudget",
    "form/shape.js": "renderShape",
    "form/seed.js": "renderSeed",
}
LATER = {
    "wall/shelf.js": "addShelf",
    "wall/gallery.js": "addGallery",
    "wall/viewer.js": "addViewer",
    "wall/dialog.js": "createDialog",
}
WITH_A_PICTURE = {
    "form/texts.js": "checkTexts",
    "form/access.js": "readCode acceptCode",
    "api.js": "generateImage readImage decodeBase64",
    "wall/result.js": "addResult",
    "wall/set.js": "addSet layout",
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
        expect(page.locator("#prompt")).to_have_attribute("placeholder", SHIP)


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
        expect(said.first, name).to_be_visible()
        expect(page.locator("figure[aria-busy]")).to_have_count(0)
        expect(page.locator("[type=submit]")).not_to_have_attribute("aria-disabled", "true")
        assert page.evaluate("window.onbeforeunload") is None


def test_a_failure_that_cannot_be_read_leaves_the_button_alive(breaking):
    page = breaking("api.js", "readError")
    generate(page, "!denied")
    expect(page.locator("figure .message")).to_have_text(FAILURE)
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")


def test_shows_a_picture_that_cannot_be_stored(breaking):
    page = breaking("pictures/history.js", "newId")
    generate(page, QUICK)
    sentence = "This picture could not be kept. Save it with the browser's own menu."
    expect(page.locator("#toast p")).to_have_text(sentence)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    page.locator("figure").get_by_role("button").click()
    expect(page.locator("#toast p")).to_have_text(sentence)
    generate(page, "qwzx two")
    expect(page.get_by_role("img")).to_have_count(2)


def test_a_module_that_does_not_arrive_is_said(chromium, quick_site):
    for path in ("app.js", "wall/studio.js", "vendor/idb.js", "api.js"):
        with chromium.new_context(**STILL) as context:
            page = context.new_page()
            page.route(f"**/{path}", lambda route: route.abort())
            page.goto(quick_site.url)
            expect(page.locator("#toast")).to_be_visible()
            expect(page.locator("#toast p")).to_have_text(FAILURE)


def test_a_part_that_fails_when_it_is_first_used_is_said(breaking):
    for path, name in functions(LATER):
        page = breaking(path, name)
        generate(page, QUICK)
        page.get_by_role("img", name=QUICK).click()
        expect(page.locator("#toast p")).to_have_text(NOT_LOADED)
        expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def open_large(page):
    page.get_by_role("img", name=QUICK).click()


def save_one(page):
    open_large(page)
    press_in_viewer(page, "Download")


def save_all(page):
    download_all(page).click()


# Files that are loaded when they are first used, each with what uses it.
PARTS = {
    "wall/shelf.js": open_large,
    "wall/shelf.css": open_large,
    "wall/gallery.js": open_large,
    "wall/viewer.js": open_large,
    "wall/viewer.css": open_large,
    "pictures/metadata.js": save_one,
    "pictures/recipe.js": save_one,
    "pictures/zip.js": save_all,
}


@pytest.mark.parametrize("path", PARTS)
def test_a_part_that_did_not_arrive_is_loaded_by_the_next_try(page, path):
    use = PARTS[path]
    page.route(f"**/{path}", lambda route: route.abort())
    generate(page, QUICK)
    use(page)
    expect(page.locator("#toast p")).to_have_text(NOT_LOADED)
    page.unroute(f"**/{path}")
    page.keyboard.press("Escape")
    if use == open_large:
        use(page)
        expect(viewer(page)).to_be_visible()
    else:
        download(page, lambda: use(page))


def test_a_part_is_not_asked_for_offline(page):
    make_pictures(page, QUICK)
    page.context.set_offline(True)
    page.get_by_role("img", name=QUICK).click()
    expect(page.locator("#toast p")).to_have_text(NOT_LOADED)
    page.context.set_offline(False)
    open_large(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_of_the_page_is_said_in_each_language(breaking, language):
    page = breaking("api.js", "send", locale=LANGUAGES[language])
    expect(page.locator("#model-help")).to_have_text(translations(language)[FAILURE])
