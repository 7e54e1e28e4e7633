"""Links with settings, and the form after a reload. Nothing runs by itself."""

from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    SHIP,
    choose_shape,
    copy_in_viewer,
    expect_setting,
    generate,
    last_announcement,
    make_pictures,
    requested_urls,
    seeds,
    setting,
    show_configuration,
    thumbnail,
    thumbnails,
    viewer,
    watch_posts,
)

pytestmark = pytest.mark.slow

CORE = "Stable Image Core"


@pytest.fixture
def follow(open_page, quick_site):
    """Open a link in a fresh context, and check that the page requests no picture."""

    def open_one(link, secret="qwzx"):
        page = open_page(link)
        expect(page).to_have_url(quick_site.url)
        asked = requested_urls(page)
        assert f"{quick_site.url}api/models" in asked
        assert not [address for address in asked if "api/?" in address or secret in address]
        expect(page.locator("figure")).to_have_count(0)
        return page

    return open_one


def chosen(page):
    return setting(page, "Model").locator(":checked")


def test_a_copied_link_fills_the_form_and_runs_nothing(page, quick_site, follow):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    words = "qwzx & 100 % #fox+hen=owl\n雪 🦊"
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Negative prompt").fill("blurry & dark")
    choose_shape(page, "1344x768")
    setting(page, "Generation steps").fill("10")
    make_pictures(page, words)
    thumbnails(page).first.click()
    seed = viewer(page).get_by_role("definition").nth(2).inner_text()
    copy_in_viewer(page, "Copy link")
    expect(last_announcement(page)).to_have_text("Link copied.")
    before = quick_site.calls()
    other = follow(page.evaluate("navigator.clipboard.readText()"))
    show_configuration(other)
    expect(chosen(other)).to_have_text("Stable Diffusion XL")
    for label, value in (
        ("Prompt", words),
        ("Negative prompt", "blurry & dark"),
        ("Size", "1344x768"),
        ("Generation steps", "10"),
        ("Seed", seed),
    ):
        expect_setting(other, label, value)
    assert quick_site.calls() == before


