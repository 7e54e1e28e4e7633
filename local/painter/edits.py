"""Changes a part of an image, as Bedrock's editing services do: what a mask or words select."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from local.images import Edit

from . import things
from .fill import erase, spread
from .find import find_thing
from .noise import Dice, Field, blur, mix, ramp, rgb, to_field, to_image
from .scene import Scene
from .styles import paint_oil
from .words import Subject, color_codes

MEGAPIXEL = 1_048_576  # larger images are edited at this size


@dataclass(frozen=True)
class Task:
    """An edit of an image, and the prompt to paint."""

    edit: Edit
    size: tuple[int, int]  # of the result
    prompt: str
    subject: Subject
    key: str
    dice: Dice
    paint: Callable[[int, int], Image.Image]  # the prompt alone, at a width and height
    draft: Callable[[int, int], Image.Image]  # the same without brush strokes

    def small(self, image: Image.Image) -> Image.Image:
        """An RGB image of a megapixel at most."""
        factor = min(1, (MEGAPIXEL / (image.width * image.height)) ** 0.5)
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def erase_object(task: Task) -> Image.Image:
    """The image without what the mask covers."""
    image, mask = task.small(task.edit.image), task.edit.mask
    hole = to_field(mask.resize(image.size))
    return _in_mask(task, to_image(erase(to_field(image), hole, task.dice)), mask)


def inpaint(task: Task) -> Image.Image:
    """The image with the prompt painted where the mask is."""
    image, mask = task.small(task.edit.image), task.edit.mask
    hole = mask.resize(image.size)
    box = _box(hole)
    if not box:
        return task.edit.image.convert("RGB")
    cleared = to_image(erase(to_field(image), to_field(hole), task.dice))
    painted, _ = _painted_into(task, cleared.crop(box))
    cleared.paste(painted, box)
    return _in_mask(task, cleared, mask)


def search_replace(task: Task) -> Image.Image:
    """The image with the prompt's thing instead of the one that the words name."""
    image = task.small(task.edit.image)
    found, _ = find_thing(image, task.edit.settings["search_prompt"])
    reach = max(image.size) // 30 + task.edit.settings["grow_mask"]
    hole = _grown(to_image(found).resize(image.size), reach)
    box = _box(hole)
    if not box:
        return task.edit.image.convert("RGB")
    cleared = to_image(erase(to_field(image), to_field(hole), task.dice))
    painted, drawn = _painted_into(task, cleared.crop(box))
    cleared.paste(painted, box)
    mask = Image.new("L", image.size)
    mask.paste(drawn, box)
    return _in_mask(task, cleared, ImageChops.lighter(mask, hole))


def search_recolor(task: Task) -> Image.Image:
    """The image with the thing that the words name in the prompt's color."""
    image = task.small(task.edit.image)
    _, core = find_thing(image, task.edit.settings["select_prompt"])
    codes = color_codes(task.prompt)
    color = rgb(codes[0]) if codes else np.array(task.dice.random(3), np.float32)
    picture = to_field(image)
    mask = to_image(core).resize(image.size)
    gray = picture.mean(axis=2)
    usual = float((gray * to_field(mask)).sum() / max(to_field(mask).sum(), 1e-6))
    tone = np.clip(gray / max(usual, 0.05), 0, 2)[..., None]
    # Darker than usual becomes a shade of the color, lighter a tint towards white.
    tinted = np.where(tone < 1, color * tone, color + (1 - color) * (tone - 1) * 0.7)
    return _in_mask(task, to_image(tinted), mask)


def remove_background(task: Task) -> Image.Image:
    """The image with everything transparent but what stands out."""
    found, _ = find_thing(task.edit.image, "")
    image = task.edit.image.convert("RGBA")
    alpha = to_image(found).resize(image.size, Image.Resampling.BICUBIC)
    image.putalpha(ImageChops.darker(alpha, image.getchannel("A")))
    return image


