"""Finds the thing that words name in a picture, by its color and by what stands out."""

import numpy as np
from PIL import Image, ImageFilter

from .fill import smooth_along, spread
from .noise import Field, blur, ramp, rgb, to_field, to_image
from .things import MAIN_PAINTS, PAINTS
from .words import THINGS, color_codes

SIDE = 192  # pixels: where a thing is looked for


def find_thing(image: Image.Image, words: str) -> tuple[Field, Field]:
    """How much each pixel belongs to the thing, from 0 to 1, and how much it has its color.

    Without a known thing or color in the words, what stands out from the background is found.
    """
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    colors = to_field(small.convert("YCbCr")) * np.array([0.6, 1.8, 1.8], np.float32)
    likely, wanted = _stands_out(colors), _wanted(words)
    whole, colored = _whole(_refined(likely, colors)), np.ones_like(likely)
    if len(wanted):
        far = np.min([np.linalg.norm((colors - each)[..., 1:], axis=2) for each in wanted], axis=0)
        colored = np.asarray(np.exp(-((far / 0.13) ** 2)), np.float32)
        if colored[whole > 0].sum() < 0.4 * colored.sum():  # another thing stands out more
            whole = _whole(_refined(likely * (0.15 + colored), colors))
    guide = image.convert("RGB")
    guide.thumbnail((1024, 1024))
    soft = to_field(to_image(whole).resize(guide.size, Image.Resampling.BICUBIC))
    soft = ramp(0.2, 0.65, smooth_along(guide, soft, max(guide.size) // 100 + 1))
    inside = colored[whole > 0.5]
    usual = max(float(np.quantile(inside, 0.8)), 1e-6) if inside.size else 1.0
    core = to_field(to_image(ramp(0.05, 0.4, colored / usual)).resize(guide.size))
    return soft, soft * core


def _stands_out(colors: Field) -> Field:
    """How much each pixel differs from the picture's border and from the rest of its row.

    The middle counts most. In a landscape, a band from side to side is no thing.
    """
    h, w = colors.shape[:2]
    x, y = np.linspace(-1, 1, w)[None, :], np.linspace(-1, 1, h)[:, None]
    border = (np.maximum(np.abs(x), np.abs(y)) > 0.9).astype(np.float32)
    background = spread(colors, np.broadcast_to(border, (h, w)))
    middle = np.exp(-(x**2 + (y - 0.1) ** 2) * 1.1)
    from_border = np.linalg.norm(colors - background, axis=2)
    from_row = np.linalg.norm(colors - np.median(colors, axis=1, keepdims=True), axis=2)
    likely = from_border * (0.4 + 0.9 * ramp(0.03, 0.25, from_row)) * middle
    return np.asarray(likely, np.float32)


def _wanted(words: str) -> list[Field]:
    """The colors that the words name, or those that the painter paints such a thing in."""
    named = set(words.lower().split())
    codes = color_codes(words)
    if not codes:
        things = [thing for thing, other in THINGS.items() if named & set(other.split())]
        codes = [PAINTS[MAIN_PAINTS[thing]] for thing in things if thing in MAIN_PAINTS]
    image = Image.fromarray((np.array([[rgb(code) for code in codes]]) * 255).astype(np.uint8))
    scale = np.array([0.6, 1.8, 1.8], np.float32)
    return list((to_field(image.convert("YCbCr")) * scale)[0]) if codes else []


def _refined(likely: Field, colors: Field) -> Field:
    """Sharpen a guess: its colors inside and outside say what belongs to the thing."""
    chance = ramp(0.3, 0.95, likely / max(float(np.quantile(likely, 0.985)), 1e-6))
    bins = (np.clip(colors / (0.6, 1.8, 1.8), 0, 0.999) * (10, 24, 24)).astype(int)
    index = (bins[..., 0] * 24 + bins[..., 1]) * 24 + bins[..., 2]
    for _ in range(4):
        inside = np.bincount(index.ravel(), chance.ravel(), 5760) + 0.3
        outside = np.bincount(index.ravel(), 1 - chance.ravel(), 5760) + 0.3
        share = np.log(inside / outside * (outside.sum() / inside.sum()) ** 0.75)[index]
        evidence = np.clip(share, -3, 3) + 7 * (blur(chance, 7) - 0.42)
        chance = 1 / (1 + np.exp(-evidence))
    return np.asarray(chance, np.float32)


def _whole(chance: Field) -> Field:
    """The largest pieces, without holes and gaps."""
    closed = to_image((chance > 0.5).astype(np.float32))
    closed = closed.filter(ImageFilter.MedianFilter(5))
    closed = closed.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.MinFilter(9))
    labels = _labels(np.asarray(closed) > 127)
    sizes = np.bincount(labels.ravel(), labels.ravel() > 0)
    kept = (sizes[labels] >= 0.3 * sizes.max()) & (labels > 0)
    outside = _labels(np.pad(~kept, 1, constant_values=True))
    return np.asarray((outside != outside[0, 0])[1:-1, 1:-1], np.float32)


def _labels(mask: Field) -> Field:
    """A number for each connected piece of the mask, and 0 outside."""
    labels, grown = np.zeros(mask.shape, int), np.arange(1, mask.size + 1).reshape(mask.shape)
    grown = np.where(mask, grown, 0)
    while (grown != labels).any():
        labels = grown.copy()
        np.maximum(grown[1:], grown[:-1], out=grown[1:])
        np.maximum(grown[:-1], grown[1:], out=grown[:-1])
        np.maximum(grown[:, 1:], grown[:, :-1], out=grown[:, 1:])
        np.maximum(grown[:, :-1], grown[:, 1:], out=grown[:, :-1])
        grown[~mask] = 0
    return labels
