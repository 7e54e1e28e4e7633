"""What leaves the page: copied pictures, thumbnails, ZIP files, names, settings that do not fit."""

import base64
import io
import re
import struct
import zipfile
import zlib

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.acts import (
    copy_in_viewer,
    download,
    download_all,
    fill_shelf,
    make_pictures,
    press_in_viewer,
    setting,
    show_configuration,
    thumbnail,
    viewer,
)
from browser.histories import page_without_app, reload_with_script, run
from browser.recipes import read_parameters

pytestmark = pytest.mark.slow

# As with Firefox's privacy.resistFingerprinting: noise, and no error.
NOISE = """
  const { convertToBlob } = OffscreenCanvas.prototype
  const { getImageData } = OffscreenCanvasRenderingContext2D.prototype
  const randomize = data => data.forEach((_, at) => { data[at] = Math.random() * 256 })
  if (BLOB) OffscreenCanvas.prototype.convertToBlob = async function (options) {
    const noisy = new OffscreenCanvas(this.width, this.height)
    const pixels = new ImageData(this.width, this.height)
    randomize(pixels.data)
    noisy.getContext("2d").putImageData(pixels, 0, 0)
    return convertToBlob.call(noisy, options)
  }
  if (PIXELS) OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
    const pixels = getImageData.apply(this, area)
    randomize(pixels.data)
    return pixels
  }
"""
KINDS = [("true", "true"), ("true", "false")]  # what is noise: blobs, pixels

# Clipboards that allow one call within the click itself, as Safari's.
STRICT_CLIPBOARD = """
  window.copied = []
  navigator.clipboard.write = async items => {
    if (event?.type !== "click") throw new DOMException("", "NotAllowedError")
    for (const item of items) copied.push(await item.getType("image/png"))
  }
  navigator.clipboard.writeText = async text => {
    if (event?.type !== "click") throw new DOMException("", "NotAllowedError")
    copied.push(text)
  }
"""


def noise(kind):
    return NOISE.replace("BLOB", kind[0]).replace("PIXELS", kind[1])


@pytest.fixture
def history(chromium, quick_site):
    with page_without_app(chromium, quick_site) as page:
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_keeps_the_file_where_canvases_return_noise(history, kind):
    sent = run(history, "window.sent = await noise(32, 24); return digest(sent)")
    bytes = run(history, "return [...new Uint8Array(await sent.arrayBuffer())]")
    reload_with_script(history, noise(kind))
    file = "new Blob([new Uint8Array(argument)], { type: 'image/jpeg' })"
    run(history, f"window.record = await history.add({{}}, {file})", bytes)
    assert run(history, "return digest(await history.thumb(record.id))") == sent
    assert run(history, "return [record.width, record.height]") == [32, 24]


def test_a_few_changed_bits_are_no_noise(history):
    reload_with_script(
        history,
        """
        const { getImageData } = OffscreenCanvasRenderingContext2D.prototype
        OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
          const pixels = getImageData.apply(this, area)
          pixels.data.forEach((value, at) => { pixels.data[at] = value ^ 1 })
          return pixels
        }""",
    )
    thumb = "return (await history.thumb((await history.add({}, await noise(640, 480))).id)).type"
    assert run(history, thumb) == "image/webp"


def copy_picture(page, format, script):
    page.add_init_script(f"{{ {script} {STRICT_CLIPBOARD} }}")
    page.reload()
    show_configuration(page)
    setting(page, "File format").select_option(format)
    make_pictures(page, "qwzx")
    thumbnail(page, "qwzx").click()
    copy_in_viewer(page, "Copy picture")
    return viewer(page).get_by_role("status")


COPIED = """async () => {
  const { type } = copied[0]
  const { width } = await createImageBitmap(copied[0])
  return [copied.length, type, width]
}"""


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_copies_a_picture_within_the_click(page, format):
    expect(copy_picture(page, format, "")).to_have_text("Picture copied.")
    assert page.evaluate(COPIED) == [1, "image/png", 1024]
    copy_in_viewer(page, "Copy prompt")
    copy_in_viewer(page, "Copy link")
    expect(viewer(page).get_by_role("status")).to_have_text("Link copied.")
    assert page.evaluate("copied[1]") == "qwzx"


@pytest.mark.parametrize("kind", KINDS)
def test_never_copies_noise(page, kind):
    status = copy_picture(page, "jpeg", noise(kind))
    expect(status).to_have_text(
        "This browser changes pictures that the page copies. Download it instead."
    )
    assert page.evaluate("copied") == []


def test_copies_a_png_itself_where_canvases_return_noise(page):
    expect(copy_picture(page, "png", noise(KINDS[0]))).to_have_text("Picture copied.")
    assert page.evaluate(COPIED) == [1, "image/png", 1024]


def test_a_zip_can_be_read_while_it_arrives(page):
    prompts = ["qwzx größer", "qwzx 雪の中の狐", "qwzx 🦊"]
    make_pictures(page, *prompts)
    _, file = download(page, download_all(page).click)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None
        assert stream(file) == [(name, archive.read(name)) for name in archive.namelist()]
        assert all(info.date_time > (2020,) for info in archive.infolist())
    for (name, content), prompt in zip(stream(file), prompts[::-1], strict=True):
        assert re.fullmatch(rf"000\d {prompt} \d+\.jpg", name)
        assert read_parameters(content).startswith(f"{prompt}\n")