def outpaint(task: Task) -> Image.Image:
    """The image continued beyond its sides, with the prompt's scenery if it names some."""
    settings, image = task.edit.settings, task.edit.image.convert("RGB")
    corner = settings["left"], settings["up"]
    wide = Image.new("RGB", task.size)
    wide.paste(image, corner)
    known = Image.new("L", task.size)
    known.paste(255, (corner[0], corner[1], corner[0] + image.width, corner[1] + image.height))
    small = task.small(wide)
    core = known.resize(small.size, Image.Resampling.BILINEAR).filter(ImageFilter.MinFilter(3))
    picture, edge = to_field(small), to_field(core)
    beyond = _continued(picture, edge)
    if task.subject.recognized:
        scene = to_field(task.draft(*small.size))
        far = (settings["creativity"] * blur(1 - edge, 90))[..., None]
        beyond = mix(scene + spread(picture - scene, edge), scene, far)
    beyond = paint_oil(np.clip(beyond, 0, 1), task.dice, 1)
    soft = core.filter(ImageFilter.MinFilter(9)).filter(ImageFilter.BoxBlur(4))
    joined = to_image(mix(beyond, picture, to_field(soft)))
    large = joined.resize(task.size, Image.Resampling.BICUBIC)
    return Image.composite(wide, large, soft.resize(task.size, Image.Resampling.BILINEAR))


def _continued(picture: Field, known: Field) -> Field:
    """The picture with each unknown side cloned from the part of the known that fits best."""
    rows, columns = (np.nonzero(known.max(axis=axis) > 0.5)[0] for axis in (1, 0))
    top, low, right = rows[0], rows[-1] + 1, columns[-1] + 1
    h, w = known.shape
    for box in ((top, low, 0, right), (top, low, 0, w), (0, low, 0, w), (0, h, 0, w)):
        part = np.s_[box[0] : box[1], box[2] : box[3]]
        picture = picture.copy()
        picture[part] = erase(picture[part], 1 - known[part], None)
        known = known.copy()
        known[part] = 1
    return picture


def _box(mask: Image.Image) -> tuple[int, int, int, int] | None:
    """The rectangle around what the mask marks; None if it marks nothing."""
    return mask.point([255 * (value > 127) for value in range(256)]).getbbox()


def _painted_into(task: Task, crop: Image.Image) -> tuple[Image.Image, Image.Image]:
    """The crop with the prompt painted into it, and a mask of what was painted.

    A thing stands on the crop's own ground; other scenery replaces the crop.
    """
    names = [name for name in things.ALONE if name in task.subject.names]
    w, h = (max(96, side) for side in crop.size)
    if not names:
        return task.paint(w, h).resize(crop.size), Image.new("L", crop.size)
    shrink = min(1, 640 / (w * h) ** 0.5)
    scene = Scene(task.subject, task.key, round(w * shrink), round(h * shrink))
    ground = to_field(crop.resize((scene.w, scene.h), Image.Resampling.LANCZOS))
    drawn = things.add_large(scene, ground, names[0])
    alpha = ramp(0.02, 0.08, np.abs(drawn - ground).max(axis=2))
    strokes = to_image(drawn).resize((w, h), Image.Resampling.BICUBIC)
    painted = to_image(paint_oil(to_field(strokes), task.dice, 1)).resize(crop.size)
    mask = _grown(to_image(alpha).resize(crop.size), 3)
    return Image.composite(painted, crop, mask), mask


def _grown(mask: Image.Image, pixels: int) -> Image.Image:
    """The mask, so many pixels wider all around, with a soft edge."""
    soft = mask.filter(ImageFilter.BoxBlur(pixels)).point([min(255, 12 * n) for n in range(256)])
    return ImageChops.lighter(mask, soft)


def _in_mask(task: Task, edited: Image.Image, mask: Image.Image) -> Image.Image:
    """The edited image inside the mask and the original, at its own size, outside."""
    image = task.edit.image.convert("RGB")
    edited = edited.resize(image.size, Image.Resampling.BICUBIC)
    return Image.composite(edited, image, mask.resize(image.size, Image.Resampling.BICUBIC))


def smoothed(field: Field, radius: float) -> Field:
    """Each color of a picture blurred."""
    return np.stack([blur(layer, radius) for layer in np.moveaxis(field, 2, 0)], axis=2)
