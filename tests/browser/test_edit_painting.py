"""Painting the area to change: by mouse, fingers and keys, and the mask that is sent."""

import io
import json
import re
import subprocess

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.rooms import button_text, choose_tool, open_room, press, room, sent_image

pytestmark = pytest.mark.slow

MASK = """async ([marks, picture]) => {
  const { createMask, paintedShare } = await import("./edit/mask.js")
  const bytes = new Uint8Array(await (await createMask(marks, picture)).arrayBuffer())
  return [[...bytes], paintedShare(marks, picture)]
}"""
# Of pointers, one by one: what each does, its id, its place on the painting area, its kind, the
# time in milliseconds.
FINGERS = """events => {
  const pad = document.querySelector(".room-pad")
  const { left, top } = pad.getBoundingClientRect()
  pad.setPointerCapture = () => {} // which only pointers of the system can have
  for (const [kind, pointerId, x, y, pointerType = "touch", time = 0] of events) {
    const place = { clientX: left + x, clientY: top + y }
    const options = { pointerId, pointerType, bubbles: true, cancelable: true, ...place }
    const event = new PointerEvent(`pointer${kind}`, options)
    Object.defineProperty(event, "timeStamp", { value: time })
    pad.dispatchEvent(event)
  }
}"""
STROKES_OF = "() => drafts.at(-1)?.strokes ?? []"


def mask_of(page, marks, width=800, height=600):
    """The mask as a grayscale image, and the painted share."""
    content, share = page.evaluate(MASK, [marks, {"width": width, "height": height}])
    return Image.open(io.BytesIO(bytes(content))).convert("L"), share


def sent_mask(page):
    type, content = sent_image(page, "mask")
    assert type == "image/png"
    return Image.open(io.BytesIO(content)).convert("L")


def open_retouch(page, width=800, height=600, **options):
    open_room(page, width, height, **{"draft": {"tool": "retouch", "values": {}, **options}})
    return room(page).get_by_role("application", name="Painting area")


def place(page, x, y):
    """Where a point of the picture, each from 0 to 1, is on the screen."""
    box = room(page).locator(".room-picture").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, *points):
    page.mouse.move(*place(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, *point), steps=4)
    page.mouse.up()


def expect_marks(page, count):
    page.wait_for_function(f"() => drafts.at(-1)?.strokes.length === {count}")


def test_the_mask_is_black_and_white_and_what_was_painted(page):
    marks = [
        {"size": 100, "points": [100, 100]},  # a tap
        {"size": 60, "points": [700, 300, 900, 300, 700, 500]},  # leaves the picture, comes back
        {"size": 40, "points": [100, 100], "erase": True},
        {"cell": 6},
    ]
    mask, share = mask_of(page, marks)
    assert mask.size == (800, 600)
    assert {level for _, level in mask.getcolors()} == {0, 255}
    white = [(140, 100), (720, 300), (720, 480), (10, 590), (260, 410)]
    black = [(100, 100), (400, 300), (100, 160), (270, 410), (600, 400)]
    assert [mask.getpixel(point) for point in white] == [255] * 5
    assert [mask.getpixel(point) for point in black] == [0] * 5
    painted = sum(mask.histogram()[255:]) / (800 * 600)
    assert share == pytest.approx(painted, abs=0.01)
    assert mask_of(page, [*marks, {"clear": True}])[1] == 0
    assert mask_of(page, [{"cell": cell} for cell in range(9)])[1] == 1


@pytest.mark.parametrize(
    ("picture", "mask"),
    [
        ((2560, 1024), (1024, 410)),
        ((1024, 2560), (410, 1024)),
        ((3840, 1536), (1024, 410)),
        ((64, 64), (64, 64)),
    ],
)
def test_the_mask_keeps_the_ratio_and_is_never_wider_than_allowed(page, picture, mask):
    image, _ = mask_of(page, [{"size": 64, "points": [30, 30]}], *picture)
    assert image.size == mask
    assert max(mask) <= 2.5 * min(mask)


