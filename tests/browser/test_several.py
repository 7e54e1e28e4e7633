"""Several pictures at one click, each on its own canvas."""

import json

import pytest
from playwright.sync_api import expect

from browser.acts import QUICK, expect_shelf, generate, seeds, shelved, thumbnails, watch_posts

pytestmark = pytest.mark.slow


def several(page, number):
    page.get_by_role("group", name="Pictures").get_by_text(str(number), exact=True).click()


def fail_one(page, number):
    """Fail the request with this number, from 1, and pass the others on."""
    seen = []

    def answer(route):
        seen.append(route)
        if len(seen) == number:
            failure = {"Code": "ModelFailed", "Message": "the model failed; try again"}
            route.fulfill(status=502, body=json.dumps(failure), content_type="application/json")
        else:
            route.continue_()

    page.route("**/api/?*", answer)
    return seen


def test_requests_four_pictures_at_once(page):
    sent = watch_posts(page)
    several(page, 4)
    generate(page, "!slow 2 qwzx")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(4)
    expect(page.get_by_role("status")).to_have_text("Painting 4 pictures.")
    expect(page.get_by_role("img")).to_have_count(4)
    expect(page.get_by_role("status")).to_have_text("4 of 4 pictures are ready.")
    assert len(set(seeds(page))) == 4
    assert len(sent) == 4


def test_several_pictures_get_consecutive_seeds(page):
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Seed").fill("7")
    several(page, 3)
    generate(page, QUICK)
    expect(page.get_by_role("status")).to_have_text("3 of 3 pictures are ready.")
    assert seeds(page) == [7, 8, 9]


def test_retries_one_failed_picture_of_four(page):
    sent = fail_one(page, 2)
    several(page, 4)
    generate(page, QUICK)
    expect(page.get_by_role("img")).to_have_count(3)
    expect(page.get_by_role("status")).to_have_text(
        "3 of 4 pictures are ready. 1 failed: The model failed; try again. "
        "It may have been charged. Trying again may be charged, too."
    )
    before = seeds(page)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img")).to_have_count(4)
    expect(page.get_by_role("status")).to_have_text("The picture is ready.")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    after = seeds(page)
    assert after[:1] + after[2:] == before  # in its own place
    assert len(sent) == 5


def test_cancels_one_picture_of_three(page):
    several(page, 3)
    generate(page, "!slow 2 qwzx")
    page.get_by_role("button", name="Cancel").nth(1).click()
    expect(page.get_by_role("img")).to_have_count(2)
    expect(page.locator("figure")).to_have_count(2)
    expect(thumbnails(page)).to_have_count(3)  # the cancelled one was paid for


def test_escape_cancels_all_pictures(page):
    several(page, 4)
    generate(page, "!slow 20 qwzx")
    page.keyboard.press("Escape")
    expect(page.locator("figure")).to_have_count(0)
    expect(page.get_by_role("status")).to_have_text(
        "Cancelled. What is already paid for still lands on the shelf."
    )
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()


def test_only_the_newest_pictures_hang_large(page):
    generate(page, "qwzx first")
    expect(page.get_by_role("img", name="qwzx first")).to_be_visible()
    several(page, 2)
    generate(page, "qwzx second")
    expect(page.get_by_role("img")).to_have_count(2)
    names = page.get_by_role("img").evaluate_all("images => images.map(image => image.alt)")
    assert names == ["qwzx second, 1 of 2", "qwzx second, 2 of 2"]
    expect_shelf(page, *names, "qwzx first")
    expect(shelved(page)).to_have_count(1)  # no picture is on the page twice


