"""The local painter: images are reproducible, and every setting has an effect."""

import hashlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from local.painter import lettering, paint
from local.painter.lettering import add_caption
from local.painter.words import Subject, parse_prompt

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"seed": 7, "width": 128, "height": 128, "steps": 20}
SHIP = "Painting of a ship sailing in a stormy sea, with dramatic lighting and powerful waves."
PRESETS = (
    "3d-model analog-film anime cinematic comic-book digital-art enhance fantasy-art isometric "
    "line-art low-poly modeling-compound neon-punk origami photographic pixel-art tile-texture"
)
STYLES = ("oil", "watercolor", "pixel")
SCENES = (
    "a fox in the snow",
    "a red hot-air balloon over misty mountains at dawn",
    "a castle at sunset, watercolor",
    "aurora over a lake",
    "neon city in the rain",
    "a lighthouse in fog",
    "lavender field",
    "autumn forest with a cabin",
    "a winter forest at night, pixel art",
)
SIZES = [(384, 160), (160, 240), (201, 167)]
UNKNOWN = [
    "",
    "   \n",
    "🦊🦊",
    "قارب في البحر",
    "深い海",
    "quarterly report",
    "x" * 10_000,
    "\0\x07",
    "a ring at the bay",
    "a fall into the water",
    "a deer in the desert",
]


def picture(prompt: str, **settings: object) -> Image.Image:
    return paint(prompt, **(SMALL | settings))


@cache
def cached(prompt: str) -> Image.Image:
    """An image that several tests use."""
    return picture(prompt)


def parse(prompt: str, *, negative: str = "", preset: str = "", cfg_scale: float = 7) -> Subject:
    return parse_prompt(prompt, negative, preset, cfg_scale, np.random.default_rng(1))


