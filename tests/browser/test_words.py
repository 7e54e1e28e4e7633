"""The page in other languages: every sentence is translated, and none is left in English."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, advance_clock_until, generate, submit, watch_posts
from browser.languages import FRONTEND, LANGUAGES, PLACEHOLDER, translations, untranslated
from chalicelib.catalogue import MODELS
from conftest import TEXT_MODELS
from forms import FAILURES

INDEX = (FRONTEND / "index.html").read_text()
SCRIPTS = {
    path.name: path.read_text()
    for path in FRONTEND.rglob("*.js")
    if path.parent.name != "vendor" and path.stem not in LANGUAGES
}

LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
SENTENCE = r'"([A-Z{][^"\n]* [^"\n]*[.…])"'
# A call of say() and its first argument.
SAY_CALL = r'(?<!function )\bsay\(((?:"(?:[^"\\\n]|\\.)*"|\([^()]*\)|[^",()])*)'

# The arguments of say() besides literals, and where their values are collected.
VARIABLES = {
    *("description", "prompt.help", "parameter.label", "parameter.help"),  # from the models
    *("sentence", "element.getAttribute(name)"),  # from index.html
    "label",  # from the viewer's table
    "known ? message : code",  # from api.js, and the API's codes
}
# The editing room's own controls.
OWN_LABELS = {
    *("search_prompt", "select_prompt", "left", "right", "up", "down"),
    *("control_strength", "fidelity", "change_strength"),
}
INTERNAL = {"It does not open.", "Canvases return noise."}  # inside history.js and canvas.js


def sentences():
    """Every sentence that the page can show."""
    return (
        say_literals()
        | viewer_labels()
        | error_sentences()
        | page_texts()
        | model_texts()
        | error_codes()
    )


def say_literals():
    return {text for argument in say_arguments() for text in re.findall(LITERAL, argument)}


def say_arguments():
    return [argument.strip() for argument in re.findall(SAY_CALL, "\n".join(SCRIPTS.values()))]


def viewer_labels():
    """The labels of a picture's settings in the viewer, which are translated when shown."""
    facts = re.findall(r'\["([A-Z]\w*)", ', SCRIPTS["viewer.js"])
    return {*re.findall(LITERAL, SCRIPTS["labels.js"]), *facts}


def error_sentences():
    """Sentences of errors, which are translated when shown."""
    code = re.sub(r"^\s*(//|/?\*).*", "", "\n".join(SCRIPTS.values()), flags=re.MULTILINE)
    return set(re.findall(SENTENCE, code)) - INTERNAL


def page_texts():
    """The texts in index.html, without the name, keys, numbers and what stays in English: the
    prompts, as the models' filters reject other languages, and the text without JavaScript."""
    english = r'<(textarea|noscript|kbd)\b.*?</\1>|<button class="example".*?</button>'
    page = re.sub(english, "<>", INDEX, flags=re.DOTALL)
    attributes = re.findall(r'(?:aria-label|placeholder|title|"description" content)="(.+?)"', page)
    texts = {text.strip() for text in re.split("<[^>]*>", page) if any(map(str.isalpha, text))}
    return {*attributes, *texts} - {"Easel"}


def model_texts():
    """The API's descriptions of the models on the desk, and of the parameters that the editing
    room draws as they are; the models' titles are names and stay."""
    models = [model.describe() for model in MODELS]
    every = [each for model in models for each in model["parameters"]]
    parameters = [
        each
        for each in every
        if each["kind"] != "image" and each["name"] not in OWN_LABELS and not each.get("with_image")
    ]
    texts = {each[words] for each in parameters for words in ("label", "help")}
    return texts | {model.description for model in MODELS if not model.edits}


def error_codes():
    """The error codes, each with a translation; api.js explains BudgetSpent with a time."""
    return {each.__name__ for each in FAILURES} - {"BudgetSpent"}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def known(language):
    return translations(language)


def test_a_language_has_exactly_the_sentences_of_the_page(known):
    keys = set(re.findall("<kbd>(.*?)</kbd>", INDEX))  # a language may name a key, or not
    assert {each for each in say_arguments() if not re.search(LITERAL, each)} <= VARIABLES
    assert sorted(sentences() - set(known)) == []
    assert sorted(set(known) - sentences() - keys) == []
    for sentence, translation in known.items():
        assert translation.strip()
        assert sorted(re.findall(PLACEHOLDER, sentence)) == sorted(
            re.findall(PLACEHOLDER, translation)
        )


def test_the_menu_offers_every_language():
    menu = re.search(r"languages = \{(.*?)\}", SCRIPTS["words.js"])[1]
    files = {path.stem for path in FRONTEND.glob("words/??.js")}
    assert set(re.findall(r"(\w+): ", menu)) == files | {"en"} == {*LANGUAGES, "en"}


def fill(sentence, **values):
    return re.sub(PLACEHOLDER, lambda place: values[place[1]], sentence)


def dollars(language, number):
    point = "." if language == "ja" else ","
    return {"de": "{} $", "es": "{} US$", "ja": "${}"}[language].format(number.replace(".", point))


