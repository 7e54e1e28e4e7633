"""A website that cuts connections instead of answering: Chromium sends a POST again by itself."""

import io

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, generate
from browser.pending import expect_paid_once, spent
from local.website import Visit

pytestmark = pytest.mark.slow


class Cutting(Visit):
    """Lets each POST reach the API, and cuts the first three answers."""

    def do_POST(self):
        self.server.posts += 1
        if self.server.posts > 3:
            super().do_POST()
            return
        visitor, self.wfile = self.wfile, io.BytesIO()
        super().do_POST()
        content = self.wfile.getvalue()
        self.wfile = visitor
        self.wfile.write(content[: self.server.where(content)])
        self.close_connection = True


CUTS = {
    "before the answer": lambda content: 0,
    "in its headers": lambda content: content.index(b"Content-Length"),
    "in its body": lambda content: len(content) - 9,
}


@pytest.fixture(params=CUTS)
def cutting_site(request, kept_site, monkeypatch):
    monkeypatch.setattr(kept_site.website, "RequestHandlerClass", Cutting)
    kept_site.website.where, kept_site.website.posts = CUTS[request.param], 0
    return kept_site


def test_a_cut_connection_pays_for_one_picture(open_page, cutting_site):
    page = open_page(cutting_site.url)
    before, calls = spent(page), cutting_site.calls()
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    expect_paid_once(page, before)
    assert cutting_site.calls() == calls + 1
