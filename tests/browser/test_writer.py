"""Words in any language: the site's text model writes the prompt, and the words stay."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser.acts import QUICK, generate, watch_posts
from browser.languages import LANGUAGES, translations
from local.painter.noise import seeded_dice
from local.painter.words import parse_prompt

pytestmark = pytest.mark.slow

FOUND = """async words => {
  const { openHistory } = await import("./pictures/history.js")
  const records = await (await openHistory()).page({ words })
  return records.map(({ prompt, words, values }) => [prompt, words, "words" in values])
}"""


def prompt_of(page):
    return page.locator("#prompt")


def press(page, style):
    page.locator(f"#helpers [value={style}]").click()


@pytest.mark.parametrize(
    ("language", "words", "english"),
    [
        ("de", "Ein roter Fuchs im Schnee", "a red fox in the snow"),
        ("es", "un zorro rojo en la nieve", "a red fox in the snow"),
        ("ja", "雪の中の赤いキツネ", "red fox in the snow"),
    ],
)
def test_words_in_another_language_are_painted_in_three_presses(
    language, words, english, open_page
):
    page = open_page(locale=LANGUAGES[language])
    known = translations(language)
    sent = watch_posts(page)
    prompt_of(page).fill(words)
    page.get_by_role("button", name=known["In English"], exact=True).click()
    expect(prompt_of(page)).to_have_value(english)
    said = known["The prompt is in English now. It cost well under a cent."]
    expect(page.locator("#toast p")).to_have_text(said)
    page.locator("[type=submit]").click()
    expect(page.get_by_role("img", name=words, exact=True)).to_be_visible()
    assert [request.post_data for request in sent] == [words, english]
    assert "words" not in sent[1].url
    painted = parse_prompt(english, "", "", 7, seeded_dice("a"))
    assert {"fox", "snow"} <= painted.names and "fox" in painted.colors
    expect(page.locator("figure[id]")).to_be_visible()
    assert page.evaluate(FOUND, words.split()[-1]) == [[english, words, False]]
    page.reload()
    expect(page.locator(".set .prompt-text")).to_have_text(words)
    page.locator("figure .frame").click()
    expect(page.locator("#viewer .prompt-text")).to_have_text(words)
    expect(page.locator("#viewer dl")).to_contain_text(english)


def test_undo_brings_the_words_back(page):
    prompt_of(page).fill("ein Fuchs")
    press(page, "rich")
    expect(prompt_of(page)).not_to_have_value("ein Fuchs")
    page.get_by_role("button", name="Undo").click()
    expect(prompt_of(page)).to_have_value("ein Fuchs")


def test_the_notice_lies_over_everything_beside_it(open_page):
    page = open_page(viewport={"width": 1100, "height": 760})
    prompt_of(page).fill("ein Fuchs")
    press(page, "plain")
    expect(page.locator("#toast")).to_be_visible()
    covered = page.evaluate("""() => {
      const { left, top, height } = document.querySelector("#toast").getBoundingClientRect()
      return !document.elementFromPoint(left + 8, top + height / 2).closest("#toast")
    }""")
    assert not covered


def test_the_words_stay_if_nothing_better_is_found(page):
    prompt_of(page).fill("лиса в снегу")
    press(page, "plain")
    expect(page.locator("#toast p")).to_contain_text("yours stays. It cost well under a cent.")
    expect(prompt_of(page)).to_have_value("лиса в снегу")


def test_translates_what_the_filter_refused(page):
    generate(page, "!filtered 1 ein Fuchs im Schnee")
    page.locator(".failed").get_by_role("button", name="In English").click()
    expect(prompt_of(page)).to_have_value("a fox in the snow")


def test_english_words_that_the_filter_refused_are_changed_by_hand(page):
    generate(page, f"!filtered {QUICK}")
    expect(page.locator(".failed button")).to_have_text(["Change the words"])


def test_an_answer_with_html_is_only_text(page):
    page.route("**/api/prompt?*", lambda route: route.fulfill(body="<img src=x> <b>a fox</b>"))
    prompt_of(page).fill("ein Fuchs")
    press(page, "plain")
    expect(prompt_of(page)).to_have_value("<img src=x> <b>a fox</b>")
    generate(page)
    expect(page.locator(".set .prompt-text")).to_have_text("ein Fuchs")
    expect(page.locator(".wall b")).to_have_count(0)


def test_a_failure_leaves_the_words_and_says_why(page):
    prompt_of(page).fill("!throttled ein Fuchs")
    press(page, "plain")
    expect(page.locator("#toast p")).to_contain_text("The model is busy")
    expect(prompt_of(page)).to_have_value("!throttled ein Fuchs")
    expect(page.locator("#helpers button").first).to_have_attribute("aria-disabled", "false")


def test_a_site_without_a_text_model_offers_nothing(page):
    offered = page.request.get(f"{page.url}api/models").json() | {"prompt": None}
    page.route("**/api/models", lambda route: route.fulfill(json=offered))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    generate(page, "!filtered ein Fuchs")
    expect(page.locator(".failed button")).to_have_text(["Change the words"])
    expect(page.locator("#helpers")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_beside_the_words(width, open_page):
    page = open_page(locale="de-DE", viewport={"width": width, "height": 800})
    prompt_of(page).fill("ein Fuchs")
    expect(page.locator("#helpers")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
