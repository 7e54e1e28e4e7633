"""A dozen stories in Firefox and WebKit: where these differ from Chromium."""

import io
import time

import pytest
from PIL import Image

from browser import others
from browser.recipes import automatic1111_file, to_base64
from browser.webdriver import KEYS, SEES, Firefox, WebKit
from conftest import serving
from local.website import Website

pytestmark = pytest.mark.slow

READY = "document.querySelector('[type=submit]:enabled') !== null"
HANGS = """[...document.querySelectorAll('.result:not([aria-busy]) img')]
  .find(image => image.alt.includes(given[0]) && image.naturalWidth > 0)?.alt"""
SCROLL = "document.querySelector('#shelf').scrollIntoView({ block: 'end' })"
# The newest pictures hang, with their ids once they are stored; the others are on the shelf.
KEPT = f"""({SCROLL}, [...document.querySelectorAll('.result[id] img, #shelf img')]
  .filter(image => image.complete && image.naturalWidth > 0).length === given[0])"""
IDLE = "document.title === 'Easel' && !document.querySelector('.result:not([id])')"
VALUE = "document.querySelector(given[0])?.value"
# What the browser's clipboard accepted; a script may not read it.
WATCH_CLIPBOARD = """
  const { write } = navigator.clipboard
  navigator.clipboard.write = async items => {
    await write.call(navigator.clipboard, items)
    const blob = await items[0].getType("image/png")
    const { width } = await createImageBitmap(blob)
    window.copied = { type: blob.type, width }
  }"""
DROP = """
  const bytes = Uint8Array.from(atob(given[0]), letter => letter.charCodeAt(0))
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(new File([bytes], "fox.png", { type: "image/png" }))
  for (const type of ["dragenter", "dragover", "drop"]) {
    const how = { dataTransfer, bubbles: true, cancelable: true }
    document.body.dispatchEvent(new DragEvent(type, how))
  }"""


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=lambda kind: kind.__name__)
def started(request, tmp_path_factory):
    others.require(request.param.__name__)
    with request.param(tmp_path_factory.mktemp(request.param.__name__)) as browser:
        yield browser


@pytest.fixture
def url(kept_site):
    """Easel at an address where no test before has left anything in the browser."""
    known = kept_site.website
    with serving(Website(0, known.api_port, known.objects, known.api_headers)) as website:
        yield f"http://127.0.0.1:{website.server_port}/"


@pytest.fixture
def browser(started, url):
    visit(started, url)
    return started


def visit(browser, url):
    browser.open("about:blank")  # a link that differs in its fragment alone loads nothing
    browser.open(url)
    browser.until(READY)


def fill(browser, prompt):
    browser.run("document.querySelector('#prompt').select()")
    browser.type("#prompt", prompt)


def generate(browser, prompt):
    fill(browser, prompt)
    browser.click("[type=submit]")
    browser.until(HANGS, prompt)


def view(browser):
    """Make a picture and open it in the viewer."""
    generate(browser, "a fox")
    browser.until(KEPT, 1)
    browser.click(".result[id] .frame")


def press(browser, action):
    """Press a button of the viewer, which may be in a menu."""
    browser.until("document.querySelector('#viewer[open] img')?.naturalWidth > 0")
    button = f"#viewer [data-action={action}]"
    if not browser.run(f"return {SEES}", button):
        browser.click("#viewer [popovertarget]")
    browser.click(button)


def test_makes_a_picture_and_keeps_it_over_a_reload(browser, url):
    generate(browser, "a fox")
    browser.until(KEPT, 1)
    visit(browser, url)
    browser.until(KEPT, 1)


def test_several_pictures_hang_and_one_is_deleted_and_brought_back(browser):
    browser.click("label:has([name=count][value='3'])")
    generate(browser, "a fox")
    browser.until(KEPT, 3)
    browser.click(".result[id] .frame")
    press(browser, "remove")
    browser.until(KEPT, 2)
    browser.run("document.querySelector('#viewer[open]')?.close()")
    browser.press("Control", "z")
    browser.until(KEPT, 3)


def test_copies_a_picture(browser):
    view(browser)
    browser.run(WATCH_CLIPBOARD)
    press(browser, "copyPicture")
    browser.until("window.copied?.type === 'image/png' && window.copied.width > 100")


def test_a_dropped_file_fills_in_the_form(browser):
    file = automatic1111_file("a red hen\nSteps: 30, Seed: 7, Size: 8x8", "PNG")
    browser.run(DROP, to_base64(file))
    browser.until(f"{VALUE} === 'a red hen'", "#prompt")
    browser.until(f"{VALUE} === '7'", "[name=seed]")


def test_a_chosen_file_fills_in_the_form(browser, tmp_path):
    path = tmp_path / "fox.jpg"
    path.write_bytes(automatic1111_file("a blue hen\nSteps: 30, Seed: 8, Size: 8x8", "JPEG"))
    browser.run("document.querySelector('#file').hidden = false")  # as the browser's own dialog
    browser.type("#file", str(path))
    browser.until(f"{VALUE} === 'a blue hen'", "#prompt")


