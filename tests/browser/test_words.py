"""The page in other languages: every sentence is there, and none is left in English."""

import re

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, generate, pass_pauses, watch_posts
from browser.languages import FRONTEND, LANGUAGES, PLACE, english, words
from chalicelib import errors
from chalicelib.catalogue import MODELS

INDEX = (FRONTEND / "index.html").read_text()
SCRIPTS = {
    path.name: path.read_text()
    for path in FRONTEND.rglob("*.js")
    if path.parent.name != "vendor" and path.stem not in LANGUAGES
}

LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
SENTENCE = r'"([A-Z{][^"\n]* [^"\n]*[.…])"'
SAID = r'(?<!function )\bsay\(((?:"(?:[^"\\\n]|\\.)*"|\([^()]*\)|[^",()])*)'  # the first argument

# What say() is given besides literals, and where else here it is collected.
VARIABLES = {
    *("description", "prompt.help", "parameter.label", "parameter.help"),  # from the models
    *("sentence", "element.getAttribute(name)"),  # from index.html
    "label",  # from the large view's table
    "known ? message : code",  # from api.js, and the API's codes
}
UNSEEN = {"It does not open."}  # history.js to itself


def sentences():
    """All that the page can say."""
    return said() | labels() | thrown() | written() | offered() | codes()


def said():
    return {text for argument in arguments() for text in re.findall(LITERAL, argument)}


def arguments():
    return [argument.strip() for argument in re.findall(SAID, "\n".join(SCRIPTS.values()))]


def labels():
    """What the large view calls a picture's settings, said long after the table was written."""
    script = SCRIPTS["viewer.js"]
    table = re.search(r"^const labels = \{\n(.*?)^\}", script, re.DOTALL | re.MULTILINE)[1]
    return {*re.findall(LITERAL, table), *re.findall(r'\["([A-Z]\w*)", ', script)}


def thrown():
    """What is thrown, and explained later."""
    code = re.sub(r"^\s*(//|/?\*).*", "", "\n".join(SCRIPTS.values()), flags=re.MULTILINE)
    return set(re.findall(SENTENCE, code)) - UNSEEN


def written():
    """What stands in index.html, but for the name, keys, numbers and what is to stay English: the
    prompts, as the models' filters refuse other languages, and what is said without JavaScript."""
    english = r'<(textarea|noscript|kbd)\b.*?</\1>|<button class="example".*?</button>'
    page = re.sub(english, "<>", INDEX, flags=re.DOTALL)
    attributes = re.findall(r'(?:aria-label|placeholder|title|"description" content)="(.+?)"', page)
    texts = {text.strip() for text in re.split("<[^>]*>", page) if any(map(str.isalpha, text))}
    return {*attributes, *texts} - {"Easel"}


def offered():
    """What the API says of its models; their titles are names."""
    models = [model.describe() for model in MODELS]
    parameters = [each for model in models for each in model["parameters"]]
    told = {each[words] for each in parameters for words in ("label", "help")}
    return told | {model["description"] for model in models}


def codes():
    """Other languages have a sentence a code; api.js has its own for BudgetSpent, with a time."""
    return {each.__name__ for each in errors.Failure.__subclasses__()} - {"BudgetSpent"}


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def known(language):
    return words(language)


def test_a_language_has_every_sentence_and_no_other(known):
    keys = set(re.findall("<kbd>(.*?)</kbd>", INDEX))  # may have a name of their own, or none
    assert {each for each in arguments() if not re.search(LITERAL, each)} <= VARIABLES
    assert sorted(sentences() - set(known)) == []
    assert sorted(set(known) - sentences() - keys) == []
    for sentence, translation in known.items():
        assert translation.strip()
        assert sorted(re.findall(PLACE, sentence)) == sorted(re.findall(PLACE, translation))


def test_the_menu_offers_the_languages_that_there_are():
    menu = re.search(r"languages = \{(.*?)\}", SCRIPTS["words.js"])[1]
    files = {path.stem for path in FRONTEND.glob("words/*.js")} - {"words"}
    assert set(re.findall(r"(\w+): ", menu)) == files | {"en"} == {*LANGUAGES, "en"}


def fill(sentence, **values):
    return re.sub(PLACE, lambda place: values[place[1]], sentence)


def dollars(language, number):
    point = "." if language == "ja" else ","
    return {"de": "{} $", "es": "{} US$", "ja": "${}"}[language].format(number.replace(".", point))


def press(page, prompt):
    """Generate, whatever the button says."""
    page.locator("#prompt").fill(prompt)
    page.locator("[type=submit]").click()


@pytest.fixture
def phone(open_page, language):
    """The page on a small phone of that language, in Lagos, which is at UTC+1 all year."""
    return open_page(
        locale=LANGUAGES[language], timezone_id="Africa/Lagos", reduced_motion="reduce",
        viewport={"width": 320, "height": 640},
    )  # fmt: skip


