"""Paints things from drawings, such as castles and foxes, and the ship and the balloon."""

import numpy as np

from .noise import Field, mix, ramp, rgb
from .scene import Scene, Sheet, parse

_NAMED = """
fur cc6426 deepfur 9c4318 white f7f1e6 dark 2a1d1a wall e9e4d6 red b5352a stone 8d8577
shade 6a6359 roof 5a3128 log 8a5a34 lamp ffd27a rock 4a4640 hill 4c5a34 slate 3d4a70
coat 7c8088 stripe 4b4e57 pink d88f8c eye a8bf5e post 2b2f36 silk c8402f sail e9ddc3
"""
PAINTS = dict(zip(_NAMED.split()[::2], _NAMED.split()[1::2], strict=True))
# Each part is a paint and the points of a curve, in hundredths. "!" draws a polygon instead; "="
# also draws the mirror image.
FOX = """
deepfur 16,4 36,-2 60,2 74,16 76,36 66,52 58,54 60,40 54,26 40,18 22,18
fur 18,8 38,4 58,9 68,20 70,36 64,48 59,46 60,34 52,22 38,15 22,16
white 76,34 75,46 66,58 54,66 54,54 59,42 66,40
deepfur -16,58 -24,42 -30,22 -30,6 -14,-1 14,-1 30,6 30,22 24,42 16,58
fur -13,58 -20,40 -25,22 -23,6 -10,1 10,1 24,6 25,22 20,40 13,58
white 0,60 -13,50 -12,36 -5,26 0,20 5,26 12,36 13,50
fur= -11,34 -13,10 -12,2 -3,2 -2,10 -2,30 ; dark= -13,12 -14,0 -8,-2 -2,0 -3,12 -8,15
fur!= -27,78 -30,112 -6,93 ; dark!= -24,86 -27.5,105 -13,93
fur 0,95 -14,93 -25,84 -30,72 -37,62 -22,56 -9,48 0,44 9,48 22,56 37,62 30,72 25,84 14,93
white -37,62 -26,67 -14,66 -6,60 0,50 6,60 14,66 26,67 37,62 22,55 9,47 0,43 -9,47 -22,55
dark= -17,73 -12,76.5 -7,73 -8,69 -12,67.5 -16,69 ; white -11,74.5 -9.5,74.5 -9.5,73 -11,73
white 13,74.5 14.5,74.5 14.5,73 13,73 ; dark -5,52 0,54 5,52 3,48 0,46 -3,48
dark= 0,47 2,43.6 6,42.8 9,45 10,47.5 10.6,45 7,41 2,41.6 0,44
"""
LIGHTHOUSE = """
rock -46,-12 -38,3 -22,10 -8,8 10,11 26,7 40,1 50,-12 ; wall! -13,6 -8.5,78 8.5,78 13,6
red! -11.9,22 -10.9,38 10.9,38 11.9,22 ; red! -9.9,54 -9,69 9,69 9.9,54
shade! 5,6 4,78 8.5,78 13,6 ; dark! -11,78 -11,81 11,81 11,78 ; lamp! -6,81 -6,92 6,92 6,81
red! -8.5,92 0,101 8.5,92 ; dark! -2,14 -2,20 2,20 2,14
"""
CASTLE = """
hill -240,-130 -140,-40 -84,-8 -56,4 -20,9 20,9 56,4 88,-10 140,-40 240,-130
stone! -44,2 -44,34 44,34 44,2 ; shade! 14,2 14,34 44,34 44,2
stone!= 34,0 34,50 52,50 52,0 ; shade! 44,0 44,50 52,50 52,0 ; slate!= 31,50 43,76 55,50
stone! -14,30 -14,70 14,70 14,30 ; shade! 4,30 4,70 14,70 14,30 ; slate! -18,70 0,104 18,70
stone!= 20,30 20,58 29,58 29,30 ; shade! 25,30 25,58 29,58 29,30 ; slate!= 17,58 24.5,78 32,58
dark -7,2 -7,16 0,22 7,16 7,2 ; lamp! -3,54 -3,61 0,63 3,61 3,54
lamp!= 41,37 41,43 44,43 44,37 ; lamp!= 26,18 26,23 29,23 29,18 ; red! 0,104 0,114 14,110 0,107
"""
HOUSE = """
roof! 22,70 22,98 33,98 33,60 ; log! -40,0 -40,48 0,84 40,48 40,0
shade! -40,40 -40,48 40,48 40,40 ; roof! -50,42 0,92 50,42 44,40 0,80 -44,40
dark! -10,0 -10,30 10,30 10,0 ; lamp! -6,52 -6,62 6,62 6,52
lamp!= 18,16 18,32 32,32 32,16 ; dark!= 24.4,16 24.4,32 25.6,32 25.6,16
"""
CAT = """
stripe 14,6 34,-1 50,6 56,22 52,38 44,44 40,38 46,28 42,16 32,10 16,14
coat -15,58 -25,40 -29,20 -26,4 -13,-1 13,-1 26,4 29,20 25,40 15,58
white 0,54 -9,46 -9,34 0,26 9,34 9,46 ; coat= -12,34 -14,10 -13,-2 -3,-2 -2,10 -2,30
white= -14,6 -15,0 -9,-3 -2,0 -3,6 -8,8 ; coat!= -30,78 -30,110 -7,94
pink!= -26,84 -26.5,102 -12,93 ; coat 0,96 -17,94 -29,85 -33,73 -28,59 -15,51 0,49 15,51 28,59 33,73
stripe! -3,95.5 0,82 3,95.5 ; stripe!= -13,94 -9,83 -7,95 ; stripe!= -32,72 -20,69 -32,67
coat 33,73 29,85 17,94 26,84 30,72 ; white 0,64 -9,62 -11,55 -5,50.5 0,52 5,50.5 11,55 9,62
eye= -19,74 -13,79.5 -7,74 -8,70 -13,68 -18,70 ; dark= -14.5,74 -13,79 -11.5,74 -13,69
white -13.5,76.5 -12,76.5 -12,75 -13.5,75 ; white 12,76.5 13.5,76.5 13.5,75 12,75
pink! -3.4,65 3.4,65 0,61 ; dark= 0,61 0,58 4,55.6 8,57.4 8.4,58.6 5,57 1.2,59
white!= 9,62 36,67 36,66.2 9,60.6 ; white!= 9,59.4 37,58 37,57.2 9,58
"""
LAMP = """
post -9,-2 -7,4 -2.4,7 2.4,7 7,4 9,-2 ; post! -2,4 -1.6,92 1.6,92 2,4
post! -8,91 -5,95 5,95 8,91 ; lamp! -5,95 -9,112 9,112 5,95 ; post! -11.5,112 0,121 11.5,112
post! -1.2,121 -1.2,125 1.2,125 1.2,121 ; post! -0.6,95 -1,112 1,112 0.6,95
"""
# The drawing, its height, and the paint that the prompt's color for this thing replaces.
DRAWINGS = {
    "castle": (CASTLE, 0.4, "stone"),
    "lighthouse": (LIGHTHOUSE, 0.46, "red"),
    "house": (HOUSE, 0.25, "log"),
    "fox": (FOX, 0.42, "fur"),
    "cat": (CAT, 0.36, "coat"),
    "lamp": (LAMP, 0.5, "post"),
}
MAIN_PAINTS = {name: paint for name, (_, _, paint) in DRAWINGS.items()}
MAIN_PAINTS["balloon"] = "silk"
ALONE = (*DRAWINGS, "balloon", "ship")  # what add_large can paint
MASTS = ((-0.27, 0.7, 0.8), (0.0, 0.86, 1.0), (0.25, 0.76, 0.9))  # position, height, width
SAILS = ((0.2, 0.43, 0.165), (0.45, 0.67, 0.14), (0.69, 0.86, 0.105))  # foot, head, half width


