"""What a test does with the history of pictures, on the page without its plot."""

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
def bare_page(chromium, site):
    """The page, its policy and its modules, but for the plot, which has a history of its own."""
    complaints = []

    def complain_of_strangers(request):
        if not request.url.startswith(site.url):
            complaints.append(request.url)

    with chromium.new_context() as context:
        leave_out_the_plot(context)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", complain_of_strangers)
        page = context.new_page()
        page.goto(site.url)
        yield page
    assert complaints == []


def leave_out_the_plot(context):
    context.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))


def run(page, act, argument=None):
    """What the act returns, with the page's one `history` and the helpers at hand."""
    late = "new Promise((_, reject) => setTimeout(reject, 15_000, new Error('too late')))"
    script = f"argument => Promise.race([{late}, (async () => {{ {HELPERS} {act} }})()])"
    return page.evaluate(script, argument)


def add(page, *prompts):
    """One picture after the other; their files hold their prompts."""
    run(page, "for (const prompt of argument) await add(prompt)", prompts)


def prompts(page, **wanted):
    records = run(page, "return history.page(argument)", wanted)
    return [record["prompt"] for record in records]


def reason(page):
    return run(page, "return history.reason")


def window(page, site):
    """Another window of the same browser."""
    other = page.context.new_page()
    other.goto(site.url)
    return other


def devtools(page, site, command, **arguments):
    session = page.context.new_cdp_session(page)
    session.send(f"Storage.{command}", {"origin": site.url.rstrip("/"), **arguments})


def replaced(page, script):
    """From now on the browser is one that does this."""
    page.add_init_script(f"{{ {script} }}")
    page.reload()
