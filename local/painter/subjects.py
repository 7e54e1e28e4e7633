"""Things with feet or wings: drawings as data, and the few that must be worked out."""

import numpy as np

from .noise import Field, mix, ramp, rgb
from .scene import Scene
from .sheet import Sheet

_NAMED = """
fur cc6426 deepfur 9c4318 white f7f1e6 dark 2a1d1a coat 8a5a36 belly b98a5c horn 5c432c
black 26262c grey 3b3b44 eye e3b53c pink c98a86 wall e9e4d6 red b5352a stone 8d8577 shade 6a6359
roof 5a3128 log 8a5a34 lamp ffd27a rock 4a4640 hill 4c5a34 slate 3d4a70
"""
PAINTS = dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True))
# A line is a paint and the points of a curve, in hundredths; a "!" makes them corners.
FOX = """
deepfur 16,4 36,-2 60,2 74,16 76,36 66,52 58,54 60,40 54,26 40,18 22,18
fur 18,8 38,4 58,9 68,20 70,36 64,48 59,46 60,34 52,22 38,15 22,16
white 76,34 75,46 66,58 54,66 54,54 59,42 66,40
deepfur -16,58 -24,42 -30,22 -30,6 -14,-1 14,-1 30,6 30,22 24,42 16,58
fur -13,58 -20,40 -25,22 -23,6 -10,1 10,1 24,6 25,22 20,40 13,58
white 0,60 -13,50 -12,36 -5,26 0,20 5,26 12,36 13,50 ; fur -11,34 -13,10 -12,2 -3,2 -2,10 -2,30
fur 11,34 13,10 12,2 3,2 2,10 2,30 ; dark -13,12 -14,0 -8,-2 -2,0 -3,12 -8,15
dark 13,12 14,0 8,-2 2,0 3,12 8,15 ; fur! -27,78 -30,112 -6,93 ; fur! 27,78 30,112 6,93
dark! -24,86 -27.5,105 -13,93 ; dark! 24,86 27.5,105 13,93
fur 0,95 -14,93 -25,84 -30,72 -37,62 -22,56 -9,48 0,44 9,48 22,56 37,62 30,72 25,84 14,93
white -37,62 -26,67 -14,66 -6,60 0,50 6,60 14,66 26,67 37,62 22,55 9,47 0,43 -9,47 -22,55
dark -17,73 -12,76.5 -7,73 -8,69 -12,67.5 -16,69 ; dark 17,73 12,76.5 7,73 8,69 12,67.5 16,69
white -11,74.5 -9.5,74.5 -9.5,73 -11,73 ; white 13,74.5 14.5,74.5 14.5,73 13,73
dark -5,52 0,54 5,52 3,48 0,46 -3,48
"""
CAT = """
black 14,4 34,0 52,6 58,18 52,28 47,22 49,14 38,10 18,14
black -14,56 -24,36 -28,14 -24,1 0,-2 24,1 28,14 24,36 14,56
grey -6,40 -10,20 -11,3 -2,1 0,20 2,1 11,3 10,20 6,40 ; black! -26,72 -26,101 -6,87
black! 26,72 26,101 6,87 ; pink! -22,80 -22.5,93 -13,86 ; pink! 22,80 22.5,93 13,86
black 0,90 -16,87 -28,74 -28,62 -16,51 0,48 16,51 28,62 28,74 16,87
eye -19,71 -13,76 -7,70 -12,66 ; eye 19,71 13,76 7,70 12,66
dark -13,76 -11.5,71 -13,66.5 -14.5,71 ; dark 13,76 11.5,71 13,66.5 14.5,71
pink -3,62 3,62 0,58.5
"""
DEER = """
coat! 20,38 24,20 22,0 26,0 29,20 31,40 ; coat! -16,38 -18,20 -19,0 -15,0 -13,20 -8,36
coat 30,56 36,46 34,36 26,30 8,33 -8,32 -18,38 -22,52 -28,66 -31,74 -22,78 -14,66 -4,58 14,57
belly 24,33 8,34.5 -6,33.5 -14,38 -4,39 12,38 ; coat! 26,42 33,22 30,0 34,0 38,22 35,46
coat! -20,42 -25,20 -27,0 -23,0 -19,20 -10,38 ; white 35,56 40,49 37,42 33,48
coat -20,80 -30,84 -40,77 -47,72 -46,68 -37,68 -30,66 -22,70 ; dark -47,72 -46,68 -43,70
coat! -22,81 -12,86 -19,77 ; dark -35,78 -33,79 -33,76.5
"""
ANTLERS = (
    "-26,82 -30,94 -25,106 -14,114",
    "-29,92 -40,98 -42,106",
    "-27,103 -34,112",
    "-24,82 -18,92 -8,98 -4,108",
)
LIGHTHOUSE = """
rock -46,-12 -38,3 -22,10 -8,8 10,11 26,7 40,1 50,-12 ; wall! -13,6 -8.5,78 8.5,78 13,6
red! -11.9,22 -10.9,38 10.9,38 11.9,22 ; red! -9.9,54 -9,69 9,69 9.9,54
shade! 5,6 4,78 8.5,78 13,6 ; dark! -11,78 -11,81 11,81 11,78 ; lamp! -6,81 -6,92 6,92 6,81
red! -8.5,92 0,101 8.5,92 ; dark! -2,14 -2,20 2,20 2,14
"""
CASTLE = """
hill -240,-130 -140,-40 -84,-8 -56,4 -20,9 20,9 56,4 88,-10 140,-40 240,-130
stone! -44,2 -44,34 44,34 44,2 ; shade! 14,2 14,34 44,34 44,2 ; stone! -52,0 -52,48 -34,48 -34,0
stone! 34,0 34,52 52,52 52,0 ; shade! 44,0 44,52 52,52 52,0 ; slate! -55,48 -43,72 -31,48
slate! 31,52 43,78 55,52 ; stone! -14,30 -14,70 14,70 14,30 ; shade! 4,30 4,70 14,70 14,30
slate! -18,70 0,104 18,70 ; stone! -28,30 -28,56 -19,56 -19,30 ; slate! -31,56 -23.5,74 -16,56
shade! 22,30 22,60 30,60 30,30 ; slate! 19,60 26,80 33,60 ; dark -7,2 -7,16 0,22 7,16 7,2
lamp! -3,54 -3,61 0,63 3,61 3,54 ; lamp! -45,36 -45,41 -42,41 -42,36
lamp! 41,38 41,44 44,44 44,38 ; lamp! -30,18 -30,23 -27,23 -27,18 ; lamp! 26,18 26,23 29,23 29,18
red! 0,104 0,114 14,110 0,107
"""
HOUSE = """
roof! 22,70 22,98 33,98 33,60 ; log! -40,0 -40,48 40,48 40,0 ; log! -40,48 0,84 40,48
shade! -40,40 -40,48 40,48 40,40 ; roof! -50,42 0,92 50,42 44,40 0,80 -44,40
dark! -10,0 -10,30 10,30 10,0 ; lamp! -32,16 -32,32 -18,32 -18,16 ; lamp! 18,16 18,32 32,32 32,16
lamp! -6,52 -6,62 6,62 6,52 ; dark! -25.6,16 -25.6,32 -24.4,32 -24.4,16
dark! 24.4,16 24.4,32 25.6,32 25.6,16
"""
# The drawing, its height, and the paint that a colour word before the thing replaces.
THINGS = {
    "fox": (FOX, 0.42, "fur"),
    "cat": (CAT, 0.3, "black"),
    "deer": (DEER, 0.34, "coat"),
    "lighthouse": (LIGHTHOUSE, 0.46, "red"),
    "castle": (CASTLE, 0.4, "stone"),
    "house": (HOUSE, 0.25, "log"),
}


