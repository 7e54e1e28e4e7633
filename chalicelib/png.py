"""Reads the pixels of PNG files as far as masks need them. Lambda has no image library.

PNG filters each byte of a pixel on its own (www.w3.org/TR/png-3, section 9). So one channel can be
taken out of an image, and compared with a constant, without undoing the filters.
"""

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6  # color types
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
MAX_PIXELS = 9_437_184  # Stability's limit, and so that of the memory that a file can take
INVERTED_GREYS = b"".join(bytes([255 - level]) * 3 for level in range(256))


@dataclass(frozen=True)
class Png:
    """A parsed file. `chunks` holds each kind's content, joined."""

    chunks: dict[bytes, bytes]

    @property
    def header(self) -> tuple[int, ...]:
        """Width, height, bits of a sample, color type, compression, filter method, interlacing."""
        return struct.unpack(">IIBBBBB", self.chunks[b"IHDR"])

    @property
    def pixel_bits(self) -> int:
        return self.header[2] * CHANNELS[self.header[3]]

    def planes(self, offset: int) -> Iterator[tuple[int, bytes]]:
        """Of each row its filter type, and the filtered byte at `offset` of every pixel.

        Pixels of less than a byte come as whole bytes. Raises: ValueError if the data ends early.
        """
        width, height = self.header[:2]
        step, size = (self.pixel_bits + 7) // 8, 1 + (width * self.pixel_bits + 7) // 8
        try:  # never inflates more than the header announces
            data = zlib.decompressobj().decompress(self.chunks[b"IDAT"], size * height)
        except zlib.error:
            data = b""
        if len(data) < size * height:
            raise ValueError("be a whole PNG, got broken data")
        for start in range(0, size * height, size):
            yield data[start], data[start + 1 + offset : start + size : step]

    def is_constant(self, offset: int, value: int) -> bool:
        """Whether the byte at `offset` of every pixel has this value."""
        rows = iter(self.planes(offset))
        kind, row = next(rows)
        if row != filtered(value, len(row), kind, above=0):
            return False
        return all(row == filtered(value, len(row), kind, above=value) for kind, row in rows)


def filtered(value: int, length: int, kind: int, above: int) -> bytes | None:
    """A row of equal bytes below a row of equal ones (0: the first row), as the filter writes it.

    None for a filter that does not exist.
    """
    first = {0: value, 1: value, 2: value - above, 3: value - above // 2, 4: value - above}
    rest = {0: value, 1: 0, 2: value - above, 3: value - (value + above) // 2, 4: 0}
    return bytes([first[kind]]) + bytes([rest[kind]]) * (length - 1) if kind in first else None


def parse(content: bytes) -> Png:
    """Raises: ValueError if it is not a whole PNG."""
    parts: dict[bytes, list[bytes]] = defaultdict(list)
    position = len(SIGNATURE)
    while position + 8 <= len(content) and b"IEND" not in parts:
        length, kind = struct.unpack_from(">I4s", content, position)
        parts[kind].append(content[position + 8 : position + 8 + length])
        position += length + 12
    chunks = {kind: b"".join(parts[kind]) for kind in parts}
    png = Png(chunks)
    if not {b"IHDR", b"IDAT", b"IEND"} <= chunks.keys() or len(chunks[b"IHDR"]) != 13:
        raise ValueError("be a whole PNG, got one without all of its parts")
    if png.header[3] not in CHANNELS or png.header[2] not in (1, 2, 4, 8, 16):
        raise ValueError("be a PNG, got one of an unknown kind")
    if png.header[0] * png.header[1] > MAX_PIXELS:
        raise ValueError(f"have {MAX_PIXELS} pixels at most")
    return png


def has_area(content: bytes) -> bool:
    """Whether a mask has a pixel that is not black. True if that cannot be told simply.

    Raises: ValueError if the file is broken.
    """
    png = parse(content)
    _, _, bits, color, *_, interlacing = png.header
    if interlacing:
        return True
    if color == PALETTE:
        first = next(png.planes(0))[1][0]  # up to eight pixels
        indices = {first >> shift & (1 << bits) - 1 for shift in range(0, 8, bits)}
        levels = [png.chunks.get(b"PLTE", b"")[3 * index : 3 * index + 3] for index in indices]
        return any(map(any, levels)) or not png.is_constant(0, first)
    channels = 3 if color in (RGB, RGBA) else 1
    return not all(png.is_constant(offset, 0) for offset in range(channels * max(bits // 8, 1)))


def has_transparency(content: bytes) -> bool:
    """Whether an image has a pixel that is not opaque, as `has_area`."""
    png = parse(content)
    _, _, bits, color, *_, interlacing = png.header
    if color not in (GRAY_ALPHA, RGBA):
        return b"tRNS" in png.chunks
    bytes_per_pixel = png.pixel_bits // 8
    alpha = range(bytes_per_pixel - bits // 8, bytes_per_pixel)
    return bool(interlacing) or not all(png.is_constant(offset, 255) for offset in alpha)


def from_alpha(content: bytes) -> bytes:
    """Stability's mask (white is edited) of OpenAI's (transparent is edited).

    The file itself if it has no transparency: then white is edited already.
    Raises: ValueError if the file is broken, or its transparency is of another kind.
    """
    png = parse(content)
    width, height, bits, color, *_, interlacing = png.header
    if color == PALETTE and b"tRNS" in png.chunks:
        colors = len(png.chunks.get(b"PLTE", b"")) // 3
        alphas = png.chunks[b"tRNS"].ljust(colors, b"\xff")
        palette = b"".join(bytes([255 - alpha]) * 3 for alpha in alphas[:colors])
        return write(png.chunks[b"IHDR"], palette, png.chunks[b"IDAT"])
    if color not in (GRAY_ALPHA, RGBA) and b"tRNS" not in png.chunks:
        return content
    if color not in (GRAY_ALPHA, RGBA) or bits != 8 or interlacing:
        raise ValueError("be a PNG with an alpha channel of 8 bits, not interlaced")
    rows = b"".join(bytes([kind]) + row for kind, row in png.planes(CHANNELS[color] - 1))
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    return write(header, INVERTED_GREYS, zlib.compress(rows, 1))


def write(header: bytes, palette: bytes, data: bytes) -> bytes:
    chunks = {b"IHDR": header, b"PLTE": palette, b"IDAT": data, b"IEND": b""}
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks.items()
    )  # fmt: skip
