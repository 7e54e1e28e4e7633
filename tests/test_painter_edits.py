"""The local painter's edits: each does what its name says, and the same for the same seed."""

from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from local.images import Edit, edit_mask, grown
from local.painter import TOOLS, paint
from local.painter.lettering import add_signature, without_signature
from test_painter import difference, digest, fur_share

pytestmark = pytest.mark.slow

FOX = "a fox in the snow on a sunny day"
SIDE = 256
SETTINGS = {
    "inpaint": {"grow_mask": 5},
    "outpaint": {"left": 40, "right": 60, "up": 0, "down": 20, "creativity": 0.5},
    "erase-object": {"grow_mask": 5},
    "search-replace": {"grow_mask": 5, "search_prompt": "fox"},
    "search-recolor": {"grow_mask": 5, "select_prompt": "fox"},
    "remove-background": {},
    "control-sketch": {"control_strength": 0.7},
    "control-structure": {"control_strength": 0.7},
    "style-guide": {"fidelity": 0.5},
    "style-transfer": {"composition_fidelity": 0.9, "style_strength": 1, "change_strength": 0.9},
    "conservative-upscale": {"creativity": 0.35},
    "creative-upscale": {"creativity": 0.3},
    "fast-upscale": {},
    "image-to-image": {"strength": 0.5},
}


@cache
def painted(prompt=FOX, side=SIDE):
    return paint(prompt, seed=7, width=side, height=side)


def mask(box, size=(SIDE, SIDE)):
    """White in the box, which is edited."""
    image = Image.new("L", size)
    ImageDraw.Draw(image).rectangle(box, 255)
    return image


def edit(tool, prompt="", image=None, where=None, style=None, size=None, **settings):
    image = image or painted()
    white = grown(edit_mask(image, where), SETTINGS[tool].get("grow_mask", 0))
    made = Edit(tool, image, white, style, SETTINGS[tool] | settings)
    # The 4K upscalers are tried at a smaller size.
    width, height = size or ((512, 512) if "ive-upscale" in tool else made.size())
    return paint(prompt, seed=3, width=width, height=height, edit=made)


def pixels(image):
    return np.asarray(image.convert("RGB"), int)


def changed(image, other):
    """How much each pixel differs, of 255."""
    return np.abs(pixels(image) - pixels(other)).max(axis=2)


