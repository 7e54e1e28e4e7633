"""Paints the prompt under the guidance of an image: its lines, tones, colors or strokes."""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from . import noise
from .edits import Task, smoothed
from .noise import Field, blur, mix, ramp, rgb, to_field, to_image
from .styles import paint_oil, paint_watercolor


def control_sketch(task: Task) -> Image.Image:
    """The image's lines in ink, over washes in the prompt's colors."""
    image = task.small(task.edit.image)
    strength = task.edit.settings["control_strength"]
    picture, scene = to_field(image), to_field(task.draft(*image.size))
    toned = _recolored(_calm(picture), scene)
    wash = paint_watercolor(mix(scene, toned, 0.25 + 0.75 * strength), task.dice, 1)
    ink = _lines(picture) * (0.25 + 0.75 * strength)
    return _fitted(task, mix(wash, rgb("221c1a"), ink))


def control_structure(task: Task) -> Image.Image:
    """The image's shapes and light, painted in the prompt's colors."""
    image = task.small(task.edit.image)
    strength = task.edit.settings["control_strength"]
    return _fitted(task, _restructured(task, to_field(image), strength))


def image_to_image(task: Task) -> Image.Image:
    """The image at a strength of 0, the prompt alone at 1, and in between a bit of both."""
    size, strength = task.size, task.edit.settings["strength"]
    image = task.edit.image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    if strength == 0:
        return image
    if strength == 1:
        return task.paint(*size)
    picture, scene = to_field(image), to_field(task.draft(*size))
    guide = mix(picture, _recolored(picture, scene), ramp(0, 0.7, strength))
    # Large shapes give way to the prompt's before the small ones do.
    coarse = mix(smoothed(guide, 24), smoothed(scene, 24), ramp(0.3, 0.9, strength))
    fine = mix(guide - smoothed(guide, 24), scene - smoothed(scene, 24), ramp(0.5, 1, strength))
    painted = paint_oil(np.clip(coarse + fine, 0, 1), task.dice, 1)
    return to_image(mix(picture, painted, ramp(0, 0.25, strength)))


def style_guide(task: Task) -> Image.Image:
    """The prompt in the image's colors and strokes."""
    style, fidelity = to_field(task.small(task.edit.image)), task.edit.settings["fidelity"]
    scene = to_field(task.draft(*task.size))
    return to_image(_in_style(task, scene, style, fidelity, fidelity))


def style_transfer(task: Task) -> Image.Image:
    """The image in the style image's colors and strokes."""
    image, settings = task.small(task.edit.image), task.edit.settings
    style = to_field(task.small(task.edit.style or image))
    picture = to_field(image)
    strength, change = settings["style_strength"], settings["change_strength"]
    painted = _in_style(task, picture, style, strength, change)
    lost = (1 - settings["composition_fidelity"]) * strength
    return _fitted(task, mix(painted, smoothed(painted, 12), lost))


def upscale(task: Task) -> Image.Image:
    """The image enlarged and sharpened, with fine grain: the more creativity, the more of it."""
    sharper = task.edit.image.filter(ImageFilter.UnsharpMask(1.2, 90, 2))
    large = sharper.resize(task.size, Image.Resampling.LANCZOS)
    creativity = task.edit.settings.get("creativity", 0)
    if not creativity:
        return large
    tile = 0.5 + creativity * (noise.fractal(task.dice, (512, 512), 60, 60, 4) - 0.5)
    tiles = np.tile(tile, (-(-large.height // 512), -(-large.width // 512)))
    grain = to_image(tiles[: large.height, : large.width]).convert("RGB")
    grained = ImageChops.soft_light(large.convert("RGB"), grain)
    if large.mode == "RGBA":
        grained.putalpha(large.getchannel("A"))
    return grained


def _restructured(task: Task, picture: Field, strength: float) -> Field:
    scene = to_field(task.draft(picture.shape[1], picture.shape[0]))
    toned = _recolored(picture, scene)
    return paint_oil(mix(scene, toned, 0.15 + 0.85 * strength), task.dice, 1)


def _in_style(task: Task, picture: Field, style: Field, colors: float, strokes: float) -> Field:
    """The picture in the style's palette; its detail gives way to strokes of the style's size."""
    palette = mix(picture, _matched(picture, style), colors)
    busy = np.clip(_roughness(style) * 9, 0.1, 1)
    painted = paint_oil(palette, task.dice, float(1 - 0.75 * strokes * (1 - busy)))
    return mix(palette, painted, 0.3 + 0.7 * strokes)


def _roughness(picture: Field) -> float:
    """How much fine detail a picture has."""
    return float(np.abs(picture - smoothed(picture, 4)).mean())


def _recolored(picture: Field, scene: Field) -> Field:
    """The picture's light and dark in the scene's colors, dark to dark and light to light."""
    gray, other = picture.mean(axis=2), scene.mean(axis=2)
    steps = np.linspace(0.01, 0.99, 24)
    ours, theirs = np.quantile(gray, steps), np.quantile(other, steps)
    tones = np.digitize(other, theirs)
    colors = np.stack(
        [scene[tones == each].mean(axis=0) for each in range(25) if (tones == each).any()]
    )
    places = np.linspace(0, 1, len(colors))
    rank = np.interp(gray, ours + np.arange(24) * 1e-6, steps)
    return np.stack([np.interp(rank, places, colors[:, each]) for each in range(3)], axis=2).astype(
        np.float32
    )


def _matched(picture: Field, style: Field) -> Field:
    """The picture with the style's distribution of colors, in three turned sets of axes."""
    matched = picture.reshape(-1, 3)
    target = style.reshape(-1, 3)
    steps = np.linspace(0, 1, 64)
    for angle in (0.0, 0.6, 1.2):
        turn = _rotation(angle)
        ours, theirs = matched @ turn, target @ turn
        moved = [
            np.interp(
                ours[:, axis],
                np.quantile(ours[::17, axis], steps),
                np.quantile(theirs[::17, axis], steps),
            )
            for axis in range(3)
        ]
        matched = np.stack(moved, axis=1).astype(np.float32) @ turn.T
    return np.clip(matched.reshape(picture.shape), 0, 1)


def _rotation(angle: float) -> Field:
    """Axes along gray and across it, turned about gray."""
    gray = np.array([1, 1, 1]) / 3**0.5
    first = np.array([1, -1, 0]) / 2**0.5
    second = np.cross(gray, first)
    across = np.cos(angle) * first + np.sin(angle) * second
    return np.stack([gray, across, np.cross(gray, across)], axis=1).astype(np.float32)


def _calm(picture: Field) -> Field:
    """The picture in flat areas, without its strokes."""
    image = to_image(picture)
    flat = image.reduce(2).filter(ImageFilter.MedianFilter(5))
    return to_field(flat.resize(image.size, Image.Resampling.BICUBIC))


def _lines(picture: Field) -> Field:
    """Dark lines along the picture's edges, from 0 to 1."""
    gray = blur(picture.mean(axis=2), 1.5)
    down, across = np.gradient(gray)
    edge = np.hypot(down, across)
    strong = max(float(np.quantile(edge, 0.985)), 0.01)
    drawn = np.clip(blur(gray, 6) - gray, 0, 1) * 6
    return np.asarray(np.clip(ramp(0.35, 1.1, edge / strong) + drawn, 0, 1))


def _fitted(task: Task, picture: Field) -> Image.Image:
    """The picture at the edit's size."""
    return to_image(picture).resize(task.size, Image.Resampling.BICUBIC)
