"""Paints land over the sky: mountains, meadows, trees and cities."""

import numpy as np

from .noise import Dice, Field, mix, ramp, rgb, sample
from .scene import Scene, Sheet

AUTUMN = ("b8401c", "d9861f", "93301a", "cf641c", "e3a93a")


def add_mountains(scene: Scene, picture: Field, layers: int, height: float) -> Field:
    """Layers of ridges, paler with distance."""
    rock = mix(scene.land, mix(scene.mid, rgb("4c4a55"), 0.6), 0.6)
    for layer in range(layers):
        near = layer / (layers - 1)
        rise = height * (1 - 0.6 * near) * min(scene.tall, 1.5)
        line = scene.skyline(f"ridge {layer}", 1.3 + 1.2 * near, 6, ridged=True) * rise
        below = scene.y - (scene.horizon + 0.02 + 0.05 * near - line)
        u, v = scene.x * (0.5 + 0.3 * near) + below * 0.5, below * 0.9 + layer * 0.3
        toward = sample(scene.lace, u - scene.side * 0.02, v - 0.012)
        lit = sample(scene.lace, u, v) - toward
        tone = np.clip(0.8 + lit * (1 if scene.misty else 2.4), 0.35, 1.5)[..., None]
        color = mix(rock, scene.land * 0.85, near * 0.8) * tone
        mist = (0.9 if scene.misty else 0.35) * ramp(0.02, 0.3, below) * (1.1 - 0.75 * near)
        color = mix(color, scene.haze, np.clip(0.75 * (1 - near) + mist, 0, 0.95))
        picture = mix(picture, color, ramp(-0.002, 0.002, below))
    return picture


def add_meadow(scene: Scene, picture: Field) -> Field:
    """Open ground to the horizon: snow, grass or rows of lavender."""
    hill = scene.horizon - 0.05 * scene.skyline("hill", 0.7, 2)
    depth = np.clip(scene.y - hill, 0, 3)
    far = 1 / (depth + 0.05)
    u, v = (scene.x - scene.wide * 0.5) * far * 0.3, far * 0.5
    grass = sample(scene.tile, u, v) - 0.5
    slope = sample(scene.tile, u * 0.15, v * 0.2 + 0.4) - 0.5
    tone = np.clip(0.5 + grass * 1.3 + slope * 1.6 + 0.25 * ramp(0.5, 0, depth), 0, 1)
    dark = scene.land * (0.8 if scene.snowy else 0.55)
    color = mix(dark, mix(scene.land, scene.light, 0.4), tone)
    if "lavender" in scene.subject.names:
        color = _add_lavender(scene, color, u, v)
    color = mix(color, scene.haze, np.exp(-depth * 11) * 0.7)
    return mix(picture, color, ramp(-0.001, 0.003, scene.y - hill))


def _add_lavender(scene: Scene, ground: Field, u: Field, v: Field) -> Field:
    speck = sample(scene.tile, u * 5, v * 5)
    row = np.cos(2 * np.pi * (u * 4.4 + (speck - 0.5) * 0.35))
    bloom = mix(rgb("4a3680"), rgb("b79be6"), np.clip(0.55 * row + (speck - 0.45) * 3, 0, 1))
    return mix(ground * 0.8, bloom, ramp(-0.55, 0.1, row))


def add_trees(scene: Scene, picture: Field, foot: float, size: float, near: float) -> Field:
    """A row of trees of about `size`, `foot` below the top edge; `near` is 0 (hazy) to 1."""
    dice, sheet = scene.dice(f"trees {foot:.3f}"), Sheet(scene, (0, 0), 1)
    ground = 0.05 * scene.skyline(f"bank {foot:.3f}", 1.5, 3) - foot
    soil = mix(scene.land * (0.9 if scene.snowy else 0.6), scene.haze, 0.6 * (1 - near))
    bank = list(zip(scene.x[0].tolist(), ground.tolist(), strict=True))
    sheet.shape([(0, -9), *bank, (scene.wide, -9)], soil)
    for x in np.sort(dice.random(int(scene.wide / size * 3.2) + 2) * scene.wide).tolist():
        y = float(ground[min(int(x * scene.unit), scene.w - 1)]) - 0.01
        draw_tree = _draw_broadleaf if scene.autumn else _draw_conifer
        draw_tree(scene, sheet, x, y, size * dice.uniform(0.65, 1.2), near)
    return sheet.composite(picture, scene.haze)


