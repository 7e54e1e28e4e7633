"""Painting styles. Each takes a picture, dice, and a finish from 0 (rough) to 1 (detailed)."""

import numpy as np
from PIL import Image, ImageFilter

from . import noise
from .noise import Dice, Field, blur, mix, ramp, rgb, to_field, to_image

Brush = tuple[float, float, float, float]
# Brush width and stroke length as shares of the picture's side, strokes per spot, and the least
# color error of a spot (of 765) that gets a stroke.
BRUSHES = (
    (0.050, 0.150, 2.6, 0),
    (0.024, 0.085, 2.4, 18),
    (0.0115, 0.046, 2.2, 17),
    (0.0058, 0.024, 2.2, 20),
    (0.0032, 0.013, 2.2, 26),
)
ANGLES = 24


def paint_oil(picture: Field, dice: Dice, finish: float) -> Field:
    """Layers of brush strokes, from a broad brush to a fine one, lit from above."""
    target = to_image(picture)
    canvas = target.reduce(24).resize(target.size).convert("RGBA")  # alpha: the height of the paint
    angles = _stroke_angles(target, dice)
    for brush in BRUSHES[: 2 + round(finish * 3)]:
        _paint_strokes(target, canvas, angles, dice, brush)
    height = to_field(canvas.getchannel("A").filter(ImageFilter.GaussianBlur(0.7)))
    slope = np.gradient(height, axis=0) + 0.6 * np.gradient(height, axis=1)
    paint = mix(to_field(canvas.convert("RGB")), picture, 0.3 * finish)
    return paint * (1 + np.clip(slope, -0.3, 0.3) * 0.7)[..., None]


def _stroke_angles(target: Image.Image, dice: Dice) -> Field:
    """The brush's direction at each spot: along edges, and in slow curves elsewhere."""
    small = target.convert("L").reduce(4).filter(ImageFilter.GaussianBlur(1.2))
    down, across = np.gradient(np.asarray(small, np.float32))
    xx, yy, xy = (
        blur(np.asarray(part), 5) for part in (across * across, down * down, across * down)
    )
    edge = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    calm = (noise.fractal(dice, xx.shape, 2, 2, 3) - 0.5) * 3
    return np.where(np.hypot(xx - yy, 2 * xy) > 1.2, edge, calm)


def _paint_strokes(
    target: Image.Image, canvas: Image.Image, angles: Field, dice: Dice, brush: Brush
) -> None:
    side = (target.width * target.height) ** 0.5
    width, length = max(3.0, brush[0] * side), max(8.0, brush[1] * side)
    number = int(side**2 / (width * length) * brush[2])
    blocks = max(1, int(width * 0.4))
    x, y = dice.integers(0, target.width, number), dice.integers(0, target.height, number)
    seen = np.asarray(target.reduce(blocks), np.float32)[y // blocks, x // blocks]
    error = np.abs(seen - np.asarray(canvas)[y, x, :3]).sum(axis=1)
    chosen = error >= brush[3]
    x, y, seen = x[chosen], y[chosen], seen[chosen]
    turn = angles[y // 4, x // 4] + dice.normal(0, 0.12, len(x))
    kinds = (np.round(turn / np.pi * ANGLES).astype(int) % ANGLES) * 2 + dice.integers(0, 2, len(x))
    wobble = dice.normal(0, 4, (len(x), 1)) + dice.normal(0, 2, (len(x), 3))
    colors = np.clip(seen + wobble, 0, 255).astype(int)
    paint = np.column_stack([colors, dice.integers(40, 216, len(x))])
    marks = _marks(int(width), int(length), dice)
    strokes = (part.tolist() for part in (x, y, kinds, paint))
    for left, top, kind, color in zip(*strokes, strict=True):
        mark = marks[kind]
        canvas.paste(tuple(color), (left - mark.width // 2, top - mark.height // 2), mark)


def _marks(width: int, length: int, dice: Dice) -> list[Image.Image]:
    """Masks of a bristle stroke: two kinds for each angle."""
    kinds = []
    for _ in range(2):
        bristles = noise.fractal(dice, (width, length), 1.5, max(2, width / 3), 3)
        across = np.abs(np.linspace(-1, 1, width))[:, None]
        ends = 1 - np.abs(np.linspace(-1, 1, length)) - 0.5 * (bristles - 0.3)
        cover = np.clip(ends * 4, 0, 1) * np.clip((1.05 - across) * 3.5, 0, 1)
        kinds.append(to_image(cover * np.clip(1.6 * bristles + 0.2, 0, 1)))
    turns = [-180 * angle / ANGLES for angle in range(ANGLES)]
    return [kind.rotate(turn, Image.Resampling.BICUBIC, True) for turn in turns for kind in kinds]


def paint_watercolor(picture: Field, dice: Dice, finish: float) -> Field:
    """Pale washes with dark edges, on rough paper with a white rim."""
    h, w = picture.shape[:2]
    small = to_image(picture).resize((w // 2, h // 2), Image.Resampling.BOX)
    small = small.filter(ImageFilter.MedianFilter(7 if finish > 0.5 else 11))
    x, y = np.arange(w), np.arange(h)[:, None]
    reach = 0.012 * (2.2 - finish) * min(w, h)
    right, down = (
        (noise.fractal(dice, (h, w), 40 + 60 * finish, 40, 3) - 0.5) * reach for _ in range(2)
    )
    rows, columns = (y + down).astype(int).clip(0, h - 1), (x + right).astype(int).clip(0, w - 1)
    wash = to_field(small.resize((w, h)))[rows, columns]
    gray = wash.mean(axis=2)
    pool = np.clip((blur(gray, 9) - gray) * 2.2, -0.06, 0.3)
    paper = noise.fractal(dice, (h, w), w / 7, h / 7, 2) - 0.5
    bloom = noise.fractal(dice, (h, w), 4, 4, 5) - 0.5
    wash = mix(wash, rgb("ffffff"), 0.22) * (1 - pool + paper * 0.14 + bloom * 0.3)[..., None]
    rim = np.minimum(np.minimum(x, w - 1 - x), np.minimum(y, h - 1 - y)) / min(w, h)
    return mix(rgb("fbf8f0"), np.clip(wash, 0, 1), ramp(0.015, 0.05, rim + bloom * 0.08))


def paint_pixel(picture: Field, dice: Dice, finish: float) -> Field:
    """Large pixels in few colors."""
    h, w = picture.shape[:2]
    cell = max(2, round((w * h) ** 0.5 / (44 + 100 * finish)))
    small = to_image(picture).resize((-(-w // cell), -(-h // cell)), Image.Resampling.BOX)
    few = small.quantize(28, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    big = few.resize((few.width * cell, few.height * cell), Image.Resampling.NEAREST)
    return to_field(big.crop((0, 0, w, h)))


STYLES = {"oil": paint_oil, "watercolor": paint_watercolor, "pixel": paint_pixel}