def test_the_mouse_paints_rubs_out_and_draws_lines(page):
    open_retouch(page)
    assert press(page) is None
    expect(room(page).locator(".room-missing")).to_have_text("Paint over what should change.")
    page.mouse.click(*place(page, 0.1, 0.1))
    expect_marks(page, 1)
    page.keyboard.down("Shift")
    page.mouse.click(*place(page, 0.5, 0.1))
    page.keyboard.up("Shift")
    expect_marks(page, 2)
    room(page).get_by_role("button", name="Rub out").click()
    drag(page, (0.25, 0.0), (0.25, 0.3), (0.25, -0.2), (0.3, 0.2))
    expect_marks(page, 3)  # one stroke, although it left the picture
    room(page).get_by_role("button", name="Undo").click()
    room(page).get_by_role("button", name="Redo").click()
    expect_marks(page, 3)
    assert button_text(page) == "Erase · $0.07"
    order = press(page)
    assert (order["model"], order["values"]) == ("stable-image-erase-object", {})
    mask = sent_mask(page)
    assert [mask.getpixel((x, 60)) for x in (80, 330, 400, 200)] == [255, 255, 255, 0]
    assert mask.getpixel((600, 400)) == 0


def test_resizing_and_zooming_leave_the_mask_unchanged(page):
    open_retouch(page)
    drag(page, (0.2, 0.2), (0.4, 0.6))
    expect_marks(page, 1)
    before = page.evaluate(STROKES_OF)
    page.set_viewport_size({"width": 400, "height": 800})
    room(page).get_by_role("button", name="Zoom in").click()
    room(page).get_by_label("Brush size").fill("9")
    page.set_viewport_size({"width": 1000, "height": 500})
    assert press(page)["draft"]["strokes"] == before
    expected, _ = mask_of(page, before)
    assert sent_mask(page).tobytes() == expected.tobytes()


def test_strokes_survive_closing_and_words_choose_the_model(page):
    open_retouch(page)
    drag(page, (0.2, 0.2), (0.4, 0.4))
    page.keyboard.press("Escape")
    page.wait_for_function("() => closings === 1")
    strokes = page.evaluate(STROKES_OF)
    assert len(strokes) == 1
    open_retouch(page, strokes=strokes)
    expect(room(page).locator(".room-size")).to_have_text(re.compile(r"^\d% painted\.$"))
    words = page.get_by_label("What should be there instead?")
    words.fill("   ")
    assert button_text(page) == "Erase · $0.07"
    words.press_sequentially("be x[e")  # no shortcuts while typing
    assert button_text(page) == "Retouch · $0.07"
    expect(words).to_be_focused()
    order = press(page)
    assert (order["model"], order["values"]) == ("stable-image-inpaint", {"prompt": "be x[e"})
    assert order["draft"]["strokes"] == strokes


def test_parts_are_chosen_without_painting(page):
    open_retouch(page)
    room(page).get_by_role("checkbox", name="Top right").check()
    room(page).get_by_role("checkbox", name="Middle").check()
    room(page).get_by_role("button", name="Undo").click()
    expect(room(page).get_by_role("checkbox", name="Middle")).not_to_be_checked()
    assert press(page)
    mask = sent_mask(page)
    assert [mask.getpixel(point) for point in ((780, 20), (400, 300), (20, 580))] == [255, 0, 0]


