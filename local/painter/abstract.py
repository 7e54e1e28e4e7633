"""Abstract pictures for prompts without known scenery, in the colors that the prompt names."""

import colorsys
from itertools import pairwise

import numpy as np

from . import noise
from .noise import Dice, Field, mix, ramp, rgb


def paint_abstract(codes: list[str], dice: Dice, w: int, h: int) -> Field:
    """Soft fields or nested squares, in the given colors or in random ones."""
    unit = min(w, h)
    x, y = np.arange(w) / unit, np.arange(h)[:, None] / unit
    picture, *colors = _colors([rgb(code) for code in codes], dice)
    boxes = (_fields if dice.random() < 0.5 else _squares)(dice, w / unit, h / unit)
    for color, (left, top, right, low) in zip(colors, boxes, strict=False):
        inside = np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, low - y))
        picture = mix(picture, color, ramp(0, 0.015, inside))
    weave = noise.fractal(dice, (h, w), w / 9, h / 9, 2) - 0.5
    cloud = noise.fractal(dice, (h, w), 3, 3, 5) - 0.5
    return picture * (1 + 0.16 * cloud + 0.12 * weave)[..., None]


def _colors(given: list[Field], dice: Dice) -> list[Field]:
    """Six colors that match: the given ones with lighter and darker tints, or random ones."""
    hue = dice.random()
    steps = ((0, 0.4, 0.3), (0.04, 0.5, 0.6), (0.08, 0.4, 0.8), (0.5, 0.35, 0.7), (0.93, 0.3, 0.5))
    own = [np.array(colorsys.hsv_to_rgb((hue + d) % 1, s, v)) for d, s, v in steps]
    pale = rgb("f4ead8")
    tints = [tint for color in given for tint in (color * 0.6, mix(color, pale, 0.5))]
    return [*[*given, *tints, *own][:5], pale]


def _fields(dice: Dice, wide: float, tall: float) -> list[tuple[float, ...]]:
    edges = np.cumsum([0.06, *(dice.dirichlet([3, 2, 3]) * 0.88)]) * tall
    return [(wide * 0.08, top, wide * 0.92, low - 0.02) for top, low in pairwise(edges)]


def _squares(dice: Dice, wide: float, tall: float) -> list[tuple[float, ...]]:
    halves = np.array([0.41, 0.3, 0.2, 0.1])
    x, y = wide / 2, tall / 2 + (0.41 - halves) * dice.uniform(0, 0.6)
    return list(zip(x - halves, y - halves, x + halves, y + halves, strict=True))
