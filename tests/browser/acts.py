"""What a person does on the page."""

import time

from playwright.sync_api import expect

expect.set_options(timeout=15_000)  # milliseconds; two cores are shared with the painter

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
QUICK = "qwzx"  # the painter knows no such word, and paints quickly


def generate(page, prompt=None):
    if prompt is not None:
        page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate Image").click()


def watch_posts(page):
    """A list that grows with each request for a picture."""
    sent = []

    def note(request):
        if request.method == "POST":
            sent.append(request)

    page.on("request", note)
    return sent


def pass_pauses(page, sent, count):
    """Let the page's own clock run until so many requests have gone out."""
    deadline = time.monotonic() + 15
    while len(sent) < count and time.monotonic() < deadline:
        page.clock.fast_forward(1_000)  # milliseconds
    assert len(sent) == count
