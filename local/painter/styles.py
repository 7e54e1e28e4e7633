"""The painter's hands besides oil: watercolour, pencil, pixels, woodblock."""

import numpy as np
from PIL import Image, ImageFilter

from . import noise
from .noise import Dice, Field, blur, mix, ramp, rgb, to_field, to_image
from .strokes import oil

# Each takes the picture, dice and the finish, from 0 (rough) to 1 (all the detail there is).


def watercolour(picture: Field, dice: Dice, finish: float) -> Field:
    """Pale washes that pool dark at their edges, on rough paper with a white rim."""
    h, w = picture.shape[:2]
    small = to_image(picture).resize((w // 2, h // 2), Image.Resampling.BOX)
    wash = to_field(
        small.filter(ImageFilter.MedianFilter(7 if finish > 0.5 else 11)).resize((w, h))
    )
    wander = [noise.clouds(dice, (h, w), 40 + 60 * finish, 40, 3) - 0.5 for _ in range(2)]
    reach = 0.012 * (2.2 - finish) * min(w, h)
    y, x = np.mgrid[0:h, 0:w]
    rows = (y + wander[0] * reach).astype(int).clip(0, h - 1)
    wash = wash[rows, (x + wander[1] * reach).astype(int).clip(0, w - 1)]
    grey = wash.mean(axis=2)
    pool = np.clip((blur(grey, 9) - grey) * 2.2, -0.06, 0.3)
    paper = noise.clouds(dice, (h, w), w / 7, h / 7, 2) - 0.5
    bloom = noise.clouds(dice, (h, w), 4, 4, 5) - 0.5
    wash = mix(wash, rgb("ffffff"), 0.22) * (1 - pool + paper * 0.14 + bloom * 0.3)[..., None]
    rim = np.minimum(np.minimum(x, w - 1 - x), np.minimum(y, h - 1 - y)) / min(w, h)
    return mix(rgb("fbf8f0"), np.clip(wash, 0, 1), ramp(0.015, 0.05, rim + bloom * 0.08))


def sketch(picture: Field, dice: Dice, finish: float) -> Field:
    """Pencil: outlines, and hatching in three directions where it is dark."""
    h, w = picture.shape[:2]
    grey = np.asarray(
        to_image(picture).convert("L").filter(ImageFilter.GaussianBlur(2.5 - 1.7 * finish))
    )
    grey = grey.astype(np.float32) / 255
    lines = np.clip((blur(grey, 6) - grey) * 7, 0, 1)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    sway = noise.clouds(dice, (h, w), 5, 5, 4) * 40
    dark = np.zeros((h, w), np.float32)
    for number, (across, down) in enumerate(
        ((0.7, 0.7), (0.95, -0.3), (0.1, 1.0))[: 1 + round(2 * finish)]
    ):
        stroke = 0.5 + 0.5 * np.sin((x * across + y * down + sway) * 1.15)
        dark += stroke * ramp(0.8 - 0.22 * number, 0.1, grey) * 0.55
    grain = noise.clouds(dice, (h, w), w / 3, h / 3, 1)
    pencil = np.clip(dark + lines * 0.9, 0, 1) * (0.6 + 0.6 * grain)
    return mix(rgb("f7f3e8"), rgb("2f2d30"), np.clip(pencil, 0, 0.95))


def pixel(picture: Field, dice: Dice, finish: float) -> Field:
    """Few big pixels in few colours."""
    h, w = picture.shape[:2]
    cell = max(2, round((w * h) ** 0.5 / (44 + 100 * finish)))
    small = to_image(picture).resize((-(-w // cell), -(-h // cell)), Image.Resampling.BOX)
    few = small.quantize(28, dither=Image.Dither.NONE).convert("RGB")
    big = few.resize((few.width * cell, few.height * cell), Image.Resampling.NEAREST)
    return to_field(big.crop((0, 0, w, h)))


def woodblock(picture: Field, dice: Dice, finish: float) -> Field:
    """A print: flat inks with dark outlines on warm paper."""
    h, w = picture.shape[:2]
    small = to_image(picture).resize((w // 2, h // 2), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.MedianFilter(5 if finish > 0.5 else 9))
    inks = soft.quantize(8 + round(12 * finish), Image.Quantize.MAXCOVERAGE).convert("RGB")
    flat = to_field(inks.filter(ImageFilter.ModeFilter(5)).resize((w, h), Image.Resampling.BICUBIC))
    edges = np.hypot(*np.gradient(blur(flat.mean(axis=2), 2)))
    grain = noise.clouds(dice, (h, w), 3, h / 6, 2) - 0.5
    print_ = mix(flat, rgb("f3e4c4"), 0.14) * (1 + grain * 0.1)[..., None]
    return mix(print_, rgb("1f2233"), ramp(0.025, 0.08, edges) * 0.75 * finish)


STYLES = {f.__name__: f for f in (oil, watercolour, sketch, pixel, woodblock)}