def test_downloads_a_picture_with_its_settings(browser):
    view(browser)
    press(browser, "download")
    content = downloaded(browser.downloads)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "JPEG" and min(image.size) > 100
    assert "a fox".encode("utf-16-be") in content or b"a fox" in content


def downloaded(folder, seconds=15):
    """The one file in the folder, once it is whole; removed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        files = list(folder.glob("*")) if folder.exists() else []
        if len(files) == 1 and files[0].read_bytes()[-2:] == b"\xff\xd9":  # a JPEG's last marker
            content = files[0].read_bytes()
            files[0].unlink()
            return content
        time.sleep(0.05)
    raise AssertionError(f"no file arrived, got {files}")


def test_works_by_keyboard(browser):
    fill(browser, "a fox")
    browser.press("Control", "Enter")
    browser.until(HANGS, "a fox")
    browser.until(IDLE)
    fill(browser, "a hen")
    browser.press("Control", "Enter")
    browser.until(HANGS, "a hen")
    browser.until(IDLE)
    browser.until(KEPT, 2)
    browser.type(".result .frame", KEYS["Enter"])
    shown = "document.querySelector('#viewer[open] .prompt-text')?.textContent"
    browser.until(f"{shown} === 'a hen'")
    browser.press("Right")
    browser.until(f"{shown} === 'a fox'")
    browser.press("Escape")
    browser.until("!document.querySelector('#viewer').open")


def test_changes_look_and_language(browser):
    background = "getComputedStyle(document.body).backgroundColor"
    choose = """
      const select = document.querySelector(given[0])
      select.value = given[1]
      select.dispatchEvent(new Event("change", { bubbles: true }))"""
    browser.run(choose, "#theme", "light")
    light = browser.run(f"return {background}")
    browser.run(choose, "#theme", "dark")
    browser.until(f"{background} !== given[0]", light)
    browser.click("#language [lang=de]")
    browser.until("document.documentElement.lang === 'de'")


def test_a_failure_is_a_sentence_and_keeps_the_words(browser):
    fill(browser, "!filtered a fox")
    browser.click("[type=submit]")
    browser.until("document.querySelector('.failed .message')?.textContent.length > 20")
    browser.until("document.querySelector('.failed button').textContent === 'Change the words'")
    browser.until(f"{VALUE} === '!filtered a fox'", "#prompt")


def test_a_closed_tab_loses_no_picture(browser, kept_site, url):
    before = kept_site.calls()
    (first,) = browser.call("GetWindowHandles")
    tab = browser.call("NewWindow", type="tab")["handle"]
    browser.call("SwitchToWindow", handle=tab)
    visit(browser, url)
    fill(browser, "!slow 2 a fox")
    browser.click("[type=submit]")
    browser.until("document.querySelector('[aria-busy]') !== null")
    time.sleep(0.5)  # until the request has left
    browser.call("CloseWindow")
    browser.call("SwitchToWindow", handle=first)
    visit(browser, url)
    browser.until(HANGS, "a fox")
    browser.until(KEPT, 1)
    assert kept_site.calls() == before + 1


def test_a_link_fills_in_the_form(browser, url):
    visit(browser, f"{url}#prompt=two%20foxes&model=stable-image-ultra&seed=77")
    for selector, value in [("#prompt", "two foxes"), ("#model", "stable-image-ultra")]:
        browser.until(f"{VALUE} === given[1]", selector, value)
    browser.until(f"{VALUE} === '77'", "[name=seed]")


def test_keeps_pictures_in_a_private_window(browser, url):
    """All of WebKit's automated windows are private: its storage refuses Blobs there."""
    (first,) = browser.call("GetWindowHandles")
    options = {"type": "window"} | ({"private": True} if isinstance(browser, Firefox) else {})
    browser.call("SwitchToWindow", handle=browser.call("NewWindow", **options)["handle"])
    visit(browser, url)
    generate(browser, "a secret fox")
    browser.until(KEPT, 1)
    visit(browser, url)
    browser.until(KEPT, 1)
    browser.call("CloseWindow")
    browser.call("SwitchToWindow", handle=first)


@pytest.fixture
def resisting(browser):
    """Firefox as in Tor Browser and LibreWolf, where canvases return noise."""
    browser.set_preference("privacy.resistFingerprinting", True)
    yield browser
    browser.set_preference("privacy.resistFingerprinting", None)


@pytest.mark.parametrize("started", [Firefox], indirect=True)
def test_where_canvases_return_noise_the_picture_itself_is_kept(resisting, url):
    visit(resisting, url)
    generate(resisting, "a fox")
    resisting.until(KEPT, 1)
    generate(resisting, "a hen")
    resisting.until(KEPT, 2)
    sizes = (
        "[...document.querySelectorAll('#shelf img, .result img')].map(each => each.naturalWidth)"
    )
    shelf, wall = resisting.run(f"return {sizes}")[-1], resisting.run(f"return {sizes}")[0]
    assert shelf == wall  # no thumbnail, which a canvas would have made
