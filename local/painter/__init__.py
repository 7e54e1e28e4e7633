"""The local painter: turns a prompt and a seed into an image, always the same one."""

from collections.abc import Callable
from dataclasses import replace

from PIL import Image, ImageEnhance

from local.images import Edit

from . import edits, guides, land, lettering, water
from .abstract import paint_abstract
from .edits import Task
from .noise import Dice, Field, seeded_dice, to_field, to_image
from .scene import Scene
from .sky import add_weather, paint_sky
from .styles import STYLES
from .things import add_ship, add_things
from .words import Subject, parse_prompt

REFERENCE_SIDE = 640  # pixels: scenes are composed at this size and painted at full size


# How each of Bedrock's tools edits an image.
TOOLS: dict[str, Callable[[Task], Image.Image]] = {
    "inpaint": edits.inpaint,
    "outpaint": edits.outpaint,
    "erase-object": edits.erase_object,
    "search-replace": edits.search_replace,
    "search-recolor": edits.search_recolor,
    "remove-background": edits.remove_background,
    "control-sketch": guides.control_sketch,
    "control-structure": guides.control_structure,
    "style-guide": guides.style_guide,
    "style-transfer": guides.style_transfer,
    "conservative-upscale": guides.upscale,
    "creative-upscale": guides.upscale,
    "fast-upscale": guides.upscale,
    "image-to-image": guides.image_to_image,
}


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
    edit: Edit | None = None,
) -> Image.Image:
    """An RGB image of the prompt, width by height pixels, or the image of an edit.

    More steps (10 to 50) add detail. A low cfg_scale (0 to 35) skips words and shifts the hue, a
    high one adds color. Only the removal of a background returns RGBA.
    """
    key = f"{seed}|{prompt}"
    dice = seeded_dice(key)
    subject = parse_prompt(prompt, negative_prompt, style_preset, cfg_scale, dice)

    def draft(width: int, height: int) -> Image.Image:
        if subject.recognized:
            picture = _paint_reference(subject, key, width, height)
        else:
            picture = to_image(paint_abstract(list(subject.colors.values()), dice, width, height))
        return _grade_colors(picture, cfg_scale, dice)

    def finish(width: int, height: int) -> Image.Image:
        image = draft(width, height)
        if subject.recognized:
            detail = min(max((steps - 10) / 40, 0), 1)
            return to_image(STYLES[subject.style](to_field(image), dice, detail))
        lettering.add_caption(image, prompt)
        return image

    if edit:
        bare = replace(edit, image=lettering.without_signature(edit.image))
        size = width, height
        task = Task(bare, size, prompt, subject, key, dice, finish, draft)
        image = TOOLS[edit.tool](task)
    else:
        image = finish(width, height)
    lettering.add_signature(image)
    return image


def _paint_reference(subject: Subject, key: str, width: int, height: int) -> Image.Image:
    shrink = min(1, REFERENCE_SIDE / (width * height) ** 0.5)
    scene = Scene(subject, key, round(width * shrink), round(height * shrink))
    small = to_image(add_weather(scene, add_things(scene, _add_place(scene, paint_sky(scene)))))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def _add_place(scene: Scene, picture: Field) -> Field:
    match scene.subject.place:
        case "sea":
            picture = water.add_reflection(scene, picture, 0.5 + scene.rough)
            picture = water.add_waves(scene, picture, range(4))
            picture = add_ship(scene, picture) if "ship" in scene.subject.names else picture
            return water.add_waves(scene, picture, range(4, water.ROWS))
        case "lake":
            picture = land.add_mountains(scene, picture, 3, 0.34)
            picture = land.add_trees(scene, picture, scene.horizon + 0.015, 0.07, 0.35)
            return water.add_reflection(scene, picture, 0.35)
        case "city":
            return water.add_reflection(scene, land.add_city(scene, picture), 1.2)
        case "forest":
            for near in (0.0, 0.3, 0.6):
                foot = scene.horizon - 0.06 + near * scene.room * 0.5
                picture = land.add_trees(scene, picture, foot, 0.2 + 0.32 * near, near)
            return picture
        case "mountain":
            picture = land.add_mountains(scene, picture, 5, 0.5)
            return land.add_trees(scene, picture, scene.horizon + scene.room * 0.62, 0.13, 0.8)
        case _:
            return land.add_meadow(scene, land.add_mountains(scene, picture, 3, 0.16))


def _grade_colors(image: Image.Image, cfg_scale: float, dice: Dice) -> Image.Image:
    """A low cfg_scale shifts the hue at random; a high one raises color and contrast."""
    shift = int(dice.normal(0, 40) * max(0, 1 - cfg_scale / 7))
    if shift:
        hue, *rest = image.convert("HSV").split()
        shifted = hue.point([(value + shift) % 256 for value in range(256)])
        image = Image.merge("HSV", (shifted, *rest)).convert("RGB")
    image = ImageEnhance.Color(image).enhance(1 + min((cfg_scale - 5) / 40, 0.5))
    return ImageEnhance.Contrast(image).enhance(1 + min((cfg_scale - 5) / 70, 0.3))
