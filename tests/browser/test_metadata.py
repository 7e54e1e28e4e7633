"""Text in an image file: the page's metadata.js against Pillow, piexif and ExifTool."""

import io
import json
import struct
import subprocess
import zlib

import pytest
from PIL import Image, ImageSequence
from PIL.PngImagePlugin import PngInfo

from browser.recipes import (
    ODD_PROMPTS,
    PROMPTS,
    RECIPE,
    automatic1111_file,
    embed_texts,
    exif_with_comment,
    extract_texts,
    gradient,
    map_in_page,
    open_for_functions,
    read_parameters,
    sample_files,
    to_base64,
    to_file,
)
from conftest import ROOT

pytestmark = pytest.mark.slow

FILES = sample_files()
FORMATS = ["PNG", "JPEG", "WEBP"]
SETTINGS = "嵐の船 👩‍👩‍👧‍👦\nNegative prompt: هدوء\nSteps: 20, Seed: 7, Size: 8x8"


@pytest.fixture(scope="module")
def page(chromium, quick_site):
    with open_for_functions(chromium, quick_site) as page:
        yield page


@pytest.mark.parametrize("name", FILES)
def test_other_programs_read_the_text_and_the_same_pixels(page, name):
    recipes = [dict(RECIPE, prompt=prompt) for prompt in PROMPTS + ODD_PROMPTS]
    texts = map_in_page(page, "describe", recipes)
    made = embed_texts(page, [FILES[name]] * len(texts), texts)
    assert [read_parameters(file) for file in made] == texts
    assert extract_texts(page, made) == texts
    assert map_in_page(page, "parse", extract_texts(page, made)) == [
        {name: value for name, value in each.items() if value or name == "prompt"}
        for each in recipes
    ]
    assert decode_image(made[0]) == decode_image(FILES[name])


EXIFTOOL = ROOT / "infra/node_modules/exiftool-vendored.pl/bin/exiftool"


@pytest.mark.parametrize("name", ["png", "jpeg exif", "webp lossy"])
def test_exiftool_reads_the_text_without_warnings(page, tmp_path, name):
    recipes = [dict(RECIPE, prompt=prompt) for prompt in PROMPTS]
    texts = map_in_page(page, "describe", recipes)
    for number, made in enumerate(embed_texts(page, [FILES[name]] * len(texts), texts)):
        (tmp_path / f"{number:02}").write_bytes(made)
    command = ["perl", EXIFTOOL, "-json", "-warning", "-Parameters", "-UserComment"]
    found = json.loads(subprocess.check_output([*command, *sorted(tmp_path.iterdir())]))
    assert [each.get("Parameters") or each.get("UserComment") for each in found] == texts
    assert not [each["Warning"] for each in found if "Warning" in each]


def decode_image(file):
    """The format, the metadata without the text, and every pixel of every frame."""
    with Image.open(io.BytesIO(file)) as image:
        metadata = {name: value for name, value in image.info.items() if name != "exif"}
        metadata.pop("parameters", None)
        if image.format == "JPEG":
            metadata.pop("dpi", None)  # Pillow reads EXIF without a resolution as 72 dpi
        frames = [
            (frame.mode, frame.size, frame.tobytes()) for frame in ImageSequence.Iterator(image)
        ]
        return image.format, metadata, frames


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("webp")])
def test_changes_nothing_but_the_text(page, name):
    (made,) = embed_texts(page, [FILES[name]], [SETTINGS])
    marker = b"iTXt" if name.startswith("png") else b"\xff\xe1"
    (start,) = [at for at in range(len(made)) if made[at:].startswith(marker)][:1]
    if name.startswith("png"):
        start -= 4
        end = start + 12 + struct.unpack_from(">I", made, start)[0]
        assert zlib.crc32(made[start + 4 : end - 4]) == struct.unpack_from(">I", made, end - 4)[0]
        assert end < made.index(b"IDAT")
    else:
        end = start + 2 + struct.unpack_from(">H", made, start + 2)[0]
    assert made[:start] + made[end:] == without_exif(FILES[name])


def without_exif(file):
    if b"\xff\xe1" not in file or b"Exif\0\0" not in file:
        return file
    start = file.index(b"\xff\xe1")
    return file[:start] + file[start + 2 + struct.unpack_from(">H", file, start + 2)[0] :]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("webp")])
def test_writes_webp_chunks_in_the_specified_order(page, name):
    (made,) = embed_texts(page, [FILES[name]], [SETTINGS])
    before, after = dict(chunks(FILES[name])), dict(chunks(made))
    names = [chunk for chunk, _ in chunks(made)]
    order = ["VP8X", "ICCP", "ANIM", "ANMF", "ALPH", "VP8 ", "VP8L", "EXIF", "XMP "]
    assert names == sorted(names, key=order.index)
    assert names.count("EXIF") == names.count("VP8X") == 1
    for each in {*before, *after} - {"VP8X", "EXIF"}:
        assert before[each] == after[each]
    with Image.open(io.BytesIO(FILES[name])) as image:
        alpha, (width, height) = image.mode == "RGBA", image.size
    flags, *size = struct.unpack("<I3s3s", after["VP8X"])
    assert [int.from_bytes(each, "little") + 1 for each in size] == [width, height]
    bits = {"ICCP": 0x20, "EXIF": 0x08, "XMP ": 0x04, "ANIM": 0x02}
    assert flags & ~0x10 == sum(bit for each, bit in bits.items() if each in names)
    assert bool(flags & 0x10) == alpha


