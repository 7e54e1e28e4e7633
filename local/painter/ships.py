"""What floats: the tall ship and the small sailing boat."""

import numpy as np

from .noise import Field, mix, rgb
from .scene import Scene
from .sheet import Sheet

MASTS = ((-0.27, 0.7, 0.8), (0.0, 0.86, 1.0), (0.25, 0.76, 0.9))  # where, how high, how wide
SAILS = ((0.2, 0.43, 0.165), (0.45, 0.67, 0.14), (0.69, 0.86, 0.105))  # foot, head, half width
HULL = (
    "-50,24 -47,23 -45,6 -41,-10 35,-10 43,2 50,14 46,13.5 38,11 22,8 -12,7.5 -22,9 -26,16 -40,19"
)


def ship(scene: Scene, picture: Field, at: tuple[float, float], size: float) -> Field:
    """A three-master under sail, bow up on a wave, away from the light."""
    side = scene.side
    sheet = Sheet(scene, at, size, tilt=9 * side, flip=side)
    wood = rgb("4a2c1c")
    cloth = rgb(scene.wish.colours.get("ship", "e9ddc3"))
    sunlit = mix(mix(cloth, scene.light, 0.35), scene.haze, 0.08)
    shade = mix(cloth * 0.42, scene.top, 0.35)
    _stays(sheet, wood * 0.5)
    _jibs(sheet, sunlit, shade)
    for where, high, wide in MASTS:
        sheet.line([(where, 0.05), (where - 0.012, high)], wood * 0.7, 0.014)
        for foot, head, half in SAILS:
            _sail(sheet, where, high * foot / 0.86, high * head / 0.86, half * wide, sunlit, shade)
        _pennant(sheet, where - 0.012, high)
    _hull(sheet, wood, scene)
    return sheet.lay_on(picture, scene.haze, 0.08)


def _stays(sheet: Sheet, rope: Field) -> None:
    sheet.line("40,9 70,25", rope * 1.4, 0.016)
    for (where, high, _), ahead in zip(MASTS, ((0.0, 0.1), (0.25, 0.1), (0.7, 0.25)), strict=True):
        sheet.line([(where, high), ahead], rope, 0.004)
        sheet.line([(where, high * 0.72), ahead], rope, 0.003)
        for foot in (-0.09, -0.06, 0.05, 0.08):
            sheet.line([(where, high * 0.62), (where + foot, 0.08)], rope, 0.003)
    sheet.line("-27,70 -49,23", rope, 0.004)


def _jibs(sheet: Sheet, sunlit: Field, shade: Field) -> None:
    for tone, outline in (
        (0.5, "68,25 58,29 45,30 38,36 34,62 48,46"),
        (0.8, "60,21 48,22 36,24 31,30 28,56 44,38"),
        (0.55, "-29,57 -38,53 -45,44 -48,31 -46,27 -29,30"),
    ):
        sheet.shape(outline, mix(shade, sunlit, tone), curved=False)
    sheet.line("-29,30 -48,26", rgb("2e1d14"), 0.008)


def _sail(
    sheet: Sheet, mast: float, foot: float, head: float, half: float, sunlit: Field, shade: Field
) -> None:
    """A square sail full of wind, in strips: bright where the cloth faces the light."""
    rise = np.linspace(0, 1, 9)
    belly = 0.055 * np.sin(np.pi * np.clip(rise * 0.85 + 0.1, 0, 1))
    strips = 9
    edges = []
    for strip in range(strips + 1):
        part = strip / strips * 2 - 1
        x = mast + part * half * (1 - 0.14 * rise) + belly * (1.1 - 0.25 * part)
        y = foot + (head - foot) * rise + 0.022 * (1 - part**2) * (1 - rise)
        edges.append(np.stack([x, y], axis=1))
    for strip in range(strips):
        turned = (strip + 0.5) / strips
        tone = 0.95 - 0.75 * turned**1.6 - 0.22 * (turned < 0.12)
        for low, high in ((0, 4), (3, 7), (6, 9)):
            outline = [*edges[strip][low:high], *edges[strip + 1][low:high][::-1]]
            fold = tone * (0.82 + 0.03 * low) if low < 6 else tone * 1.04
            sheet.shape(np.array(outline), mix(shade, sunlit, fold), curved=False)
    yard = [edges[0][-1] - (0.015, 0), edges[-1][-1] + (0.015, 0)]
    sheet.line(np.array(yard), rgb("2e1d14"), 0.009)


def _pennant(sheet: Sheet, x: float, y: float) -> None:
    sheet.line([(x, y), (x, y + 0.05)], rgb("2e1d14"), 0.006)
    flag = [(x, y + 0.05), (x + 0.045, y + 0.042), (x + 0.1, y + 0.05), (x + 0.05, y + 0.022)]
    sheet.shape([*flag, (x, y + 0.02)], rgb("b8322a"))


def _hull(sheet: Sheet, wood: Field, scene: Scene) -> None:
    sheet.shape(HULL, wood, curved=False)
    sheet.shape("-45,6 -41,-10 35,-10 43,2 -20,-1", wood * 0.55, curved=False)
    sheet.line("-48,20 -26,13 -21,7 -10,5.5 22,6 38,9 49,13", rgb("b98a45"), 0.012)
    sheet.line("-46,11 -20,3 20,2.5 44,6", mix(rgb("b98a45"), scene.light, 0.3), 0.007)
    for port in np.linspace(-0.17, 0.33, 9).tolist():
        y = 0.03 + 0.16 * (port - 0.05) ** 2
        sheet.shape([(port + dx, y + dy) for dx, dy in _PORT], rgb("140c08"), curved=False)
    for window in (-0.45, -0.4, -0.35):
        y = 0.125 - (window + 0.45) * 0.25
        sheet.shape(
            [(window + dx * 1.2, y + dy * 1.3) for dx, dy in _PORT], rgb("ffc861"), curved=False
        )
    sheet.oval(-0.485, 0.275, 0.014, 0.02, rgb("ffd98a"))


_PORT = ((-0.012, -0.012), (0.012, -0.012), (0.012, 0.012), (-0.012, 0.012))


def boat(scene: Scene, picture: Field, at: tuple[float, float], size: float) -> Field:
    """A small boat with a mainsail and a jib."""
    sheet = Sheet(scene, at, size, tilt=6 * scene.side, flip=scene.side)
    cloth = mix(rgb(scene.wish.colours.get("boat", "f4ecdc")), scene.light, 0.2)
    sheet.line("2,8 0,100", rgb("3a2a20"), 0.02)
    sheet.shape("-3,96 -6,60 -34,20 -36,16 -4,15", cloth, curved=False)
    sheet.shape("-3,96 -2,50 -4,15 -16,15.5 -12,50", cloth * 0.8, curved=False)
    sheet.shape("4,92 8,50 36,15 20,17 5,17", mix(cloth * 0.75, scene.top, 0.15), curved=False)
    sheet.shape("-42,12 -34,-6 26,-6 44,13 0,9", rgb("7a3b2a"), curved=False)
    sheet.shape("-36,-1 -34,-6 26,-6 33,1", rgb("40241c"), curved=False)
    return sheet.lay_on(picture, scene.haze, 0.1)
