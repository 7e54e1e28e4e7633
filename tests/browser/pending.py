"""Pictures that are under way when an answer gets lost or a tab is closed."""

import pytest
from playwright.sync_api import expect

from browser.acts import generate, thumbnails

POSTS = "**/api/?*"
RESULTS = "**/api/results/*"
LOST = "The answer got lost; asking for the picture"
LATE = "A picture that you cancelled was already paid for. It is on the shelf."
CHARGED = "It may have been charged. Trying again may be charged, too."
UNREACHABLE = "Easel cannot be reached. Check your connection, then try again."

STORED = """async () => {
  const { openDB } = await import("./vendor/idb.js")
  const database = await openDB("easel-pending", 1)
  const stored = await database.getAll("pictures")
  database.close()
  return JSON.stringify([stored, { ...localStorage }])
}"""


def spent(page):
    return page.request.get(f"{page.url}api/budget").json()["spent_usd"]


def expect_paid_once(page, before):
    """One picture is paid for, kept once, and shown by the budget."""
    expect(thumbnails(page)).to_have_count(1)
    assert spent(page) == pytest.approx(before + 0.04)
    left = 50 - before - 0.04
    expect(page.locator("#budget")).to_contain_text(f"${left:.2f} of today's $50.00 left.")


def lose_answer(route):
    """Let the request reach the API, and break the connection instead of answering."""
    route.fetch()
    route.abort("connectionreset")


def keys(sent):
    return [request.headers["idempotency-key"] for request in sent]


def start_and_close(page, prompt="!slow 3 qwzx"):
    """Close the page a second after it has asked for a picture; returns what opens it again."""
    url, context = page.url, page.context
    generate(page, prompt)
    expect(page.get_by_text("Painting… 1 s")).to_be_visible()
    page.close()

    def open_again():
        other = context.new_page()
        other.set_default_timeout(15_000)  # milliseconds
        other.goto(url)
        return other

    return open_again


def questions_before_leaving(page):
    """Reload the page while it waits for a picture; returns the kinds of dialogs that it shows."""
    generate(page, "!slow 2 qwzx")
    expect(page.get_by_text("Painting… 1 s")).to_be_visible()
    asked = []

    def accept(dialog):
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.reload()
    page.remove_listener("dialog", accept)
    return asked


def not_kept(route):
    route.fulfill(status=404, json={"Code": "UnknownResult", "Message": "no answer is kept"})
