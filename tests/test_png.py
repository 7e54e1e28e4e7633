"""Masks: polarity and area, of PNG files of every kind. Pillow reads what the API has written."""

import io
import struct
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from PIL import Image, ImageChops

from chalicelib import png as pngs
from chalicelib.errors import InvalidParameter
from chalicelib.parameters import Mask
from forms import file, png

MASK = Mask("mask", "Mask", "")
NONE_LEFT = "^mask must mark an area to edit .white, or transparent for OpenAI., got none$"


def with_square(mode, keep, edit, size=(96, 80), **options):
    """A PNG of `keep` with a square of `edit` in a corner."""
    image = Image.new(mode, size, keep)
    image.paste(edit, (8, 8, 40, 40))
    content = io.BytesIO()
    image.save(content, "PNG", **options)
    return content.getvalue()


def gray(content):
    return Image.open(io.BytesIO(content)).convert("L")


def noise(size=(96, 80)):
    return Image.effect_noise(size, 90)


@pytest.mark.parametrize(("mode", "color"), [("RGBA", (9, 8, 7)), ("LA", (9,))])
def test_a_transparent_square_becomes_a_white_one(mode, color):
    mask = gray(pngs.from_alpha(with_square(mode, (*color, 255), (*color, 0))))
    expected = gray(with_square("L", 0, 255))
    assert ImageChops.difference(mask, expected).getbbox() is None


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_transparent_color_of_a_palette_becomes_white(bits):
    image = Image.new("P", (96, 80), 1)
    image.putpalette([9, 9, 9, *[200, 100, 0] * (2**bits - 1)])
    image.paste(0, (8, 8, 40, 40))
    content = io.BytesIO()
    image.save(content, "PNG", transparency=0)
    mask = pngs.from_alpha(content.getvalue())
    assert mask[24] == bits
    assert ImageChops.difference(gray(mask), gray(with_square("L", 0, 255))).getbbox() is None


@pytest.mark.parametrize(("mode", "step"), [("LA", 2), ("RGBA", 4)])
def test_partly_transparent_pixels_are_partly_edited(mode, step):
    """Pillow's encoder uses every filter on noise."""
    image, alpha = noise().convert(mode), noise()
    image.putalpha(alpha)
    content = io.BytesIO()
    image.save(content, "PNG")
    kinds = {kind for kind, _ in pngs.parse(content.getvalue()).planes(step - 1)}
    assert len(kinds) > 1
    mask = gray(pngs.from_alpha(content.getvalue()))
    assert ImageChops.difference(mask, ImageChops.invert(alpha)).getbbox() is None


