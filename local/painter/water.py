"""Water: the sea in rows of waves, still lakes, ice and wet streets as mirrors."""

from collections.abc import Callable

import numpy as np

from .noise import Field, look_up, mix, ramp, rgb
from .scene import Scene


def sea(scene: Scene, picture: Field, float_things: Callable[[Field], Field]) -> Field:
    """The sea below the horizon, with things that float put between its rows of waves."""
    rough = 1.0 if "swell" in scene.wish.moods else 0.34
    rows = 8
    picture = mirror(scene, picture, 0.5 + rough)
    for row in range(rows):
        if row == 4:
            picture = float_things(picture)
        _wave(scene, picture, row, row / (rows - 1), rough)
    return picture


def _wave(scene: Scene, picture: Field, row: int, near: float, rough: float) -> None:
    """Paints one row over the picture: `near` is 0 at the horizon and 1 at the viewer's feet."""
    room = scene.tall - scene.horizon
    foot = scene.horizon + room * (0.015 + 0.86 * near**1.35)
    height = rough * (0.02 + 0.15 * near**1.1)
    top, end = (int(edge * scene.unit) for edge in (foot - height * 2.6, foot + room * 0.45))
    y, under = scene.y[top:end], picture[top:end]
    lifted = np.clip((foot - y) / height, 0, 1.6)
    toppled = scene.x - scene.side * rough * (0.02 + 0.13 * near) * lifted**2
    at = (toppled * scene.unit).astype(np.int32).clip(0, scene.w - 1)
    crest, peak = (line[at] for line in _crest(scene, row, near, rough))
    below = (y - foot + height * crest) / (height * 1.5 + 0.02)
    under[:] = _water(scene, under, y, below, peak, near, rough)


def _water(
    scene: Scene, under: Field, y: Field, below: Field, peak: Field, near: float, rough: float
) -> Field:
    """A wave from its outline: it glows where it is thin; foam and spray are on its crest."""
    inside = np.clip(below, 0, 4)
    u = scene.x * (1.1 - 0.6 * near) + near * 2.6 + inside * 0.2 * scene.side
    grain = look_up(scene.tile, u, inside * 0.3 + y * 0.5) - 0.5
    net = look_up(scene.lace, u * 1.2 + grain * 0.3, inside * 0.34 + grain * 0.4 + near * 1.4)
    toward = np.exp(-np.abs(scene.x - scene.light_x) * 1.3)
    thin = np.exp(-inside * 1.9) * (0.2 + 0.8 * peak) * (0.5 + 0.5 * toward)
    colour = mix(scene.deep, scene.glow, np.clip(thin * 1.2 + grain * 0.55, 0, 1))
    colour = mix(colour, scene.light, np.clip(thin * toward * 1.4 - 0.5, 0, 1) * 0.7)
    colour = colour * (1 + grain * 1.1)[..., None]
    white = mix(mix(scene.haze, rgb("f4f6f0"), 0.75), scene.light, toward * 0.45)
    foam = ramp(0.52, 0.74, net + np.exp(-inside * 8) * (0.1 + 0.6 * peak) - 0.1 * inside - 0.08)
    foam = foam * (0.3 + 0.7 * peak) * np.exp(-inside * 0.7) * min(1, 0.4 + rough)
    colour = mix(colour, white, np.clip(foam, 0, 1) * 0.95)
    colour = mix(colour, scene.haze, 0.5 * (1 - near) ** 2)
    spray = np.exp(np.clip(below, -9, 0) * 6) * peak**2 * ramp(0.48, 0.7, net + 0.1) * rough
    return mix(mix(under, white, spray * 0.55), colour, ramp(-0.01, 0.015, below))


def _crest(scene: Scene, row: int, near: float, rough: float) -> tuple[Field, Field]:
    """The row's outline from 0 to about 1 and its peaks from 0 to 1, a value for each column."""
    dice = scene.dice(f"wave {row}")
    phase = scene.x[0] / (0.16 + 0.6 * near) + dice.random() * 5
    phase = phase + 0.5 * scene.skyline(f"wander {row}", 1, 2, ridged=False)
    peaks = (0.5 + 0.5 * np.cos(2 * np.pi * phase)) ** 1.5
    size = 0.35 + 0.85 * scene.skyline(f"size {row}", 0.9, 2, ridged=False)
    chop = scene.skyline(f"chop {row}", 5, 4)
    away = (scene.x[0] - scene.wide + scene.light_x) / 0.42
    swell = 1 + 0.7 * rough * near * np.exp(-(away**2))
    return (peaks * size + 0.12 * chop) * swell, np.clip(peaks * size * 1.2, 0, 1)


def mirror(scene: Scene, picture: Field, rough: float) -> Field:
    """What is above the horizon again below it, upside down, rippled, with a path of light."""
    depth = np.clip(scene.y - scene.horizon, 0, 3)
    far = 1 / (depth + 0.03)
    u, v = (scene.x - scene.wide / 2) * far * 0.1, far * 0.4
    ripple = look_up(scene.tile, u, v) - 0.5
    swell = look_up(scene.tile, u * 0.4 + 0.3, v * 0.4) - 0.5
    lift = (ripple * 0.25 + swell * 0.2) * rough * (0.12 + depth)
    source = (2 * scene.horizon - scene.y + lift) * scene.unit
    top = int(scene.horizon * scene.unit) - 1
    rows = np.clip(top - np.abs(top - np.clip(source, 0, None)), 0, top).astype(np.int32)
    shift = (np.arange(scene.w)[None, :] + ripple * 0.03 * rough * scene.unit).astype(np.int32)
    image = picture[rows, np.clip(shift, 0, scene.w - 1)]
    image = mix(image, scene.deep, 0.25 + 0.35 * ramp(0, 0.6, depth))
    image = image * (1 + (ripple * 0.7 + swell * 0.6) * min(rough, 1))[..., None]
    path = np.exp(-(((scene.x - scene.light_x) / (0.05 + depth * 0.3)) ** 2))
    glitter = path * ramp(0.03, 0.16, ripple + swell * 0.5 + 0.05 * path)
    image = mix(image, scene.light, glitter * (0.35 if "storm" in scene.wish.moods else 0.8))
    return mix(picture, image, ramp(-0.001, 0.002, scene.y - scene.horizon))


def ice(scene: Scene, picture: Field, rough: float) -> Field:
    """A frozen lake: a dim mirror under bluish ice, with drifted snow and long cracks."""
    picture = mirror(scene, picture, rough)
    depth = np.clip(scene.y - scene.horizon, 0, 3)
    far = 1 / (depth + 0.08)
    u, v = (scene.x - scene.wide / 2) * far * 0.16 + 0.5, far * 0.3
    bend = look_up(scene.tile, u * 0.7, v * 0.7) * 0.25
    cracks = ramp(0.68, 0.78, look_up(scene.lace[::2, ::2], u * 0.8 + bend, v * 0.8))
    drift = ramp(0.48, 0.62, look_up(scene.tile, u * 0.3, v))
    pale = mix(scene.haze, rgb("e6f2f8"), 0.5 if scene.dark else 0.75)
    cover = np.clip(0.22 + 0.6 * drift + 0.9 * cracks, 0, 0.9) * ramp(
        0, 0.003, scene.y - scene.horizon
    )
    return mix(picture, pale, cover * (0.75 if scene.dark else 1))