def add_things(scene: Scene, picture: Field) -> Field:
    """Add the things that stand side by side on the ground, and the balloon."""
    spots = iter((0.5 + 0.16 * scene.side, 0.5 - 0.2 * scene.side, 0.5, 0.8, 0.2, 0.65))
    depth = 0.1 if scene.subject.place in ("sea", "lake") else 0.32
    foot = min(scene.horizon + depth * scene.room, scene.tall - 0.12)
    for name in ("castle", "lighthouse", "house", "lamp", "fox", "cat"):
        if name in scene.subject.names:
            y = foot + 0.55 * (scene.tall - foot) * (name in ("fox", "cat"))
            at = scene.wide * next(spots), y
            picture = _add_drawing(scene, picture, name, at, DRAWINGS[name][1])
    return _add_balloon(scene, picture) if "balloon" in scene.subject.names else picture


def add_large(scene: Scene, picture: Field, name: str) -> Field:
    """Add one thing as large as the picture, standing on its lower edge."""
    foot, size = scene.tall - 0.05, 0.85 * min(scene.wide, scene.tall / 1.1)
    if name == "ship":
        return add_ship(scene, picture, (scene.wide / 2, foot - 0.05), size)
    if name == "balloon":
        return _add_balloon(scene, picture, (scene.wide / 2, foot), size)
    return _add_drawing(scene, picture, name, (scene.wide / 2, foot), size * 0.94)


