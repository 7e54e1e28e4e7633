"""Fills parts of a picture from what surrounds them. Knows no scenery."""

import numpy as np
from PIL import Image

from .noise import Dice, Field, blur, mix, ramp, to_field
from .styles import paint_oil

WORST_FIT = 0.3  # the largest error of a part that is cloned, where 1 is black beside white


def spread(values: Field, known: Field) -> Field:
    """The values with those unknown interpolated from the nearest known ones.

    `values` is h by w by colors and `known` h by w, from 0 to 1. Averages known values into ever
    smaller pictures, then fills each picture's gaps from the next smaller one.
    """
    h, w = known.shape
    if min(h, w) < 3 or known.min() > 0.99:
        total = max(float(known.sum()), 1e-6)
        mean = (values * known[..., None]).sum(axis=(0, 1)) / total
        return np.where(known[..., None] > 0, values, mean)
    padding = ((0, h % 2), (0, w % 2))
    weight = _quarter(np.pad(known, padding)[..., None])
    total_values = _quarter(np.pad(values * known[..., None], (*padding, (0, 0))))
    small = total_values / np.maximum(weight, 1e-6)
    coarse = spread(small, np.clip(weight[..., 0], 0, 1))
    filled = mix(_resized(coarse, w, h), values, known)
    for _ in range(60 if max(h, w) < 200 else 2):  # even out what the small pictures' grid left
        framed = np.pad(filled, ((1, 1), (1, 1), (0, 0)), mode="edge")
        around = framed[:-2, 1:-1] + framed[2:, 1:-1] + framed[1:-1, :-2] + framed[1:-1, 2:]
        filled = mix(around / 4, values, known)
    return filled


def _quarter(field: Field) -> Field:
    """The sums of each two by two values."""
    rows = field[0::2] + field[1::2]
    return np.asarray(rows[:, 0::2] + rows[:, 1::2])


def _resized(field: Field, w: int, h: int) -> Field:
    layers = [
        Image.fromarray(np.ascontiguousarray(layer, np.float32)).resize(
            (w, h), Image.Resampling.BICUBIC
        )
        for layer in np.moveaxis(field, 2, 0)
    ]
    return np.stack([np.asarray(layer) for layer in layers], axis=2)


def erase(picture: Field, hole: Field, dice: Dice | None) -> Field:
    """The picture with its hole (1) painted over by the part beside it that fits best.

    That part keeps its texture; its colors are shifted so that no seam shows. If nothing fits,
    the surroundings run into the hole, with `dice` in strokes of a brush.
    """
    known = (hole < 0.02).astype(np.float32)
    if not 0 < known.mean() < 1:
        return picture
    smooth = spread(picture, known)
    shift = _best_shift(smooth, hole)
    if not shift:
        return mix(picture, paint_oil(smooth, dice, 1) if dice else smooth, ramp(0, 1, hole))
    patch = _shifted(smooth, *shift)
    ring = known * (blur(hole, 10) > 0.004)
    return mix(picture, patch + spread(picture - patch, ring), ramp(0, 1, hole))


def _best_shift(picture: Field, hole: Field) -> tuple[int, int] | None:
    """The shift, in pixels, whose picture matches best around the hole; None if none does."""
    h, w = hole.shape
    shrink = max(1, max(h, w) // 96)
    small, gap = picture[::shrink, ::shrink], hole[::shrink, ::shrink] > 0.02
    ring = (blur(gap.astype(np.float32), 6) > 0.02) & ~gap
    rows, columns = np.nonzero(gap)
    size = np.array([np.ptp(rows) + 1, np.ptp(columns) + 1])
    best, found = WORST_FIT, None
    for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        for far in (0.8, 1.1, 1.5, 2.2, 3.5):
            shift = np.round(np.array([np.sin(angle), np.cos(angle)]) * size * far).astype(int)
            moved = _shifted(small, *shift)
            lost = _shifted(np.pad(gap, 1, constant_values=True), *shift)[1:-1, 1:-1][gap].mean()
            # Around the hole it must match; inside, another thing would be out of place.
            error = np.abs(moved - small)[ring].mean() + 2 * np.abs(moved - small)[gap].mean()
            error += 0.6 * lost
            if error < best:
                best, found = error, (int(shift[0]) * shrink, int(shift[1]) * shrink)
    return found


def _shifted(field: Field, down: int, across: int) -> Field:
    h, w = field.shape[:2]
    rows, columns = np.arange(h) + down, np.arange(w) + across
    return np.asarray(field[np.clip(rows, 0, h - 1)][:, np.clip(columns, 0, w - 1)])


def smooth_along(guide: Image.Image, mask: Field, radius: int) -> Field:
    """The mask with edges moved to those of the guide (He, Sun and Tang's guided filter)."""
    gray = to_field(guide.convert("L"))

    def mean(field: Field) -> Field:
        total = np.pad(field, ((radius + 1, radius), (radius + 1, radius)), mode="edge")
        total = total.cumsum(0, dtype=np.float64).cumsum(1)
        side = 2 * radius + 1
        box = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
        return np.asarray((box + total[:-side, :-side]) / side**2, np.float32)

    mean_gray, mean_mask = mean(gray), mean(mask)
    slope = (mean(gray * mask) - mean_gray * mean_mask) / (mean(gray * gray) - mean_gray**2 + 3e-4)
    return np.asarray(np.clip(mean(slope) * gray + mean(mean_mask - slope * mean_gray), 0, 1))
