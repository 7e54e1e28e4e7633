"""Images that are sent: their type, size, orientation and limits. No pixels are decoded."""

import io
import tracemalloc

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image as Pillow

from chalicelib import images
from chalicelib.errors import InvalidParameter
from chalicelib.parameters import Image
from forms import file, png

PICTURE = Image("image", "Picture", "", required=True)
FAST = Image("image", "Picture", "", minimum_side=32, maximum_side=1_536, minimum_pixels=1_024,
             maximum_pixels=1_048_576, widest=None)  # fmt: skip
OPTIONAL = Image("mask", "Mask", "")


def header_only(width, height):
    """A PNG of 1 kB whose header announces any size."""
    return png(width, height, 8, 6, bytes(700_000))


WEBPS = {
    "VP8": file(65, 64, "WEBP"),
    "VP8L": file(65, 64, "WEBP", lossless=True),
    "VP8X": file(65, 64, "WEBP", exif=piexif.dump({})),
}


@pytest.mark.parametrize("content", WEBPS.values(), ids=WEBPS)
def test_measures_every_kind_of_webp(content):
    assert content[12:16].strip().decode() in WEBPS
    assert images.measure(content) == (65, 64)


def test_ignores_the_scale_in_the_size_of_a_webp():
    """The two upper bits tell a player how to enlarge it (RFC 6386, 9.1)."""
    scaled = bytearray(WEBPS["VP8"])
    scaled[27] |= 0x40
    scaled[29] |= 0xC0
    assert images.measure(bytes(scaled)) == (65, 64)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_measures_every_kind_of_jpeg(options, mode):
    content = file(65, 64, "JPEG", mode, 0, **options)
    assert PICTURE.read(content) is content
    assert images.measure(content) == (65, 64)


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "1", "I;16"])
def test_measures_every_kind_of_png(mode):
    assert images.measure(file(65, 64, mode=mode, color=0)) == (65, 64)


@pytest.mark.parametrize(
    ("parameter", "width", "height"),
    [
        (PICTURE, 64, 64), (PICTURE, 160, 64), (PICTURE, 64, 160), (PICTURE, 3_072, 3_072),
        (FAST, 32, 32), (FAST, 1_536, 682), (FAST, 1_024, 1_024), (FAST, 32, 1_536),
    ],
)  # fmt: skip
def test_accepts_an_image_at_each_limit(parameter, width, height):
    content = header_only(width, height)
    assert parameter.read(content) is content


TOO_SMALL = "be at least 64 pixels wide and high"
TOO_LARGE = "have 4096 to 9437184 pixels"
TOO_WIDE = "have sides of at most 2.5:1"


@pytest.mark.parametrize(
    ("parameter", "width", "height", "allowed"),
    [
        (PICTURE, 63, 64, TOO_SMALL),
        (PICTURE, 64, 63, TOO_SMALL),
        (PICTURE, 1, 4_000, TOO_SMALL),
        (PICTURE, 3_072, 3_073, TOO_LARGE),
        (PICTURE, 8_000, 6_000, TOO_LARGE),
        (PICTURE, 50_000, 50_000, TOO_LARGE),
        (PICTURE, 161, 64, TOO_WIDE),
        (PICTURE, 64, 161, TOO_WIDE),
        (FAST, 31, 1_000, "be at least 32 pixels wide and high"),
        (FAST, 1_537, 32, "be at most 1536 pixels wide and high"),
        (FAST, 1_025, 1_024, "have 1024 to 1048576 pixels"),
        (FAST, 1_536, 1_536, "have 1024 to 1048576 pixels"),
    ],
)
def test_rejects_an_image_beyond_a_limit(parameter, width, height, allowed):
    with pytest.raises(InvalidParameter) as raised:
        parameter.read(header_only(width, height))
    assert str(raised.value) == f"image must {allowed}, got {width} x {height}"


JPEG = file(640, 480, "JPEG")
NOT_AN_IMAGE = {
    "an empty file": b"",
    "a HEIC photo": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "an AVIF image": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
    "a GIF": b"GIF89a" + bytes(20),
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a PDF": b"%PDF-1.7\n",
    "a TIFF image": b"II*\0" + bytes(20),
    "text": b"not an image",
    "other bytes": b"\0\1\2\3",
}


@pytest.mark.parametrize(("name", "content"), NOT_AN_IMAGE.items(), ids=NOT_AN_IMAGE)
def test_names_a_file_that_is_no_image(name, content):
    with pytest.raises(InvalidParameter) as raised:
        PICTURE.read(content)
    assert str(raised.value) == f"image must be a JPEG, PNG or WebP image, got {name}"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.5, 0.9])
def test_rejects_a_truncated_file(format, part):
    whole = Pillow.effect_noise((640, 480), 90)
    content = io.BytesIO()
    whole.save(content, format)
    cut = content.getvalue()[: int(len(content.getvalue()) * part)]
    with pytest.raises(
        InvalidParameter, match="must be a whole image, got a file that ends too ea"
    ):
        PICTURE.read(cut)


