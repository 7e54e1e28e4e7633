"""The plot of a scene: sky, place, things, weather, from far to near."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from . import land, ships, subjects, water
from .noise import Field, blur, mix, ramp, rgb, to_field
from .scene import Scene
from .sheet import Sheet
from .sky import sky, space


def scenery(scene: Scene) -> Field:
    """The whole scene, not yet in any painter's hand."""
    if scene.wish.place == "space":
        return _things(scene, space(scene))
    return _weather(scene, _things(scene, _place(scene, sky(scene))))


def _place(scene: Scene, picture: Field) -> Field:
    room = scene.tall - scene.horizon
    match scene.wish.place:
        case "sea":
            return water.sea(scene, picture, lambda below: _afloat(scene, below))
        case "lake":
            picture = land.mountains(scene, picture, 3, 0.34)
            picture = land.trees(scene, picture, scene.horizon + 0.015, 0.07, 0.35)
            picture = (water.ice if scene.snowy else water.mirror)(scene, picture, 0.35)
            return _afloat(scene, picture)
        case "city":
            return _bloom(scene, water.mirror(scene, land.city(scene, picture), 1.2))
        case "desert":
            return land.dunes(scene, picture)
        case "forest":
            for near in (0.0, 0.3, 0.6):
                foot = scene.horizon - 0.06 + near * room * 0.5
                picture = land.trees(scene, picture, foot, 0.2 + 0.32 * near, near)
            autumn = "autumn" in scene.wish.things
            top = scene.horizon + 0.24 * room
            return land.litter(scene, picture, top) if autumn else picture
        case "mountain":
            picture = land.mountains(scene, picture, 5, 0.5)
            return land.trees(scene, picture, scene.horizon + room * 0.62, 0.13, 0.8)
        case _:
            return land.meadow(scene, land.mountains(scene, picture, 3, 0.16))


def _bloom(scene: Scene, picture: Field) -> Field:
    """Lamps shine into the wet air around them."""
    bright = np.clip(picture - 0.45, 0, 1)
    glow = np.stack([blur(bright[..., band], 0.05 * scene.unit) for band in range(3)], axis=-1)
    return np.clip(picture + glow * 1.6, 0, 1)


def _afloat(scene: Scene, picture: Field) -> Field:
    room = scene.tall - scene.horizon
    if "ship" in scene.wish.things:
        at = scene.wide * (0.5 + 0.02 * scene.side), scene.horizon + 0.3 * room
        picture = ships.ship(scene, picture, at, 0.58)
    if "boat" in scene.wish.things:
        at = scene.wide * (0.5 + 0.14 * scene.side), scene.horizon + 0.24 * room
        picture = ships.boat(scene, picture, at, 0.26)
    return picture


def _things(scene: Scene, picture: Field) -> Field:
    things = scene.wish.things
    spots = iter((0.5 + 0.16 * scene.side, 0.5 - 0.2 * scene.side, 0.5, 0.8, 0.15))
    depth = 0.1 if scene.wish.place in ("sea", "lake") else 0.32
    foot = min(scene.horizon + depth * (scene.tall - scene.horizon), scene.tall - 0.12)
    if "tree" in things:
        picture = _lone_tree(scene, picture, scene.wide * next(spots), foot)
    for name in ("castle", "lighthouse", "house", "deer", "cat", "fox"):
        if name in things:
            near = 0.55 * (scene.tall - foot) if name in ("fox", "cat", "deer") else 0
            picture = subjects.standing(
                scene, picture, name, (scene.wide * next(spots), foot + near)
            )
    if "balloon" in things:
        at = scene.wide * (0.5 + 0.12 * scene.side), scene.horizon * 0.62
        picture = subjects.balloon(scene, picture, at, 0.36)
    return subjects.birds(scene, picture) if "birds" in things else picture


def _lone_tree(scene: Scene, picture: Field, x: float, foot: float) -> Field:
    sheet = Sheet(scene, (0, 0), 1)
    land.broadleaf(scene, sheet, x, -foot - 0.05, 0.5, 1)
    return sheet.lay_on(picture)


def _weather(scene: Scene, picture: Field) -> Field:
    if "fog" in scene.wish.moods:
        bank = scene.clouds("fog", 1.2, 4) + 0.3 * np.exp(-(((scene.y - scene.horizon) / 0.2) ** 2))
        picture = mix(picture, scene.haze, 0.75 * ramp(0.42, 0.85, bank))
    for name in {"snow", "rain"} & scene.wish.things:
        picture = _falling(scene, picture, name)
    return picture


def _falling(scene: Scene, picture: Field, name: str) -> Field:
    dice, sheet = scene.dice(name), Image.new("L", (scene.w, scene.h))
    draw = ImageDraw.Draw(sheet)
    for _ in range(int((420 if name == "snow" else 700) * scene.wide * scene.tall)):
        x, y, near = dice.random() * scene.w, dice.random() * scene.h, dice.random() ** 3
        if name == "snow":
            radius = (0.0016 + 0.006 * near) * scene.unit
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), int(120 + 120 * near))
        else:
            reach = (0.03 + 0.05 * near) * scene.unit
            draw.line((x, y, x - reach * 0.2, y + reach), int(50 + 90 * near))
    soft = to_field(sheet.filter(ImageFilter.GaussianBlur(scene.unit / 1200)))
    return mix(picture, rgb("f6f8fc"), soft * (0.9 if name == "snow" else 0.5))
