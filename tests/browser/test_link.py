"""Links with settings, and the form that survives a reload; nothing runs by itself."""

from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    act,
    asked_of_the_server,
    generate,
    heard,
    large,
    make,
    setting,
    shelf,
    thumb,
    unfold,
    watch_posts,
)

pytestmark = pytest.mark.slow

CORE = "Stable Image Core"


@pytest.fixture
def follow(open_page, quick_site):
    """Open a link in a fresh window; the page, which has asked for no picture."""

    def open_one(link, secret="qwzx"):
        page = open_page(link)
        expect(page).to_have_url(quick_site.url)
        asked = asked_of_the_server(page)
        assert f"{quick_site.url}api/models" in asked
        assert not [address for address in asked if "api/?" in address or secret in address]
        expect(page.locator("figure")).to_have_count(0)
        return page

    return open_one


def chosen(page):
    return setting(page, "Model").locator(":checked")


def test_a_copied_link_fills_the_form_of_who_opens_it_and_runs_nothing(page, quick_site, follow):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    words = "qwzx & 100 % #fox+hen=owl\n雪 🦊"
    setting(page, "Model").select_option("Stable Diffusion XL")
    unfold(page)
    setting(page, "Negative prompt").fill("blurry & dark")
    setting(page, "Size").select_option("1344x768")
    setting(page, "Generation steps").fill("10")
    make(page, words)
    shelf(page).get_by_role("listitem").get_by_role("button").first.click()
    seed = large(page).get_by_role("definition").nth(1).inner_text()
    act(page, "Copy link")
    expect(heard(page)).to_have_text("The link is copied.")
    before = quick_site.calls()
    other = follow(page.evaluate("navigator.clipboard.readText()"))
    unfold(other)
    expect(chosen(other)).to_have_text("Stable Diffusion XL")
    for label, value in (
        ("Prompt", words),
        ("Negative prompt", "blurry & dark"),
        ("Size", "1344x768"),
        ("Generation steps", "10"),
        ("Seed", seed),
    ):
        expect(setting(other, label)).to_have_value(value)
    assert quick_site.calls() == before


