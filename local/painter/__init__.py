"""The embedded picture maker: words and a seed become a picture, the same one every time."""

from PIL import Image, ImageEnhance

from . import land, lettering, water
from .abstract import composition
from .noise import Dice, Field, dice_from, to_field, to_image
from .scene import Scene
from .sky import sky, weather
from .styles import STYLES
from .things import ship, things
from .words import Wish, read

REFERENCE_SIDE = 640  # the scene is thought out small and painted at full size


def paint(
    prompt: str,
    *,
    seed: int,
    width: int,
    height: int,
    negative_prompt: str = "",
    steps: int = 50,
    cfg_scale: float = 7.0,
    style_preset: str = "",
) -> Image.Image:
    """The picture of the prompt, RGB, width by height pixels. More steps (10 to 50) finish it
    further; a low cfg_scale (0 to 35) skips words and wanders in hue, a high one adds colour."""
    key = f"{seed}|{prompt}"
    dice = dice_from(key)
    wish = read(prompt, negative_prompt, style_preset, cfg_scale, dice)
    if wish.understood:
        reference = _graded(_reference(wish, key, width, height), cfg_scale, dice)
        finish = min(max((steps - 10) / 40, 0), 1)
        image = to_image(STYLES[wish.style](to_field(reference), dice, finish))
    else:
        picture = composition(list(wish.colours.values()), dice, width, height)
        image = _graded(to_image(picture), cfg_scale, dice)
        lettering.caption(image, prompt)
    lettering.sign(image)
    return image


def _reference(wish: Wish, key: str, width: int, height: int) -> Image.Image:
    shrink = min(1, REFERENCE_SIDE / (width * height) ** 0.5)
    scene = Scene(wish, key, round(width * shrink), round(height * shrink))
    small = to_image(weather(scene, things(scene, _place(scene, sky(scene)))))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def _place(scene: Scene, picture: Field) -> Field:
    match scene.wish.place:
        case "sea":
            picture = water.mirror(scene, picture, 0.5 + scene.rough)
            picture = water.waves(scene, picture, range(4))
            picture = ship(scene, picture) if "ship" in scene.wish.heard else picture
            return water.waves(scene, picture, range(4, water.ROWS))
        case "lake":
            picture = land.mountains(scene, picture, 3, 0.34)
            picture = land.trees(scene, picture, scene.horizon + 0.015, 0.07, 0.35)
            return water.mirror(scene, picture, 0.35)
        case "city":
            return water.mirror(scene, land.city(scene, picture), 1.2)
        case "forest":
            for near in (0.0, 0.3, 0.6):
                foot = scene.horizon - 0.06 + near * scene.room * 0.5
                picture = land.trees(scene, picture, foot, 0.2 + 0.32 * near, near)
            return picture
        case "mountain":
            picture = land.mountains(scene, picture, 5, 0.5)
            return land.trees(scene, picture, scene.horizon + scene.room * 0.62, 0.13, 0.8)
        case _:
            return land.meadow(scene, land.mountains(scene, picture, 3, 0.16))


def _graded(image: Image.Image, cfg_scale: float, dice: Dice) -> Image.Image:
    """Hue turned at random by a low cfg_scale; colour and contrast raised by a high one."""
    turn = int(dice.normal(0, 40) * max(0, 1 - cfg_scale / 7))
    if turn:
        hue, *rest = image.convert("HSV").split()
        turned = hue.point([(value + turn) % 256 for value in range(256)])
        image = Image.merge("HSV", (turned, *rest)).convert("RGB")
    image = ImageEnhance.Color(image).enhance(1 + min((cfg_scale - 5) / 40, 0.5))
    return ImageEnhance.Contrast(image).enhance(1 + min((cfg_scale - 5) / 70, 0.3))
