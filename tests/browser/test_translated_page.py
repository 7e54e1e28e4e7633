"""The page under a browser's translator, which wraps each text in two `<font>` elements."""

import pytest
from playwright.sync_api import expect

from browser.acts import (
    QUICK,
    download_all,
    last_announcement,
    make_pictures,
    setting,
    shelf,
    shelved,
    thumbnail,
    thumbnails,
    viewer,
)

pytestmark = pytest.mark.slow

# As Chrome's translator does (its element.js), also with texts that change later.
TRANSLATE = """() => {
  const translate = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const texts = []
    while (walker.nextNode()) texts.push(walker.currentNode)
    for (const text of texts) {
      const kept = text.parentElement.closest("font, textarea, option, noscript")
      if (kept || !text.data.trim()) continue
      const [outer, inner] = [1, 2].map(() => document.createElement("font"))
      text.before(outer)
      outer.append(inner)
      inner.append(text)
    }
  }
  translate()
  window.translator ??= new MutationObserver(translate)
  window.translator.observe(document.body, { childList: true, subtree: true })
}"""


def click_text(page, button):
    """Click the translated text in the button, as most people do."""
    expect(button).to_be_visible()
    page.evaluate(TRANSLATE)
    button.locator("font font").first.click()


def in_page(page, name):
    return page.get_by_role("button", name=name, exact=True)


def in_viewer(page, name):
    return viewer(page).get_by_role("button", name=name, exact=True)


def test_every_button_of_the_form_works_when_translated(page):
    click_text(page, in_page(page, "A lighthouse in the fog, watercolor"))
    expect(setting(page, "Prompt")).to_have_value("A lighthouse in the fog, watercolor")
    click_text(page, in_page(page, "Undo"))
    expect(setting(page, "Prompt")).not_to_have_value("A lighthouse in the fog, watercolor")
    click_text(page, in_page(page, "More settings"))
    expect(setting(page, "Seed")).to_be_visible()
    click_text(page, in_page(page, "Fewer settings"))
    expect(setting(page, "Seed")).to_be_hidden()
    click_text(page, in_page(page, "Keys"))
    click_text(page, in_page(page, "Close"))
    expect(page.locator("dialog[open]")).to_have_count(0)
    with page.expect_file_chooser():
        click_text(page, in_page(page, "Open a picture…"))
    setting(page, "Prompt").fill(QUICK)
    click_text(page, in_page(page, "Generate image, about $0.04"))
    expect(thumbnail(page, QUICK)).to_be_visible()


def test_the_shelf_and_the_viewer_work_when_translated(page):
    make_pictures(page, "qwzx one", "qwzx two")
    thumbnail(page, "qwzx one").click()
    expect(viewer(page)).to_be_visible()
    for name, pressed in (("Star", "true"), ("Star", "false"), ("Star", "true")):
        click_text(page, in_viewer(page, name))
        expect(in_viewer(page, name)).to_have_attribute("aria-pressed", pressed)
    in_viewer(page, "Newer").click()  # an icon
    expect(viewer(page).get_by_role("img", name="qwzx two")).to_be_visible()
    click_text(page, in_viewer(page, "Edit the words"))
    expect(setting(page, "Prompt")).to_have_value("qwzx two")
    starred = shelf(page).get_by_role("button", name="Starred", exact=True)
    click_text(page, starred)
    expect(starred).to_have_attribute("aria-pressed", "true")
    expect(shelved(page)).to_have_count(1)
    click_text(page, starred)
    expect(thumbnails(page)).to_have_count(2)
    with page.expect_download():
        click_text(page, download_all(page))
    thumbnail(page, "qwzx two").click()
    click_text(page, in_viewer(page, "Delete"))
    expect(thumbnails(page)).to_have_count(1)
    click_text(page, in_viewer(page, "Undo"))
    expect(thumbnails(page)).to_have_count(2)
    expect(last_announcement(page)).to_have_text("Picture restored.")


def test_cancel_and_try_again_work_when_translated(page):
    setting(page, "Prompt").fill("!slow 20 qwzx")
    page.keyboard.press("Control+Enter")
    expect(in_page(page, "Cancel")).to_be_visible()
    click_text(page, in_page(page, "Cancel"))
    expect(page.locator("figure")).to_have_count(0)
    setting(page, "Prompt").fill("!internal 1 qwzx, translated")
    page.keyboard.press("Control+Enter")
    expect(in_page(page, "Try again")).to_be_visible()
    click_text(page, in_page(page, "Try again"))
    expect(page.get_by_role("img", name="!internal 1 qwzx, translated")).to_be_visible()
