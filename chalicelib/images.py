"""What the bytes of an image file say about it: its type and its size. Decodes no pixels."""

import io
import re
import struct

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

# The bytes with which a whole file ends, and the last bytes before them that only a whole file has.
PNG_END = b"IEND\xaeB`\x82"
JPEG_SCAN, JPEG_END = b"\xff\xda", b"\xff\xd9"

UPRIGHT = (-1, 0, 1)  # EXIF's orientation; -1 if the file says nothing


def media_type(content: bytes) -> str:
    """The media type by the first bytes; "" if it is not JPEG, PNG or WebP."""
    found = (type for type, start in SIGNATURES.items() if start.match(content))
    return next(found, "")


def measure(content: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the file's header.

    Raises: ValueError with what the file must be if it is not a complete, upright image.
    """
    import imagesize  # here, as most requests have no image and a start takes less without it

    type = media_type(content)
    if not type:
        raise ValueError(f"be a JPEG, PNG or WebP image, got {name_file(content)}")
    try:
        info = imagesize.get_info(io.BytesIO(content), dpi=False, colors=False, channels=False)
    except (ValueError, IndexError, struct.error):
        raise ValueError("be a whole image, got a file without a size") from None
    if not is_complete(content, type):
        raise ValueError("be a whole image, got a file that ends too early")
    if info.rotation not in UPRIGHT:
        raise ValueError(
            f"be upright, got a photo with the EXIF orientation {info.rotation}: turn it in an "
            "image editor, or with `mogrify -auto-orient`"
        )
    return info.width, info.height


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