@pytest.mark.slow
def test_the_form_is_in_the_browsers_language(phone, language, known):
    expect(phone.locator("html")).to_have_attribute("lang", language)
    expect(phone.locator("#language")).to_have_value(language)
    expect(phone.locator("h2").first).to_have_text(known["What would you like to see?"])
    price = dollars(language, "0.04")
    button = fill(known["{what}, about {price}"], what=known["Generate image"], price=price)
    expect(phone.locator("[type=submit]")).to_have_text(button)
    assert english(phone, known) == []
    phone.locator("#fold").click()
    for model in MODELS:
        phone.locator("#model").select_option(model.name)
        assert english(phone, known) == []
    assert english(phone, known) == []
    phone.locator("#show-keys").click()
    assert english(phone, known) == []


@pytest.mark.slow
def test_a_picture_is_in_the_browsers_language_from_waiting_to_deleted(phone, known):
    press(phone, f"!slow 1 {QUICK}")
    expect(phone.locator("figure .message")).to_contain_text(known["Painting…"])
    assert english(phone, known) == []
    seed = fill(known["seed {seed}"], seed=r"\d+")
    facts = re.compile(rf"^Stable Image Core · {seed} · ")
    expect(phone.locator("figcaption .facts")).to_have_text(facts)
    expect(phone.get_by_role("status")).to_have_text(known["The picture is ready."])
    assert english(phone, known) == []
    phone.locator("figure .frame").click()
    expect(phone.locator(".viewer dt").first).to_have_text(known["Model"])
    assert english(phone, known) == []
    phone.locator("[data-action=star]").click()
    expect(phone.locator("[data-action=star]")).to_have_text(known["Star"])
    phone.locator("[data-action=remove]").click()
    expect(phone.locator("#toast")).to_be_visible()
    assert english(phone, known) == []


@pytest.mark.slow
def test_a_failure_is_told_in_the_browsers_language(phone, known):
    phone.clock.install()
    sent = watch_posts(phone)
    message = phone.locator(".message")
    press(phone, "!throttled")
    expect(message).to_contain_text(known["The model is busy; asking again…"])
    pass_pauses(phone, sent, 3)
    expect(message).to_have_text(known["ModelBusy"])
    press(phone, "!filtered")
    expect(message).to_have_text(known["ContentFiltered"])
    expect(phone.get_by_role("status")).to_have_text(known["ContentFiltered"])
    assert english(phone, known) == []
    phone.context.set_offline(True)
    phone.locator("figure button").click()
    sentence = "Easel cannot be reached. Check the connection, then try again."
    expect(message).to_have_text(known[sentence])
    expect(phone.locator("#offline")).to_be_visible()
    assert english(phone, known) == []
    script = """async code => {
      const { explain } = await import("./words/words.js")
      return explain({ code, message: "Not so." })
    }"""
    for code in codes():
        assert phone.evaluate(script, code) == known[code]


@pytest.mark.slow
def test_the_budget_is_told_with_the_languages_money_and_clock(phone, language, known):
    budget = {"daily_usd": 2, "spent_usd": 1.94, "resets_at": "2026-11-23T00:00:00Z"}
    phone.route("**/api/budget", lambda route: route.fulfill(json=budget))
    phone.reload()
    left, daily = dollars(language, "0.06"), dollars(language, "2.00")
    line = phone.locator("#budget")
    expect(line).to_have_text(
        fill(known["{left} of today's {daily} left."], left=left, daily=daily)
    )
    phone.locator("#model").select_option("stable-image-ultra")
    sentence = "{left} left today: not enough for this model."
    expect(line).to_have_text(fill(known[sentence], left=left))
    assert english(phone, known) == []
    budget["spent_usd"] = 2.01  # one of the models here costs nothing
    phone.reload()
    sentence = "Today's budget is spent. It begins anew at {time}."
    time = "01:00" if language == "de" else "1:00"
    expect(line).to_have_text(fill(known[sentence], time=time))
    assert english(phone, known) == []


@pytest.mark.slow
def test_a_language_that_is_chosen_stays(page, language, known):
    button = page.locator("[type=submit]")
    with page.expect_navigation():
        page.get_by_label("Language").select_option(language)
    for _ in range(2):
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(button).to_contain_text(known["Generate image"])
        assert english(page, known) == []
        page.reload()
    with page.expect_navigation():
        page.get_by_label(known["Language"], exact=True).select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(button).to_contain_text("Generate image")
    assert english(page, known)  # so that it finds some where there is some


@pytest.mark.slow
def test_a_language_that_there_is_not_gives_english(open_page):
    page = open_page(locale="fr-FR")
    page.evaluate("localStorage.setItem('language', 'constructor')")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_label("Language")).to_have_value("en")
    expect(page.get_by_role("button", name="Generate image")).to_be_enabled()
    assert asked and [url for url in asked if re.search(r"/words/(?!words)", url)] == []


@pytest.mark.slow
def test_words_that_do_not_come_leave_english_and_a_working_page(open_page):
    page = open_page(locale=LANGUAGES["de"])
    page.route("**/words/de.js", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
