"""Words on the picture: the signature, and the caption of an abstract one."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIGNATURE = "Easel's local painter, not an AI model"


def sign(image: Image.Image) -> None:
    """The signature in the lower right corner."""
    _write(image, SIGNATURE, right=True)


def caption(image: Image.Image, text: str) -> None:
    """The text in the upper left corner, on one line, without what the font cannot draw."""
    font = ImageFont.load_default(_size(image))
    missing = bytes(font.getmask("\uffff"))
    kept = "".join(
        letter
        for letter in text[:300]
        if letter.isspace() or bytes(font.getmask(letter)) != missing
    )
    line = " ".join(kept.split())
    while font.getlength(line) > image.width * 0.8:
        line = line.rstrip("…")[:-1].rstrip() + "…"
    _write(image, line, right=False)


def _write(image: Image.Image, text: str, right: bool) -> None:
    size = _size(image)
    font, draw = ImageFont.load_default(size), ImageDraw.Draw(image, "RGBA")
    corner = (image.width - size, image.height - size * 0.7) if right else (size, size)
    anchor = "rs" if right else "lt"
    left, top, far, low = (int(edge) for edge in draw.textbbox(corner, text, font, anchor))
    under = np.asarray(image.crop((left, top, far + 1, low + 1)).convert("L")).mean()
    dark_on_light = (20, 20, 24, 225), (255, 255, 255, 80)
    light_on_dark = (255, 252, 240, 235), (0, 0, 0, 90)
    ink, halo = dark_on_light if under > 140 else light_on_dark
    draw.text(corner, text, halo, font, anchor, stroke_width=1)
    draw.text(corner, text, ink, font, anchor)


def _size(image: Image.Image) -> int:
    return max(11, round(min(image.size) / 58))
