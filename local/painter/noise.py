"""Random fields and color arithmetic on numpy arrays. Knows no scenery."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[Any]  # float32, with the picture's shape, values around 0 to 1
Dice = np.random.Generator


def seeded_dice(key: str) -> Dice:
    """The same random generator for the same key, on every machine."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))


def rgb(code: str) -> Field:
    """'1b2a3c' as red, green and blue from 0 to 1."""
    return np.array(list(bytes.fromhex(code)), np.float32) / 255


def ramp(low: float, high: float, value: Any) -> Any:
    """Smoothstep: 0 below low, 1 above high, smooth in between. High may be less than low."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return part * part * (3 - 2 * part)


def mix(first: Field, second: Field, amount: Any) -> Field:
    """Interpolate from first (amount 0) to second (amount 1). Amount may be a value per pixel."""
    amount = np.asarray(amount, np.float32)
    if 0 < amount.ndim != max(first.ndim, second.ndim):
        amount = amount[..., None]
    mixed: Field = first + (second - first) * amount
    return mixed


def fractal(
    dice: Dice,
    shape: tuple[int, ...],
    across: float,
    down: float,
    octaves: int,
    ridged: bool = False,
) -> Field:
    """Noise from 0 to 1 that tiles, `across` by `down` cells.

    If ridged, it has sharp bright creases, as rock and foam do.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cells = max(1, round(across * 2**octave)), max(1, round(down * 2**octave))
        layer = _layer(dice, shape, *cells)
        total += 0.5**octave * (1 - np.abs(2 * layer - 1) if ridged else layer)
    return total / (2 - 0.5 ** (octaves - 1))


def _layer(dice: Dice, shape: tuple[int, ...], across: int, down: int) -> Field:
    cells = np.pad(dice.random((down, across), np.float32), 2, mode="wrap")
    box = (2, 2, across + 2, down + 2)
    return np.asarray(
        Image.fromarray(cells).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box)
    )


def sample(tile: Field, u: Field, v: Field) -> Field:
    """The values at u, v of a repeated tile, interpolated; u and v count tiles."""
    h, w = tile.shape
    x, y = np.asarray(u * w, np.float32), np.asarray(v * h, np.float32)
    left, top = np.floor(x), np.floor(y)
    x, y = x - left, y - top
    left, top = left.astype(np.int32) % w, top.astype(np.int32) % h
    right, row, below = (left + 1) % w, top * w, (top + 1) % h * w
    flat = tile.ravel()
    above = mix(flat.take(row + left), flat.take(row + right), x)
    return mix(above, mix(flat.take(below + left), flat.take(below + right), x), y)


def blur(field: Field, radius: float) -> Field:
    """Blur by shrinking and enlarging, as Pillow cannot blur floats."""
    h, w = field.shape
    small = max(2, round(w / radius)), max(2, round(h / radius))
    shrunk = Image.fromarray(np.asarray(field, np.float32)).resize(small, Image.Resampling.BILINEAR)
    return np.asarray(shrunk.resize((w, h), Image.Resampling.BICUBIC))


def to_image(picture: Field) -> Image.Image:
    """Colors from 0 to 1 as a Pillow image."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))


def to_field(image: Image.Image) -> Field:
    """A Pillow image as colors (or gray) from 0 to 1."""
    return np.asarray(image, np.float32) / 255
