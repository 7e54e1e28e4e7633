"""Image files, and forms as clients send them."""

import io
import struct
import zlib

from PIL import Image

BOUNDARY = "----easel"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def file(width=64, height=64, format="PNG", mode="RGB", color="navy", **options):
    """An image file."""
    content = io.BytesIO()
    Image.new(mode, (width, height), color).save(content, format, **options)
    return content.getvalue()


def png(width, height, bits, colour, data=b"", interlacing=0, **chunks):
    """A PNG of its parts; the filtered `data` is compressed. Any size can be announced."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlacing)
    parts = {"IHDR": header, **chunks, "IDAT": zlib.compress(data), "IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind.encode() + content
        + struct.pack(">I", zlib.crc32(kind.encode() + content))
        for kind, content in parts.items()
    )  # fmt: skip


def form(*fields, boundary=BOUNDARY, **named):
    """The body of a form: pairs of a name and text or a file's bytes."""
    parts = []
    for name, value in [*fields, *named.items()]:
        kind = '; filename="upload"\r\nContent-Type: application/octet-stream'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        content = value if isinstance(value, bytes) else str(value).encode()
        parts.append(head.encode() + kind.encode() * isinstance(value, bytes) + b"\r\n\r\n")
        parts.append(content + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
