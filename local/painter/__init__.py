"""The embedded picture maker: words and a seed become a picture, the same one every time."""

import hashlib

import numpy as np
from PIL import Image

from . import lettering
from .abstract import composition
from .noise import Field, to_field, to_image
from .scene import Scene
from .scenery import scenery
from .styles import STYLES
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
    dice = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
    wish = read(prompt, negative_prompt, style_preset, cfg_scale, dice)
    if wish.understood:
        picture = _graded(_reference(wish, key, width, height), cfg_scale, dice)
        picture = STYLES[wish.style](picture, dice, min(max((steps - 10) / 40, 0), 1))
    else:
        picture = composition(list(wish.colours.values()), dice, width, height)
        picture = _graded(picture, cfg_scale, dice)
    image = to_image(picture)
    if not wish.understood:
        lettering.caption(image, prompt)
    lettering.sign(image)
    return image


def _reference(wish: Wish, key: str, width: int, height: int) -> Field:
    shrink = min(1, REFERENCE_SIDE / (width * height) ** 0.5)
    small = scenery(Scene(wish, key, round(width * shrink), round(height * shrink)))
    return to_field(to_image(small).resize((width, height), Image.Resampling.BICUBIC))


def _graded(picture: Field, cfg_scale: float, dice: np.random.Generator) -> Field:
    """Hue turned at random by a low cfg_scale; colour and contrast raised by a high one."""
    turn = dice.normal(0, 1) * max(0, 1 - cfg_scale / 7)
    third, root = (1 - np.cos(turn)) / 3, np.sin(turn) / 3**0.5
    rows = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
    matrix = np.cos(turn) * np.eye(3) + third + root * np.array(rows)
    picture = np.asarray(picture @ matrix.T, np.float32)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * (1 + np.clip((cfg_scale - 5) / 40, -0.1, 0.5))
    contrast = 1 + np.clip((cfg_scale - 5) / 70, -0.05, 0.3)
    return np.asarray(np.clip(0.5 + (picture - 0.5) * contrast, 0, 1))