def test_copies_prompt_link_and_picture(page, quick_site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    make_pictures(page, "qwzx & 100 % fox")
    thumbnail(page, "qwzx & 100 % fox").click()
    copied = "navigator.clipboard.readText()"
    copy_in_viewer(page, "Copy prompt")
    expect(last_announcement(page)).to_have_text("Prompt copied.")
    assert page.evaluate(copied) == "qwzx & 100 % fox"
    copy_in_viewer(page, "Copy link")
    expect(last_announcement(page)).to_have_text("Link copied.")
    link = urlsplit(page.evaluate(copied))
    assert link._replace(fragment="").geturl() == quick_site.url
    seed = viewer(page).get_by_role("definition").nth(2).inner_text()
    assert f"seed={seed}" in link.fragment.split("&")
    copy_in_viewer(page, "Copy picture")
    expect(last_announcement(page)).to_have_text("Picture copied.")
    script = """async () => {
        const [item] = await navigator.clipboard.read()
        const { width } = await createImageBitmap(await item.getType("image/png"))
        return width
    }"""
    assert page.evaluate(script) == 1024


@pytest.mark.parametrize(
    "odd",
    [
        "color=red&steps=30&sampler=x&seed=-1&count=99",
        "model=nonsense&seed=seven&count=",
        "seed=4294967296&aspect_ratio=1:7&output_format=exe",
        "__proto__=x&constructor=x&toString=x&access-code=x&file=x&=&&&%E0%A4%A&%",
    ],
)
def test_ignores_invalid_values_in_a_link(quick_site, follow, odd):
    page = follow(f"{quick_site.url}#{odd}&prompt=qwzx")
    show_configuration(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(chosen(page)).to_have_text(CORE)
    expect(setting(page, "Seed")).to_have_value("")
    expect_setting(page, "Aspect ratio", "1:1")
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
def test_a_hostile_link_is_text_in_the_form(quick_site, follow, words):
    page = follow(f"{quick_site.url}#{urlencode({'prompt': words, 'negative_prompt': words})}")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    show_configuration(page)
    for label in ("Prompt", "Negative prompt"):
        assert setting(page, label).input_value() == words
    expect(page.locator("img[src=qwzx]")).to_have_count(0)


def test_a_link_without_a_prompt_keeps_the_example(quick_site, follow):
    for link in ("#prompt=", "#seed=7"):
        page = follow(quick_site.url + link)
        expect(page.get_by_placeholder(SHIP)).to_have_value("")


def test_never_copies_the_access_code_into_a_link(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&code=Sesame&seed=7", secret="Sesame")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show_configuration(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(setting(page, "Seed")).to_have_value("7")
    assert page.evaluate("sessionStorage.getItem('access-code')") == "Sesame"
    make_pictures(page, "qwzx fox")
    thumbnail(page, "qwzx fox").click()
    copy_in_viewer(page, "Copy link")
    expect(last_announcement(page)).to_have_text("Link copied.")
    assert "Sesame" not in page.evaluate("navigator.clipboard.readText()")


def test_a_link_opened_on_the_same_page_fills_the_form(page, quick_site):
    sent = watch_posts(page)
    setting(page, "Prompt").fill("before")
    page.goto(
        f"{quick_site.url}#prompt={quote('qwzx a fox')}&seed=7e0&model=stable-image-ultra&count=3"
    )
    expect(page).to_have_url(quick_site.url)
    expect(setting(page, "Prompt")).to_have_value("qwzx a fox")
    expect(chosen(page)).to_have_text("Stable Image Ultra")
    show_configuration(page)
    expect(setting(page, "Seed")).to_have_value("7e0")  # another way to write 7
    expect(page.get_by_role("button", name="Generate 3 images, about $0.42")).to_be_visible()
    assert sent == []
    page.get_by_role("group", name="Pictures").get_by_text("1", exact=True).click()
    generate(page, QUICK)
    expect(page.locator("figure[id]")).to_have_count(1)
    assert seeds(page) == [7]


def test_a_link_says_what_it_is_and_what_it_costs(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&seed=7&model=stable-image-ultra")
    expect(last_announcement(page)).to_have_text("The settings are in the form.")
    welcome = page.get_by_role("region", name="Somebody sent you these words.")
    expect(welcome).to_contain_text("qwzx")
    expect(welcome).to_contain_text("it costs about $0.14.")
    expect(welcome.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Seed 7, as before")).to_be_visible()


def test_says_when_the_model_of_a_link_is_not_on_offer(quick_site, follow):
    page = follow(f"{quick_site.url}#prompt=qwzx&model=stable-image-past&seed=7")
    expect(page.locator("#toast p")).to_have_text(
        "stable-image-past is not available here. The other settings are in the form."
    )
    expect(chosen(page)).to_have_text(CORE)


def test_restores_the_form_after_a_reload_in_this_tab_only(page):
    setting(page, "Model").select_option("Stable Diffusion XL")
    show_configuration(page)
    setting(page, "Prompt").fill("qwzx\na fox")
    choose_shape(page, "1344x768")
    setting(page, "Generation steps").fill("10")
    setting(page, "Seed").fill("")
    page.get_by_role("group", name="Pictures").get_by_text("3", exact=True).click()
    page.reload()
    show_configuration(page)
    expect(chosen(page)).to_have_text("Stable Diffusion XL")
    for label, value in (
        ("Prompt", "qwzx\na fox"), ("Size", "1344x768"), ("Generation steps", "10"), ("Seed", ""),
    ):  # fmt: skip
        expect_setting(page, label, value)
    expect(page.get_by_role("radio", name="3", exact=True)).to_be_checked()
    expect(page.get_by_role("button", name="Generate 3 images")).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Generate image, about $0.04")).to_be_enabled()
    expect(other.get_by_placeholder(SHIP)).to_have_value("")
    expect(chosen(other)).to_have_text(CORE)
    expect(other.get_by_role("radio", name="1", exact=True)).to_be_checked()


def test_a_link_overrides_the_restored_form(page, quick_site):
    setting(page, "Prompt").fill("before")
    show_configuration(page)
    setting(page, "Seed").fill("9")
    page.goto("about:blank")
    page.goto(f"{quick_site.url}#prompt=qwzx")
    show_configuration(page)
    expect(setting(page, "Prompt")).to_have_value("qwzx")
    expect(setting(page, "Seed")).to_have_value("9")


def test_ignores_a_corrupt_stored_form(page):
    for stored in ("{", "null", "7", '"words"', '{"model": {}, "prompt": 7}'):
        page.evaluate("stored => sessionStorage.setItem('form', stored)", stored)
        page.reload()
        expect(page.get_by_role("button", name="Generate image, about $0.04")).to_be_enabled()
        expect(chosen(page)).to_have_text(CORE)


def test_the_form_works_without_session_storage(page):
    forbid = "Object.defineProperty(window, 'sessionStorage', { get() { throw new Error() } })"
    page.add_init_script(forbid)
    page.reload()
    make_pictures(page, "qwzx a fox")
