"""Writes on the picture: the signature, and the caption of an abstract picture."""

import math

from PIL import Image, ImageDraw, ImageFont, ImageStat

SIGNATURE = "Easel's local painter, not an AI model"
MAX_CAPTION = 300  # characters; more never fit, and measuring them takes time


def add_signature(image: Image.Image) -> None:
    """Write the signature in the lower right corner."""
    size = _size(image)
    _write(image, SIGNATURE, (image.width - size, image.height - size * 0.7), "rs")


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
