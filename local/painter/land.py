"""Dry land: mountains, meadows, dunes, forests and cities, each laid over the sky."""

import numpy as np

from .noise import Field, look_up, mix, ramp, rgb
from .scene import Scene
from .sheet import Sheet

AUTUMN = ("b8401c", "d9861f", "93301a", "cf641c", "e3a93a")
FLOWERS = ("d9433a", "f0c63f", "f4efe6", "c65fa0", "7a5fc0")


def mountains(scene: Scene, picture: Field, layers: int, height: float) -> Field:
    """Ridges behind ridges, the far ones pale, snow on those that are high."""
    misty = "fog" in scene.wish.moods
    rock = mix(scene.land, mix(scene.mid, rgb("4c4a55"), 0.6), 0.6)
    for layer in range(layers):
        near = layer / max(1, layers - 1)
        rise = height * (1 - 0.6 * near) * min(scene.tall, 1.5)
        line = scene.skyline(f"ridge {layer}", 1.3 + 1.2 * near) * rise
        below = scene.y - (scene.horizon + 0.02 + 0.05 * near - line)
        u, v = scene.x * (0.5 + 0.3 * near) + below * 0.5, below * 0.9 + layer * 0.3
        face = look_up(scene.lace, u, v)
        lit = (face - look_up(scene.lace, u - scene.side * 0.02, v - 0.012)) * (0.4 if misty else 1)
        colour = (
            mix(rock, scene.land * 0.85, near * 0.8)
            * np.clip(0.8 + lit * 2.4, 0.35, 1.5)[..., None]
        )
        snow = ramp(0.14, 0.03, below + (face - 0.6) * 0.22) * (height > 0.3) * (1 - near)
        bright = mix(scene.low, rgb("f6f8fc"), 0.5) * (0.75 if scene.dark else 1)
        colour = mix(
            colour, bright * np.clip(0.85 + lit * 1.6, 0.5, 1.1)[..., None], snow * (not misty)
        )
        veil = 0.75 * (1 - near) + (0.9 if misty else 0.35) * ramp(0.02, 0.3, below) * (
            1.1 - 0.75 * near
        )
        colour = mix(colour, scene.haze, np.clip(veil, 0, 0.95))
        picture = mix(picture, np.clip(colour, 0, 1), ramp(-0.002, 0.002, below))
    return picture


def meadow(scene: Scene, picture: Field) -> Field:
    """Open ground to the horizon: grass, snow, rows of lavender or scattered flowers."""
    hill = scene.horizon - 0.05 * scene.skyline("hill", 0.7, 2, ridged=False)
    depth = np.clip(scene.y - hill, 0, 3)
    far = 1 / (depth + 0.05)
    u, v = (scene.x - scene.wide * 0.5) * far * 0.3, far * 0.5
    grass = look_up(scene.tile, u, v) - 0.5
    slope = look_up(scene.tile, u * 0.15, v * 0.2 + 0.4) - 0.5
    tone = np.clip(0.5 + grass * 1.3 + slope * 1.6 + 0.25 * ramp(0.5, 0, depth), 0, 1)
    colour = mix(
        scene.land * (0.8 if scene.snowy else 0.55), mix(scene.land, scene.light, 0.4), tone
    )
    if not scene.snowy:
        colour = _flowers(scene, colour, u, v, depth)
    colour = mix(colour, scene.haze, np.exp(-depth * 11) * 0.7)
    return mix(picture, np.clip(colour, 0, 1), ramp(-0.001, 0.003, scene.y - hill))


def litter(scene: Scene, picture: Field, top: float) -> Field:
    """Fallen leaves or flowers on ground that is there already, from `top` down."""
    depth = np.clip(scene.y - top, 0, 3)
    far = 1 / (depth + 0.3)
    u, v = (scene.x - scene.wide * 0.5) * far * 0.3, far * 0.5
    strewn = picture if scene.snowy else _flowers(scene, picture, u, v, depth)
    return mix(picture, strewn, ramp(0, 0.1, scene.y - top + 0 * scene.x) * 0.8)