def stream(file):
    """Name and content of each file, read as Java's ZipInputStream does: without the directory,
    and without sizes that come after an uncompressed file."""
    reader, files = io.BytesIO(file), []
    while (signature := reader.read(4)) == b"PK\3\4":
        _, flags, method, _, _, crc, size, full, name, extra = struct.unpack(
            "<5H3I2H", reader.read(26)
        )
        assert (flags & 8, method, size) == (0, 0, full)
        name = reader.read(name).decode("utf-8" if flags & 0x800 else "cp437")
        reader.read(extra)
        content = reader.read(size)
        assert zlib.crc32(content) == crc
        files.append((name, content))
    assert signature == b"PK\1\2"
    return files


def test_a_zip_holds_more_than_65535_files(history):
    script = """
      const { zip } = await import("./pictures/zip.js")
      const { Blob } = window
      window.Blob = function (parts, type) { // a real one for each file takes seconds
        return type ? new Blob(parts, type) : parts[0]
      }
      async function* files() {
        const [blob, date] = [{ size: 1, arrayBuffer: async () => new ArrayBuffer(1) }, new Date()]
        for (let number = 0; number < argument; number++) yield { name: `${number}`, blob, date }
      }
      const digits = new Uint8Array(await (await zip(files())).arrayBuffer())
      let text = ""
      for (let at = 0; at < digits.length; at += 9999) {
        text += String.fromCharCode(...digits.subarray(at, at + 9999))
      }
      return btoa(text)
    """
    file = base64.b64decode(run(history, script, 65_537))
    assert struct.unpack_from("<QQ", file, file.rindex(b"PK\6\6") + 24) == (65_537, 65_537)
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert len(archive.namelist()) == 65_537
        assert archive.read("65536") == b"\0"


def test_a_zip_of_more_than_4_gb_says_where_each_file_is(history):
    script = """
      const { zip } = await import("./pictures/zip.js")
      const date = new Date()
      async function* files() {
        const huge = { size: 5e9, arrayBuffer: async () => new ArrayBuffer() }
        yield { name: "huge", blob: huge, date }
        yield { name: "next", blob: new Blob(["x"]), date }
      }
      return [...new Uint8Array(await (await zip(files())).arrayBuffer())]
    """
    file = bytes(run(history, script))
    offset = 30 + 4 + 5_000_000_000
    at = file.rindex(b"PK\1\2")
    assert struct.unpack_from("<I", file, at + 42) == (0xFFFFFFFF,)
    assert struct.unpack_from("<HHQ", file, at + 46 + 4) == (1, 8, offset)
    directory = offset + 30 + 4 + 1
    end = file.index(b"PK\6\6")
    assert struct.unpack_from("<QQQQ", file, end + 24) == (2, 2, 50 + 50 + 12, directory)
    assert struct.unpack_from("<Q", file, file.index(b"PK\6\7") + 8) == (directory + 112,)


FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a" * 55 + "🦊🦊🦊🦊", "a" * 55 + "🦊🦊"),
        ("b" * 52 + FAMILY, "b" * 52),
        ("c" * 49 + FAMILY + "d", "c" * 49 + FAMILY),
        ("e" * 59 + "e\u0301\u0323 f", "e" * 59),
        (f"{FAMILY} qwzx", f"{FAMILY} qwzx"),
    ],
)
def test_names_end_between_letters(page, prompt, name):
    make_pictures(page, prompt)
    thumbnail(page, prompt).click()
    button = viewer(page).get_by_role("button", name="Download")
    saved, _ = download(page, button.click)
    saved = saved.replace("_", "\u200d")  # Chromium replaces zero-width joiners
    assert re.fullmatch(rf"{name} \d+\.jpg", saved)


def test_labels_and_captions_end_between_letters(page):
    prompt = "qwzx " + "a" * 194 + "🦊" + "b" * 799 + FAMILY + "c"
    setting(page, "Prompt").fill(prompt)
    page.locator("[type=submit]").click()
    expect(page.locator(".set .prompt-text")).to_have_text(prompt[: prompt.index(FAMILY)] + "…")
    expect(thumbnail(page, prompt[:199])).to_be_visible()


def test_says_when_the_settings_do_not_fit_in_a_file(page):
    setting(page, "Prompt").fill(
        " " + "🦊" * 9_000
    )  # lines cannot hold the space, so it is written twice
    page.locator("[type=submit]").click()
    page.locator("figure .frame").click()
    button = viewer(page).get_by_role("button", name="Download")
    _, file = download(page, button.click)
    assert Image.open(io.BytesIO(file)).format == "JPEG" and not read_parameters(file)
    expect(page.locator("#toast p")).to_have_text(
        "The settings do not fit in this file, so it has none. A PNG holds more."
    )
    press_in_viewer(page, "Close")
    page.locator("#toast").evaluate("toast => { toast.hidden = true }")
    download(page, download_all(page).click)
    expect(page.locator("#toast p").filter(visible=True)).to_have_text(
        re.compile(r"saved, .* Some files have no settings, as these do not fit\.")
    )


def test_says_how_much_a_download_holds(page):
    fill_shelf(page, 2)
    download(page, download_all(page).click)
    expect(page.locator("#toast p")).to_have_text(re.compile(r"^2 pictures saved, [\d.]+ MB\.$"))
    expect(download_all(page)).to_have_text("Download 2")
