"""Writes on the picture: the signature, and the caption of an abstract picture."""

import math

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageStat

from .fill import spread
from .noise import to_field, to_image

SIGNATURE = "Easel's local painter, not an AI model"
MAX_CAPTION = 300  # characters; more never fit, and measuring them takes time


def add_signature(image: Image.Image) -> None:
    """Write the signature in the lower right corner."""
    size = _size(image)
    _write(image, SIGNATURE, (image.width - size, image.height - size * 0.7), "rs")


def without_signature(image: Image.Image) -> Image.Image:
    """The image with its signature, if it has one, painted over; it gets a new one later."""
    blank = Image.new("RGB", image.size, "black")
    add_signature(blank)
    written = blank.convert("L")
    box = written.getbbox()
    if not box:
        return image
    found = image.convert("L").crop(box)
    texture = ImageChops.difference(found, found.filter(ImageFilter.MedianFilter(7)))
    # Blurred, letters match their place even in a resized image.
    soft = ImageFilter.BoxBlur(2)
    ink, seen = (to_field(each.filter(soft)).ravel() for each in (written.crop(box), texture))
    if not (ink.std() and seen.std()) or np.corrcoef(ink, seen)[0, 1] < 0.35:
        return image
    known = Image.new("L", image.size, 255)
    known.paste(0, (box[0] - 8, box[1] - 6, box[2] + 8, box[3] + 6))
    crop = max(0, box[0] - 40), max(0, box[1] - 40), image.width, image.height
    bare = image.convert("RGB")
    filled = spread(to_field(bare.crop(crop)), to_field(known.crop(crop)))
    bare.paste(to_image(filled), crop[:2])
    if image.mode == "RGBA":
        bare.putalpha(image.getchannel("A"))
    return bare


def add_caption(image: Image.Image, prompt: str) -> None:
    """Write the prompt on one line in the upper left corner, without missing glyphs."""
    size = _size(image)
    font = ImageFont.load_default(size)
    missing_glyph = bytes(font.getmask("\uffff"))
    letters = [
        letter
        for letter in prompt[:MAX_CAPTION]
        if letter.isspace() or bytes(font.getmask(letter)) != missing_glyph
    ]
    line = " ".join("".join(letters).split())
    while font.getlength(line) > image.width * 0.8:
        line = line.rstrip("…")[:-1].rstrip() + "…"
    if line:
        _write(image, line, (size, size), "lt")


def _write(image: Image.Image, text: str, corner: tuple[float, float], anchor: str) -> None:
    font, draw = ImageFont.load_default(_size(image)), ImageDraw.Draw(image, "RGBA")
    under = image.crop(draw.textbbox(corner, text, font, anchor)).convert("L")
    ink, halo = (255, 252, 240, 235), (0, 0, 0, 90)
    if ImageStat.Stat(under).mean[0] > 140:
        ink, halo = (20, 20, 24, 225), (255, 255, 255, 80)
    draw.text(corner, text, halo, font, anchor, stroke_width=1)
    draw.text(corner, text, ink, font, anchor)


def _size(image: Image.Image) -> int:
    return max(11, round(math.sqrt(image.width * image.height) / 48))
