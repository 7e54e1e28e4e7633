"""Oil paint: a picture repeated in brush strokes, from a broad brush to a fine one."""

import numpy as np
from PIL import Image, ImageFilter

from . import noise
from .noise import Dice, Field, blur, mix, to_field, to_image

# Brush width and stroke length as shares of the picture's side, how often each spot is met, and how
# wrong a spot's colour must be (of 765) to be met at all.
BRUSHES = (
    (0.050, 0.150, 2.6, 0),
    (0.024, 0.085, 2.4, 18),
    (0.0115, 0.046, 2.2, 17),
    (0.0058, 0.024, 1.9, 20),
    (0.0032, 0.013, 1.6, 26),
)
ANGLES = 24


def oil(picture: Field, dice: Dice, finish: float) -> Field:
    """The picture in oil: finish 0 is the broad brushes alone, 1 is all of them."""
    target = to_image(picture)
    canvas = target.reduce(24).resize(target.size).convert("RGBA")  # alpha: how high the paint lies
    angles = _flow(target, dice)
    for number, brush in enumerate(BRUSHES[: 2 + round(finish * 3)]):
        _lay_strokes(target, canvas, angles, dice, brush, 0.6 + 0.4 * finish, number)
    return _lit_from_above(canvas, picture, finish)


def _flow(target: Image.Image, dice: Dice) -> Field:
    """The brush's direction at each spot: along the edges, elsewhere in slow curves."""
    w, h = target.size
    small = target.convert("L").resize((w // 4, h // 4), Image.Resampling.BOX)
    grey = np.asarray(small.filter(ImageFilter.GaussianBlur(1.2)), np.float32)
    down, across = np.gradient(grey)
    xx, yy, xy = (
        blur(np.asarray(part), 5) for part in (across * across, down * down, across * down)
    )
    edge = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    strength = np.hypot(xx - yy, 2 * xy)
    calm = (noise.clouds(dice, grey.shape, 2, 2, 3) - 0.5) * 3
    return np.where(strength > 1.2, edge, calm).astype(np.float32)


def _lay_strokes(
    target: Image.Image,
    canvas: Image.Image,
    angles: Field,
    dice: Dice,
    brush: tuple[float, float, float, float],
    share: float,
    number: int,
) -> None:
    side = (target.width * target.height) ** 0.5
    width, length = max(3.0, brush[0] * side), max(8.0, brush[1] * side)
    blocks = max(1, int(width * 0.4))
    x, y = _spots(target, width * length / brush[2] / share, dice)
    seen = np.asarray(target.reduce(blocks), np.float32)[y // blocks, x // blocks]
    wrong = np.abs(seen - np.asarray(canvas)[y, x, :3]).sum(axis=1)
    chosen = wrong >= brush[3]
    x, y, seen = x[chosen], y[chosen], seen[chosen]
    turn = angles[np.minimum(y // 4, angles.shape[0] - 1), np.minimum(x // 4, angles.shape[1] - 1)]
    turn = turn + dice.normal(0, 0.16, len(x)) * (1 if number < 3 else 0.5)
    marks = _marks(width, length, dice)
    kinds = (np.round(turn / np.pi * ANGLES).astype(int) % ANGLES) * 2 + dice.integers(0, 2, len(x))
    wobble = dice.normal(0, 7, (len(x), 1)) + dice.normal(0, 3.5, (len(x), 3))
    colours = np.clip(seen + wobble * (1 - 0.17 * number), 0, 255).astype(int)
    paint = np.column_stack([colours, dice.integers(40, 216, len(x))])
    for left, top, kind, colour in zip(
        *(part.tolist() for part in (x, y, kinds, paint)), strict=True
    ):
        mark = marks[kind]
        canvas.paste(tuple(colour), (left - mark.width // 2, top - mark.height // 2), mark)


def _spots(target: Image.Image, area: float, dice: Dice) -> tuple[np.ndarray, np.ndarray]:
    """Spots about evenly spread, one for each area, in no order."""
    gap = area**0.5
    x, y = np.meshgrid(np.arange(0, target.width, gap), np.arange(0, target.height, gap))
    order = dice.permutation(x.size)
    x, y = (part.ravel()[order] + dice.uniform(0, gap, x.size) for part in (x, y))
    return x.astype(int).clip(0, target.width - 1), y.astype(int).clip(0, target.height - 1)


def _marks(width: float, length: float, dice: Dice) -> list[Image.Image]:
    """What a stroke covers, in every direction, two kinds of each."""
    kinds = [_mark(int(width), int(length), dice) for _ in range(2)]
    turns = [(-180 * angle / ANGLES, kind) for angle in range(ANGLES) for kind in kinds]
    return [kind.rotate(turn, Image.Resampling.BICUBIC, True) for turn, kind in turns]


def _mark(width: int, length: int, dice: Dice) -> Image.Image:
    bristles = noise.clouds(dice, (width, length), 1.5, max(2, width / 3), 3)
    across = np.abs(np.linspace(-1, 1, width))[:, None]
    along = np.abs(np.linspace(-1, 1, length))[None, :]
    ends = 1 - along - 0.5 * (bristles - 0.3)
    cover = np.clip(ends * 4, 0, 1) * np.clip((1.05 - across) * 3.5, 0, 1)
    return to_image(cover * np.clip(1.6 * bristles + 0.2, 0, 1))


def _lit_from_above(canvas: Image.Image, picture: Field, finish: float) -> Field:
    height = to_field(canvas.getchannel("A").filter(ImageFilter.GaussianBlur(0.7)))
    slope = np.gradient(height, axis=0) + 0.6 * np.gradient(height, axis=1)
    paint = mix(to_field(canvas.convert("RGB")), picture, 0.3 * finish)
    return np.clip(paint * (1 + np.clip(slope, -0.3, 0.3) * 0.7)[..., None], 0, 1)
