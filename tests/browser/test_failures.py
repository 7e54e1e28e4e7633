"""What the page says and does when something goes wrong."""

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    act,
    download,
    expect_shelf,
    generate,
    large,
    make,
    pass_pauses,
    shelf,
    thumb,
    watch_posts,
)
from browser.recipes import read
from conftest import is_about_policy

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (
            "!denied",
            "This site's AWS account may not use the model yet; the owner can run make doctor.",
        ),
        (
            "!filtered",
            "The model's filter refused the prompt; change its words (English works best).",
        ),
        ("!broken", "The model failed; try again."),
        ("!legacy", "AWS no longer offers this model to this site; choose another one."),
        ("!large", "The picture is too large to send; ask for output_format=jpeg."),
        ("\u200b", "Prompt must not be empty."),
    ],
)
def test_a_failure_is_one_sentence_and_one_button(page, prompt, sentence):
    generate(page, prompt)
    canvas = page.locator("figure .canvas")
    expect(canvas.get_by_text(sentence, exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(sentence)
    expect(canvas.get_by_role("button")).to_have_count(1)
    expect(canvas.get_by_role("button", name="Try again")).to_be_visible()


def test_try_again_tries_the_same_again(page):
    generate(page, "!internal 1 qwzx")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!internal 1 qwzx")).to_be_visible()
    expect(page.locator("figure")).to_have_count(1)


def test_a_new_picture_takes_the_failure_before_it_away_and_the_focus_back(page):
    button = page.get_by_role("button", name="Generate Image")
    generate(page, "!denied")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(button).to_be_focused()
    generate(page, "!slow 20 a ship")
    expect(page.locator("figure")).to_have_count(1)
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("figure")).to_have_count(0)
    expect(button).to_be_focused()


@pytest.mark.parametrize("fault", ["throttled", "unavailable"])
def test_a_busy_model_is_asked_again_and_the_picture_comes(page, fault):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, f"!{fault} 2 {QUICK}")
    expect(page.get_by_text("The model is busy; asking again")).to_be_visible()
    pass_pauses(page, sent, 3)
    expect(page.get_by_role("img")).to_be_visible()


def test_after_two_retries_the_sentence_comes(page):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, "!throttled")
    pass_pauses(page, sent, 3)
    expect(page.locator(".message")).to_have_text("The model is busy; try again in a few seconds.")
    page.clock.fast_forward(60_000)
    assert [request.response().status for request in sent] == [429, 429, 429]


def test_the_gateways_own_throttle_is_waited_for_and_then_told(page):
    page.clock.install()
    sent = watch_posts(page)
    page.route("**/api/?*", lambda route: route.fulfill(status=429, json={"message": ""}), times=4)
    generate(page, QUICK)
    pass_pauses(page, sent, 3)
    expect(page.locator(".message")).to_have_text(
        "Too many people ask at once. Try again in a few seconds."
    )
    page.get_by_role("button", name="Try again").click()
    pass_pauses(page, sent, 5)
    expect(page.get_by_role("img")).to_be_visible()


def test_a_retry_waits_as_long_as_it_is_told(page):
    page.clock.install()
    page.clock.pause_at("2099-01-01")
    sent = watch_posts(page)
    told = {"Retry-After": "2"}  # and not the 5 that the API says, or the page by itself
    page.route("**/api/?*", lambda route: route.fulfill(response=route.fetch(), headers=told))
    generate(page, "!throttled")
    expect(page.get_by_text("The model is busy; asking again")).to_be_attached()
    page.clock.fast_forward(1_900)
    assert len(sent) == 1
    with page.expect_request("**/api/?*"):
        page.clock.fast_forward(200)


def test_what_may_have_been_paid_is_never_sent_again(page):
    page.clock.install()
    for fault in ("!internal", "!timeout", "!reset", "!cut", "!marketplace"):
        sent = watch_posts(page)
        generate(page, fault)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        page.clock.fast_forward(60_000)
        assert len(sent) == 1
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, "<!doctype html><title>hello</title>", "no sense here (status 200)"),
        (500, '{"message": "Internal server error"}', "no sense here (status 500)"),
        (503, "<html>", "no sense here (status 503)"),
        (None, "", "Easel cannot be reached."),
    ],
)
def test_without_the_models_the_page_says_so_and_offers_to_try_again(
    open_page, site, status, body, sentence
):
    page = open_page()

    def spoil(route):
        route.fulfill(status=status, body=body) if status else route.abort()

    page.route("**/api/models", spoil)
    page.reload()
    expect(page.locator("#model-help")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Generate Image")).to_be_disabled()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(SHIP)
    page.unroute("**/api/models")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Generate Image")).to_be_enabled()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<!doctype html>", "The server gave an answer that makes no sense here (status 200)."),
        ("R0lGODlh", "The picture that came cannot be shown. Try again."),
    ],
)
def test_an_answer_that_is_no_picture_is_a_failure(page, body, sentence):
    page.route("**/api/?*", lambda route: route.fulfill(status=200, body=body))
    generate(page)
    expect(page.locator(".message")).to_contain_text(sentence)