def standing(scene: Scene, picture: Field, name: str, at: tuple[float, float]) -> Field:
    """A thing from the drawings, standing at a spot, with what it does to its surroundings."""
    drawing, size, main_paint = THINGS[name]
    sheet = Sheet(scene, at, size, flip=-scene.side)
    paints = PAINTS | {main_paint: scene.wish.colours.get(name, PAINTS[main_paint])}
    if name in ("fox", "cat", "deer"):
        sheet.oval(0.1, -0.01, 0.5, 0.045, mix(scene.land, scene.top, 0.6), 0.55)
    for shape in drawing.replace("\n", ";").strip(";").split(";"):
        paint, *points = shape.split()
        colour = rgb(paints[paint.strip("!")])
        colour = (
            colour
            if paint == "lamp!"
            else mix(colour * (0.6 if scene.dark else 1), scene.haze, 0.08)
        )
        sheet.shape(" ".join(points), colour, curved=not paint.endswith("!"))
    for antler in ANTLERS if name == "deer" else ():
        sheet.line(antler, rgb(PAINTS["horn"]), 0.025)
    picture = sheet.lay_on(picture)
    if name == "house":
        return _smoke(scene, _glow(scene, picture, at[0], at[1] - 0.05, 0.16), at, size)
    if name == "lighthouse":
        return _beam(scene, picture, at[0], at[1] - 0.865 * size)
    return picture