HALF = mask((0, SIDE // 3, SIDE // 2, SIDE))


@pytest.mark.parametrize("tool", TOOLS)
def test_an_edit_is_the_same_for_the_same_seed_and_is_signed(tool):
    options = {"prompt": "a cat", "where": HALF, "style": painted("a stormy sea")}
    first, again = edit(tool, **options), edit(tool, **options)
    assert digest(first) == digest(again)
    assert first.mode == ("RGBA" if tool == "remove-background" else "RGB")
    assert difference(without_signature(first).convert("RGB"), first.convert("RGB")) > 0
    assert changed(first.resize((SIDE, SIDE)), painted()).mean() > 0.4


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("size", [(64, 64), (160, 64), (67, 131)])
def test_edits_the_smallest_images_and_every_shape(tool, size):
    image = painted().resize(size)
    for where in (None, mask((5, 5, 6, 6), size), mask((0, 0, *size), size)):
        result = edit(tool, "a cat", image, where, painted(), (200, 170))
        assert result.size == (size if tool in PARTIAL else (200, 170))


# The tools that change a part of the image, and so keep its size.
PARTIAL = ["inpaint", "erase-object", "search-replace", "search-recolor", "remove-background"]


def test_erase_removes_the_fox_and_leaves_the_rest():
    box = (0, 60, SIDE, SIDE)
    erased = edit("erase-object", where=mask(box))
    assert fur_share(painted()) > 0.04 and fur_share(erased) < 0.002
    assert changed(erased, painted())[:54].max() == 0


def test_inpaint_paints_the_prompts_thing_inside_the_mask_only():
    result = edit("inpaint", "a red hot-air balloon", where=mask((10, 10, 110, 130)))
    red, green, _ = pixels(result)[10:130, 10:110].transpose(2, 0, 1)
    assert ((red > 150) & (red - green > 80)).mean() > 0.1
    outside = changed(result, painted())[:225]  # above the signature
    assert outside[:, 120:].max() == 0 and outside[140:].max() == 0


def test_inpaint_shows_words_that_it_does_not_know_as_an_abstract_picture():
    result = edit("inpaint", "qwzx", where=mask((10, 10, 110, 130)))
    assert changed(result, painted())[20:120, 20:100].mean() > 20


def test_search_replace_puts_the_prompts_thing_in_the_place_of_the_other():
    result = edit("search-replace", "a cat")
    assert fur_share(result) < 0.25 * fur_share(painted())
    assert changed(result, painted())[:40].max() == 0


def test_search_recolor_recolors_only_the_thing():
    result = edit("search-recolor", "a blue fox")
    red, _, blue = pixels(result).transpose(2, 0, 1)
    furry = changed(result, painted()) > 60
    assert fur_share(result) < 0.3 * fur_share(painted())
    assert (blue - red)[furry].mean() > 50
    assert changed(result, painted())[:40].max() == 0


def test_remove_background_keeps_the_fox_and_makes_the_rest_transparent():
    alpha = np.asarray(edit("remove-background").getchannel("A"))
    red, green, _ = pixels(painted()).transpose(2, 0, 1)
    fur = (red - green > 70) & (red > 120)
    assert alpha[fur].mean() > 230
    assert alpha[:60].max() == 0 and (alpha > 127).mean() < 0.3


def test_a_cut_out_image_stays_cut_out():
    image = painted().convert("RGBA")
    image.putalpha(mask((100, 100, 200, 200)))
    alpha = np.asarray(edit("remove-background", image=image).getchannel("A"))
    assert alpha[:90].max() == 0


@pytest.mark.parametrize("prompt", ["", "a snowy field"])
def test_outpaint_keeps_the_image_and_continues_it(prompt):
    result = edit("outpaint", prompt)
    assert result.size == (SIDE + 100, SIDE + 20)
    inside = result.crop((40, 0, 40 + SIDE, SIDE))
    assert changed(inside, painted())[12:230, 12:-12].max() == 0
    left, right = (
        pixels(result)[:220, 25:38].mean(axis=1),
        pixels(painted())[:220, :13].mean(axis=1),
    )
    assert np.abs(left - right).mean() < 25
    assert pixels(result)[:, :30].std() > 10


def edges(image):
    """How steep the gray is at each pixel above the signature."""
    gray = np.asarray(image.convert("L").resize((SIDE, SIDE)), float)[:220]
    return np.hypot(*np.gradient(gray)).ravel()


def alike(one, other):
    return np.corrcoef(one, other)[0, 1]


def test_control_structure_keeps_the_shapes_and_takes_the_prompts_colors():
    strong = edit("control-structure", "neon city", control_strength=1)
    weak = edit("control-structure", "neon city", control_strength=0)
    assert alike(edges(strong), edges(painted())) > alike(edges(weak), edges(painted())) + 0.1
    assert pixels(strong).mean() < pixels(painted()).mean() - 60


def test_control_sketch_draws_the_images_lines():
    lines = np.asarray(painted().convert("L"), float)
    strong = np.hypot(*np.gradient(lines)) > 40
    dark = {
        strength: pixels(edit("control-sketch", "a castle", control_strength=strength))
        .mean(axis=2)[strong].mean()
        for strength in (0, 1)
    }  # fmt: skip
    assert dark[1] < dark[0] - 30


def color(image):
    return pixels(image).mean(axis=(0, 1))


def test_style_guide_takes_the_images_palette_by_fidelity():
    style = painted("neon city")
    free, close = (
        edit("style-guide", "a fox", style, size=(SIDE, SIDE), fidelity=each) for each in (0, 1)
    )
    apart = [np.abs(color(each) - color(style)).sum() for each in (free, close)]
    assert apart[1] < 0.4 * apart[0]


def test_style_transfer_keeps_the_composition_in_the_styles_palette():
    style = painted("neon city")
    result = edit("style-transfer", style=style)
    assert np.abs(color(result) - color(style)).sum() < 40
    assert alike(edges(result), edges(painted())) > 0.2
    same = edit("style-transfer", style=style, style_strength=0, change_strength=0.1)
    assert np.abs(color(same) - color(painted())).sum() < 20


@pytest.mark.parametrize("tool", ["fast-upscale", "conservative-upscale", "creative-upscale"])
def test_an_upscale_is_the_same_picture_with_more_pixels(tool):
    bare = without_signature(painted())
    result = edit(tool, "a fox", bare, size=(768, 768))
    assert difference(result.resize((SIDE, SIDE), Image.Resampling.BOX), bare) < 8
    if tool != "fast-upscale":
        smooth = edit(tool, "a fox", bare, size=(768, 768), creativity=0.1)
        assert difference(result, smooth) > 0.5


def test_image_to_image_goes_from_the_image_to_the_prompt():
    bare, alone = without_signature(painted()), painted("an autumn forest")
    results = [
        edit("image-to-image", "an autumn forest", bare, size=(SIDE, SIDE), strength=each)
        for each in (0, 0.3, 0.6, 0.9, 1)
    ]
    far = [difference(each, results[0]) for each in results]
    assert far[0] == 0 and sorted(far) == far and far[-1] > 20
    assert difference(results[0].crop((0, 0, SIDE, 230)), bare.crop((0, 0, SIDE, 230))) == 0
    assert pixels(results[-1])[:80].std() > 5 and alone.size == results[-1].size


def test_the_signature_of_an_image_is_replaced_and_not_repeated():
    bare = without_signature(painted())
    signed = bare.copy()
    add_signature(signed)
    assert ImageChops.difference(signed, painted()).crop((0, 0, SIDE, 230)).getbbox() is None
    left, top, right, _ = ImageChops.difference(bare, painted()).getbbox()
    assert top > SIDE - 25 and right - left < 210
    assert digest(without_signature(bare)) == digest(bare)


def test_a_resized_image_has_one_signature_too():
    small = painted(side=800).resize((640, 640))
    low = (0, 600, 640, 640)
    assert difference(without_signature(small).crop(low), small.crop(low)) > 1
