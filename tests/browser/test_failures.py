"""What the page says and does when a request or the browser fails."""

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    advance_clock_until,
    download,
    expect_shelf,
    generate,
    make_pictures,
    press_in_viewer,
    shelf,
    thumbnail,
    thumbnails,
    viewer,
    watch_posts,
)
from browser.fixtures import is_about_policy
from browser.recipes import read_parameters

pytestmark = pytest.mark.slow


FAILURES = {
    "!denied": "This site's AWS account may not use the model yet; the owner can run make doctor.",
    "!filtered": "The model's filter refused the prompt; change its words (English works best).",
    "!legacy": "AWS no longer offers this model to this site; choose another one.",
}


def test_shows_a_failure_as_a_note_with_the_act_that_helps(page):
    acts = {"!filtered": "Change the words"} | dict.fromkeys(
        ("!denied", "!legacy"), "Choose another model"
    )
    for prompt, sentence in FAILURES.items():
        generate(page, prompt)
        note = page.locator("figure.failed")
        expect(note.get_by_text(sentence, exact=True)).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text(sentence)
        expect(note.get_by_text("charged")).to_be_visible()
        expect(note.get_by_role("button")).to_have_count(1)
        expect(note.get_by_role("button")).to_have_text(acts.get(prompt, "Try again"))
        expect(page.locator(".canvas")).to_have_count(0)
        assert note.bounding_box()["height"] < 200


def test_try_again_sends_the_same_request(page):
    generate(page, "!internal 1 qwzx")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="!internal 1 qwzx")).to_be_visible()
    expect(page.locator("figure")).to_have_count(1)


def test_a_new_picture_replaces_the_failure_before_it(page):
    button = page.get_by_role("button", name="Generate Image")
    generate(page, "!internal")
    page.get_by_role("button", name="Try again").press("Enter")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(button).to_be_focused()
    generate(page, "!slow 20 qwzx")
    expect(page.locator("figure")).to_have_count(1)
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.locator("figure")).to_have_count(0)
    expect(button).to_be_focused()


@pytest.mark.parametrize("fault", ["throttled", "unavailable"])
def test_retries_a_busy_model(page, fault):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, f"!{fault} 2 {QUICK}")
    expect(page.get_by_text("The model is busy; trying again")).to_be_visible()
    advance_clock_until(page, sent, 3)
    expect(page.get_by_role("img")).to_be_visible()


def test_gives_up_after_two_retries(page):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, "!throttled")
    advance_clock_until(page, sent, 3)
    expect(page.locator(".message")).to_have_text("The model is busy; try again in a few seconds.")
    page.clock.fast_forward(60_000)
    assert [request.response().status for request in sent] == [429, 429, 429]


def test_retries_when_the_gateway_throttles(page):
    page.clock.install()
    sent = watch_posts(page)
    page.route("**/api/?*", lambda route: route.fulfill(status=429, json={"message": ""}), times=4)
    generate(page, QUICK)
    advance_clock_until(page, sent, 3)
    expect(page.locator(".message")).to_have_text(
        "Too many requests at once. Try again in a few seconds."
    )
    page.get_by_role("button", name="Try again").click()
    advance_clock_until(page, sent, 5)
    expect(page.get_by_role("img")).to_be_visible()


def test_a_retry_waits_for_retry_after(page):
    page.clock.install()
    page.clock.pause_at("2099-01-01")
    sent = watch_posts(page)
    headers = {"Retry-After": "2"}  # unlike the API's 5 and the page's own default
    page.route("**/api/?*", lambda route: route.fulfill(response=route.fetch(), headers=headers))
    generate(page, "!throttled")
    expect(page.get_by_text("The model is busy; trying again")).to_be_attached()
    page.clock.fast_forward(1_900)
    assert len(sent) == 1
    with page.expect_response("**/api/?*"):
        page.clock.fast_forward(200)


def test_never_retries_what_may_have_been_charged(page):
    page.clock.install()
    for fault in ("!internal", "!timeout", "!reset", "!cut", "!marketplace"):
        sent = watch_posts(page)
        generate(page, fault)
        expect(page.locator(".failed").get_by_role("button")).to_be_visible()
        page.clock.fast_forward(60_000)
        assert len(sent) == 1
        page.reload()
        page.wait_for_selector("[type=submit]:enabled")


def test_offers_to_try_again_without_the_models(page):
    for status, body, sentence in (
        (200, "<!doctype html><title>hello</title>", "could not be read (status 200)"),
        (500, '{"message": "Internal server error"}', "Too many requests at once."),
        (503, "<html>", "could not be read (status 503)"),
        (None, "", "Easel cannot be reached."),
    ):
        page.route("**/api/models", answer(status, body))
        page.reload()
        expect(page.locator("#model-help")).to_contain_text(sentence)
        expect(page.get_by_role("button", name="Generate Image")).to_be_disabled()
        expect(page.get_by_placeholder(SHIP)).to_be_visible()
        page.unroute("**/api/models")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("button", name="Generate Image")).to_be_enabled()
        expect(page.get_by_role("button", name="Try again")).to_be_hidden()


def answer(status, body):
    """Answers each request with this, or with no status breaks the connection."""
    return lambda route: route.fulfill(status=status, body=body) if status else route.abort()


