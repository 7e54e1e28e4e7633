"""What people do and see on the page."""

import re
import time

from playwright.sync_api import expect

expect.set_options(timeout=15_000)  # milliseconds, as the machine may be busy

SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
QUICK = "qwzx"  # a word that is nowhere else on the page

ADD_PICTURES = """async count => {
  const { openHistory } = await import("./pictures/history.js")
  const history = await openHistory()
  const canvas = new OffscreenCanvas(8, 8)
  canvas.getContext("2d").fillRect(0, 0, 8, 8)
  const blob = await canvas.convertToBlob()
  await Promise.all(Array.from({ length: count }, (_, index) => {
    const prompt = `picture ${index + 1}`
    const values = { prompt, model: "stable-image-past" }
    const known = { made: 1e12 + index, values, title: "Past", seed: "7" }
    return history.add({ prompt, ...known }, blob)
  }))
}"""

SEEDS = """async () => {
  const { openHistory } = await import("./pictures/history.js")
  const history = await openHistory()
  return (await history.newestSet()).map(({ seed }) => Number(seed))
}"""


def generate(page, prompt=None):
    """Press the button once it is enabled, a moment after the last picture is shown."""
    if prompt is not None:
        page.get_by_label("Prompt", exact=True).fill(prompt)
    button = page.get_by_role("button", name=re.compile("^Generate"))
    expect(button).not_to_have_attribute("aria-disabled", "true")
    button.click()


def submit(page, prompt):
    """Press the button in any language."""
    page.locator("#prompt").fill(prompt)
    page.locator("[type=submit]").click()


def watch_posts(page):
    """The list of POST requests, which grows as the page sends them."""
    sent = []

    def record(request):
        if request.method == "POST":
            sent.append(request)

    page.on("request", record)
    return sent


def advance_clock_until(page, sent, count):
    """Advance the page's clock until it has sent `count` requests."""
    deadline = time.monotonic() + 15
    while len(sent) < count and time.monotonic() < deadline:
        page.clock.fast_forward(1_000)  # milliseconds
    assert len(sent) == count


def make_pictures(page, *prompts):
    """Generate one picture per prompt, and wait until each hangs and is kept."""
    for prompt in prompts:
        generate(page, prompt)
        kept = page.locator("figure[id]")
        expect(kept.get_by_role("button", name=prompt, exact=True)).to_be_visible()


def seeds(page):
    """The seeds of the newest set, in its order, once it is kept."""
    expect(page.locator("figure:not([id]) .frame")).to_have_count(0)
    return page.evaluate(SEEDS)


def shelf(page):
    return page.get_by_role("region", name="Kept in this browser")


def wall(page):
    """The pictures on the page: the newest set, large, and the shelf below it."""
    return page.get_by_role("region", name="Pictures", exact=True)


def thumbnail(page, prompt):
    """The picture of that name, hung large or on the shelf."""
    return wall(page).get_by_role("button", name=prompt, exact=True)


def thumbnails(page):
    """Every picture on the page, newest first, each named by its prompt."""
    return wall(page).locator(".frame, .thumb")


def shelved(page):
    """The pictures on the shelf. While it is filtered, they include what hangs large."""
    return shelf(page).locator(".thumb")


def download_all(page):
    """The button that downloads every picture that the shelf shows."""
    return shelf(page).get_by_role("button", name=re.compile(r"^Download \d"))


def viewer(page):
    return page.get_by_role("dialog", name="Picture")


def press_in_viewer(page, name):
    """Press a button in the viewer."""
    viewer(page).get_by_role("button", name=name, exact=True).click()


def copy_in_viewer(page, what):
    """Press an item of the viewer's menu Copy."""
    press_in_viewer(page, "Copy")
    press_in_viewer(page, what)


def last_announcement(page):
    """A locator of what a screen reader announced last; an open dialog has its own status."""
    return page.locator("dialog[open] [role=status], body:not(:has(dialog[open])) > [role=status]")


def setting(page, label):
    return page.get_by_label(label, exact=True)


def download(page, press):
    """The name and bytes of the file that `press` downloads."""
    with page.expect_download() as waiting:
        press()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def requested_urls(page):
    """The URLs that the page has requested since it was opened."""
    return page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")


def forget_announcements(page):
    """Clear the status and the toast, so that the next ones are known to be new."""
    page.evaluate("""() => {
      for (const status of document.querySelectorAll("[role=status]")) status.textContent = ""
      document.querySelector("#toast").hidden = true
    }""")


def expect_shelf(page, *prompts):
    expect(thumbnails(page)).to_have_count(len(prompts))
    for place, prompt in enumerate(prompts):
        expect(thumbnails(page).nth(place)).to_have_accessible_name(prompt)


def fill_shelf(page, count):
    """Reload the page with `count` pictures on its shelf; the last one is the newest."""
    page.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    page.evaluate(ADD_PICTURES, count)
    page.unroute("**/app.js")
    page.reload()
    expect(thumbnail(page, f"picture {count}")).to_be_visible()


def show_configuration(page):
    """Show the configuration, which a chosen seed may have done already."""
    expect(page.locator("#fold")).to_be_enabled()
    if page.locator("#configuration").is_hidden():
        page.get_by_role("button", name="More settings").click()


def choose_shape(page, choice):
    """Choose an aspect ratio or a size of those in sight."""
    page.locator(f"#shape input[value='{choice}']").check()


def expect_setting(page, label, value):
    """Expect the value of a field; the shape has one for the model's aspect ratio or size."""
    is_shape = label in ("Aspect ratio", "Size")
    expect(page.locator("#shape :checked") if is_shape else setting(page, label)).to_have_value(
        value
    )
