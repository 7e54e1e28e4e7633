"""Calls of the page's history module, on a page that does not run app.js."""

import contextlib

HELPERS = """
  const { openHistory } = await import("./files/history.js")
  const history = window.opened ??= await openHistory()
  const noise = (width, height) => {
    const canvas = new OffscreenCanvas(width, height)
    const pixels = new Uint8ClampedArray(width * height * 4).map(() => 128 + Math.random() * 128)
    canvas.getContext("2d").putImageData(new ImageData(pixels, width), 0, 0)
    return canvas.convertToBlob({ type: "image/jpeg" })
  }
  const add = async (prompt, known) => {
    window.moment = Math.max(Date.now(), (window.moment ?? 0) + 1)
    return history.add({ prompt, made: moment, ...known }, new Blob([prompt]))
  }
  const id = async words => (await history.page({ words }))[0]?.id
  const file = async words => (await history.file(await id(words)))?.text()
  const digest = async blob => {
    const bytes = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())
    return [blob.type, ...new Uint8Array(bytes)].join()
  }
"""


@contextlib.contextmanager
def page_without_app(chromium, site):
    """The page without app.js, which opens a history of its own."""
    complaints = []

    def record_foreign_request(request):
        if not request.url.startswith(site.url):
            complaints.append(request.url)

    with chromium.new_context() as context:
        stub_app(context)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", record_foreign_request)
        page = context.new_page()
        page.goto(site.url)
        yield page
    assert complaints == []


def stub_app(context):
    context.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))


def run(page, script, argument=None):
    """The result of the script, which may use `history` and the functions in HELPERS."""
    late = "new Promise((_, reject) => setTimeout(reject, 15_000, new Error('too late')))"
    function = f"argument => Promise.race([{late}, (async () => {{ {HELPERS} {script} }})()])"
    return page.evaluate(function, argument)


def add(page, *prompts):
    """Add one picture per prompt; each file contains its prompt."""
    run(page, "for (const prompt of argument) await add(prompt)", prompts)


def prompts(page, **wanted):
    records = run(page, "return history.page(argument)", wanted)
    return [record["prompt"] for record in records]


def reason(page):
    return run(page, "return history.reason")


def open_window(page, site):
    """Open another window in the same browser context."""
    other = page.context.new_page()
    other.goto(site.url)
    return other


def send_storage_command(page, site, command, **arguments):
    session = page.context.new_cdp_session(page)
    session.send(f"Storage.{command}", {"origin": site.url.rstrip("/"), **arguments})


def reload_with_script(page, script):
    """Reload the page, and run the script before the page's own from now on."""
    page.add_init_script(f"{{ {script} }}")
    page.reload()
