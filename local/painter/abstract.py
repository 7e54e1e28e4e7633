"""For words that are not scenery: an openly abstract composition in the words' own colours."""

import colorsys

import numpy as np
from PIL import Image, ImageDraw

from . import noise
from .noise import Dice, Field, mix, rgb, to_field


def composition(codes: list[str], dice: Dice, w: int, h: int) -> Field:
    """Fields, squares, a grid or arcs, in the given colours or in ones drawn by the dice."""
    colours = _colours([rgb(code) for code in codes], dice)
    image = Image.new("RGB", (w, h), _ink(colours[0]))
    draw = ImageDraw.Draw(image)
    (_fields, _squares, _grid, _arcs)[int(dice.integers(4))](draw, colours, dice, w, h)
    weave = noise.clouds(dice, (h, w), w / 9, h / 9, 2) - 0.5
    cloud = noise.clouds(dice, (h, w), 3, 3, 5) - 0.5
    return np.clip(to_field(image) * (1 + 0.16 * cloud + 0.12 * weave)[..., None], 0, 1)


def _colours(given: list[Field], dice: Dice) -> list[Field]:
    """Six that go together: the given ones with their lights and darks, or neighbours."""
    hue = float(dice.random())
    steps = ((0, 0.5, 0.32), (0.03, 0.6, 0.6), (0.07, 0.5, 0.8), (0.5, 0.6, 0.75), (0.95, 0.4, 0.5))
    own = [np.array(colorsys.hsv_to_rgb((hue + d) % 1, s, v), np.float32) for d, s, v in steps]
    made = [
        tint for colour in given for tint in (colour, colour * 0.6, mix(colour, rgb("f4ead8"), 0.5))
    ]
    return [*[*made, *own][:5], rgb("f1e8d6")]


def _fields(draw: ImageDraw.ImageDraw, colours: list[Field], dice: Dice, w: int, h: int) -> None:
    edges = np.cumsum([0.06, *(dice.dirichlet([3, 2, 3]) * 0.8)])
    for colour, top, low in zip(colours[1:], edges, edges[1:], strict=False):
        for inset in range(12):
            box = (w * 0.08 + inset, h * (top + 0.02) + inset, w * 0.92 - inset, h * low - inset)
            draw.rectangle(box, _ink(mix(colours[0], colour, (inset + 1) / 12)))


def _squares(draw: ImageDraw.ImageDraw, colours: list[Field], dice: Dice, w: int, h: int) -> None:
    side = min(w, h)
    for size, colour in zip((0.82, 0.6, 0.4, 0.2), colours[1:], strict=False):
        half = size * side / 2
        low = h / 2 + side * (0.82 - size) * 0.28
        draw.rectangle((w / 2 - half, low - half, w / 2 + half, low + half), _ink(colour))


def _grid(draw: ImageDraw.ImageDraw, colours: list[Field], dice: Dice, w: int, h: int) -> None:
    cell = min(w, h) / 7
    for x in np.arange(w % cell / 2 - cell, w, cell):
        for y in np.arange(h % cell / 2 - cell, h, cell):
            colour = colours[int(dice.integers(len(colours)))] * dice.uniform(0.8, 1.1)
            draw.rectangle((x, y, x + cell - 2, y + cell - 2), _ink(colour))


def _arcs(draw: ImageDraw.ImageDraw, colours: list[Field], dice: Dice, w: int, h: int) -> None:
    side = min(w, h)
    for _ in range(4):
        x, y = w * dice.uniform(0.1, 0.9), h * dice.uniform(0.2, 0.9)
        turn = int(dice.integers(4)) * 90
        for ring, colour in enumerate(dice.permutation(np.array(colours[1:]))):
            reach = side * (0.42 - 0.08 * ring)
            draw.pieslice(
                (x - reach, y - reach, x + reach, y + reach), turn, turn + 180, _ink(colour)
            )


def _ink(colour: Field) -> tuple[int, ...]:
    return tuple(int(part) for part in np.clip(colour * 255, 0, 255))
