"""Everything above the horizon: air, sun and moon, stars, clouds, lightning; and outer space."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .noise import Dice, Field, look_up, mix, ramp, rgb, to_field
from .scene import Scene


def sky(scene: Scene) -> Field:
    """The whole sky of a scene, down to the lower edge of the picture."""
    picture = _air(scene)
    if scene.dark and scene.wish.time != "neon":
        picture = stars(scene, picture, 500)
    if not {"storm", "fog"} & scene.wish.moods or "moon" in scene.wish.things:
        picture = _sun_or_moon(scene, picture)
    if scene.wish.time == "aurora":
        picture = _aurora(scene, picture)
    picture = (
        _storm_clouds(scene, picture) if "storm" in scene.wish.moods else _clouds(scene, picture)
    )
    if {"rays", "storm"} & scene.wish.moods:
        picture = _rays(scene, picture)
    if "storm" in scene.wish.moods:
        picture = _lightning(scene, picture)
    return picture


def _air(scene: Scene) -> Field:
    height = np.clip(scene.y / min(scene.horizon, scene.tall), 0, 1) + 0 * scene.x
    height = height + (scene.clouds("air", 1.5, 2, 3) - 0.5) * 0.16
    air = mix(scene.top, scene.mid, ramp(0, 0.65, height))
    air = mix(air, scene.low, ramp(0.5, 1.02, height))
    glow = np.exp(-scene.distance(scene.light_x, scene.light_y) * (7 if scene.dark else 3.4))
    return mix(air, scene.light, glow * (0.5 if scene.dark else 0.7))


def stars(scene: Scene, picture: Field, number: int) -> Field:
    """The picture with stars, so many a square of short sides."""
    dice, sheet = scene.dice("stars"), Image.new("L", (scene.w, scene.h))
    draw = ImageDraw.Draw(sheet)
    for _ in range(int(number * scene.wide * scene.tall)):
        x, y, size = dice.random() * scene.w, dice.random() * scene.h, dice.random() ** 5
        radius = (0.0008 + 0.0022 * size) * scene.unit
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=int(90 + 165 * dice.random()))
    return mix(picture, rgb("f4f6ff"), to_field(sheet) * 0.9)


def _sun_or_moon(scene: Scene, picture: Field) -> Field:
    hidden = scene.wish.time == "aurora" and "moon" not in scene.wish.things
    if hidden or {"moon" if scene.dark else "sun"} & scene.wish.unwanted:
        return picture
    far = scene.distance(scene.light_x, scene.light_y)
    radius = 0.16 if scene.wish.time == "neon" else 0.055
    disc = ramp(radius + 0.003, radius - 0.003, far)
    colour = scene.light
    if scene.dark:
        colour = mix(scene.light, scene.mid, ramp(0.5, 0.68, scene.clouds("moon", 11, 11)) * 0.45)
    picture = mix(picture, scene.light, np.exp(-np.maximum(far - radius, 0) * 16) * 0.35)
    return mix(picture, np.clip(colour * 1.06, 0, 1), disc)


def _clouds(scene: Scene, picture: Field) -> Field:
    """Fair-weather clouds that grow small towards the horizon, bright where they face the light."""
    share = {"aurora": 0.12, "night": 0.35, "neon": 0.12, "fog": 0.5}.get(scene.wish.time, 0.6)
    far = 1 / (np.clip(scene.horizon - scene.y, 0, 3) + 0.12)
    wobble = (scene.clouds("wobble", 4, 4, 4) - 0.5) * 0.22
    u = (scene.x - scene.wide / 2) * far * 0.09 + 0.5 + wobble * 0.7
    v = far * 0.16 + wobble
    body = look_up(scene.tile, u, v)
    toward = look_up(scene.tile, u - scene.side * 0.015, v - 0.025)
    cover = ramp(0.6 - 0.16 * share, 0.66 - 0.08 * share, body)
    cover *= share * ramp(0, 0.16, scene.horizon - scene.y)
    shade = np.clip(0.5 + (toward - body) * 9 + (body - 0.55) * 2.5, 0, 1)
    bright = mix(scene.low, scene.light, 0.65)
    return mix(picture, mix(bright, mix(scene.mid, scene.top, 0.45), shade * 0.85), cover)


def _storm_clouds(scene: Scene, picture: Field) -> Field:
    """Clouds that turn around a break of light."""
    far = scene.distance(scene.light_x, scene.light_y) + 0.05
    angle = np.arctan2(scene.y - scene.light_y, scene.x - scene.light_x) / (2 * np.pi)
    wobble = (scene.clouds("wobble", 3, 3, 5) - 0.5) * 0.3
    u, v = angle - scene.side * 0.22 * np.log(far) + wobble * 0.5, 0.42 * np.log(far) + wobble
    body = 0.65 * look_up(scene.tile, u, v) + 0.35 * scene.clouds("billow", 2.2, 3, 6)
    toward = 0.65 * look_up(scene.tile, u, v - 0.035) + 0.35 * scene.clouds("billow", 2.2, 3, 6)
    near = np.exp(-far * 2.8)
    thick = ramp(0.4, 0.62, body + 0.18 - 0.5 * np.exp(-far * 4))
    edge = np.clip(0.36 + (body - toward) * 6 - (body - 0.5) * 2.2, 0, 1)
    lit = mix(mix(scene.mid * 1.5, scene.low, np.clip(near * 2, 0, 1)), scene.light, near)
    dark = mix(scene.top * 0.8, mix(scene.mid, scene.low, 0.25), near * 0.9)
    picture = mix(picture, mix(dark, lit, edge), np.clip(thick + 0.9 - 2.2 * near, 0, 0.97))
    return mix(picture, np.clip(scene.light * 1.08, 0, 1), np.exp(-far * 5.5) * (1.1 - 0.6 * thick))


def _rays(scene: Scene, picture: Field) -> Field:
    dx, dy = scene.x - scene.light_x, scene.y - scene.light_y + 0.12
    beams = look_up(scene.tile[:1], np.arctan2(dx, dy) * 0.55, dy * 0)
    fade = ramp(0.02, 0.2, dy) * np.exp(-np.hypot(dx, dy) * 1.7)
    return mix(picture, scene.light, ramp(0.46, 0.62, beams) * fade * 0.55)


def _lightning(scene: Scene, picture: Field) -> Field:
    dice, sheet = scene.dice("lightning"), Image.new("L", (scene.w, scene.h))
    away = scene.wide * (0.5 + scene.side * dice.uniform(0.3, 0.42))
    _bolt(ImageDraw.Draw(sheet), dice, scene, (away, 0.0), scene.horizon, 0.005)
    halo = to_field(sheet.filter(ImageFilter.GaussianBlur(scene.unit * 0.04)))
    bolt = to_field(sheet.filter(ImageFilter.GaussianBlur(scene.unit / 900)))
    return mix(picture, rgb("eef1ff"), np.clip(bolt + halo * 2.2, 0, 1) * 0.95)


def _bolt(
    draw: ImageDraw.ImageDraw,
    dice: Dice,
    scene: Scene,
    start: tuple[float, float],
    end: float,
    width: float,
) -> None:
    x, y = start
    drift = dice.normal(0, 0.008)
    while y < end:
        to_x, to_y = x + drift + dice.normal(0, 0.017), y + dice.uniform(0.01, 0.032)
        line = [value * scene.unit for value in (x, y, to_x, to_y)]
        draw.line(line, fill=255, width=max(1, round(width * scene.unit)))
        if dice.random() < 0.16 and width > 0.002:
            _bolt(draw, dice, scene, (to_x, to_y), to_y + (end - to_y) * 0.5, width * 0.5)
        x, y = to_x, to_y


def _aurora(scene: Scene, picture: Field) -> Field:
    """Curtains: each hangs from a wandering line, sharp below, fading in rays upwards."""
    for number, code in enumerate(("3dffa8", "57e0d0", "9a6bff")):
        dice = scene.dice(f"aurora {number}")
        hem = scene.skyline(f"hem {number}", 0.9, 3, ridged=False) * 0.3
        hem = hem * scene.horizon + scene.horizon * (0.42 + dice.uniform(-0.12, 0.12))
        rays = 0.35 + 0.65 * scene.skyline(f"rays {number}", 14, 3, ridged=False)
        above = hem - scene.y
        reach = (0.16 + 0.16 * rays) * scene.horizon
        curtain = np.where(above > 0, np.exp(-above / reach), np.exp(above / 0.018)) * rays
        picture = picture + (curtain * (1.0 - 0.22 * number))[..., None] * rgb(code) * 0.85
    return np.clip(picture, 0, 1)


def space(scene: Scene) -> Field:
    """A nebula, stars and a planet with rings."""
    dice = scene.dice("space")
    codes = dice.permutation(["5b2bd0", "c8408a", "1f86d0", "16a596", "e0803a"]).tolist()
    picture = np.zeros((scene.h, scene.w, 3), np.float32) + rgb("05060f")
    for number, code in enumerate(codes[:3]):
        gas = ramp(0.44, 0.8, scene.clouds(f"gas {number}", 1.7, 1.7, 7)) ** 1.5
        wisp = look_up(scene.lace, scene.x * 0.4 + gas * 0.3, scene.y * 0.4 + number / 3)
        picture = picture + (gas * (0.3 + wisp))[..., None] * rgb(code)
    picture = stars(scene, np.clip(picture, 0, 1), 1100)
    colours = rgb(codes[3]), rgb(codes[4])
    return _planet(scene, picture, *colours, dice)


def _planet(scene: Scene, picture: Field, first: Field, second: Field, dice: Dice) -> Field:
    radius = 0.23
    at_x = scene.wide * dice.uniform(0.42, 0.58)
    dx = (scene.x - at_x) / radius
    dy = (scene.y - scene.tall * dice.uniform(0.45, 0.58)) / radius
    out = np.hypot(dx, dy)
    front = np.sqrt(np.clip(1 - out**2, 0, 1))
    tilted = dy - 0.32 * dx
    swirl = look_up(scene.tile, np.arctan2(dx, front + 0.01) / 9 + 0.5, tilted * 0.1) - 0.5
    bands = look_up(scene.tile, 0 * dx + 0.3, tilted * 0.3 + swirl * 0.16)
    ball = mix(
        mix(first, second, ramp(0.4, 0.6, bands)), rgb("fff1d8"), ramp(0.55, 0.72, bands) * 0.7
    )
    sunlight = np.clip(0.75 * front - 0.62 * scene.side * dx - 0.4 * dy, 0, 1) ** 0.9
    ball = ball * (sunlight * 1.1 + 0.03)[..., None]
    far = np.hypot(dx * 0.95 + dy * 0.3, tilted * 4.0)
    grooves = 0.35 + 0.65 * look_up(scene.tile, 0 * dx + 0.8, far * 0.45)
    ring = (
        ramp(1.32, 1.38, far)
        * ramp(2.2, 2.1, far)
        * grooves
        * (1 - 0.9 * ramp(0.02, 0, abs(far - 1.83)))
    )
    dust = rgb("e8d6b4")
    picture = mix(picture, second, np.exp(-np.maximum(out - 1, 0) * 7) * 0.35)
    picture = mix(picture, dust, ring * (tilted < 0))
    picture = mix(picture, ball, ramp(1.008, 0.992, out))
    return mix(picture, dust, ring * (tilted >= 0))