def test_an_answer_that_is_not_a_picture_is_a_failure(page):
    for body, sentence in (
        ("<!doctype html>", "The server's answer could not be read (status 200)."),
        ("R0lGODlh", "The picture that arrived cannot be shown. Try again."),
    ):
        page.route("**/api/?*", answer(200, body))
        generate(page)
        expect(page.locator(".message")).to_contain_text(sentence)


def test_a_picture_can_be_tried_again_after_being_offline(page):
    page.context.set_offline(True)
    generate(page, QUICK)
    expect(page.locator("figure").get_by_text("Easel cannot be reached.")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


@pytest.mark.parametrize("how", ["throw new DOMException('', 'SecurityError')", "return {}"])
def test_works_without_indexeddb(page, how):
    page.add_init_script(f"IDBFactory.prototype.open = () => {{ {how} }}")
    page.reload()
    make_pictures(page, "qwzx one", "qwzx two")
    sentence = "This browser stores nothing for this page: pictures last until it is closed."
    expect(shelf(page).get_by_text(sentence)).to_be_visible()
    thumbnail(page, "qwzx one").click()
    expect(viewer(page).get_by_role("img", name="qwzx one")).to_be_visible()
    _, file = download(page, lambda: press_in_viewer(page, "Download"))
    assert read_parameters(file).startswith("qwzx one\n")
    press_in_viewer(page, "Delete")
    expect_shelf(page, "qwzx two")
    page.get_by_role("button", name="Undo").click()
    expect_shelf(page, "qwzx two", "qwzx one")
    page.reload()
    expect(shelf(page)).to_be_hidden()


def test_works_and_says_what_to_do_when_storage_is_full(page):
    make_pictures(page, "qwzx one")
    page.evaluate("void (window.put = IDBObjectStore.prototype.put)")
    full = "throw new DOMException('', 'QuotaExceededError')"
    page.evaluate(f"() => {{ IDBObjectStore.prototype.put = () => {{ {full} }} }}")
    make_pictures(page, "qwzx two", "qwzx three")
    sentence = shelf(page).get_by_text(
        "This browser's storage is full: new pictures last until the page is closed. "
        "Download or delete some.",
        exact=True,
    )
    expect(sentence).to_be_visible()
    thumbnail(page, "qwzx three").click()
    _, file = download(page, lambda: press_in_viewer(page, "Download"))
    assert read_parameters(file).startswith("qwzx three\n")
    press_in_viewer(page, "Close")
    page.evaluate("() => { IDBObjectStore.prototype.put = window.put }")
    thumbnail(page, "qwzx one").click()
    press_in_viewer(page, "Delete")  # frees storage
    expect(sentence).to_be_hidden()
    page.reload()
    expect_shelf(page, "qwzx three", "qwzx two")


def test_does_not_send_an_empty_or_too_long_prompt(page):
    sent = watch_posts(page)
    prompt = page.get_by_label("Prompt", exact=True)
    for words, sentence in (
        (" \n ", "The prompt is empty."),
        ("\u200b", "The prompt is empty."),
        ("🦊" * 10_001, "The prompt has 10001 characters; 10000 are allowed."),
        ("x" * 100_000, "The prompt has 100000 characters; 10000 are allowed."),
    ):
        prompt.fill(words)
        page.get_by_role("button", name="Generate").click()
        assert prompt.evaluate("area => area.validationMessage") == sentence
        expect(prompt).to_be_focused()
        expect(page.locator("figure")).to_have_count(0)
        assert sent == []
    generate(page, "🦊" * 10_000)
    expect(page.get_by_role("img")).to_have_count(1)


def test_explains_an_address_too_long_for_the_gateway(page):
    sentence = "The text is too long to send. Shorten it."
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Negative prompt").fill("猫" * 9_000)  # a URL of 81 kB
    generate(page, QUICK)
    expect(page.locator(".set .prompt-text")).to_have_text(QUICK)
    expect(page.locator(".message")).to_have_text(sentence)


def test_shows_a_hostile_prompt_as_text(page):
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    hostile = ["<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "\u202egnp.exe"]
    for count, words in enumerate(hostile, 1):
        generate(page, words)
        expect(thumbnails(page)).to_have_count(count)
        expect(page.locator("figure img")).to_have_count(1)
        expect(page.locator("figure img").first).to_have_attribute("alt", words)
        assert page.locator(".set .prompt-text").first.text_content() == words
        assert page.locator("figure script").count() == 0


MAKE = """
const make = (tag, properties) => {
  const made = document.createElement(tag)
  document.body.append(made)
  return Object.assign(made, properties)
}
"""
INLINE = {
    "a script": "make('script', { text: 'window.ran = true' })",
    "a script in an attribute": "make('button', {}).setAttribute('onclick', 'window.ran = true')",
    "a style": "make('style', { textContent: 'h1 { color: red }' })",
    "a picture in its address": "make('img', { src: 'data:image/gif;base64,R0lGODlh' })",
    "HTML": "new DOMParser().parseFromString('<p>hello', 'text/html')",
    "a stranger": "fetch('http://127.0.0.1:1/').catch(() => {})",
}


def test_the_content_security_policy_blocks(chromium, quick_site):
    """`open_page` fails every other test on any of these messages."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(quick_site.url)
        for what, script in INLINE.items():
            with page.expect_console_message(lambda line: is_about_policy(line.text)):
                page.evaluate(f"() => {{ {MAKE} try {{ {script} }} catch {{}} }}")
            expect(page.locator("h1")).not_to_have_css("color", "rgb(255, 0, 0)")
            assert page.evaluate("window.ran") is None, what