def filtered_rows(rows, kind):
    """Rows of bytes after one of PNG's filters, pixel by pixel as the standard says."""
    above = bytes(len(rows[0]))
    for row in rows:
        result = []
        for x, value in enumerate(row):
            a, b, c = (row[x - 4] if x > 3 else 0), above[x], (above[x - 4] if x > 3 else 0)
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            result.append((value - [0, a, b, (a + b) // 2, paeth][kind]) % 256)
        yield bytes([kind, *result])
        above = row


ALPHAS = some.lists(
    some.lists(some.sampled_from([0, 7, 255]), min_size=3, max_size=3), min_size=1, max_size=4
)


@given(alphas=ALPHAS, kind=some.integers(0, 4))
@example([[255, 255, 255]] * 3, 4)
@example([[0, 0, 0]] * 3, 3)
def test_converts_every_filter_and_finds_constants(alphas, kind):
    rows = [b"".join(bytes([9, 99, 199, alpha]) for alpha in row) for row in alphas]
    content = png(3, len(rows), 8, 6, b"".join(filtered_rows(rows, kind)))
    assert list(gray(pngs.from_alpha(content)).tobytes()) == [
        255 - alpha for row in alphas for alpha in row
    ]
    levels = {alpha for row in alphas for alpha in row}
    assert pngs.has_transparency(content) == (levels != {255})
    for value in (0, 7, 255):
        assert pngs.parse(content).is_constant(3, value) == (levels == {value})


def test_a_single_pixel_is_converted():
    assert gray(pngs.from_alpha(file(1, 1, mode="RGBA", color=(1, 2, 3, 0)))).tobytes() == b"\xff"


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_a_mask_without_transparency_stays_as_it_is(mode):
    content = file(mode=mode, color=0)
    assert pngs.from_alpha(content) is content


@pytest.mark.parametrize(
    "content",
    [
        png(1, 1, 16, 6, bytes(9)), png(1, 1, 16, 4, bytes(5)), png(1, 1, 8, 6, bytes(5), 1),
        png(1, 1, 8, 0, bytes(2), tRNS=b"\0\0"),
    ],
    ids=["16 bits", "16 bits, gray", "interlaced", "one transparent gray"],
)  # fmt: skip
def test_refuses_transparency_of_another_kind(content):
    with pytest.raises(ValueError, match="be a PNG with an alpha channel of 8 bits, not inter"):
        pngs.from_alpha(content)


BROKEN = [
    b"\x89PNG\r\n\x1a\n", png(4, 4, 8, 6, b"\0"), file()[:40], png(4, 4, 3, 6), png(4, 4, 8, 5),
    png(4, 4, 8, 6)[:60] + b"\0" * 20 + png(4, 4, 8, 6)[-12:],
]  # fmt: skip


@pytest.mark.parametrize("content", BROKEN)
def test_refuses_a_broken_png(content):
    with pytest.raises(ValueError, match=r"^be a (whole )?PNG"):
        pngs.from_alpha(content)


@given(content=some.binary(max_size=60), cut=some.integers(8, 80))
def test_any_bytes_are_a_mask_or_an_error(content, cut):
    for read in (pngs.from_alpha, pngs.has_area, pngs.has_transparency):
        try:
            read(file(mode="RGBA")[:cut] + content)
        except ValueError as error:
            assert str(error).startswith(("be a", "have"))


@pytest.mark.parametrize(
    ("mode", "black", "white"),
    [("L", 0, 255), ("L", 0, 1), ("1", 0, 1), ("RGB", "black", "#000001"), ("I;16", 0, 1),
     ("LA", (0, 255), (1, 255)), ("RGBA", (0, 0, 0, 255), (0, 1, 0, 255)),
     ("RGBA", (0, 0, 0, 0), (255, 0, 0, 0))],
)  # fmt: skip
def test_a_mask_must_have_a_pixel_to_edit(mode, black, white):
    full, empty = file(mode=mode, color=white), file(mode=mode, color=black)
    assert MASK.read(full) is full
    with pytest.raises(InvalidParameter, match=NONE_LEFT):
        MASK.read(empty)


def test_a_mask_of_a_palette_must_have_a_pixel_to_edit():
    for index, is_full in ((0, False), (1, True)):
        for colors in (2, 4, 16, 256):
            image = Image.new("P", (64, 64), index)
            image.putpalette([0, 0, 0, *[255] * 3 * (colors - 1)])
            content = io.BytesIO()
            image.save(content, "PNG")
            assert pngs.has_area(content.getvalue()) == is_full
    assert not pngs.has_area(pngs.from_alpha(file(mode="RGBA", color=(255, 255, 255, 255))))
    assert pngs.has_area(with_square("P", 0, 255)) and pngs.has_area(with_square("L", 0, 255))


def test_other_formats_and_interlaced_masks_are_left_to_bedrock():
    for content in (file(format="JPEG", color="black"), file(format="WEBP", color="black")):
        assert MASK.read(content) is content
    assert pngs.has_area(png(64, 64, 8, 0, bytes(9_000), interlacing=1))


def test_reads_a_png_of_very_many_parts_in_a_moment():
    """Joining them one by one takes time with the square of their number: 10 s."""
    part = struct.pack(">I", 1) + b"IDATx" + bytes(4)
    content = png(64, 64, 8, 2).replace(b"\0\0\0\0IEND", part * 450_000 + b"\0\0\0\0IEND")
    start = time.process_time()
    with pytest.raises(ValueError, match="be a whole PNG, got broken data"):
        pngs.has_area(content)
    assert time.process_time() - start < 5  # 0.5 s on a machine of 2026


def test_a_mask_never_inflates_beyond_what_its_header_announces():
    bomb = png(64, 64, 8, 6, bytes(50_000_000))
    tracemalloc.start()
    pngs.has_transparency(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000  # bytes
    with pytest.raises(ValueError, match="have 9437184 pixels at most"):
        pngs.from_alpha(png(50_000, 50_000, 8, 6, bytes(700_000)))
