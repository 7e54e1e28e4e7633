"""The stage of a picture: its size, horizon, light and colours, and dice for each of its parts."""

import hashlib
from functools import cached_property

import numpy as np

from . import noise
from .noise import Dice, Field, mix, rgb
from .words import Wish

# Sky from top to horizon, the light, haze, land, deep water, light through a wave.
PALETTES = {
    "day": "2f6fb8 79b4e2 dcecf2 fff3cf c3d9e6 5f8640 14506f 4fb3a9",
    "sunset": "2a2c5c c2566a ffbd66 ffdf95 d98d77 4e4233 2c2f57 c98a6e",
    "dawn": "6484bf dfb0c2 ffdfbd fff0cf efcdc6 4a5a58 4f6d93 9fc4c4",
    "night": "060c22 12264d 31507f f3f1dc 22395f 14231f 081834 2f6382",
    "storm": "0d141d 2c3d4d d2a566 ffdf98 66747a 2f3930 051b26 3a9e92",
    "fog": "93a1ab b9c3c8 dcdfdc fff6dc ccd3d4 56645c 61757d a9c0bf",
    "aurora": "040a1e 0a2138 1d4c58 d9fff0 16384a 0d1d20 071c2b 2a7d78",
    "neon": "0a0524 37105c d13c8f ffc4ea 57207c 160c2c 140a38 7a3fd0",
}
HORIZONS = {"sea": 0.5, "lake": 0.56, "mountain": 0.76, "forest": 0.7, "city": 0.8}
HORIZONS |= {"desert": 0.56, "field": 0.55, "space": 1.2}
LOW_LIGHT = ("sunset", "dawn", "storm", "neon")


class Scene:
    """Lengths are in short sides of the picture, x from the left and y from the top, so that things
    keep their shape in every format; `wide` and `tall` are the picture's own."""

    def __init__(self, wish: Wish, key: str, w: int, h: int) -> None:
        self.wish, self.key, self.w, self.h = wish, key, w, h
        self.unit = min(w, h)
        self.wide, self.tall = w / self.unit, h / self.unit
        self.x = (np.arange(w, dtype=np.float32)[None, :] + 0.5) / self.unit
        self.y = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / self.unit
        dice = self.dice("stage")
        self.horizon = (HORIZONS[wish.place] + dice.uniform(-0.03, 0.03)) * self.tall
        self.light_x = self.wide * (dice.uniform(0.2, 0.34) + 0.46 * int(dice.integers(2)))
        rise = (
            dice.uniform(0.3, 0.38)
            - 0.2 * (wish.time in LOW_LIGHT)
            + 0.12 * (wish.time == "storm")
            + 0.26 * (wish.time == "neon")
        )
        self.light_y = min(self.horizon, self.tall) - rise * (0.4 + 0.6 * self.tall)
        self.side = 1 if self.light_x < self.wide / 2 else -1
        self.dark = wish.time in ("night", "aurora", "neon")
        self._choose_colours()

    def _choose_colours(self) -> None:
        colours = _palette(self.wish.time)
        for mood in {"storm", "fog"} & self.wish.moods - {self.wish.time}:
            colours = mix(colours, _palette(mood), 0.5 if mood == "storm" else 0.2)
        self.top, self.mid, self.low, self.light, self.haze, self.land, self.deep, self.glow = (
            colours
        )
        if "autumn" in self.wish.things:
            self.land = mix(self.land, rgb("9a5a22"), 0.7)
        self.snowy = bool({"snow", "ice"} & self.wish.things)
        if self.snowy:
            self.land = mix(self.land, mix(self.low, rgb("f4f7fb"), 0.6), 0.85 - 0.3 * self.dark)

    def dice(self, part: str) -> Dice:
        """Dice of a part's own, so that what is left out changes nothing elsewhere."""
        digest = hashlib.sha256(f"{part}|{self.key}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))

    @cached_property
    def tile(self) -> Field:
        """One repeating texture for clouds, water and ground."""
        return noise.clouds(self.dice("tile"), (512, 512), 6, 6, 7)

    @cached_property
    def lace(self) -> Field:
        """One repeating net of creases for foam and rock."""
        return noise.clouds(self.dice("lace"), (512, 512), 7, 7, 5, ridged=True)

    def clouds(self, part: str, across: float, down: float, octaves: int = 5) -> Field:
        """Noise over the picture, so many cells a short side."""
        cells = across * self.wide, down * self.tall
        return noise.clouds(self.dice(part), (self.h, self.w), *cells, octaves)

    def skyline(self, part: str, cells: float, octaves: int = 6, ridged: bool = True) -> Field:
        """A rough line from 0 to 1, a value for each column."""
        cells *= self.wide
        line = noise.clouds(self.dice(part), (8, self.w), cells, 1, octaves, ridged)[4]
        return np.asarray((line - line.min()) / (np.ptp(line) + 1e-6))

    def distance(self, x: float, y: float) -> Field:
        """From a point to every pixel."""
        return np.hypot(self.x - x, self.y - y)


def _palette(time: str) -> Field:
    return np.stack([rgb(code) for code in PALETTES[time].split()])
