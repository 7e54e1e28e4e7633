"""Paints air, sun and moon, stars, clouds, lightning, rain and snow."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .noise import Field, mix, ramp, rgb, sample, to_field
from .scene import Scene

CLOUDINESS = {"aurora": 0.12, "night": 0.35, "neon": 0.12, "fog": 0.5}


def paint_sky(scene: Scene) -> Field:
    """The sky of a scene, which fills the whole picture."""
    picture = _paint_air(scene)
    if scene.subject.time in ("night", "aurora"):
        picture = _add_specks(scene, picture, "stars", 500, 0.0025)
    if scene.subject.time == "aurora":
        picture = _add_aurora(scene, picture)
    elif not scene.stormy and not scene.misty:
        picture = _add_sun_or_moon(scene, picture)
    if scene.stormy:
        return _add_lightning(scene, _add_storm_clouds(scene, picture))
    return _add_clouds(scene, picture)


def _paint_air(scene: Scene) -> Field:
    height = np.clip(scene.y / scene.horizon, 0, 1)
    height = height + (scene.noise("air", 1.5, 2, 3) - 0.5) * 0.16
    air = mix(scene.top, scene.mid, ramp(0, 0.65, height))
    air = mix(air, scene.low, ramp(0.5, 1.02, height))
    glow = np.exp(-scene.distance(scene.light_x, scene.light_y) * (7 if scene.dark else 3.4))
    return mix(air, scene.light, glow * (0.5 if scene.dark else 0.7))


def _add_sun_or_moon(scene: Scene, picture: Field) -> Field:
    far = scene.distance(scene.light_x, scene.light_y)
    radius = 0.16 if scene.subject.time == "neon" else 0.055
    color = scene.light
    if scene.dark:
        color = mix(scene.light, scene.mid, ramp(0.5, 0.68, scene.noise("moon", 11, 11)) * 0.45)
    picture = mix(picture, scene.light, np.exp(-np.maximum(far - radius, 0) * 16) * 0.35)
    return mix(picture, color * 1.06, ramp(radius + 0.003, radius - 0.003, far))


def _add_aurora(scene: Scene, picture: Field) -> Field:
    """Curtains along curved lines: a sharp lower edge, and rays that fade upwards."""
    for number, code in enumerate(("3dffa8", "57e0d0", "9a6bff")):
        lift = 0.42 + scene.dice(f"aurora {number}").uniform(-0.12, 0.12)
        hem = (scene.skyline(f"hem {number}", 0.9, 3) * 0.3 + lift) * scene.horizon
        rays = 0.35 + 0.65 * scene.skyline(f"rays {number}", 14, 3)
        above, reach = hem - scene.y, (0.16 + 0.16 * rays) * scene.horizon
        curtain = np.where(above > 0, np.exp(-above / reach), np.exp(above / 0.018)) * rays
        picture = picture + (curtain * (0.85 - 0.19 * number))[..., None] * rgb(code)
    return np.clip(picture, 0, 1)


def _add_clouds(scene: Scene, picture: Field) -> Field:
    """Fair-weather clouds: smaller towards the horizon, brighter where they face the light."""
    share = CLOUDINESS.get(scene.subject.time, 0.6)
    far = 1 / (np.clip(scene.horizon - scene.y, 0, 3) + 0.12)
    wobble = (scene.noise("wobble", 4, 4, 4) - 0.5) * 0.22
    u = (scene.x - scene.wide / 2) * far * 0.09 + 0.5 + wobble * 0.7
    v = far * 0.16 + wobble
    body = sample(scene.tile, u, v)
    toward = sample(scene.tile, u - scene.side * 0.015, v - 0.025)
    cover = ramp(0.6 - 0.16 * share, 0.66 - 0.08 * share, body)
    cover *= share * ramp(0, 0.16, scene.horizon - scene.y)
    shade = np.clip(0.5 + (toward - body) * 9 + (body - 0.55) * 2.5, 0, 1)
    bright = mix(scene.low, scene.light, 0.65)
    return mix(picture, mix(bright, mix(scene.mid, scene.top, 0.45), shade * 0.85), cover)


def _add_storm_clouds(scene: Scene, picture: Field) -> Field:
    """Storm clouds in a spiral around a break of light."""
    far = scene.distance(scene.light_x, scene.light_y) + 0.05
    angle = np.arctan2(scene.y - scene.light_y, scene.x - scene.light_x) / (2 * np.pi)
    wobble = (scene.noise("wobble", 3, 3, 5) - 0.5) * 0.3
    u, v = angle - scene.side * 0.22 * np.log(far) + wobble * 0.5, 0.42 * np.log(far) + wobble
    turning, toward = sample(scene.tile, u, v), sample(scene.tile, u, v - 0.035)
    body = 0.65 * turning + 0.35 * scene.noise("billow", 2.2, 3, 6)
    near = np.exp(-far * 2.8)
    thick = ramp(0.4, 0.62, body + 0.18 - 0.5 * np.exp(-far * 4))
    edge = np.clip(0.36 + (turning - toward) * 3.9 - (body - 0.5) * 2.2, 0, 1)
    lit = mix(mix(scene.mid * 1.5, scene.low, np.clip(near * 2, 0, 1)), scene.light, near)
    dark = mix(scene.top * 0.8, mix(scene.mid, scene.low, 0.25), near * 0.9)
    picture = mix(picture, mix(dark, lit, edge), np.clip(thick + 0.9 - 2.2 * near, 0, 0.97))
    return mix(picture, np.clip(scene.light * 1.08, 0, 1), np.exp(-far * 5.5) * (1.1 - 0.6 * thick))


def _add_lightning(scene: Scene, picture: Field) -> Field:
    dice, sheet = scene.dice("lightning"), Image.new("L", (scene.w, scene.h))
    start = scene.wide * (0.5 + scene.side * dice.uniform(0.3, 0.4))
    for end in (scene.horizon, scene.horizon * 0.6):
        x, y, path, drift = start, 0.0, [], dice.normal(0, 0.008)
        while y < end:
            path.append((x * scene.unit, y * scene.unit))
            x, y = x + drift + dice.normal(0, 0.017), y + dice.uniform(0.01, 0.032)
        ImageDraw.Draw(sheet).line(path, 255, max(1, round(0.006 * end * scene.unit)))
    halo = to_field(sheet.filter(ImageFilter.GaussianBlur(scene.unit * 0.04)))
    bolt = to_field(sheet.filter(ImageFilter.GaussianBlur(scene.unit / 900)))
    return mix(picture, rgb("eef1ff"), np.clip(bolt + halo * 2.2, 0, 1) * 0.95)


def add_weather(scene: Scene, picture: Field) -> Field:
    """Add banks of fog, snow and rain."""
    if scene.misty:
        bank = scene.noise("fog", 1.2, 4) + 0.3 * np.exp(-(((scene.y - scene.horizon) / 0.2) ** 2))
        picture = mix(picture, scene.haze, 0.75 * ramp(0.42, 0.85, bank))
    for kind, number, size in (("snow", 420, 0.006), ("rain", 700, 0.07)):
        if kind in scene.subject.names:
            picture = _add_specks(scene, picture, kind, number, size)
    return picture


def _add_specks(scene: Scene, picture: Field, kind: str, number: int, size: float) -> Field:
    """Add stars, snow or rain: `number` of them per square of the short side."""
    dice, sheet = scene.dice(kind), Image.new("L", (scene.w, scene.h))
    draw = ImageDraw.Draw(sheet)
    for _ in range(int(number * scene.wide * scene.tall)):
        x, y, near = dice.random() * scene.w, dice.random() * scene.h, dice.random() ** 4
        reach, ink = (0.3 + near) * size * scene.unit, int(110 + 140 * near)
        if kind == "rain":
            draw.line((x, y, x - reach * 0.2, y + reach), ink // 3)
        else:
            draw.circle((x, y), reach, ink)
    return mix(picture, rgb("f6f8fc"), to_field(sheet) * 0.9)
