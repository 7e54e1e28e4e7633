"""What the bytes of an image file say about it: its type and its size. Decodes no pixels.

The package imagesize reads the same. It would be a tenth of the deployed package, imports XML and
HTTP, and reads the sizes of scaled WebP files wrongly.
"""

import contextlib
import re
import struct
from collections.abc import Iterator

SIGNATURES = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}

# What people send instead, by its first bytes (the signatures of libmagic).
OTHER_FILES = {
    "an empty file": re.compile(rb"\Z"),
    "a HEIC photo": re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL),
    "an AVIF image": re.compile(rb"....ftypavi", re.DOTALL),
    "a GIF": re.compile(rb"GIF8"),
    "an SVG drawing": re.compile(rb"\s*(<\?xml[^>]*>\s*)?<svg"),
    "a PDF": re.compile(rb"%PDF-"),
    "a TIFF image": re.compile(rb"II\*\0|MM\0\*"),
    "text": re.compile(rb"[\t\n\r -~\x80-\xff]{1,64}\Z"),
}

PNG_END = b"IEND\xaeB`\x82"
JPEG_SCAN, JPEG_END = b"\xff\xda", b"\xff\xd9"
JPEG_MARKER = re.compile(rb"\xff++([^\0])")
MAX_JPEG_SEGMENTS = 1_000  # cameras write about ten, and one for each 64 kB of other data
JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the markers that carry the size
MAX_CHUNKS = 10_000  # of a PNG or WebP: encoders make few of less than a kilobyte

EXIF = b"Exif\0\0"
ORIENTATION = 0x0112
UPRIGHT = (0, 1)


def media_type(content: bytes) -> str:
    """The media type by the first bytes; "" if it is not JPEG, PNG or WebP."""
    found = (type for type, start in SIGNATURES.items() if start.match(content))
    return next(found, "")


def measure(content: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the file's header.

    Raises: ValueError with what the file must be if it is not a complete, upright image.
    """
    type = media_type(content)
    if not type:
        raise ValueError(f"be a JPEG, PNG or WebP image, got {name_file(content)}")
    read = {"image/jpeg": jpeg_size, "image/png": png_size, "image/webp": webp_size}[type]
    try:
        size = read(content)
    except (IndexError, KeyError, struct.error):
        raise ValueError("be a whole image, got a file without a size") from None
    if not is_complete(content, type):
        raise ValueError("be a whole image, got a file that ends too early")
    if (turned := orientation(content)) not in UPRIGHT:
        raise ValueError(
            f"be upright, got a photo with the EXIF orientation {turned}: turn it in an image "
            "editor, or with `mogrify -auto-orient`"
        )
    return size


def png_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def webp_size(content: bytes) -> tuple[int, int]:
    """RFC 9649: the extended, the lossless and the lossy format (its frame header: RFC 6386)."""
    kind, number = content[12:16], int.from_bytes
    if kind == b"VP8X":
        return number(content[24:27], "little") + 1, number(content[27:30], "little") + 1
    if kind == b"VP8L":
        bits = number(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from({b"VP8 ": "<HH"}[kind], content, 26)
    return width & 0x3FFF, height & 0x3FFF


def jpeg_size(content: bytes) -> tuple[int, int]:
    """ITU-T T.81, B.2.2."""
    frames = (data for marker, data in jpeg_segments(content) if marker in JPEG_FRAMES)
    height, width = struct.unpack_from(">xHH", next(frames, b""))
    return width, height


def jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and data of each segment before the image's data."""
    position = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        found = JPEG_MARKER.match(content, position)
        start, marker = (found.end(), found[1][0]) if found else (0, JPEG_SCAN[1])
        length = int.from_bytes(content[start : start + 2])
        if marker == JPEG_SCAN[1] or length < 2:
            return
        yield marker, content[start + 2 : start + length]
        position = start + length


def orientation(content: bytes) -> int:
    """EXIF's orientation (CIPA DC-008): 1 is upright, 2 to 8 are turned or mirrored.

    0 if the file has none, or none that can be read.
    """
    tiff = exif(content).removeprefix(EXIF)
    order = "<" if tiff.startswith(b"II") else ">"
    with contextlib.suppress(struct.error):
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for start in range(first + 2, first + 2 + 12 * count, 12):
            tag, value = struct.unpack_from(order + "H6xH", tiff, start)
            if tag == ORIENTATION:
                return int(value)
    return 0


def exif(content: bytes) -> bytes:
    """The EXIF data of the file; b"" if it has none."""
    type = media_type(content)
    if type == "image/jpeg":
        found = (data for _, data in jpeg_segments(content) if data.startswith(EXIF))
    else:
        found = (data for kind, data in chunks(content, type) if kind in (b"eXIf", b"EXIF"))
    return next(found, b"")


def chunks(content: bytes, type: str) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a PNG or a WebP (PNG's third edition, 5.3; RFC 9649, 2.3)."""
    is_png = type == "image/png"
    position = 8 if is_png else 12
    for _ in range(MAX_CHUNKS):
        head = content[position : position + 8]
        if len(head) < 8:
            return
        kind, number = (head[4:], head[:4]) if is_png else (head[:4], head[4:])
        length = int.from_bytes(number, "big" if is_png else "little")
        yield kind, content[position + 8 : position + 8 + length]
        position += length + 12 if is_png else 8 + length + length % 2


def name_file(content: bytes) -> str:
    found = (name for name, start in OTHER_FILES.items() if start.match(content[:64]))
    return next(found, "other bytes")


def is_complete(content: bytes, type: str) -> bool:
    """Whether the file has its end; bytes may follow, as cameras append previews."""
    if type == "image/png":
        return PNG_END in content
    if type == "image/webp":
        return len(content) >= 8 + int.from_bytes(content[4:8], "little")
    return content.rfind(JPEG_END) > content.rfind(JPEG_SCAN) > 0


def may_be_transparent(content: bytes) -> bool:
    """Whether an image has transparent pixels; of a WebP, whether it says that it may."""
    type = media_type(content)
    if type == "image/png":
        from chalicelib import png  # here, as few requests edit a transparent image

        return png.has_transparency(content)
    # The flags of WebP's extended and lossless headers (RFC 9649, sections 2.7 and 3.4).
    extended = content[12:16] == b"VP8X" and content[20] & 16
    lossless = content[12:16] == b"VP8L" and content[24] & 16
    return type == "image/webp" and bool(extended or lossless)
