"""What a person does on the page."""

import re
import time

from playwright.sync_api import expect

expect.set_options(timeout=15_000)  # milliseconds; two cores are shared with the painter

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
QUICK = "qwzx"  # the painter knows no such word, and paints quickly

MANY = """async number => {
  const { openHistory } = await import("./files/history.js")
  const history = await openHistory()
  const canvas = new OffscreenCanvas(8, 8)
  canvas.getContext("2d").fillRect(0, 0, 8, 8)
  const blob = await canvas.convertToBlob()
  for (let each = 1; each <= number; each++) {
    const prompt = `picture ${each}`
    const values = { prompt, model: "stable-image-past" }
    const known = { made: 1e12 + each, values, title: "Past", seed: "7" }
    await history.add({ prompt, ...known }, blob)
  }
}"""


def generate(page, prompt=None):
    """Press the button, once it is free: a picture is seen a moment before it is kept."""
    if prompt is not None:
        page.get_by_label("Prompt", exact=True).fill(prompt)
    button = page.get_by_role("button", name=re.compile("^Generate"))
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()


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


def make(page, *prompts):
    """One picture after the other, each on the wall and on the shelf."""
    for prompt in prompts:
        generate(page, prompt)
        expect(thumb(page, prompt)).to_be_visible()


def shelf(page):
    return page.get_by_role("region", name="Kept in this browser")


def thumb(page, prompt):
    return shelf(page).get_by_role("button", name=prompt, exact=True)


def thumbs(page):
    """The prompts of what stands on the shelf, as a locator."""
    return shelf(page).get_by_role("listitem").get_by_role("button")


def large(page):
    return page.get_by_role("dialog", name="Picture")


def act(page, name):
    """Press a button of the large view."""
    large(page).get_by_role("button", name=name, exact=True).click()


def heard(page):
    """What a screen reader says last, as a locator; a dialog speaks for itself."""
    return page.locator("dialog[open] [role=status], body:not(:has(dialog[open])) > [role=status]")


def setting(page, label):
    return page.get_by_label(label, exact=True)


def download(page, press):
    """The name and the bytes of the file that comes of it."""
    with page.expect_download() as waiting:
        press()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def asked_of_the_server(page):
    """Each address that this page has asked for since it was opened."""
    return page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")


def expect_shelf(page, *prompts):
    expect(thumbs(page)).to_have_count(len(prompts))
    for place, prompt in enumerate(prompts):
        expect(thumbs(page).nth(place)).to_have_accessible_name(prompt)


def with_many(page, number):
    """The page with so many pictures on its shelf, the newest being the last."""
    page.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    page.evaluate(MANY, number)
    page.unroute("**/app.js")
    page.reload()
    expect(thumb(page, f"picture {number}")).to_be_visible()


def unfold(page):
    """A chosen seed has unfolded it already, once the form is drawn."""
    expect(page.locator("#fold")).to_be_enabled()
    if page.locator("#configuration").is_hidden():
        page.get_by_role("button", name="Show Configuration").click()