@pytest.fixture
def phone(open_page, language):
    """The page on a small phone in that language, in Lagos, which is at UTC+1 all year."""
    return open_page(
        locale=LANGUAGES[language], timezone_id="Africa/Lagos", reduced_motion="reduce",
        viewport={"width": 320, "height": 640},
    )  # fmt: skip


@pytest.mark.slow
def test_the_form_is_in_the_browsers_language(phone, language, known):
    expect(phone.locator("html")).to_have_attribute("lang", language)
    expect(phone.locator("#language [aria-current]")).to_have_attribute("lang", language)
    expect(phone.locator("h2").first).to_have_text(known["What would you like to see?"])
    price = dollars(language, "0.04")
    button = fill(known["{what}, about {price}"], what=known["Generate image"], price=price)
    expect(phone.locator("[type=submit]")).to_have_text(button)
    assert untranslated(phone, known) == []
    phone.locator("#fold").click()
    for model in TEXT_MODELS:
        phone.locator("#model").select_option(model.name)
        assert untranslated(phone, known) == []
    assert untranslated(phone, known) == []
    phone.locator("#show-keys").click()
    assert untranslated(phone, known) == []


@pytest.mark.slow
def test_a_picture_is_in_the_browsers_language(phone, known):
    submit(phone, f"!slow 1 {QUICK}")
    expect(phone.locator("figure .message")).to_contain_text(known["Painting…"])
    assert untranslated(phone, known) == []
    facts = re.compile(r"^Stable Image Core · .*0[.,]04.* · \d")
    expect(phone.locator(".set .facts")).to_have_text(facts)
    expect(phone.get_by_role("status")).to_have_text(known["The picture is ready."])
    assert untranslated(phone, known) == []
    phone.locator("figure .frame").click()
    expect(phone.locator(".viewer dt").first).to_have_text(known["Model"])
    assert untranslated(phone, known) == []
    phone.locator("[data-action=star]").click()
    expect(phone.locator("[data-action=star]")).to_have_text(known["Star"])
    phone.locator("[data-action=remove]").click()
    expect(phone.locator("#toast")).to_be_visible()
    assert untranslated(phone, known) == []


@pytest.mark.slow
def test_a_failure_is_in_the_browsers_language(phone, known):
    phone.clock.install()
    sent = watch_posts(phone)
    message = phone.locator(".message")
    submit(phone, "!throttled")
    expect(message).to_contain_text(known["The model is busy; trying again…"])
    advance_clock_until(phone, sent, 3)
    expect(message).to_have_text(known["ModelBusy"])
    submit(phone, "!filtered")
    expect(message).to_have_text(known["ContentFiltered"])
    expect(phone.get_by_role("status")).to_have_text(known["ContentFiltered"])
    assert untranslated(phone, known) == []
    phone.context.set_offline(True)
    submit(phone, QUICK)
    sentence = "Easel cannot be reached. Check your connection, then try again."
    expect(message).to_have_text(known[sentence])
    expect(phone.locator("#offline")).to_be_visible()
    assert untranslated(phone, known) == []
    script = (
        """async code => (await import("./words/words.js")).explain({ code, message: "Not so." })"""
    )
    for code in error_codes():
        assert phone.evaluate(script, code) == known[code]


@pytest.mark.slow
def test_the_budget_uses_the_languages_money_and_clock(phone, language, known):
    budget = {"daily_usd": 2, "spent_usd": 1.94, "resets_at": "2026-11-23T00:00:00Z"}
    phone.route("**/api/budget", lambda route: route.fulfill(json=budget))
    phone.reload()
    left = dollars(language, "0.06")
    line = phone.locator("#budget")
    expect(line).to_have_text(
        fill(known["{left} left today: enough for {pictures}."], left=left, pictures="1")
    )
    phone.locator("#model").select_option("stable-image-ultra")
    sentence = "{left} left today: not enough for this model."
    expect(line).to_have_text(fill(known[sentence], left=left))
    assert untranslated(phone, known) == []
    budget["spent_usd"] = 2.01  # one model on offer costs nothing
    phone.reload()
    sentence = "Today's budget is spent. It resets at {time}."
    time = "01:00" if language == "de" else "1:00"
    expect(line).to_have_text(fill(known[sentence], time=time))
    assert untranslated(phone, known) == []


@pytest.mark.slow
def test_a_chosen_language_survives_a_reload(page, language, known):
    button = page.locator("[type=submit]")
    with page.expect_navigation():
        page.locator(f"#language [lang={language}]").click()
    for _ in range(2):
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(button).to_contain_text(known["Generate image"])
        assert untranslated(page, known) == []
        page.reload()
    with page.expect_navigation():
        page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(button).to_contain_text("Generate image")
    assert untranslated(page, known)  # the check itself finds English


@pytest.mark.slow
def test_an_unknown_language_gives_english(open_page):
    page = open_page(locale="fr-FR")
    page.evaluate("localStorage.setItem('language', 'constructor')")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("button", name="Generate image")).to_be_enabled()
    assert asked and [url for url in asked if re.search(r"/words/(de|es|ja)\.js", url)] == []


@pytest.mark.slow
def test_works_in_english_when_the_words_do_not_load(open_page):
    page = open_page(locale=LANGUAGES["de"])
    page.route("**/words/de.js", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