def digest(image: Image.Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two images' pixel values, of 255."""
    return float(np.mean(np.asarray(ImageChops.difference(one, other))))


def detail(image: Image.Image) -> float:
    """How much of an image is lost by downscaling it."""
    small = image.resize((image.width // 4, image.height // 4), Image.Resampling.BOX)
    return difference(image, small.resize(image.size, Image.Resampling.BICUBIC))


def fur_share(image: Image.Image) -> float:
    """The share of the image's lower part that has the color of fox fur."""
    red, green, blue = np.asarray(image, int)[image.height // 3 :].transpose(2, 0, 1)
    return float(np.mean((red > 150) & (red - green > 60) & (green - blue > 20)))


@pytest.mark.parametrize("prompt", [SHIP, "unknown words"])
def test_paints_the_same_image_for_the_same_prompt_and_seed(prompt: str) -> None:
    assert digest(picture(prompt)) == digest(cached(prompt))


def test_paints_the_same_image_in_a_new_process() -> None:
    script = (
        "import hashlib; from local.painter import paint;"
        f"image = paint({SHIP!r}, **{SMALL!r});"
        "print(hashlib.sha256(image.tobytes()).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest(cached(SHIP))


@pytest.mark.parametrize("prompt", [SHIP, "unknown words"])
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
def test_paints_another_image_for_another_seed(prompt: str, seed: int) -> None:
    assert difference(picture(prompt, seed=seed), cached(prompt)) > 5


@pytest.mark.parametrize("prompt", SCENES)
def test_paints_every_scene_in_a_narrow_format(prompt: str) -> None:
    assert detail(picture(prompt, width=50, height=120, steps=10)) > 1


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_paints_the_requested_size(width: int, height: int) -> None:
    image = picture("a lake", width=width, height=height, steps=10)
    assert (image.mode, image.size) == ("RGB", (width, height))


@pytest.mark.parametrize(("width", "height"), [(64, 154), (154, 64), (32, 32), (75, 32), (41, 33)])
def test_paints_abstract_images_for_any_seed_and_size(width: int, height: int) -> None:
    for seed in range(16):
        image = picture("qwzx", seed=seed, width=width, height=height)
        assert image.size == (width, height)


def test_paints_a_full_size_abstract_image_with_narrow_bands() -> None:
    assert picture("qwzx 11", seed=11, width=640, height=1536, steps=10).size == (640, 1536)


def test_a_high_cfg_scale_adds_color() -> None:
    normal, high = (picture("a lake at sunset", cfg_scale=scale) for scale in (7, 35))
    saturation = [np.asarray(image.convert("HSV"))[..., 1].mean() for image in (normal, high)]
    assert saturation[1] > 1.1 * saturation[0]


def test_a_low_cfg_scale_skips_words() -> None:
    assert parse("a fox in the snow", cfg_scale=0).names == set()
    assert parse("a fox in the snow").names == {"fox", "snow"}


def test_a_low_cfg_scale_shifts_the_hue() -> None:
    hues = [
        np.median(np.asarray(picture("red", cfg_scale=scale, seed=seed).convert("HSV"))[..., 0])
        for scale in (7, 0)
        for seed in range(4)
    ]
    assert np.ptp(np.cos(np.array(hues[4:]) * np.pi / 128)) > 0.3
    assert np.ptp(np.cos(np.array(hues[:4]) * np.pi / 128)) < 0.1


def test_places_a_ship_on_the_sea() -> None:
    assert parse(SHIP).names == {"ship", "storm", "sea"}
    assert parse("a sailboat on a lake").place == "sea"


def test_paints_a_fox_in_the_snow() -> None:
    fox, negative = cached("a fox in the snow"), {"negative_prompt": "snowman, fox"}
    assert fur_share(fox) > fur_share(picture("a fox in the snow", **negative)) + 0.02
    assert fur_share(picture("a fox in the snow, pixel art")) > 0.02


@pytest.mark.parametrize("negative", ["ship", "rain", "ship, rain"])
def test_leaves_out_the_negative_prompt(negative: str) -> None:
    everything = cached("a ship on the sea in the rain")
    without = picture("a ship on the sea in the rain", negative_prompt=negative)
    assert difference(everything, without) > 0.1


def test_colors_an_abstract_image_by_color_words() -> None:
    red, _, blue = np.asarray(picture("blue"), float).mean(axis=(0, 1))
    assert blue > 1.2 * red
    red, _, blue = np.asarray(picture("red"), float).mean(axis=(0, 1))
    assert red > 1.2 * blue


def test_colors_a_thing_by_the_color_word_before_it() -> None:
    assert set(parse("a blue hot-air balloon over a red castle").colors) == {"balloon", "castle"}
    red, blue = (picture(f"a {color} balloon", width=100, height=100) for color in ("red", "blue"))
    assert difference(red, blue) > 1


@pytest.mark.parametrize("prompt", ["a lake at night", "a castle, watercolor", "unknown words"])
@pytest.mark.parametrize(("width", "height"), [(320, 320), (220, 300)])
def test_signs_every_image(prompt: str, width: int, height: int) -> None:
    image = picture(prompt, width=width, height=height, steps=10)
    corner = np.asarray(image.crop((width - 210, height - 20, width, height)).convert("L"), int)
    assert np.abs(np.diff(corner, axis=1)).max() > 60


def test_paints_the_same_images_in_parallel() -> None:
    prompts = [SHIP, "a fox in the snow", "neon city at night", "unknown words"]
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(picture, prompts))
    assert [digest(image) for image in images] == [digest(cached(text)) for text in prompts]


def test_more_steps_add_detail() -> None:
    rough, finished = (picture(SHIP, steps=steps, width=320, height=320) for steps in (10, 50))
    assert detail(finished) > 1.1 * detail(rough)


@pytest.mark.parametrize("style", STYLES)
def test_steps_matter_in_every_style(style: str) -> None:
    rough, finished = (picture(f"a castle, {style}", steps=steps) for steps in (10, 50))
    assert difference(rough, finished) > 2


@pytest.mark.parametrize("prompt", UNKNOWN)
def test_paints_an_abstract_image_for_unknown_words(prompt: str) -> None:
    image = picture(prompt)
    assert len(image.quantize(8).getcolors() or []) > 1
    assert digest(image) == digest(picture(prompt, steps=10)), "steps only affect scenery"


def test_maps_every_style_preset_to_a_style() -> None:
    styles = {preset: parse("a lake", preset=preset).style for preset in PRESETS.split()}
    assert set(styles.values()) == {"oil", "watercolor", "pixel"}
    assert (styles["pixel-art"], styles["anime"], styles["cinematic"]) == (
        "pixel",
        "watercolor",
        "oil",
    )
    assert parse("a lake", preset="neon-punk").time == "neon"
    some = ("enhance", "anime", "pixel-art", "neon-punk")
    assert len({digest(picture("a lake", style_preset=preset)) for preset in some}) == len(some)


def test_a_caption_omits_missing_glyphs() -> None:
    plain, unusual, empty, blank = (Image.new("RGB", (320, 320), "navy") for _ in range(4))
    for image, text in ((plain, "a b"), (unusual, "a \U0001f98a\u6df1b\0"), (empty, "\U0001f98a")):
        add_caption(image, text)
    assert digest(plain) == digest(unusual) != digest(blank) == digest(empty)


def test_shortens_a_long_caption() -> None:
    image, blank = Image.new("RGB", (320, 320)), Image.new("RGB", (320, 320))
    add_caption(image, "word " * 2000)
    left, top, right, low = ImageChops.difference(image, blank).getbbox() or (0, 0, 0, 0)
    assert 200 < right - left < 320 * 0.85 and low - top < 30


def test_captions_only_abstract_images(monkeypatch) -> None:
    written = []
    monkeypatch.setattr(lettering, "add_caption", lambda image, text: written.append(text))
    for prompt in ("qwzx", "a fox"):
        paint(prompt, **SMALL)
    assert written == ["qwzx"]


def test_recognizes_every_example_prompt_of_the_page() -> None:
    page = (ROOT / "frontend/index.html").read_text()
    examples = re.findall(r'class="example".*?<img[^>]*>([^<]+)<', page)
    assert len(examples) == 3
    subjects = [parse(prompt) for prompt in (*examples, SHIP)]
    assert all(subject.recognized for subject in subjects)
    assert [subject.time for subject in subjects] == ["dawn", "fog", "aurora", "storm"]