def test_a_preview_in_a_truncated_photo_does_not_complete_it():
    preview = file(160, 120, "JPEG")
    exif = piexif.dump({"1st": {piexif.ImageIFD.Compression: 6}, "thumbnail": preview})
    photo = io.BytesIO()
    Pillow.effect_noise((640, 480), 90).save(photo, "JPEG", exif=exif)
    assert PICTURE.read(photo.getvalue())
    with pytest.raises(InvalidParameter, match="ends too early"):
        PICTURE.read(photo.getvalue()[:-5_000])


def test_bytes_may_follow_the_end_as_cameras_append_previews():
    assert PICTURE.read(JPEG + b"\0" * 100) and PICTURE.read(JPEG + JPEG)
    assert PICTURE.read(file() + b"\0" * 100)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_never_sends_a_photo_sideways(orientation, format):
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: orientation}})
    with pytest.raises(InvalidParameter) as raised:
        PICTURE.read(file(640, 480, format, exif=exif))
    assert str(raised.value) == (
        f"image must be upright, got a photo with the EXIF orientation {orientation}: turn it in "
        "an image editor, or with `mogrify -auto-orient`"
    )


def test_finds_the_orientation_behind_a_chunk_of_odd_length():
    """WebP pads each chunk to an even length. The six bytes before the TIFF data may be missing."""
    exif = piexif.dump({"0th": {piexif.ImageIFD.Orientation: 6}})
    content = file(640, 480, "WEBP", exif=exif.removeprefix(b"Exif\0\0"), icc_profile=b"odd")
    assert content.index(b"ICCP") < content.index(b"EXIF")
    assert images.orientation(content) == 6


def test_reads_no_orientation_from_the_pixels_of_a_jpeg():
    """Compressed pixels may look like any segment."""
    exif = b"\xff\xe1\x00\x22" + piexif.dump({"0th": {piexif.ImageIFD.Orientation: 6}})
    scan = b"\xff\xda\x00\x08" + bytes(6)
    assert images.orientation(b"\xff\xd8" + exif + scan) == 6
    assert images.orientation(b"\xff\xd8" + scan + exif) == 0


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_accepts_an_upright_photo(byte_order, format):
    exif = Pillow.Exif()
    exif.endian = byte_order
    exif[piexif.ImageIFD.Orientation] = 1
    assert PICTURE.read(file(640, 480, format, exif=exif))
    exif[piexif.ImageIFD.Orientation] = 3
    assert images.orientation(file(640, 480, format, exif=exif)) == 3


def test_an_image_that_is_not_required_may_be_left_out():
    assert OPTIONAL.read("") == b""
    for value, got in (("", "none"), ("abc", "text")):
        with pytest.raises(InvalidParameter) as raised:
            PICTURE.read(value)
        assert str(raised.value) == (
            f"image must be a file in a form (multipart/form-data), got {got}"
        )


def test_an_empty_file_is_not_taken_for_none():
    with pytest.raises(InvalidParameter, match="got an empty file"):
        OPTIONAL.read(b"")


def test_a_decompression_bomb_takes_no_memory():
    bomb = header_only(50_000, 50_000)
    assert len(bomb) < 1_024
    tracemalloc.start()
    with pytest.raises(InvalidParameter, match="got 50000 x 50000"):
        PICTURE.read(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000  # bytes


STARTS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", JPEG[:200], file()[:40]]


@given(start=some.sampled_from(STARTS), rest=some.binary(max_size=80))
def test_any_bytes_are_an_image_or_an_error(start, rest):
    try:
        assert PICTURE.read(start + rest) == start + rest
    except InvalidParameter as raised:
        assert str(raised).startswith("image must ")


@pytest.mark.parametrize(
    ("mode", "transparent", "expected"),
    [
        ("RGB", False, False), ("L", False, False), ("RGBA", False, False), ("LA", False, False),
        ("RGBA", True, True), ("LA", True, True), ("P", True, True),
    ],
)  # fmt: skip
def test_knows_whether_a_png_has_transparent_pixels(mode, transparent, expected):
    image = Pillow.effect_noise((96, 80), 90).convert("RGB")
    image.putalpha(255)
    if transparent:
        image.putpixel((50, 60), (0, 0, 0, 254))
    content = io.BytesIO()
    if mode == "P":
        image.quantize(8).save(content, "PNG", transparency=3)
    else:
        image.convert(mode).save(content, "PNG")
    assert images.may_be_transparent(content.getvalue()) == expected


def test_knows_whether_a_webp_may_have_transparent_pixels():
    for options in ({}, {"lossless": True}):
        opaque = file(64, 64, "WEBP", **options)
        clear = file(64, 64, "WEBP", mode="RGBA", color=(1, 2, 3, 4), **options)
        assert (images.may_be_transparent(opaque), images.may_be_transparent(clear)) == (0, 1)
    assert not images.may_be_transparent(JPEG)
