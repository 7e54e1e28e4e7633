"""The access code on the page, right, wrong, missing or changed."""

import hashlib

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, forget_announcements, generate, last_announcement, watch_posts
from conftest import Running

pytestmark = pytest.mark.slow

CODE = "a+b %41-Sesame"  # characters that a link must escape
LINK = "#code=a+b%20%2541-Sesame"
NEEDED = "This site needs an access code. Ask the person who gave you the link."
WRONG = "That access code is wrong. Check it, then try again."
STORE = "sessionStorage.getItem('access-code')"


def run_site(directory, painter, code_sha256):
    log = directory / "log"
    return Running(log, PORT="0", PAINTER=painter, ACCESS_CODE_SHA256=code_sha256)


@pytest.fixture(scope="module")
def closed_site(tmp_path_factory, blank_painter):
    sha256 = hashlib.sha256(CODE.encode()).hexdigest()
    with run_site(tmp_path_factory.mktemp("closed"), blank_painter, sha256) as site:
        site.wait_until_ready()
        yield site


@pytest.fixture
def closed(open_page, closed_site):
    """Open the closed site's page, or one of its links; `closed("#code=...")`."""

    def open_one(link="", **look):
        return open_page(closed_site.url + link, **look)

    return open_one


def field(page):
    return page.get_by_label("Access code", exact=True)


def give(page, code, prompt=QUICK):
    field(page).fill(code)
    generate(page, prompt)


def test_asks_for_the_access_code_before_it_sends(closed):
    page = closed()
    sent = watch_posts(page)
    expect(field(page)).to_be_visible()
    expect(field(page)).to_have_accessible_description(
        "This site needs an access code. Ask the person who gave you the link."
    )
    generate(page, QUICK)
    expect(field(page)).to_be_focused()
    expect(page.locator("figure")).to_have_count(0)
    give(page, CODE)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(field(page)).to_be_hidden()
    assert len(sent) == 1


def test_forgets_a_wrong_code_and_accepts_the_right_one(closed):
    page = closed()
    sent = watch_posts(page)
    for wrong in ("open sesame", "sésame", "猫"):
        give(page, wrong)
        expect(page.locator("figure").get_by_text(WRONG)).to_be_visible()
        expect(page.get_by_role("status")).to_have_text(WRONG)
        expect(field(page)).to_be_focused()
        expect(field(page)).to_have_value("")
        expect(field(page)).to_have_accessible_description(WRONG)
        assert not page.evaluate(STORE)
        page.get_by_role("button", name="Try again").click()
        expect(field(page)).to_be_focused()
        assert len(sent) == 1  # only the first fits in a header; a retry has no code to send
        forget_announcements(page)
    page.keyboard.insert_text(CODE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(page.get_by_role("button", name="Generate Image")).to_be_focused()
    expect(page.locator("figure")).to_have_count(1)


def test_a_wrong_code_does_not_move_the_focus(closed):
    page = closed()
    field(page).fill("open sesame")
    page.get_by_label("Prompt", exact=True).press("Control+Enter")
    expect(page.locator("figure").get_by_text(WRONG)).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    color = page.locator("#access-help").evaluate("help => getComputedStyle(help).color")
    expect(field(page)).to_have_css("border-color", color)  # both in the warning color


def test_takes_the_code_out_of_the_address(closed, closed_site):
    page = closed(f"?a=1#b=2&{LINK[1:]}&c=3%2F")
    assert page.url == f"{closed_site.url}?a=1#b=2&c=3%2F"
    expect(field(page)).to_be_hidden()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_takes_the_code_from_a_link_on_an_open_page(closed, closed_site):
    page = closed()
    page.goto(closed_site.url + LINK)  # a navigation within the document
    expect(field(page)).to_have_value(CODE)
    assert page.url == closed_site.url
    page.evaluate("location.hash = 'elsewhere'")
    expect(field(page)).to_have_value(CODE)


def test_keeps_a_code_with_broken_percent_encoding(closed):
    page = closed("#code=100%")
    assert page.evaluate(STORE) == "100%"
    generate(page, QUICK)
    expect(field(page)).to_be_focused()


def test_keeps_the_code_in_this_tab_only(closed):
    page = closed(LINK)
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    expect(field(page)).to_be_hidden()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(field(closed())).to_be_visible()


def test_the_code_works_without_session_storage(closed):
    page = closed()
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage',"
        " { get() { throw new DOMException('forbidden', 'SecurityError') } })"
    )
    page.reload()
    give(page, CODE)
    for words in (QUICK, f"{QUICK} again"):
        generate(page, words)
        expect(page.get_by_role("img", name=words, exact=True)).to_be_visible()
    expect(field(page)).to_be_hidden()


