"""The wall: sets that are seen whole, flush rows by day, one tab stop, and choosing pictures."""

import io
import itertools
import re
import zipfile

import pytest
from playwright.sync_api import expect

from browser.acts import (
    download,
    expect_shelf,
    generate,
    last_announcement,
    shelf,
    shelved,
    thumbnail,
    thumbnails,
    viewer,
)

pytestmark = pytest.mark.slow

# Ratios of width to height, from the widest to the narrowest that the models offer.
RATIOS = [21 / 9, 1, 9 / 16, 3 / 2, 2 / 3, 1, 16 / 9, 4 / 5]

HANG = """async ({ ratios, ages, set }) => {
  const { openHistory } = await import("./pictures/history.js")
  const history = await openHistory()
  const noon = new Date().setHours(12, 0, 0, 0)
  for (const [index, age] of ages.entries()) {
    const ratio = ratios[index % ratios.length]
    const side = Math.sqrt(ratio)
    const canvas = new OffscreenCanvas(Math.round(800 * side), Math.round(800 / side))
    const context = canvas.getContext("2d")
    context.fillStyle = `hsl(${index * 50} 60% 50%)`
    context.fillRect(0, 0, canvas.width, canvas.height)
    const prompt = `picture ${index + 1}`
    const values = { prompt, model: "stable-image-core" }
    const place = set && { set: { id: "one", place: index + 1, size: ages.length } }
    const made = noon - age * 86_400_000 - index
    const known = { made, values, title: "Core", price: "0.04", seconds: 3.5, seed: "7", ...place }
    await history.add({ prompt: set ? "a set" : prompt, ...known }, await canvas.convertToBlob())
  }
}"""


def hang(page, ages, ratios=RATIOS, set=False):
    """Reload the page with pictures of these ages in days, of the ratios in turn."""
    page.route("**/app.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    page.evaluate(HANG, {"ratios": ratios, "ages": ages, "set": set})
    page.unroute("**/app.js")
    page.reload()
    expect(thumbnails(page)).to_have_count(min(len(ages), 60))


def test_all_of_a_set_is_seen_at_once_with_its_caption(page):
    for ratio, size in itertools.product((21 / 9, 1, 9 / 16), (1, 2, 3, 4)):
        page.evaluate("indexedDB.deleteDatabase('easel')")
        hang(page, [0] * size, [ratio], set=True)
        for width, height in ((1440, 900), (1366, 650), (390, 844), (2560, 1300)):
            page.set_viewport_size({"width": width, "height": height})
            page.locator(".set").evaluate("set => set.scrollIntoView()")
            case = (ratio, size, width)
            boxes = [frame.bounding_box() for frame in page.locator(".frame").all()]
            assert len(boxes) == size, case
            caption = page.locator(".set .facts").bounding_box()
            top = min(box["y"] for box in boxes)
            assert caption["y"] + caption["height"] - top < height, case
            for box in boxes:
                assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.02), case
                assert box["width"] >= 100, case


def test_a_set_is_one_thing_with_one_caption_before_and_after_a_reload(page):
    page.get_by_role("group", name="Pictures").get_by_text("3", exact=True).click()
    generate(page, "qwzx")
    expect(page.get_by_role("status")).to_have_text("3 of 3 pictures are ready.")
    names = [f"qwzx, {place} of 3" for place in (1, 2, 3)]
    before = None
    for _ in range(2):
        group = page.get_by_role("group", name="qwzx", exact=True)
        expect(group.get_by_role("heading", name="New")).to_be_attached()
        expect_shelf(page, *names)
        expect(group.get_by_role("figure")).to_have_count(3)
        expect(page.locator(".facts")).to_have_text(
            re.compile("^Stable Image Core · 3 \u00d7 .0.04 · [0-9]")
        )
        now = page.locator(".frame img").evaluate_all(
            "all => all.map(each => each.closest('figure').id)"
        )
        assert before in (None, now)
        before = now
        page.reload()


def test_rows_are_flush_and_no_picture_is_cropped(open_page):
    page = open_page(viewport={"width": 1440, "height": 900})
    hang(page, [0, *[40] * 30])
    for width in (390, 768, 1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        boxes = [each.bounding_box() for each in page.locator(".thumbs li").all()]
        area = page.locator(".thumbs").bounding_box()
        rows = {}
        for box in boxes:
            rows.setdefault(round(box["y"]), []).append(box)
        *full, _ = rows.values()
        for row in full:
            assert row[-1]["x"] + row[-1]["width"] == pytest.approx(
                area["x"] + area["width"], abs=1
            )
            heights = [box["height"] for box in row]
            assert max(heights) - min(heights) < 2
        for box, ratio in zip(boxes, RATIOS[1:], strict=False):
            assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.03)
    image = page.locator(".thumb img").first
    assert image.evaluate("image => Math.min(image.naturalWidth, image.naturalHeight)") == 400
    assert page.locator(".page").bounding_box()["width"] > 2500  # all of a wide screen


def test_the_days_have_headings(page):
    hang(page, [0, 0, 1, 1, 3, 400])
    headings = shelf(page).get_by_role("heading", level=3)
    weekday = page.evaluate(
        "new Date(Date.now() - 3 * 864e5).toLocaleDateString('en', { weekday: 'long' })"
    )
    month = page.evaluate(
        "new Date(Date.now() - 400 * 864e5)"
        ".toLocaleDateString('en', { month: 'long', year: 'numeric' })"
    )
    expect(headings).to_have_text(["Today", "Yesterday", weekday, month])
    lists = shelf(page).get_by_role("list")
    counts = [each.get_by_role("listitem").count() for each in lists.all()]
    assert counts == [1, 2, 1, 1]  # and the newest one hangs large


