"""A picture's size, horizon, light and colors, and transparent sheets to draw things on."""

import numpy as np
from PIL import Image, ImageDraw

from . import noise
from .noise import Dice, Field, mix, rgb, to_field
from .words import Subject

# Three sky colors from top to horizon, then light, haze, land, deep water and lit wave.
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
HORIZONS = {"sea": 0.5, "lake": 0.56, "mountain": 0.76, "forest": 0.7, "city": 0.8, "field": 0.55}
LIGHT_LIFTS = {"sunset": -0.2, "dawn": -0.2, "storm": -0.08, "neon": 0.06}
Points = str | list[tuple[float, float]] | Field


class Scene:
    """The picture's geometry, light and colors.

    Lengths are multiples of the picture's short side, x from the left and y from the top, so that
    things keep their shape in every format. `wide` and `tall` are the picture's size.
    """

    def __init__(self, subject: Subject, key: str, w: int, h: int) -> None:
        self.subject, self.key, self.w, self.h = subject, key, w, h
        self.unit = min(w, h)
        self.wide, self.tall = w / self.unit, h / self.unit
        self.x = (np.arange(w, dtype=np.float32)[None, :] + 0.5) / self.unit
        self.y = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / self.unit
        dice = self.dice("stage")
        self.horizon = (HORIZONS[subject.place] + dice.uniform(-0.03, 0.03)) * self.tall
        self.room = self.tall - self.horizon
        self.light_x = self.wide * (dice.uniform(0.2, 0.34) + 0.46 * int(dice.integers(2)))
        rise = dice.uniform(0.3, 0.38) + LIGHT_LIFTS.get(subject.time, 0)
        self.light_y = self.horizon - rise * (0.4 + 0.6 * self.tall)
        self.side = 1 if self.light_x < self.wide / 2 else -1
        self.dark = subject.time in ("night", "aurora", "neon")
        self.stormy, self.misty, self.snowy, self.autumn = (
            name in subject.names for name in ("storm", "fog", "snow", "autumn")
        )
        self.rough = 1.0 if self.stormy else 0.34
        self._choose_colors()
        # Two textures that tile: soft for clouds, water and ground; ridged for foam and rock.
        self.tile = noise.fractal(self.dice("tile"), (512, 512), 6, 6, 7)
        self.lace = noise.fractal(self.dice("lace"), (512, 512), 7, 7, 5, ridged=True)

    def _choose_colors(self) -> None:
        colors = _palette(self.subject.time)
        for mood, share in (("storm", 0.5 * self.stormy), ("fog", 0.2 * self.misty)):
            colors = mix(colors, _palette(mood), share)
        self.top, self.mid, self.low, self.light, *others = colors
        self.haze, self.land, self.deep, self.glow = others
        if self.autumn:
            self.land = mix(self.land, rgb("9a5a22"), 0.7)
        if self.snowy:
            self.land = mix(self.land, mix(self.low, rgb("f4f7fb"), 0.6), 0.85 - 0.3 * self.dark)

    def dice(self, part: str) -> Dice:
        """A generator per part, so that leaving one part out does not change the others."""
        return noise.seeded_dice(f"{part}|{self.key}")

    def noise(self, part: str, across: float, down: float, octaves: int = 5) -> Field:
        """Noise over the picture, with `across` by `down` cells per short side."""
        cells = across * self.wide, down * self.tall
        return noise.fractal(self.dice(part), (self.h, self.w), *cells, octaves)

    def skyline(self, part: str, cells: float, octaves: int, ridged: bool = False) -> Field:
        """A curve from 0 to 1 with a value per column. If ridged, it has peaks."""
        shape = (8, self.w)
        line = noise.fractal(self.dice(part), shape, cells * self.wide, 1, octaves, ridged)[4]
        return np.asarray((line - line.min()) / (np.ptp(line) + 1e-6))

    def distance(self, x: float, y: float) -> Field:
        """The distance of every pixel from a point."""
        return np.hypot(self.x - x, self.y - y)


class Sheet:
    """A transparent sheet to draw one thing on, in the thing's own coordinates.

    The thing stands at (0, 0) and is about one unit tall; x points right, y up. `at` and `size` are
    in the scene's units, `tilt` in degrees anticlockwise, and a `flip` of -1 mirrors the thing.
    Points may be text in hundredths: '10,20 30,40'.
    """

    def __init__(
        self, scene: Scene, at: tuple[float, float], size: float, tilt: float = 0, flip: int = 1
    ) -> None:
        self.image = Image.new("RGBA", (scene.w * 2, scene.h * 2))
        self.draw = ImageDraw.Draw(self.image)
        self.zoom = 2 * scene.unit
        turn = np.radians(tilt)
        across = np.array([np.cos(turn), -np.sin(turn)]) * size * flip
        upward = np.array([-np.sin(turn), -np.cos(turn)]) * size
        self.origin, self.axes, self.scale = np.array(at), np.stack([across, upward]), size

    def shape(self, points: Points, color: Field) -> None:
        """Fill a polygon."""
        self.draw.polygon(self._place(parse(points)), _ink(color))

    def curve(self, points: Points, color: Field) -> None:
        """Fill a smooth outline through the points, a closed Catmull-Rom spline."""
        corners, at = parse(points), np.linspace(0, 1, 6, endpoint=False)[:, None, None]
        before, after, later = (np.roll(corners, shift, axis=0) for shift in (1, -1, -2))
        bend = (2 * before - 5 * corners + 4 * after - later) * at**2
        twist = (3 * corners - before - 3 * after + later) * at**3
        path = corners + ((after - before) * at + bend + twist) / 2
        self.shape(path.transpose(1, 0, 2).reshape(-1, 2), color)

    def box(self, x: float, y: float, width: float, height: float, color: Field) -> None:
        """Fill a rectangle, given its lower left corner."""
        self.shape([(x, y), (x, y + height), (x + width, y + height), (x + width, y)], color)

    def oval(self, x: float, y: float, rx: float, ry: float, color: Field) -> None:
        """Fill an ellipse around x, y."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        self.shape(np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1), color)

    def line(self, points: Points, color: Field, width: float) -> None:
        """Draw a line through the points."""
        pixels = max(1, round(width * self.scale * self.zoom))
        self.draw.line(self._place(parse(points)), _ink(color), pixels, joint="curve")

    def composite(self, picture: Field, haze: Field, amount: float = 0) -> Field:
        """The picture with this sheet on top, faded into the haze by an amount from 0 to 1."""
        sheet = to_field(self.image.reduce(2))
        return mix(picture, mix(sheet[..., :3], haze, amount), sheet[..., 3])

    def _place(self, points: Field) -> list[tuple[float, float]]:
        on_sheet = (self.origin + points @ self.axes) * self.zoom
        return [(x, y) for x, y in on_sheet.tolist()]


def parse(points: Points) -> Field:
    """Points as an array with two columns, in units."""
    if isinstance(points, str):
        return np.array([pair.split(",") for pair in points.split()], np.float32) / 100
    return np.asarray(points, np.float32)


def _ink(color: Field) -> tuple[int, ...]:
    return tuple(int(part * 255) for part in np.clip(color, 0, 1).tolist())


def _palette(time: str) -> Field:
    return rgb(PALETTES[time]).reshape(-1, 3)