def test_the_keyboard_paints_and_hears_where(page):
    pad = open_retouch(page)
    status = room(page).locator("[role=status]")
    pad.focus()
    page.keyboard.press("ArrowLeft")  # the first key only shows the point, in the middle
    expect(status).to_have_text("Column 6 of 10, row 5 of 8.")
    for _ in range(30):
        page.keyboard.press("ArrowUp")
    expect(status).to_have_text("Column 6 of 10, row 1 of 8.")
    page.keyboard.press("Space")
    expect(status).to_have_text("<1% painted.")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+Space")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect_marks(page, 3)
    for key, pressed in (("e", "Rub out"), ("b", "Paint"), ("x", "Rub out")):
        page.keyboard.press(key)
        expect(room(page).get_by_role("button", name=pressed, exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
    size = room(page).get_by_label("Brush size")
    before = int(size.input_value())
    page.keyboard.press("]")
    assert int(size.input_value()) > before
    page.keyboard.press("Control+z")
    expect(status).to_contain_text("Undone.")
    page.keyboard.press("Control+Shift+z")
    expect(status).to_contain_text("Redone.")
    expect_marks(page, 3)
    page.keyboard.press("+")
    wide = room(page).locator(".room-picture").bounding_box()["width"]
    page.keyboard.press("Escape")  # leaves the zoom
    assert room(page).locator(".room-picture").bounding_box()["width"] < wide
    page.keyboard.press("Escape")  # leaves the eraser
    paint = room(page).get_by_role("button", name="Paint", exact=True)
    expect(paint).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(room(page)).to_have_count(0)


def test_one_finger_paints_and_two_zoom_without_a_stray_dot(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    pad = open_retouch(page)
    pad.tap(position={"x": 100, "y": 100})
    expect_marks(page, 1)
    wide = room(page).locator(".room-picture").bounding_box()["width"]
    page.evaluate(
        FINGERS, [["down", 5, 150, 200], ["down", 6, 200, 250, "touch", 150], ["move", 6, 300, 350]]
    )
    page.evaluate(FINGERS, [["up", 6, 300, 350], ["move", 5, 60, 80], ["up", 5, 60, 80]])
    assert room(page).locator(".room-picture").bounding_box()["width"] > 1.2 * wide
    page.evaluate(FINGERS, [["down", 7, 150, 200], ["move", 7, 170, 220], ["cancel", 7, 0, 0]])
    page.evaluate(FINGERS, [["move", 7, 10, 10], ["down", 8, 150, 200], ["move", 8, 150, 240]])
    late = ["down", 9, 20, 20, "touch", 151]  # a second finger that keeps what the first painted
    page.evaluate(FINGERS, [late, ["move", 9, 30, 30], ["up", 9, 0, 0]])
    page.evaluate(FINGERS, [["move", 8, 300, 300], ["up", 8, 300, 300]])
    expect_marks(page, 3)
    strokes = page.evaluate(STROKES_OF)
    assert [len(stroke["points"]) for stroke in strokes] == [2, 4, 4]
    assert pad.evaluate("pad => getComputedStyle(pad).touchAction") == "none"
    head = room(page).locator(".room-plate")
    assert head.evaluate("plate => getComputedStyle(plate).touchAction") == "auto"


def test_a_hand_beside_a_pen_only_moves_the_picture(page):
    open_retouch(page)
    pen = [["down", 5, 150, 200, "pen"], ["up", 5, 150, 200, "pen"]]
    page.evaluate(FINGERS, [*pen, ["down", 6, 300, 300], ["move", 6, 350, 350], ["up", 6, 0, 0]])
    expect_marks(page, 1)


def test_a_thousand_strokes_are_small_and_ten_openings_leave_nothing(page, chromium):
    strokes = [{"size": 40.5, "points": [100.1 + n, 200.2, 300.3, 400.4]} for n in range(1_000)]
    assert len(json.dumps(strokes)) < 2_000_000
    session, machine = page.context.new_cdp_session(page), chromium.new_browser_cdp_session()
    session.send("Performance.enable")

    def measure():
        """Megabytes of the page's script, megabytes of its processes, and nodes."""
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        values = {each["name"]: each["value"] for each in metrics}
        processes = machine.send("SystemInfo.getProcessInfo")["processInfo"]
        ids = ",".join(str(each["id"]) for each in processes if each["type"] == "renderer")
        resident = subprocess.check_output(["ps", "-o", "rss=", "-p", ids], text=True).split()
        return values["JSHeapUsedSize"] / 1e6, sum(map(int, resident)) / 1e3, values["Nodes"]

    measured = []
    for opening in range(1, 11):
        open_retouch(page, 3072, 3072, strokes=strokes if opening == 1 else [])
        expect(room(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(room(page)).to_have_count(0)
        if opening in (1, 10):
            measured.append(measure())
    (heap, resident, nodes), (heap_after, resident_after, nodes_after) = measured
    assert heap_after - heap < 50
    assert resident_after - resident < 50
    assert nodes_after - nodes < 500


def test_strokes_are_seen_in_forced_colors_and_on_any_picture(open_page):
    page = open_page(forced_colors="active")
    open_retouch(page, strokes=[{"cell": 4}])
    shot = Image.open(io.BytesIO(room(page).locator(".room-picture").screenshot())).convert("RGB")
    inside = shot.crop(
        [shot.width * 4 // 10, shot.height * 4 // 10, shot.width * 6 // 10, shot.height * 6 // 10]
    )
    lights = [sum(color) for _, color in inside.getcolors(1_000_000) if _ > 200]
    assert max(lights) - min(lights) > 150  # two colors of stripes


def test_the_tool_that_paints_shows_its_bar_and_others_do_not(page):
    open_room(page)
    expect(room(page).get_by_role("application")).to_be_hidden()
    choose_tool(page, "Retouch")
    expect(room(page).get_by_role("group", name="Painting tools")).to_be_visible()
