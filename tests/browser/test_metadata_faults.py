"""Hostile files, broken files and any text, read by the page's metadata.js."""

import struct
import zlib

import pytest
from hypothesis import strategies as st

from browser.recipes import (
    as_javascript_text,
    automatic1111_file,
    draw_examples,
    embed_texts,
    extract_texts,
    map_in_page,
    open_for_functions,
    read_parameters,
    sample_files,
    to_base64,
)

pytestmark = pytest.mark.slow

FILES = sample_files()
ONE_EACH = ["png", "jpeg exif", "webp lossy", "webp lossless alpha", "webp rich"]
TEXT = "a ship\nSteps: 20, Seed: 7, Size: 8x8"

any_text = st.text(st.characters(exclude_categories=()))


@pytest.fixture(scope="module")
def page(chromium, quick_site):
    with open_for_functions(chromium, quick_site) as page:
        yield page


@pytest.mark.parametrize("name", ONE_EACH)
def test_any_text_can_be_read_back(page, name):
    texts = ["", "\ufeff", "\ufeff: ", "㨀\u2000: ", "a\0b\0", *draw_examples(any_text, 300)]
    files = embed_texts(page, [FILES[name]] * len(texts), texts)
    whole = [replace_surrogates(text) for text in texts]
    assert extract_texts(page, files) == whole
    assert [read_parameters(file) for file in files] == whole


def replace_surrogates(text):
    """The text with U+FFFD in place of lone surrogates, which no file can hold."""
    return as_javascript_text(text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@pytest.mark.parametrize("name", ONE_EACH)
def test_reads_a_broken_file_without_an_error(page, name):
    (whole,) = embed_texts(page, [FILES[name]], [TEXT])
    cut = [whole[:length] for length in range(0, len(whole), 3)]
    bent = [
        whole[:at] + bytes([value]) + whole[at + 1 :]
        for at in range(0, min(len(whole), 400))
        for value in (0, 0xFF, whole[at] ^ 1)
    ]
    texts = rewrite(page, cut + bent)
    assert TEXT in texts and "" in texts


def test_reads_any_bytes_without_an_error(page):
    starts = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\xff\0\0WEBP", b"RIFF\x20\0\0\0WEBP"]
    pieces = [
        *(b"\0\0\0\5tEXt", b"\0\0\0\x20iTXt", b"parameters\0", b"\0\0\0\rIHDR", b"IDAT"),
        *(b"\xff\xe1\0\x40", b"\xff\xe0\0\2", b"Exif\0\0", b"MM\0*\0\0\0\x08", b"II*\0\x08\0\0\0"),
        *(b"EXIF\x40\0\0\0", b"VP8 \x10\0\0\0", b"VP8L\5\0\0\0\x2f", b"VP8X\n\0\0\0"),
        *(b"\x87\x69", b"\x86\x92", b"\0\x04\0\0\0\1", b"UNICODE\0", b"ASCII\0\0\0", b"\0\0\0"),
    ]
    soup = st.lists(st.sampled_from(pieces) | st.binary(max_size=16), max_size=12).map(b"".join)
    rewrite(page, draw_examples(st.sampled_from([b"", *starts]).flatmap(soup_after(soup)), 300))


def soup_after(soup):
    return lambda start: soup.map(lambda rest: start + rest)


def rewrite(page, files):
    """The text of each file, after checking that embedding a new text works or changes nothing."""
    results = map_in_page(
        page,
        """async file => {
            const one = bytes(file)
            const made = embed(one, "new: text")
            return [await extract(one), made === one || await extract(made) === "new: text"]
        }""",
        [to_base64(file) for file in files],
    )
    assert all(isinstance(text, str) for text, _ in results)
    assert [file for file, (_, written) in zip(files, results, strict=True) if not written] == []
    return [text for text, _ in results]


def jpeg(tiff):
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff


FIRST = b"MM\0*\0\0\0\x08\0\1"  # a directory with one entry
COMMENT = FIRST + b"\x92\x86\0\7"
LIES = {
    "the directory is the header": b"MM\0*\0\0\0\0",
    "the directory is nowhere": b"MM\0*\xff\xff\xff\xff",
    "a directory without end": b"MM\0*\0\0\0\x08\xff\xff" + b"\1" * 60,
    "directories in a circle": FIRST + b"\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08",
    "the comment is longer than the file": COMMENT + b"\xff\xff\xff\xff\0\0\0\x08",
    "the comment is behind the file": COMMENT + b"\0\0\0\x09\xff\xff\xff\xff",
    "no comment": b"MM\0*\0\0\0\x08\0\0\0\0\0\0",
    "an empty comment": COMMENT + b"\0\0\0\0\0\0\0\0",
    "neither byte order": b"XX\0*\0\0\0\x08\0\0",
}


@pytest.mark.parametrize("tiff", LIES.values(), ids=LIES)
def test_finds_no_text_in_invalid_exif(page, tiff):
    assert rewrite(page, [jpeg(tiff)]) == [""]


def png(*chunks):
    header = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in [*header, *chunks]
    )


