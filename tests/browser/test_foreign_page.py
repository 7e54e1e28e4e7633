"""A page of another site in the same browser, which tries to spend money with BEDROCK=aws."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from conftest import serving
from local.website import Website
from test_website_guard import Api

pytestmark = pytest.mark.slow

# Each needs no permission of the browser, or a preflight that it sends by itself.
ATTACKS = """
  const text = { method: "POST", body: "a fox", headers: { "Content-Type": "text/plain" } }
  const order = { method: "POST", body: '{"prompt": "a fox", "n": 4}' }
  const door = "SITE/api/v1/images/generations"
  const headers = { "Content-Type": "application/json", Authorization: "Bearer x" }
  await Promise.allSettled([
    fetch("SITE/api/", { ...text, mode: "no-cors" }),
    fetch("SITE/api/", text),
    fetch("SITE/api/?model=stable-image-ultra", { ...text, credentials: "include" }),
    fetch(door, { ...order, mode: "no-cors" }),
    fetch(door, { ...order, headers }),
    new Promise(resolve => Object.assign(new Image(), { src: "SITE/api/", onerror: resolve })),
  ])
  navigator.sendBeacon("SITE/api/", new Blob(["a fox"], { type: "text/plain" }))
  const frame = Object.assign(document.createElement("iframe"), { name: "frame", src: "SITE/" })
  document.body.append(frame)
  const attributes = { method: "POST", action: "SITE/api/", enctype: "text/plain", target: "frame" }
  const form = Object.assign(document.createElement("form"), attributes)
  form.append(Object.assign(document.createElement("input"), { name: "a", value: "fox" }))
  document.body.append(form)
  const loaded = new Promise(resolve => { frame.onload = resolve })
  form.submit()
  await loaded
  document.title = "Done"
"""


class Evil(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.server.page)

    def log_message(self, *arguments):
        """Nothing."""


@pytest.mark.parametrize("is_private", [True, False])
def test_a_page_of_another_site_spends_no_money(chromium, is_private):
    """With BEDROCK=aws; the local Bedrock costs nothing, and answers other origins."""
    Api.requests.clear()
    with (
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Api)) as api,
        serving(Website(0, api.server_port)) as website,
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Evil)) as evil,
    ):
        website.is_private = is_private
        site = f"http://127.0.0.1:{website.server_port}"
        script = ATTACKS.replace("SITE", site)
        evil.page = f'<body><script type="module">{script}</script>'.encode()
        page = chromium.new_page()
        page.goto(f"http://localhost:{evil.server_port}/")  # another site, not only another port
        expect(page).to_have_title("Done")
        page.close()
    assert (Api.requests == []) == is_private
    assert is_private or len(Api.requests) >= 8  # proves that the attacks reach a site