def _glow(scene: Scene, picture: Field, x: float, y: float, radius: float) -> Field:
    strength = 0.6 if scene.wish.time != "day" else 0.15
    return mix(picture, rgb("ffc46b"), np.exp(-scene.distance(x, y) / radius * 2) * strength)


def _smoke(scene: Scene, picture: Field, at: tuple[float, float], size: float) -> Field:
    sheet = Sheet(scene, (at[0] - scene.side * 0.275 * size, at[1] - size), size)
    drift = scene.dice("smoke")
    for puff in np.linspace(0, 1, 26).tolist():
        x = 0.5 * puff**1.5 + drift.normal(0, 0.03)
        sheet.oval(
            x, puff * 0.9, 0.05 + 0.13 * puff, 0.04 + 0.09 * puff, scene.haze, 0.3 - 0.25 * puff
        )
    return sheet.lay_on(picture)


def _beam(scene: Scene, picture: Field, x: float, y: float) -> Field:
    dx, dy = (scene.x - x) * scene.side, scene.y - y
    spread = np.abs(dy + 0.1 * dx) / (np.abs(dx) * 0.13 + 0.004)
    beam = np.exp(-(spread**2)) * np.exp(-np.abs(dx) * 0.8) * np.where(dx > 0, 0.95, 0.4)
    return _glow(scene, mix(picture, rgb("fff0c0"), beam), x, y, 0.12)


def balloon(scene: Scene, picture: Field, at: tuple[float, float], size: float) -> Field:
    """A hot-air balloon in gores, round as a lamp."""
    sheet = Sheet(scene, at, size)
    first, second = rgb(scene.wish.colours.get("balloon", "c8402f")), rgb("f3dfb4")
    rise = np.linspace(0, 1, 24)
    swell = 0.4 * np.sqrt(np.clip(1 - (1.45 * rise - 0.45) ** 2, 0, 1)) * ramp(-0.35, 0.5, rise)
    gores = 13
    for gore in range(gores):
        left, right = (-np.cos(np.pi * (gore + step) / gores) for step in (0, 1))
        y = 0.26 + 0.8 * rise
        rim = [np.stack([side * swell, y], axis=1) for side in (left, right)]
        tone = 1.08 - 0.5 * ((gore / (gores - 1) - 0.3 * scene.side * -1 - 0.5) ** 2) * 2.4
        colour = mix((second if gore % 4 == 2 else first) * tone, scene.haze, 0.12)
        sheet.shape(np.concatenate([rim[0], rim[1][::-1]]), colour, curved=False)
    for x in (-0.06, 0.06):
        sheet.line([(x, 0.28), (x * 0.9, 0.1)], rgb("3a2a20"), 0.01)
    sheet.shape("-7,11 -6,0 6,0 7,11", rgb("7a4f2a"), curved=False)
    sheet.line("-8,11 8,11", rgb("4a2f1a"), 0.02)
    return sheet.lay_on(picture, scene.haze, 0.05)


def birds(scene: Scene, picture: Field) -> Field:
    """A loose flock in the sky."""
    dice, sheet = scene.dice("birds"), Sheet(scene, (0, 0), 1)
    at_x, at_y = scene.wide * dice.uniform(0.3, 0.7), -scene.horizon * dice.uniform(0.2, 0.45)
    for _ in range(11):
        x, y, size = (
            at_x + dice.normal(0, 0.14),
            at_y + dice.normal(0, 0.06),
            dice.uniform(0.012, 0.026),
        )
        wing = [
            (-1, 0.35),
            (-0.55, 0.55),
            (0, 0),
            (0.55, 0.6),
            (1, 0.3),
            (0.5, 0.35),
            (0, -0.2),
            (-0.5, 0.3),
        ]
        sheet.shape(
            [(x + dx * size, y + dy * size) for dx, dy in wing],
            mix(rgb("20222a"), scene.haze, 0.15),
        )
    return sheet.lay_on(picture)