def test_shows_the_price_of_a_click_and_of_the_visit(page):
    button = page.locator("[type=submit]")
    expect(button).to_have_text("Generate image, about $0.04")
    several(page, 4)
    expect(button).to_have_text("Generate 4 images, about $0.16")
    page.get_by_label("Model", exact=True).select_option("Stable Image Ultra")
    expect(button).to_have_text("Generate 4 images, about $0.56")
    page.get_by_label("Model", exact=True).select_option("Stable Diffusion XL")
    expect(button).to_have_text("Generate 4 images")
    page.get_by_label("Model", exact=True).select_option("Stable Image Core")
    several(page, 2)
    generate(page, QUICK)
    expect(page.get_by_text("This visit: $0.08.")).to_be_visible()


def test_leaves_other_work_alone_while_pictures_are_pending(page):
    generate(page, QUICK)
    expect(page.get_by_role("img", name=QUICK)).to_be_visible()
    generate(page, "!slow 20 qwzx")
    page.get_by_label("Prompt", exact=True).fill("my next idea")
    search = page.get_by_role("searchbox")
    search.fill("qwzx")
    search.press("Escape")  # clears the search only
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name=QUICK).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")  # closes the viewer only
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("my next idea")


def test_takes_the_next_order_while_pictures_are_painted(page):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, "!slow 1 qwzx")
    button = page.get_by_role("button", name="Next: one image, about $0.04")
    page.get_by_label("Prompt", exact=True).fill("qwzx two")
    button.click()  # within 800 ms, as a double click
    expect(page.locator("#next")).to_be_hidden()
    page.clock.fast_forward(800)
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="Next: qwzx two")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill("typed meanwhile")
    expect(thumbnails(page)).to_have_count(2)
    assert [request.post_data for request in sent] == ["!slow 1 qwzx", "qwzx two"]
    expect(page.locator("#next")).to_be_hidden()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("typed meanwhile")


def test_the_next_order_can_be_withdrawn(page):
    page.clock.install()
    sent = watch_posts(page)
    generate(page, "!slow 20 qwzx")
    for withdraw in (
        lambda: page.get_by_role("button", name="Next: qwzx two").click(),
        lambda: page.keyboard.press("Escape"),
    ):
        page.clock.fast_forward(800)
        page.get_by_label("Prompt", exact=True).fill("qwzx two")
        page.locator("[type=submit]").click()
        withdraw()
        expect(page.locator("#next")).to_be_hidden()
    expect(page.get_by_role("button", name="Generate image, about $0.04")).to_be_visible()
    assert [request.post_data for request in sent] == ["!slow 20 qwzx"]


def test_the_same_picture_is_not_paid_for_twice_unawares(page):
    page.get_by_role("button", name="More settings").click()
    seed = page.get_by_label("Seed")
    expect(seed).to_have_value("")
    seed.fill("7")
    chip = page.get_by_role("button", name="Seed 7, as before")
    expect(chip).to_be_visible()
    generate(page, QUICK)
    expect(thumbnails(page)).to_have_count(1)
    expect(
        page.get_by_role("button", name="Make the same picture again, about $0.04")
    ).to_be_visible()
    several(page, 2)
    expect(page.get_by_role("button", name="Seeds 7 to 8, as before")).to_be_visible()
    expect(page.get_by_role("button", name="Generate 2 images, about $0.08")).to_be_visible()
    several(page, 1)
    chip.click()
    expect(chip).to_be_hidden()
    expect(seed).to_have_value("")
    expect(page.get_by_role("button", name="Generate image, about $0.04")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(seed).to_have_value("7")


def test_announces_a_shared_failure_once(page):
    several(page, 4)
    generate(page, "!denied")
    expect(page.get_by_role("status")).to_have_text(
        "This site's AWS account may not use the model yet; the owner can run make doctor."
    )


def test_keeps_the_focus_on_the_new_picture(page):
    generate(page, "!slow 2 qwzx")
    page.get_by_role("button", name="Cancel").focus()
    expect(page.locator("figure .frame")).to_be_focused()


def test_chooses_the_count_by_keyboard(page):
    page.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="2", exact=True)).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.locator("figure")).to_have_count(2)
