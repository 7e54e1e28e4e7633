"""The page on a slow or broken connection, and after a reload in the middle of a request."""

import base64
import io
import json
import random
import re
import time

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import QUICK, generate, last_announcement, setting, shelf, thumbnails
from chalicelib.catalogue import MODELS
from conftest import serving
from local.website import Visit, Website

pytestmark = pytest.mark.slow

CORE = MODELS[0].describe()
OFFLINE = "You are offline. What you typed stays here."


def noise() -> bytes:
    """An image of about 8 kB, as the API returns it."""
    file = io.BytesIO()
    pixels = random.Random(7).randbytes(45 * 45 * 3)
    Image.frombytes("RGB", (45, 45), pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue())


PICTURE = noise()


class Wayward(Visit):
    """A website whose API breaks the connection or sends slowly, as the prompt says."""

    # One connection per request: if a reused connection closes without an answer, Chromium sends
    # even a POST again (ShouldResendRequest in its http_network_transaction.cc).
    protocol_version = "HTTP/1.0"

    def do_GET(self):
        words = {
            "/api/models": {"default": MODELS[0].name, "access": "open", "models": [CORE]},
            "/api/budget": {"daily_usd": None},
        }
        if self.path in words:
            self.answer(200, {}, json.dumps(words[self.path]).encode())
        elif self.path.startswith("/api/results/"):
            unknown = {"Code": "UnknownResult", "Message": "no answer is kept for this key"}
            self.answer(404, {}, json.dumps(unknown).encode())
        else:
            super().do_GET()

    def do_POST(self):
        prompt = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.prompts.append(prompt)
        getattr(self, prompt.split()[0])()

    def silence(self):
        self.close_connection = True

    def half(self):
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(PICTURE)))
        self.send_header("X-Image-Type", "image/png")
        super().end_headers()
        self.wfile.write(PICTURE[: len(PICTURE) // 2])
        self.close_connection = True

    def drip(self):
        """Two seconds of latency, then 4 kB a second."""
        time.sleep(2)
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(PICTURE)))
        self.send_header("X-Image-Type", "image/png")
        super().end_headers()
        for start in range(0, len(PICTURE), 400):
            self.wfile.write(PICTURE[start : start + 400])
            time.sleep(0.1)


@pytest.fixture
def wayward():
    website = Website(0, api_port=0)
    website.RequestHandlerClass = Wayward
    website.prompts = []
    with serving(website):
        website.url = f"http://127.0.0.1:{website.server_port}/"
        yield website


def test_shows_a_message_when_the_browser_goes_offline(page):
    generate(page, QUICK)
    expect(shelf(page)).to_be_visible()  # its module is there
    setting(page, "Prompt").fill("qwzx, too")
    page.context.set_offline(True)
    expect(page.get_by_text(OFFLINE).first).to_be_visible()
    expect(last_announcement(page)).to_have_text(OFFLINE)
    generate(page)
    expect(page.locator("figure").get_by_text("Easel cannot be reached.")).to_be_visible()
    expect(thumbnails(page)).to_have_count(1)  # the picture before it, on the shelf
    expect(setting(page, "Prompt")).to_have_value("qwzx, too")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="qwzx, too")).to_be_visible()
    expect(thumbnails(page)).to_have_count(2)


def test_starts_when_the_connection_returns(page):
    page.route("**/api/*", lambda route: route.abort("internetdisconnected"))
    page.reload()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute("**/api/*")
    page.context.set_offline(True)
    page.context.set_offline(False)
    expect(page.locator("[type=submit]")).to_be_enabled()
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("silence", "Easel cannot be reached."), ("half", "The connection was lost before the whole")],
)
def test_keeps_prompt_and_button_when_the_connection_breaks(open_page, wayward, prompt, sentence):
    page = open_page(wayward.url)
    generate(page, prompt)
    expect(page.locator("figure").get_by_text(sentence)).to_be_visible()
    expect(page.locator("[type=submit]")).to_have_attribute("aria-disabled", "false")
    expect(setting(page, "Prompt")).to_have_value(prompt)
    assert wayward.prompts == [prompt]  # not sent again, as it may have been charged


def test_waits_for_a_slow_connection(open_page, wayward):
    page = open_page(wayward.url)
    generate(page, "drip")
    expect(page.get_by_text(re.compile(r"Painting… [3-9] s"))).to_be_visible()
    expect(page.get_by_role("img", name="drip")).to_be_visible()
    assert wayward.prompts == ["drip"]