def _add_drawing(
    scene: Scene, picture: Field, name: str, at: tuple[float, float], size: float
) -> Field:
    """Add a thing from DRAWINGS, standing at a point, with the light of its lamps."""
    drawing, usual, main_paint = DRAWINGS[name]
    sheet = Sheet(scene, at, size, flip=-scene.side)
    paints = PAINTS | {main_paint: scene.subject.colors.get(name, PAINTS[main_paint])}
    if name in ("fox", "cat"):
        sheet.oval(0.1, -0.01, 0.5, 0.045, mix(scene.land, scene.top, 0.35))
    for part in drawing.strip().replace("\n", ";").split(";"):
        paint, points = part.strip().split(" ", 1)
        color = rgb(paints[paint.strip("!=")])
        if "lamp" not in paint:
            color = mix(color * (0.6 if scene.dark else 1), scene.haze, 0.08)
        draw = sheet.shape if "!" in paint else sheet.curve
        draw(points, color)
        if "=" in paint:
            draw(parse(points) * (-1, 1), color)
    picture, (x, y), grow = sheet.composite(picture, scene.haze), at, size / usual
    if name == "house":
        return _add_glow(scene, picture, x, y - 0.05 * grow, 0.16 * grow)
    if name == "lamp":
        return _add_glow(scene, picture, x, y - 1.04 * size, 0.14 * grow)
    return _add_beam(scene, picture, x, y - 0.4 * grow) if name == "lighthouse" else picture


def _add_glow(scene: Scene, picture: Field, x: float, y: float, radius: float) -> Field:
    strength = 0.15 if scene.subject.time == "day" else 0.6
    return mix(picture, rgb("ffc46b"), np.exp(-scene.distance(x, y) / radius * 2) * strength)


def _add_beam(scene: Scene, picture: Field, x: float, y: float) -> Field:
    dx, dy = (scene.x - x) * scene.side, scene.y - y
    spread = np.abs(dy + 0.1 * dx) / (np.abs(dx) * 0.13 + 0.004)
    beam = np.exp(-(spread**2)) * np.exp(-np.abs(dx) * 0.8) * np.where(dx > 0, 0.95, 0.4)
    return _add_glow(scene, mix(picture, rgb("fff0c0"), beam), x, y, 0.12)


def _add_balloon(
    scene: Scene, picture: Field, at: tuple[float, float] | None = None, size: float = 0.36
) -> Field:
    """Add a hot-air balloon with striped gores, shaded to look round."""
    at = at or (scene.wide * (0.5 + 0.12 * scene.side), scene.horizon * 0.62)
    sheet = Sheet(scene, at, size)
    first, second = rgb(scene.subject.colors.get("balloon", PAINTS["silk"])), rgb("f3dfb4")
    rise = np.linspace(0, 1, 24)
    swell = 0.4 * np.sqrt(np.clip(1 - (1.45 * rise - 0.45) ** 2, 0, 1)) * ramp(-0.35, 0.5, rise)
    bends = [-np.cos(np.pi * seam / 13) * swell for seam in range(14)]
    edges = [np.stack([bend, 0.26 + 0.8 * rise], axis=1) for bend in bends]
    for gore in range(13):
        tone = 1.08 - 1.2 * (gore / 12 + 0.3 * scene.side - 0.5) ** 2
        color = mix((second if gore % 4 == 2 else first) * tone, scene.haze, 0.12)
        sheet.shape(np.concatenate([edges[gore], edges[gore + 1][::-1]]), color)
    for rope in ("-6,28 -5.4,10", "6,28 5.4,10"):
        sheet.line(rope, rgb("3a2a20"), 0.01)
    sheet.shape("-7,11 -6,0 6,0 7,11", rgb("7a4f2a"))
    sheet.line("-8,11 8,11", rgb("4a2f1a"), 0.02)
    return sheet.composite(picture, scene.haze, 0.05)