def test_prompt_link_and_picture_are_copied(page, quick_site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    make(page, "qwzx & 100 % fox")
    thumb(page, "qwzx & 100 % fox").click()
    copied = "navigator.clipboard.readText()"
    act(page, "Copy prompt")
    expect(heard(page)).to_have_text("The prompt is copied.")
    assert page.evaluate(copied) == "qwzx & 100 % fox"
    act(page, "Copy link")
    expect(heard(page)).to_have_text("The link is copied.")
    link = urlsplit(page.evaluate(copied))
    assert link._replace(fragment="").geturl() == quick_site.url
    seed = large(page).get_by_role("definition").nth(1).inner_text()
    assert f"seed={seed}" in link.fragment.split("&")
    act(page, "Copy picture")
    expect(heard(page)).to_have_text("The picture is copied.")
    script = """async () => {
        const [item] = await navigator.clipboard.read()
        const { width } = await createImageBitmap(await item.getType("image/png"))
        return width
    }"""
    assert page.evaluate(script) == 1024


@pytest.mark.parametrize(
    "odd",
    [
        "colour=red&steps=30&sampler=x",
        "model=nonsense",
        "seed=-1",
        "seed=4294967296",
        "seed=seven",
        "aspect_ratio=1:7&output_format=exe",
        "__proto__=x&constructor=x&toString=x",
        "count=99",
        "count=",
        "access-code=x&file=x",
        "=&&&%E0%A4%A&%",
    ],
)
def test_what_a_link_may_not_say_is_left_out_and_the_rest_is_taken(quick_site, follow, odd):
    page = follow(f"{quick_site.url}#{odd}&prompt=qwzx")
    unfold(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(chosen(page)).to_have_text(CORE)
    expect(setting(page, "Seed")).to_have_value("0")
    expect(setting(page, "Aspect ratio")).to_have_value("1:1")
    expect(setting(page, "File format")).to_have_value("jpeg")
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()
    assert page.evaluate("[{}.x, Object.prototype.prompt]") == [None, None]


@pytest.mark.parametrize(
    "words",
    [
        "<img src=qwzx onerror=alert(1)>",
        "javascript:alert('qwzx')",
        "qwzx\u202egnp.exe\0",
        "qwzx " + "long words " * 1000,
    ],
)
def test_hostile_words_of_a_link_are_words_in_the_form(quick_site, follow, words):
    page = follow(f"{quick_site.url}#{urlencode({'prompt': words, 'negative_prompt': words})}")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    unfold(page)
    for label in ("Prompt", "Negative prompt"):
        assert setting(page, label).input_value() == words
    expect(page.locator("img[src]")).to_have_count(0)


def test_a_link_without_words_leaves_the_example(quick_site, follow):
    for link in ("#prompt=", "#seed=7"):
        expect(setting(follow(quick_site.url + link), "Prompt")).to_have_value(SHIP)


def test_an_access_code_beside_the_settings_is_taken_and_never_passed_on(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&code=Sesame&seed=7", secret="Sesame")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    unfold(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(setting(page, "Seed")).to_have_value("7")
    assert page.evaluate("sessionStorage.getItem('access-code')") == "Sesame"
    make(page, "qwzx fox")
    thumb(page, "qwzx fox").click()
    act(page, "Copy link")
    expect(heard(page)).to_have_text("The link is copied.")
    assert "Sesame" not in page.evaluate("navigator.clipboard.readText()")


def test_a_link_that_is_opened_where_the_page_already_stands_fills_the_form(page, quick_site):
    sent = watch_posts(page)
    setting(page, "Prompt").fill("before")
    page.goto(
        f"{quick_site.url}#prompt={quote('qwzx a fox')}&seed=7e0&model=stable-image-ultra&count=3"
    )
    expect(page).to_have_url(quick_site.url)
    expect(setting(page, "Prompt")).to_have_value("qwzx a fox")
    expect(chosen(page)).to_have_text("Stable Image Ultra")
    unfold(page)
    expect(setting(page, "Seed")).to_have_value("7e0")  # as numbers may be written
    expect(page.get_by_role("button", name="Generate 3 images, about $0.42")).to_be_visible()
    assert sent == []
    page.get_by_role("group", name="Pictures").get_by_text("1", exact=True).click()
    generate(page, QUICK)
    expect(page.locator("figcaption .facts")).to_contain_text("seed 7 ·")


def test_a_link_with_a_seed_shows_it(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&seed=7")
    expect(heard(page)).to_have_text("The settings are in the form.")
    expect(setting(page, "Seed")).to_be_visible()


def test_a_link_whose_model_is_gone_says_so(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&model=stable-image-past&seed=7")
    expect(page.locator("#toast p")).to_have_text(
        "stable-image-past is not on offer here. The other settings are in the form."
    )
    expect(chosen(page)).to_have_text(CORE)


def test_the_form_survives_a_reload_and_a_new_tab_starts_fresh(page):
    setting(page, "Model").select_option("Stable Diffusion XL")
    unfold(page)
    setting(page, "Prompt").fill("qwzx\na fox")
    setting(page, "Size").select_option("1344x768")
    setting(page, "Generation steps").fill("10")
    setting(page, "Seed").fill("")
    page.get_by_role("group", name="Pictures").get_by_text("3", exact=True).click()
    page.reload()
    unfold(page)
    expect(chosen(page)).to_have_text("Stable Diffusion XL")
    for label, value in (
        ("Prompt", "qwzx\na fox"), ("Size", "1344x768"), ("Generation steps", "10"), ("Seed", ""),
    ):  # fmt: skip
        expect(setting(page, label)).to_have_value(value)
    expect(page.get_by_role("radio", name="3")).to_be_checked()
    expect(page.get_by_role("button", name="Generate 3 images")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Generate image, about $0.04")).to_be_enabled()
    expect(setting(other, "Prompt")).to_have_value(SHIP)
    expect(chosen(other)).to_have_text(CORE)
    expect(other.get_by_role("radio", name="1", exact=True)).to_be_checked()


def test_a_link_wins_over_what_the_tab_remembers(page, quick_site):
    setting(page, "Prompt").fill("before")
    unfold(page)
    setting(page, "Seed").fill("9")
    page.goto("about:blank")
    page.goto(f"{quick_site.url}#prompt=qwzx")
    unfold(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(setting(page, "Seed")).to_have_value("9")


@pytest.mark.parametrize("kept", ["{", "null", "7", '"words"', '{"model": {}, "prompt": 7}'])
def test_what_cannot_be_remembered_is_forgotten(page, kept):
    page.evaluate("kept => sessionStorage.setItem('form', kept)", kept)
    page.reload()
    expect(page.get_by_role("button", name="Generate image, about $0.04")).to_be_enabled()
    expect(chosen(page)).to_have_text(CORE)


def test_where_storage_is_forbidden_the_form_works_all_the_same(page):
    forbid = "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })"
    page.add_init_script(forbid)
    page.reload()
    make(page, "qwzx a fox")