def test_arrow_keys_lead_through_the_wall_with_one_tab_stop(open_page):
    page = open_page(viewport={"width": 1000, "height": 900})
    hang(page, [0, *[40] * 20], [1])
    shelf(page).get_by_role("button", name="Select", exact=True).focus()
    page.keyboard.press("Tab")
    expect(thumbnail(page, "picture 2")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Star: picture 2", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('.shelf')")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    tops = shelved(page).evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
    across = tops.count(tops[0])
    for key, place in (
        ("ArrowRight", 1),
        ("ArrowDown", 1 + across),
        ("ArrowLeft", across),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("End", 19),
        ("ArrowRight", 19),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(shelved(page).nth(place)).to_be_focused()
    page.keyboard.press("End")
    expect(shelved(page).last).to_be_in_viewport()
    expect(shelved(page).locator("xpath=self::*[@tabindex=0]")).to_have_count(1)


def test_hover_and_focus_show_the_words_and_a_star(page):
    hang(page, [0, 1, 1])
    star = page.get_by_role("button", name="Star: picture 2", exact=True)
    for point in (lambda: thumbnail(page, "picture 2").hover(), lambda: focus_by_key(page)):
        point()
        expect(shelf(page).get_by_text("picture 2", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Star: picture 2", exact=True)).to_have_css(
            "opacity", "1"
        )
        page.mouse.move(0, 0)
    star.click()
    expect(viewer(page)).to_be_hidden()
    expect(thumbnail(page, "picture 2, starred")).to_be_visible()


def focus_by_key(page):
    shelf(page).get_by_role("button", name="Select", exact=True).focus()
    page.keyboard.press("Tab")


def test_search_stays_in_sight_and_hides_no_focus(page):
    hang(page, [0, *[40] * 60])
    page.mouse.wheel(0, 2_000)
    search = shelf(page).get_by_role("searchbox")
    expect(search).to_be_in_viewport(ratio=1)
    shelved(page).nth(30).focus()
    page.keyboard.press("Home")
    header = page.locator(".shelf-header").bounding_box()
    assert shelved(page).first.bounding_box()["y"] >= header["y"] + header["height"]


def test_chooses_ten_pictures_and_deletes_them_with_one_undo(page):
    hang(page, [*[0] * 6, *[1] * 12])
    shelf(page).get_by_role("button", name="Select", exact=True).click()
    expect(shelved(page)).to_have_count(18)  # with what hangs large
    delete = shelf(page).get_by_role("button", name=re.compile(r"^Delete"))
    expect(delete).to_be_disabled()
    box = shelf(page).get_by_role("checkbox")
    box.nth(3).click()
    box.nth(12).click(modifiers=["Shift"])
    expect(box.nth(5)).to_be_checked()
    expect(shelf(page).get_by_text("10 selected")).to_be_visible()
    delete.click()
    expect(shelved(page)).to_have_count(8)
    expect(last_announcement(page)).to_have_text("10 pictures deleted.")
    page.get_by_role("button", name="Undo").click()
    expect(shelved(page)).to_have_count(18)
    shelf(page).get_by_role("button", name="Done").click()
    expect(box).to_have_count(0)
    expect_shelf(page, *[f"picture {number}" for number in range(1, 19)])


def test_deletes_all_pictures_and_brings_them_back(page):
    hang(page, [*[0] * 3, *[40] * 70])
    shelf(page).get_by_role("button", name="Select", exact=True).click()
    shelf(page).get_by_role("button", name="Select all").click()
    shelf(page).get_by_role("button", name="Delete 73").click()
    expect(page.get_by_role("heading", name="What would you like to see?")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(shelf(page).get_by_role("heading", level=2)).to_have_text("Kept in this browser · 73")


def test_a_download_follows_the_filter(page):
    hang(page, [0, 1, 1, 1])
    for name in ("picture 2", "picture 4"):
        page.get_by_role("button", name=f"Star: {name}", exact=True).dispatch_event("click")
    shelf(page).get_by_role("button", name="Starred", exact=True).click()
    expect(shelved(page)).to_have_count(2)
    expect(last_announcement(page)).to_have_text("2 pictures found.")
    button = shelf(page).get_by_role("button", name="Download 2")
    _, file = download(page, button.click)
    names = zipfile.ZipFile(io.BytesIO(file)).namelist()
    assert [name[5:14] for name in names] == ["picture 2", "picture 4"]
    expect(button).to_be_visible()  # it said how far it was, and is itself again


def test_stars_what_is_chosen(page):
    hang(page, [0, 1, 1])
    shelf(page).get_by_role("button", name="Select", exact=True).click()
    for place in (1, 2):
        shelved(page).nth(place).press("Space")
    shelf(page).get_by_role("button", name="Star", exact=True).click()
    expect(last_announcement(page)).to_have_text("2 pictures starred.")
    shelf(page).get_by_role("button", name="Done").click()
    expect_shelf(page, "picture 1", "picture 2, starred", "picture 3, starred")