def add_ship(
    scene: Scene, picture: Field, at: tuple[float, float] | None = None, size: float = 0.58
) -> Field:
    """Add a three-master under sail that climbs a wave, away from the light."""
    side = scene.side
    at = at or (scene.wide * (0.5 + 0.02 * side), scene.horizon + 0.3 * scene.room)
    sheet = Sheet(scene, at, size, tilt=9 * side, flip=side)
    cloth = rgb(scene.subject.colors.get("ship", PAINTS["sail"]))
    sunlit = mix(mix(cloth, scene.light, 0.35), scene.haze, 0.08)
    shade = mix(cloth * 0.42, scene.top, 0.35)
    _draw_rigging(sheet, sunlit, shade)
    for where, high, wide in MASTS:
        for foot, head, half in SAILS:
            _draw_sail(
                sheet, where, high * foot / 0.86, high * head / 0.86, half * wide, sunlit, shade
            )
        flag = np.array([(0, 5), (4.5, 4.2), (10, 5), (5, 2.2), (0, 2)]) / 100
        sheet.curve(flag + np.array([where - 0.012, high]), rgb("b8322a"))
    _draw_hull(scene, sheet)
    return sheet.composite(picture, scene.haze, 0.08)


def _draw_rigging(sheet: Sheet, sunlit: Field, shade: Field) -> None:
    """Draw the bowsprit, stays, masts and staysails."""
    sheet.line("40,9 70,25", rgb("341f14"), 0.016)
    for (where, high, _), ahead in zip(MASTS, ((0.0, 0.1), (0.25, 0.1), (0.7, 0.25)), strict=True):
        sheet.line([(where, high), ahead], rgb("25160e"), 0.004)
        for foot in (-0.09, -0.06, 0.05, 0.08):
            sheet.line([(where, high * 0.62), (where + foot, 0.08)], rgb("25160e"), 0.003)
        sheet.line([(where, 0.05), (where - 0.012, high + 0.05)], rgb("341f14"), 0.012)
    sheet.shape("68,25 58,29 45,30 38,36 34,62 48,46", mix(shade, sunlit, 0.5))
    sheet.shape("60,21 48,22 36,24 31,30 28,56 44,38", mix(shade, sunlit, 0.8))
    sheet.shape("-29,57 -38,53 -45,44 -48,31 -46,27 -29,30", mix(shade, sunlit, 0.55))


def _draw_sail(
    sheet: Sheet, mast: float, foot: float, head: float, half: float, sunlit: Field, shade: Field
) -> None:
    """Draw a full square sail in strips, brighter where the cloth faces the light."""
    rise = np.linspace(0, 1, 9)
    belly = 0.055 * np.sin(np.pi * np.clip(rise * 0.85 + 0.1, 0, 1))
    edges = []
    for part in np.linspace(-1, 1, 10):
        x = mast + part * half * (1 - 0.14 * rise) + belly * (1.1 - 0.25 * part)
        y = foot + (head - foot) * rise + 0.022 * (1 - part**2) * (1 - rise)
        edges.append(np.stack([x, y], axis=1))
    for strip in range(9):
        turned = (strip + 0.5) / 9
        tone = 0.95 - 0.75 * turned**1.6 - 0.22 * (turned < 0.12)
        for low, high, fold in ((0, 4, 0.82), (3, 7, 0.91), (6, 9, 1.04)):
            outline = [*edges[strip][low:high], *edges[strip + 1][low:high][::-1]]
            sheet.shape(np.array(outline), mix(shade, sunlit, tone * fold))
    sheet.line(
        np.array([edges[0][-1] - (0.015, 0), edges[-1][-1] + (0.015, 0)]), rgb("2e1d14"), 0.009
    )


def _draw_hull(scene: Scene, sheet: Sheet) -> None:
    outline = "-50,24 -47,23 -45,6 -41,-10 35,-10 43,2 50,14 38,11 22,8 -12,7.5 -22,9 -26,16 -40,19"
    sheet.shape(outline, rgb("4a2c1c"))
    sheet.shape("-45,6 -41,-10 35,-10 43,2 -20,-1", rgb("29180f"))
    sheet.line("-48,20 -26,13 -21,7 -10,5.5 22,6 38,9 49,13", rgb("b98a45"), 0.012)
    sheet.line("-46,11 -20,3 20,2.5 44,6", mix(rgb("b98a45"), scene.light, 0.3), 0.007)
    for port in np.linspace(-0.17, 0.33, 9).tolist():
        y = 0.03 + 0.16 * (port - 0.05) ** 2
        sheet.box(port - 0.012, y - 0.012, 0.024, 0.024, rgb("140c08"))
    for window in (-0.464, -0.414, -0.364):
        sheet.box(window, 0.106 - (window + 0.464) * 0.25, 0.029, 0.031, rgb("ffc861"))
    sheet.oval(-0.485, 0.275, 0.014, 0.02, rgb("ffd98a"))