def test_sends_the_code_only_in_the_header_of_a_post(closed):
    page = closed()
    requests = []
    page.on("request", lambda request: requests.append(request))
    page.reload()
    page.wait_for_selector("[type=submit]:enabled")
    give(page, CODE)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    generate(page, f"{QUICK} again")
    expect(page.get_by_role("img", name=f"{QUICK} again")).to_be_visible()
    for request in requests:
        header = request.all_headers().get("authorization")
        assert header == (f"Bearer {CODE}" if request.method == "POST" else None)
        assert "Sesame" not in f"{request.url} {request.post_data}"
    assert [request.method for request in requests].count("POST") == 2


def test_the_code_can_be_changed(closed):
    page = closed(LINK)
    generate(page, QUICK)
    expect(last_announcement(page)).to_have_text("The picture is ready.")
    page.get_by_role("button", name="Change access code").click()
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value(CODE)
    expect(page.get_by_role("button", name="Change access code")).to_be_hidden()
    give(page, "open sesame")
    expect(page.locator("figure").get_by_text(WRONG)).to_be_visible()
    assert page.evaluate(STORE) == CODE


def test_the_code_can_be_entered_by_keyboard(closed):
    page = closed()
    page.get_by_label("Model", exact=True).focus()
    page.keyboard.press("Tab")
    expect(field(page)).to_be_focused()
    page.keyboard.insert_text(CODE)
    expect(field(page)).to_have_attribute("type", "password")
    page.keyboard.press("Tab")
    show = page.get_by_role("button", name="Show access code")
    expect(show).to_be_focused()
    page.keyboard.press("Space")
    expect(field(page)).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Generate Image")).to_be_focused()
    page.get_by_label("Prompt", exact=True).fill(QUICK)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_a_closed_api_tells_its_owner_how_to_open_it(open_page, blank_painter, tmp_path):
    with run_site(tmp_path, blank_painter, "closed until make access-code sets one") as site:
        site.wait_until_ready()
        page = open_page(site.url)
        give(page, "open sesame")
        expect(page.locator(".message")).to_contain_text(
            "This API is closed until its owner sets an access code: make access-code makes one"
        )


def test_an_open_site_needs_no_code(open_page, quick_site):
    page = open_page(quick_site.url + LINK)
    assert page.url == quick_site.url
    sent = watch_posts(page)
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect(field(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Change access code")).to_be_hidden()
    assert "authorization" not in sent[0].all_headers()


def test_asks_for_the_code_once_the_site_needs_one(page):
    message = "access code must be sent as `Authorization: Bearer <code>`, got none or a wrong one"
    closed = {"Code": "AccessCodeRequired", "Message": message}
    page.route("**/api/?*", lambda route: route.fulfill(status=401, json=closed))
    generate(page, QUICK)
    expect(page.locator("figure").get_by_text(NEEDED)).to_be_visible()
    expect(field(page)).to_be_focused()
    page.unroute("**/api/?*")
    give(page, CODE)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()


def test_the_code_controls_are_large_enough_to_touch(closed):
    page = closed(viewport={"width": 320, "height": 640})
    expect(field(page)).to_be_visible()
    for control in page.locator("#access input, #access button").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24