def _flowers(scene: Scene, ground: Field, u: Field, v: Field, depth: Field) -> Field:
    speck = look_up(scene.tile, u * 5, v * 5)
    if "lavender" in scene.wish.things:
        row = np.cos(2 * np.pi * (u * 4.4 + (speck - 0.5) * 0.35))
        bloom = mix(rgb("4a3680"), rgb("b79be6"), np.clip(0.55 * row + (speck - 0.45) * 3, 0, 1))
        return mix(ground * 0.8, bloom, ramp(-0.55, 0.1, row))
    for number, code in enumerate(
        scene.dice("flowers")
        .permutation(AUTUMN if "autumn" in scene.wish.things else FLOWERS)[:3]
        .tolist()
    ):
        patch = look_up(scene.tile, u * 0.4 + number / 3, v * 0.4)
        bloom = look_up(scene.tile, u * 7 + number / 3, v * 5 + number / 3)
        ground = mix(
            ground,
            rgb(code) * (0.45 if scene.dark else 1),
            ramp(0.6, 0.66, bloom + (patch - 0.5) * 0.5) * ramp(0, 0.1, depth),
        )
    return ground


def dunes(scene: Scene, picture: Field) -> Field:
    """Dunes with one side in the light."""
    sand = mix(rgb("d9a05e"), scene.low, 0.3) * (0.45 if scene.dark else 1)
    shadow = mix(rgb("7c4a3c"), scene.top, 0.4) * (0.6 if scene.dark else 1)
    for layer in range(5):
        near = layer / 4
        line = scene.skyline(f"dune {layer}", 0.5 + 0.4 * near, 2, ridged=False) ** 1.4
        foot = scene.horizon + 0.04 + (scene.tall - scene.horizon) * 0.62 * near**1.3
        below = scene.y - (foot - line * (0.07 + 0.12 * near))
        lean = np.gradient(line) * scene.unit * scene.side * -0.5
        grain = look_up(scene.tile, scene.x * 0.5 + near, scene.y * 0.7) - 0.5
        slid = scene.x + scene.side * below * 1.4
        at = (slid * scene.unit).astype(np.int32).clip(0, scene.w - 1)
        shade = ramp(-0.3, 0.35, lean[at] + below * 0.8 - 0.1 + grain * 0.5)
        ripple = 1 + 0.05 * near * np.sin(below * (150 - 80 * near) + grain * 26)
        colour = mix(mix(sand, shadow, shade), scene.haze, 0.55 * (1 - near)) * ripple[..., None]
        picture = mix(picture, np.clip(colour, 0, 1), ramp(-0.002, 0.002, below))
    return picture


def trees(scene: Scene, picture: Field, foot: float, size: float, near: float) -> Field:
    """A row of trees along a line `foot` from the top, so tall, less hazy when near (0 to 1)."""
    dice = scene.dice(f"trees {foot:.3f}")
    ground = foot - 0.05 * scene.skyline(f"bank {foot:.3f}", 1.5, 3, ridged=False)
    sheet = Sheet(scene, (0, 0), 1)
    soil = mix(scene.land * (0.9 if scene.snowy else 0.6), scene.haze, 0.6 * (1 - near))
    bank = [(x, -y) for x, y in zip(scene.x[0], ground, strict=True)]
    sheet.shape(np.array([(0, -9), *bank, (scene.wide, -9)]), soil, curved=False)
    number = int(scene.wide / size * 3.2) + 2
    for x in np.sort(dice.random(number) * scene.wide).tolist():
        y = -float(ground[min(int(x * scene.unit), scene.w - 1)]) - 0.01
        tree = broadleaf if "autumn" in scene.wish.things else conifer
        tree(scene, sheet, x, y, size * float(dice.uniform(0.65, 1.2)), near)
    return sheet.lay_on(picture)


def conifer(scene: Scene, sheet: Sheet, x: float, y: float, size: float, near: float) -> None:
    """A fir, a tier of branches at a time."""
    green = mix(rgb("17351f"), scene.land * 0.4, 0.3) * (0.5 if scene.dark else 1)
    snow = mix(scene.haze, rgb("f4f7fb"), 0.75) * (0.7 if scene.dark else 1)
    sheet.line([(x, y), (x, y + size * 0.3)], rgb("2c1d14"), size * 0.05)
    for tier in range(9):
        low, half = y + size * (0.1 + 0.09 * tier), size * (0.19 - 0.019 * tier)
        tip = low + size * 0.2
        colour = mix(green * (0.8 + 0.07 * tier), scene.haze, 0.75 * (1 - near))
        left, right = (x - half, low - half * 0.2), (x + half, low - half * 0.25)
        sheet.shape([left, (x, low + half * 0.1), right, (x, tip)], colour, curved=False)
        if scene.snowy:
            sheet.shape([left, (x, low + half * 0.5), (x, tip)], snow, curved=False, alpha=0.85)