def _draw_conifer(scene: Scene, sheet: Sheet, x: float, y: float, size: float, near: float) -> None:
    green = mix(rgb("17351f"), scene.land * 0.4, 0.3) * (0.5 if scene.dark else 1)
    snow = mix(scene.haze, rgb("f4f7fb"), 0.75) * (0.7 if scene.dark else 1)
    sheet.line([(x, y), (x, y + size * 0.3)], rgb("2c1d14"), size * 0.05)
    for tier in range(9):
        low, half = y + size * (0.1 + 0.09 * tier), size * (0.19 - 0.019 * tier)
        left, right, tip = (
            (x - half, low - half * 0.2),
            (x + half, low - half * 0.25),
            low + size / 5,
        )
        color = mix(green * (0.8 + 0.07 * tier), scene.haze, 0.75 * (1 - near))
        sheet.shape([left, (x, low + half * 0.1), right, (x, tip)], color)
        if scene.snowy:
            sheet.shape([left, (x, low + half * 0.5), (x, tip)], snow)


def _draw_broadleaf(
    scene: Scene, sheet: Sheet, x: float, y: float, size: float, near: float
) -> None:
    """A tree with a round crown of autumn leaves, brighter on the side of the light."""
    dice = scene.dice(f"leaf {x:.4f} {y:.4f}")
    leaf = mix(rgb(str(dice.choice(AUTUMN))), rgb("f0f4f8"), 0.75 * scene.snowy)
    bark = mix(rgb("33241a"), scene.haze, 0.6 * (1 - near))
    sheet.line([(x, y), (x, y + size * 0.62)], bark, size * 0.05)
    for part in np.linspace(0, 1, 60):
        angle, out = dice.uniform(0, 2 * np.pi), dice.random() ** 0.5
        dx, dy = np.cos(angle) * out * 0.25, np.sin(angle) * out * 0.29
        tone = 0.5 + 0.45 * part + 0.9 * (dy - dx * scene.side * 0.8) + dice.uniform(-0.12, 0.12)
        color = leaf * max(tone, 0.35) * (0.6 if scene.dark else 1)
        color = mix(color, scene.haze, 0.65 * (1 - near))
        sheet.oval(x + dx * size, y + (0.68 + dy) * size, size * 0.065, size * 0.05, color)


def add_city(scene: Scene, picture: Field) -> Field:
    """Layers of towers with lit windows."""
    lamps = ("ff5fc4", "5fe6ff", "ffd76b") if scene.subject.time == "neon" else ("ffd98a", "ffe9b8")
    for layer in range(4):
        near = layer / 3
        dice, sheet, x = scene.dice(f"city {layer}"), Sheet(scene, (0, scene.horizon), 1), -0.1
        wall = mix(mix(scene.deep, scene.land, 0.3) * 0.7, scene.haze, 0.75 * (1 - near))
        lights = [mix(rgb(lamp), wall, 0.15 + 0.5 * (1 - near)) for lamp in lamps]
        while x < scene.wide:
            width = dice.uniform(0.07, 0.15) * (0.7 + 0.5 * near)
            high = dice.uniform(0.22, 0.7) * (1 - 0.5 * near) * scene.horizon
            sheet.box(x, -1, width, high + 1, wall)
            _draw_windows(sheet, dice, x, width, high, 0.015 + 0.008 * near, lights)
            x += width * dice.uniform(0.85, 1.25)
        picture = sheet.composite(picture, scene.haze)
        picture = mix(picture, scene.haze, 0.3 * (1 - near) * ramp(0.3, 0, scene.horizon - scene.y))
    return picture


def _draw_windows(
    sheet: Sheet, dice: Dice, x: float, width: float, high: float, gap: float, lights: list[Field]
) -> None:
    for row in np.arange(0.02, high - gap, gap * 1.5):
        for column in np.arange(x + gap * 0.6, x + width - gap, gap):
            if dice.random() < 0.45:
                sheet.box(column, row, gap * 0.55, gap * 0.7, lights[dice.integers(len(lights))])
