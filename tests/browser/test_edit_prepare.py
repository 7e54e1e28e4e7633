"""Files that people bring to be changed."""

import base64
import io
import struct

import pytest
from PIL import Image

from browser.rooms import picture
from conftest import first_load

pytestmark = pytest.mark.slow

PREPARE = """async ([content, name, type]) => {
  const { prepare } = await import("./edit/prepare.js")
  const bytes = Uint8Array.from(atob(content), each => each.charCodeAt())
  try {
    const { blob, ...others } = await prepare(new File([bytes], name, { type }))
    const read = [...new Uint8Array(await blob.arrayBuffer())]
    return { ...others, type: blob.type, content: read }
  } catch (error) {
    return { code: error.code, message: error.message }
  }
}"""
ORIENTATION, MAKE = 0x0112, 0x010F


def prepare(page, content, name="photo.jpg", type="image/jpeg"):
    return page.evaluate(PREPARE, [base64.b64encode(content).decode(), name, type])


def corner(width=640, height=480, orientation=1, format="JPEG"):
    """A photo, red in its upper left corner when upright, with a place and a camera."""
    image = Image.new("RGB", (width, height), "navy")
    image.paste("red", (0, 0, width // 4, height // 4))
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }.get(orientation)  # fmt: skip
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "SERIAL-4711"
    exif.get_ifd(0x8825)[29] = "1970:01:01 GPSPLACE"
    file = io.BytesIO()
    (image if turned is None else image.transpose(turned)).save(file, format, exif=exif)
    return file.getvalue()


def opened(prepared):
    return Image.open(io.BytesIO(bytes(prepared["content"])))


def test_a_photo_is_upright_in_all_eight_orientations(page):
    for orientation in range(1, 9):
        prepared = prepare(page, corner(orientation=orientation))
        image = opened(prepared)
        assert (image.size, image.getexif().get(ORIENTATION, 1)) == ((640, 480), 1)
        red, _, blue = image.getpixel((60, 40))
        assert red > 200 > 60 > blue, orientation
        assert image.getpixel((600, 440))[0] < 60


def test_place_and_camera_are_not_in_the_bytes(page):
    content = corner()
    assert b"SERIAL-4711" in content and b"GPSPLACE" in content
    sent = bytes(prepare(page, content)["content"])
    assert b"SERIAL-4711" not in sent and b"GPSPLACE" not in sent


def test_a_large_photo_is_shrunk_and_its_pixels_are_said(page):
    prepared = prepare(page, picture(8000, 6000))  # 48 megapixels
    assert (prepared["width"], prepared["height"]) == (3547, 2660)
    assert prepared["said"] == "8000 \u00d7 6000 → 3547 \u00d7 2660"
    assert opened(prepared).size == (3547, 2660)
    for width, height, said in (
        (3072, 3072, ""),
        (3072, 3073, "3072 \u00d7 3073 → 3071 \u00d7 3072"),
    ):
        assert prepare(page, picture(width, height))["said"] == said


def test_a_transparent_picture_becomes_white_and_not_black(page):
    content = picture(64, 64, "PNG", (0, 0, 0, 0), "RGBA")
    prepared = prepare(page, content, "cut.png", "image/png")
    assert prepared["type"] == "image/jpeg"
    assert opened(prepared).getpixel((30, 30)) == (255, 255, 255)


def test_reads_cmyk_and_gif(page):
    cmyk = prepare(page, picture(100, 100, "JPEG", (0, 255, 255, 0), "CMYK"))
    assert opened(cmyk).getpixel((50, 50))[0] > 180
    assert prepare(page, picture(100, 100, "GIF"), "still.gif")["type"] == "image/jpeg"


def test_reads_avif(page):
    prepared = prepare(page, picture(100, 80, "AVIF"), "photo.avif", "image/avif")
    assert (opened(prepared).format, opened(prepared).size) == ("JPEG", (100, 80))


def test_colors_of_a_wide_gamut_become_srgb(page):
    """The color is (78, 163, 32) in sRGB, by the matrix from Display P3 (CSS Color 4, 17)."""
    image, file = Image.new("RGB", (64, 64), (100, 160, 60)), io.BytesIO()
    image.save(file, "JPEG", quality=100, icc_profile=display_p3())
    sent = opened(prepare(page, file.getvalue()))
    assert sent.getpixel((32, 32)) == pytest.approx((78, 163, 32), abs=4)


def display_p3():
    """An ICC profile (ICC.1:2010) of Display P3: its primaries for D50, and a gamma of 2.2."""

    def xyz(*values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(each * 65536) for each in values))

    gamma = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011),
        b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma),
    }
    table, content = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(content), len(value))
        content += value
    head = struct.pack(">I4sI12s", 128 + len(table + content), b"", 0x02100000, b"mntrRGB XYZ ")
    body = head.ljust(36, b"\0") + b"acsp"
    return body.ljust(68, b"\0") + xyz(0.9642, 1, 0.8249)[8:] + bytes(48) + table + content


def moving(format):
    frames = [Image.new("RGB", (80, 80), color) for color in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, format, save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


def test_each_file_that_is_no_picture_has_its_own_sentence(page):
    noise = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(noise, "JPEG")
    files = {
        "EmptyFile": b"",
        "HeicPhoto": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "Drawing": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "Document": b"%PDF-1.7 ...",
        "BrokenPicture": noise.getvalue()[:900],
        "NoPicture": b"just text, named .jpg",
        "MovingPicture": moving("GIF"),
        "NarrowPicture": picture(1, 4000),
    }
    answers = {code: prepare(page, content) for code, content in files.items()}
    assert {code: answer.get("code") for code, answer in answers.items()} == {
        code: code for code in files
    }
    assert len({answer["message"] for answer in answers.values()}) == len(files)
    for format in ("PNG", "WEBP"):
        assert prepare(page, moving(format))["code"] == "MovingPicture"
    assert prepare(page, picture(63, 64))["code"] == "NarrowPicture"
    assert "code" not in prepare(page, picture(64, 64))


def test_the_room_is_no_part_of_the_first_load():
    assert not [file for file in first_load() if "edit" in file.parts]