def broadleaf(scene: Scene, sheet: Sheet, x: float, y: float, size: float, near: float) -> None:
    """A tree with a round crown of leaves, lit from the light's side."""
    dice = scene.dice(f"leaf {x:.4f} {y:.4f}")
    leaf = rgb(str(dice.choice(AUTUMN)) if "autumn" in scene.wish.things else "4d7a33")
    if scene.snowy:
        leaf = mix(leaf, rgb("f0f4f8"), 0.75)
    bark = mix(rgb("33241a"), scene.haze, 0.6 * (1 - near))
    sheet.line([(x, y), (x, y + size * 0.62)], bark, size * 0.05)
    for reach, top in ((-0.16, 0.62), (0.17, 0.66), (-0.08, 0.75)):
        sheet.line([(x, y + size * 0.34), (x + size * reach, y + size * top)], bark, size * 0.025)
    for part in np.linspace(0, 1, 60):
        angle, out = dice.uniform(0, 2 * np.pi), dice.random() ** 0.5 * size
        dx, dy = np.cos(angle) * out * 0.25, np.sin(angle) * out * 0.29
        tone = (
            0.5
            + 0.45 * part
            + 0.9 * (dy - dx * scene.side * 0.8) / size
            + dice.uniform(-0.12, 0.12)
        )
        tone = max(tone, 0.35) * (0.6 if scene.dark else 1)
        colour = mix(leaf * tone, scene.haze, 0.65 * (1 - near))
        sheet.oval(x + dx, y + size * 0.68 + dy, size * 0.065, size * 0.05, colour)


def city(scene: Scene, picture: Field) -> Field:
    """Towers behind towers with lit windows, down to the street."""
    for layer in range(4):
        near = layer / 3
        dice, sheet, x = scene.dice(f"city {layer}"), Sheet(scene, (0, scene.horizon), 1), -0.1
        wall = mix(mix(scene.deep, scene.land, 0.3) * 0.7, scene.haze, 0.75 * (1 - near))
        while x < scene.wide:
            width = dice.uniform(0.07, 0.15) * (0.7 + 0.5 * near)
            high = dice.uniform(0.22, 0.7) * (1 - 0.5 * near) * scene.horizon
            _tower(scene, sheet, dice, (x, width, high), wall, near)
            x += width * dice.uniform(0.85, 1.25)
        picture = sheet.lay_on(picture)
        picture = mix(picture, scene.haze, 0.3 * (1 - near) * ramp(0.3, 0, scene.horizon - scene.y))
    quay = ramp(0.022, 0.018, np.abs(scene.y - scene.horizon + 0.004))
    return mix(picture, scene.deep * 0.6, quay)


def _tower(
    scene: Scene,
    sheet: Sheet,
    dice: np.random.Generator,
    box: tuple[float, float, float],
    wall: Field,
    near: float,
) -> None:
    x, width, high = box
    sheet.shape([(x, -1), (x, high), (x + width, high), (x + width, -1)], wall, curved=False)
    side = x if scene.side > 0 else x + width * 0.75
    edge = [(side, -1), (side, high), (side + width * 0.25, high), (side + width * 0.25, -1)]
    sheet.shape(edge, mix(wall, scene.light, 0.12), curved=False)
    if dice.random() < 0.4:
        sheet.line([(x + width / 2, high), (x + width / 2, high + 0.06)], wall, 0.004)
    neon = scene.wish.time == "neon"
    lamps = [
        rgb(code) for code in (("ff5fc4", "5fe6ff", "ffd76b") if neon else ("ffd98a", "ffe9b8"))
    ]
    lit, gap = 0.5 if scene.wish.time != "day" else 0.15, 0.012 + 0.008 * near
    for row in np.arange(0.02, high - gap, gap * 1.5).tolist():
        for column in np.arange(x + gap * 0.6, x + width - gap, gap).tolist():
            if dice.random() < lit:
                lamp = mix(
                    lamps[int(dice.integers(len(lamps)))],
                    wall,
                    0.6 * (1 - near) + 0.3 * dice.random(),
                )
                pane = [
                    (column, row),
                    (column, row + gap * 0.7),
                    (column + gap * 0.55, row + gap * 0.7),
                ]
                sheet.shape([*pane, (column + gap * 0.55, row)], lamp, curved=False)
    if neon and near > 0.3 and dice.random() < 0.6:
        sign, up = lamps[int(dice.integers(2))], high * dice.uniform(0.35, 0.6)
        sheet.line([(x + width * 0.5, up), (x + width * 0.5, up + high * 0.3)], sign, 0.02)
