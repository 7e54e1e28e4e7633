"""A transparent sheet to draw one thing on, in that thing's own coordinates."""

import numpy as np
from PIL import Image, ImageDraw

from .noise import Field, mix, to_field
from .scene import Scene

Points = str | list[tuple[float, float]] | Field


class Sheet:
    """Things stand at (0, 0), x to the right, y up, and are about one unit tall. `at` and `size`
    are the scene's; `tilt` is in degrees, anticlockwise; `flip` is -1 for the mirror image.
    Points in text are in hundredths: '10,20 30,40'."""

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

    def shape(self, points: Points, colour: Field, curved: bool = True, alpha: float = 1) -> None:
        """A filled outline, through the points in soft curves or from corner to corner."""
        path = self.place(_closed_curve(_parse(points)) if curved else _parse(points))
        self.draw.polygon(path, fill=_ink(colour, alpha))

    def line(self, points: Points, colour: Field, width: float = 0.01, alpha: float = 1) -> None:
        """A line from point to point."""
        pixels = max(1, round(width * self.scale * self.zoom))
        self.draw.line(self.place(_parse(points)), _ink(colour, alpha), pixels, joint="curve")

    def oval(
        self, x: float, y: float, rx: float, ry: float, colour: Field, alpha: float = 1
    ) -> None:
        """An ellipse around x, y."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rim = np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1)
        self.draw.polygon(self.place(rim), fill=_ink(colour, alpha))

    def place(self, points: Field) -> list[tuple[float, float]]:
        """Where the thing's points are on the sheet."""
        on_sheet = (self.origin + np.asarray(points) @ self.axes) * self.zoom
        return [(x, y) for x, y in on_sheet.tolist()]

    def lay_on(self, picture: Field, haze: Field | None = None, amount: float = 0) -> Field:
        """The picture with this sheet over it, the thing faded into the haze by an amount."""
        sheet = to_field(self.image.reduce(2))
        ink, cover = sheet[..., :3], sheet[..., 3]
        return mix(picture, ink if haze is None else mix(ink, haze, amount), cover)


def _parse(points: Points) -> Field:
    if isinstance(points, str):
        return np.array([pair.split(",") for pair in points.split()], np.float32) / 100
    return np.asarray(points, np.float32)


def _closed_curve(corners: Field, parts: int = 6) -> Field:
    """A Catmull-Rom curve: it passes through every corner."""
    before, after, later = (np.roll(corners, shift, axis=0) for shift in (1, -1, -2))
    at = np.linspace(0, 1, parts, endpoint=False)[:, None, None]
    bend = (2 * before - 5 * corners + 4 * after - later) * at**2
    twist = (3 * corners - before - 3 * after + later) * at**3
    curve = (2 * corners + (after - before) * at + bend + twist) / 2
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _ink(colour: Field, alpha: float) -> tuple[int, ...]:
    return tuple(int(part * 255) for part in [*np.clip(colour, 0, 1).tolist(), alpha])
