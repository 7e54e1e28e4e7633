"""Paints water: reflections in lakes and wet streets, and the sea in rows of waves."""

from collections.abc import Iterable

import numpy as np

from .noise import Field, mix, ramp, rgb, sample
from .scene import Scene

ROWS = 8


def add_reflection(scene: Scene, picture: Field, rough: float) -> Field:
    """Reflect the picture above the horizon below it, with ripples and a path of light."""
    depth = np.clip(scene.y - scene.horizon, 0, 3)
    far = 1 / (depth + 0.03)
    u, v = (scene.x - scene.wide / 2) * far * 0.1, far * 0.4
    ripple = sample(scene.tile, u, v) - 0.5
    swell = sample(scene.tile, u * 0.4 + 0.3, v * 0.4) - 0.5
    lift = (ripple * 0.25 + swell * 0.2) * rough * (0.12 + depth)
    source = (2 * scene.horizon - scene.y + lift) * scene.unit
    top = int(scene.horizon * scene.unit) - 1
    rows = np.clip(top - np.abs(top - np.clip(source, 0, None)), 0, top).astype(np.int32)
    columns = (np.arange(scene.w)[None, :] + ripple * 0.03 * rough * scene.unit).astype(np.int32)
    image = picture[rows, np.clip(columns, 0, scene.w - 1)]
    image = mix(image, scene.deep, 0.25 + 0.35 * ramp(0, 0.6, depth))
    image = image * (1 + (ripple * 0.7 + swell * 0.6) * min(rough, 1))[..., None]
    path = np.exp(-(((scene.x - scene.light_x) / (0.05 + depth * 0.3)) ** 2))
    glitter = path * ramp(0.03, 0.16, ripple + swell * 0.5 + 0.05 * path)
    image = mix(image, scene.light, glitter * (0.35 if scene.stormy else 0.8))
    return mix(picture, image, ramp(-0.001, 0.002, scene.y - scene.horizon))


def add_waves(scene: Scene, picture: Field, rows: Iterable[int]) -> Field:
    """Add rows of waves to the sea, from 0 at the horizon to ROWS - 1 at the lower edge."""
    picture = picture.copy()
    for row in rows:
        _draw_wave(scene, picture, row, row / (ROWS - 1))
    return picture


def _draw_wave(scene: Scene, picture: Field, row: int, near: float) -> None:
    foot = scene.horizon + scene.room * (0.015 + 0.86 * near**1.35)
    height = scene.rough * (0.02 + 0.15 * near**1.1)
    top, end = (int(y * scene.unit) for y in (foot - height * 2.6, foot + scene.room * 0.45))
    y, under = scene.y[top:end], picture[top:end]
    lifted = np.clip((foot - y) / height, 0, 1.6)
    toppled = scene.x - scene.side * scene.rough * (0.02 + 0.13 * near) * lifted**2
    at = (toppled * scene.unit).astype(np.int32).clip(0, scene.w - 1)
    crest, peak = (line[at] for line in _crest(scene, row, near))
    below = (y - foot + height * crest) / (height * 1.5 + 0.02)
    under[:] = _paint_wave(scene, under, y, below, peak, near)


def _crest(scene: Scene, row: int, near: float) -> tuple[Field, Field]:
    """The row's outline, from 0 to about 1, and its peaks, from 0 to 1: a value per column."""
    phase = scene.x[0] / (0.16 + 0.6 * near) + scene.dice(f"wave {row}").random() * 5
    phase = phase + 0.5 * scene.skyline(f"wander {row}", 1, 2)
    size = 0.35 + 0.85 * scene.skyline(f"size {row}", 0.9, 2)
    peaks = (0.5 + 0.5 * np.cos(2 * np.pi * phase)) ** 1.5 * size
    chop = 0.12 * scene.skyline(f"chop {row}", 5, 4, ridged=True)
    away = (scene.x[0] - scene.wide + scene.light_x) / 0.42
    return (peaks + chop) * (1 + 0.7 * scene.rough * near * np.exp(-(away**2))), np.clip(
        peaks * 1.2, 0, 1
    )


def _paint_wave(
    scene: Scene, under: Field, y: Field, below: Field, peak: Field, near: float
) -> Field:
    """Paint a wave below its outline: it glows where it is thin, with foam on its crest."""
    inside = np.clip(below, 0, 4)
    u = scene.x * (1.1 - 0.6 * near) + near * 2.6 + inside * 0.2 * scene.side
    grain = sample(scene.tile, u, inside * 0.3 + y * 0.5) - 0.5
    net = sample(scene.lace, u * 1.2 + grain * 0.3, inside * 0.34 + grain * 0.4 + near * 1.4)
    toward = np.exp(-np.abs(scene.x - scene.light_x) * 1.3)
    thin = np.exp(-inside * 1.9) * (0.2 + 0.8 * peak) * (0.5 + 0.5 * toward)
    color = mix(scene.deep, scene.glow, np.clip(thin * 1.2 + grain * 0.55, 0, 1))
    color = mix(color, scene.light, np.clip(thin * toward * 1.4 - 0.5, 0, 1) * 0.7)
    color = color * (1 + grain * 1.1)[..., None]
    white = mix(mix(scene.haze, rgb("f4f6f0"), 0.75), scene.light, toward * 0.45)
    foam = ramp(0.52, 0.74, net + np.exp(-inside * 8) * (0.1 + 0.6 * peak) - 0.1 * inside - 0.08)
    foam = foam * (0.3 + 0.7 * peak) * np.exp(-inside * 0.7) * min(1, 0.4 + scene.rough)
    color = mix(color, white, foam * 0.95)
    color = mix(color, scene.haze, 0.5 * (1 - near) ** 2)
    spray = np.exp(np.clip(below, -9, 0) * 6) * peak**2 * ramp(0.48, 0.7, net + 0.1) * scene.rough
    return mix(mix(under, white, spray * 0.55), color, ramp(-0.01, 0.015, below))