def test_offline_keeps_the_prompt_and_gives_the_button_back(page):
    page.context.set_offline(True)
    generate(page, QUICK)
    expect(page.locator("figure").get_by_text("Easel cannot be reached.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


@pytest.mark.parametrize("how", ["throw new DOMException('', 'SecurityError')", "return {}"])
def test_where_storage_is_forbidden_pictures_are_made_opened_and_downloaded(page, how):
    page.add_init_script(f"IDBFactory.prototype.open = () => {{ {how} }}")
    page.reload()
    make(page, "qwzx one", "qwzx two")
    sentence = "This browser keeps nothing for this page: the pictures last until it is closed."
    expect(shelf(page).get_by_text(sentence)).to_be_visible()
    thumb(page, "qwzx one").click()
    expect(large(page).get_by_role("img", name="qwzx one")).to_be_visible()
    _, file = download(page, lambda: act(page, "Download"))
    assert read(file).startswith("qwzx one\n")
    act(page, "Delete")
    expect_shelf(page, "qwzx two")
    page.get_by_role("button", name="Undo").click()
    expect_shelf(page, "qwzx two", "qwzx one")
    page.reload()
    expect(shelf(page)).to_be_hidden()


def test_when_storage_is_full_pictures_are_made_and_one_sentence_says_what_to_do(page):
    make(page, "qwzx one")
    page.evaluate("void (window.put = IDBObjectStore.prototype.put)")
    full = "throw new DOMException('', 'QuotaExceededError')"
    page.evaluate(f"() => {{ IDBObjectStore.prototype.put = () => {{ {full} }} }}")
    make(page, "qwzx two", "qwzx three")
    sentence = shelf(page).get_by_text(
        "This browser's storage is full: new pictures last until the page is closed. "
        "Download or delete some.",
        exact=True,
    )
    expect(sentence).to_be_visible()
    thumb(page, "qwzx three").click()
    _, file = download(page, lambda: act(page, "Download"))
    assert read(file).startswith("qwzx three\n")
    act(page, "Close")
    page.evaluate("() => { IDBObjectStore.prototype.put = window.put }")
    thumb(page, "qwzx one").click()
    act(page, "Delete")  # so that there is room
    expect(sentence).to_be_hidden()
    page.reload()
    expect_shelf(page, "qwzx three", "qwzx two")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "Please fill out this field."),
        (" \n ", "The prompt is empty."),
        ("🦊" * 10_001, "The prompt has 10001 letters; 10000 are allowed."),
        ("x" * 100_000, "The prompt has 100000 letters; 10000 are allowed."),
    ],
)
def test_a_prompt_that_cannot_be_a_picture_is_not_sent(page, words, sentence):
    sent = watch_posts(page)
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.evaluate("(area, words) => { area.value = words }", words)
    page.get_by_role("button", name="Generate").click()
    assert prompt.evaluate("area => area.validationMessage") == sentence
    expect(prompt).to_be_focused()
    expect(page.locator("figure")).to_have_count(0)
    assert sent == []
    generate(page, "🦊" * 10_000)
    expect(page.get_by_role("img")).to_have_count(1)


def test_words_too_long_for_the_gateway_are_explained(page):
    sentence = "The words are too long to send. Make them shorter."
    page.get_by_role("button", name="Show Configuration").click()
    page.get_by_label("Negative prompt").fill("猫" * 9_000)  # 81 kB of address
    generate(page, QUICK)
    expect(page.locator("figcaption .prompt-text")).to_have_text(QUICK)
    expect(page.locator(".message")).to_have_text(sentence)


@pytest.mark.parametrize(
    "words", ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "\u202egnp.exe"]
)
def test_hostile_words_are_shown_as_words(page, words):
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    generate(page, words)
    expect(page.get_by_role("img")).to_have_attribute("alt", words)
    assert page.locator("figcaption .prompt-text").text_content() == words
    assert page.locator("figure img").count() == 1
    assert page.locator("figure script").count() == 0


INLINE = {
    "a script": "make('script', { text: 'window.ran = true' })",
    "a script in an attribute": "make('button', {}).setAttribute('onclick', 'window.ran = true')",
    "a style": "make('style', { textContent: 'h1 { color: red }' })",
    "a picture in its address": "make('img', { src: 'data:image/gif;base64,R0lGODlh' })",
    "HTML": "document.body.innerHTML = '<p>hello'",
    "a stranger": "fetch('http://127.0.0.1:1/').catch(() => {})",
}


@pytest.mark.parametrize("what", INLINE)
def test_the_policy_stops(chromium, site, what):
    """As `open_page` fails on each such complaint, so does every test of a page that does it."""
    with chromium.new_context() as context:
        page = context.new_page()
        complaints = []
        page.on("console", lambda line: complaints.append(line.text))
        page.goto(site.url)
        page.evaluate(
            f"""() => {{
                const make = (tag, properties) => {{
                    const made = document.createElement(tag)
                    document.body.append(made)
                    return Object.assign(made, properties)
                }}
                try {{ {INLINE[what]} }} catch {{}}
            }}"""
        )
        expect(page.locator("h1")).not_to_have_css("color", "rgb(255, 0, 0)")
        assert any(is_about_policy(each) for each in complaints), complaints
        assert page.evaluate("window.ran") is None