def chunks(file):
    assert len(file) == 8 + struct.unpack_from("<I", file, 4)[0]
    at = 12
    while at < len(file):
        name, length = struct.unpack_from("<4sI", file, at)
        yield name.decode(), file[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def test_keeps_data_after_the_end_of_a_webp(page):
    (made,) = embed_texts(page, [FILES["webp lossy"] + b"behind"], [SETTINGS])
    assert made.endswith(b"behind") and list(chunks(made[: -len(b"behind")]))
    assert read_parameters(made) == SETTINGS


@pytest.mark.parametrize("name", FILES)
def test_a_second_text_replaces_the_first(page, name):
    once = embed_texts(page, [FILES[name]] * 2, ["first: text", SETTINGS])
    twice = embed_texts(page, once, [SETTINGS] * 2)
    assert twice == [once[1]] * 2


def test_other_jpeg_segments_keep_their_order(page):
    app0, rest = FILES["jpeg"][:20], FILES["jpeg"][20:]
    assert app0.endswith(b"\0\0") and rest.startswith(b"\xff\xdb")
    credentials, old = segment(0xEB, b"JP\0\1jumb"), segment(0xE1, exif_with_comment("old"))
    adobe, thumbnail = (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
        segment(0xE0, b"JFXX\0"),
    )
    before = [
        app0 + thumbnail + credentials + old + adobe + old + rest,
        b"\xff\xd8" + old + app0[2:] + rest,
        b"\xff\xd8\xff\xff" + old[1:] + rest,
    ]
    tiff = exif(b"UNICODE\0" + SETTINGS.encode("utf-16-be"), ">")
    new = segment(0xE1, b"Exif\0\0" + tiff)
    assert embed_texts(page, before, [SETTINGS] * 3) == [
        app0 + thumbnail + new + credentials + adobe + rest,
        b"\xff\xd8" + new + app0[2:] + rest,
        b"\xff\xd8" + new + rest,
    ]


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def test_a_jpeg_holds_a_limited_text(page):
    sizes = map_in_page(
        page,
        """async ([file, length]) => {
            const made = embed(bytes(file), "x".repeat(length))
            return [made.length, (await extract(made)).length]
        }""",
        [[to_base64(FILES["jpeg"]), length] for length in (32_737, 32_738)],
    )
    size = len(FILES["jpeg"])
    assert sizes == [[size + 2 + 65_534, 32_737], [size, 0]]


@pytest.mark.parametrize(
    "file",
    [
        *(b"", b"\xff", b"GIF89a", b"RIFF", b"not a picture", b"RIFF\4\0\0\0WAVE"),
        *(FILES["png"][:8], FILES["png"][:30], b"RIFF\4\0\0\0WEBP", FILES["webp lossy"][:60]),
        FILES["png"][:8] + FILES["png"][-12:] + FILES["png"][8:],
        b"RIFF\xff\0\0\0WEBPVP8X\x08\0\0\0" + bytes(8) + FILES["webp lossless"][12:],
        FILES["webp lossy"].replace(b"\x9d\x01\x2a", b"\x9d\x01\x2b"),
    ],
)
def test_returns_an_unsupported_file_unchanged(page, file):
    same = "file => { const one = bytes(file); return embed(one, 'a: b') === one }"
    assert map_in_page(page, same, [to_base64(file)]) == [True]
    assert extract_texts(page, [file]) == [""]


@pytest.mark.parametrize("format", FORMATS)
def test_reads_what_automatic1111_saves(page, format):
    texts = map_in_page(page, "describe", [dict(RECIPE, prompt=prompt) for prompt in PROMPTS])
    files = [automatic1111_file(text, format) for text in [*texts, "café: crème, Seed: 7"]]
    assert extract_texts(page, files) == [read_parameters(file) for file in files]
    assert extract_texts(page, files)[:-1] == texts


def test_reads_every_kind_of_png_text(page):
    latin = "café \x80\x9f, with all of its ÿ"
    infos = [PngInfo() for _ in range(6)]
    infos[0].add_text("parameters", latin)
    infos[1].add_text("parameters", latin, zip=True)
    infos[2].add_itxt("parameters", SETTINGS, "ja", "設定")
    infos[3].add_itxt("parameters", SETTINGS, "ja", "設定", zip=True)
    infos[4].add_text("parameters", "first")
    infos[4].add_text("parameters", "last")
    infos[5].add_text("Parameters", "another keyword")
    files = [to_file(gradient(), "PNG", pnginfo=info) for info in infos]
    assert extract_texts(page, files) == [read_parameters(file) for file in files]
    assert extract_texts(page, files) == [latin, latin, SETTINGS, SETTINGS, "last", ""]


@pytest.mark.parametrize("first", [False, True], ids=["in its directory", "in the first directory"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("code", "encoding"),
    [
        (b"UNICODE\0", "utf-16-be"),
        (b"UNICODE\0", "utf-16-le"),
        (b"ASCII\0\0\0", "utf-8"),
        (bytes(8), "utf-8"),
        (b"", "utf-8"),
    ],
)
def test_reads_every_encoding_of_an_exif_comment(page, code, encoding, order, first):
    tiff = exif(code + SETTINGS.encode(encoding), order, first)
    jpeg = FILES["jpeg"][:2] + segment(0xE1, b"Exif\0\0" + tiff) + FILES["jpeg"][2:]
    webps = [to_file(gradient(), "WEBP", exif=prefix + tiff) for prefix in (b"", b"Exif\0\0")]
    assert extract_texts(page, [jpeg, *webps]) == [SETTINGS] * 3


def exif(comment, order="<", first=False):
    """A TIFF with the comment in the EXIF directory, or with `first` in the first one."""
    start = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    directories = [] if first else [struct.pack(order + "HHHIII", 1, 0x8769, 4, 1, 26, 0)]
    place = 26 if first else 44
    directories.append(struct.pack(order + "HHHIII", 1, 0x9286, 7, len(comment), place, 0))
    return start + b"".join(directories) + comment