def test_finds_no_text_in_a_png_bomb(page):
    bomb = zlib.compress(bytes(50_000_000))
    just, over = (zlib.compress(b"x" * size) for size in (900_000, 1_100_000))
    keyword = b"parameters\0"
    bodies = {
        b"iTXt": [
            b"\1\0\0\0" + bomb,
            b"\1\0\0\0" + over,
            b"\1\0\0\0not zlib",
            b"\1\0\0\0" + just[:-9],
        ],
        b"zTXt": [b"\0" + bomb, b"\0" + over, b"\0", b""],
    }
    bodies[b"iTXt"] += [b"", b"\0", b"\0\0", b"\0\0no end", b"\0\0\0no end either"]
    files = [png((name, keyword + body)) for name in bodies for body in bodies[name]]
    assert rewrite(page, files) == [""] * len(files)
    assert extract_texts(page, [png((b"zTXt", keyword + b"\0" + just))]) == ["x" * 900_000]


# Each fills 10 MB in the page itself: a start, and the bytes repeated after it.
JUNK = {
    "zeros": ([], [0]),
    "png of zeros": ([*b"\x89PNG\r\n\x1a\n"], [0]),
    "png of empty chunks": ([*png()], [*b"\0\0\0\0tEXt\0\0\0\0"]),
    "png of texts": ([*png()], [*b"\0\0\0\x0biTXtparameters\0\0\0\0\0"]),
    "jpeg of fill bytes": ([0xFF, 0xD8], [0xFF]),
    "jpeg of empty segments": ([0xFF, 0xD8], [0xFF, 0xE0, 0, 2]),
    "jpeg of empty exif": ([0xFF, 0xD8], [0xFF, 0xE1, 0, 8, *b"Exif\0\0"]),
    "jpeg of restarts": ([0xFF, 0xD8, 0xFF], [0xFF, 0xD0]),
    "webp of empty chunks": ([*b"RIFF\xff\xff\xff\x7fWEBP"], [*b"junk\0\0\0\0"]),
    "webp of exif": ([*b"RIFF\xff\xff\xff\x7fWEBP"], [*b"EXIF\0\0\0\0"]),
}


@pytest.mark.parametrize(("start", "again"), JUNK.values(), ids=JUNK)
def test_reads_junk_in_linear_time(page, start, again):
    script = """async ([start, again]) => {
        const { embed, extract } = await import(new URL("files/formats.js", document.baseURI))
        const bytes = new Uint8Array(1e7)
        bytes.set(start)
        bytes.set(again, start.length)
        for (let size = again.length; start.length + size < bytes.length; size *= 2) {
            bytes.copyWithin(start.length + size, start.length, start.length + size)
        }
        const began = performance.now()
        const text = await extract(bytes)
        return [text, performance.now() - began]
    }"""
    text, milliseconds = page.evaluate(script, [start, again])
    assert text == "" and milliseconds < 5_000


def test_finds_no_text_in_other_file_types(page):
    (text,) = extract_texts(page, [automatic1111_file(TEXT, "PNG")])
    assert text == TEXT
    assert rewrite(page, [b"GIF89a" + TEXT.encode(), TEXT.encode(), b"%PDF-1.7"]) == [""] * 3
