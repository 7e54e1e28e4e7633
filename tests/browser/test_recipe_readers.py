"""Other people's readers on the files that Easel writes, and Easel on theirs."""

import io
import json
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from sd_parsers import ParserManager
from sd_prompt_reader.image_data_reader import ImageDataReader

from browser.recipes import (
    automatic1111_file,
    embed_texts,
    extract_texts,
    map_in_page,
    open_for_functions,
    read_parameters,
    sample_files,
)
from conftest import ROOT

pytestmark = pytest.mark.slow

FILES = {name: sample_files()[name] for name in ("png", "jpeg", "webp lossy")}
FOUND = Path(__file__).parent / "found"
EXIFTOOL = ROOT / "infra/node_modules/exiftool-vendored.pl/bin/exiftool"

CORE = {
    **{
        "prompt": "a ship in a storm, (oil on canvas:1.2)",
        "seed": "7",
        "title": "Stable Image Core",
    },
    **{"model": "stable-image-core", "width": "1344", "height": "768", "aspect_ratio": "16:9"},
}
XL = {
    **{"prompt": "a ship\nin a storm\n\nat night", "negative_prompt": "fog, calm", "seed": "8"},
    **{"model": "stable-diffusion-xl", "title": "Stable Diffusion XL", "size": "1344x768"},
    **{"width": "1344", "height": "768", "cfg_scale": "7.5", "steps": "30", "sampler": "K_EULER"},
}
RECIPES = [
    CORE,
    XL,
    dict(CORE, prompt="嵐の海を行く船 👩‍👩‍👧‍👦, café"),
    dict(XL, negative_prompt="霧"),
]


@pytest.fixture(scope="module")
def page(chromium, quick_site):
    with open_for_functions(chromium, quick_site) as page:
        yield page


@pytest.fixture(scope="module", params=FILES)
def written(page, request):
    """Each recipe with the file that Easel writes."""
    texts = map_in_page(page, "describe", RECIPES)
    return list(
        zip(RECIPES, embed_texts(page, [FILES[request.param]] * len(texts), texts), strict=True)
    )


def test_sd_parsers_reads_what_easel_writes(written):
    # All stay open, as sd-parsers caches a comment by the id() of its image.
    images = [Image.open(io.BytesIO(file)) for _, file in written]
    for (recipe, _), image in zip(written, images, strict=True):
        (sampler,) = ParserManager().parse(image).samplers
        assert [each.value for each in sampler.prompts] == [recipe["prompt"]]
        negative = recipe.get("negative_prompt")
        assert [each.value for each in sampler.negative_prompts] == ([negative] if negative else [])
        assert (sampler.name, sampler.model.name) == (
            recipe.get("sampler", "unknown"), recipe["title"],
        )  # fmt: skip
        numbers = {"seed": recipe["seed"], "steps": recipe.get("steps", "0")}
        assert numbers.items() <= sampler.parameters.items()


def test_sd_prompt_reader_reads_what_easel_writes(written):
    for recipe, file in written:
        reader = ImageDataReader(io.BytesIO(file))
        if reader.status.name == "FORMAT_ERROR":
            # It decodes UTF-16 in the wrong order first, which some letters do not survive.
            theirs = automatic1111_file(read_parameters(file), reader.format)
            assert ImageDataReader(io.BytesIO(theirs)).status == reader.status
            assert not recipe["prompt"].isascii()
            continue
        assert reader.positive == recipe["prompt"]
        assert reader.negative == recipe.get("negative_prompt", "")
        assert (reader.width, reader.height) == (recipe["width"], recipe["height"])
        assert reader.parameter == {
            **{"model": recipe["title"], "seed": recipe["seed"], "cfg": recipe.get("cfg_scale")},
            **{"steps": recipe.get("steps", "0"), "sampler": recipe.get("sampler", "unknown")},
            "size": f"{recipe['width']}x{recipe['height']}",
        }


def test_exiftool_reads_what_easel_writes(written, tmp_path):
    for number, (_, file) in enumerate(written):
        (tmp_path / f"{number}").write_bytes(file)
    command = ["perl", EXIFTOOL, "-json", "-warning", "-Parameters", "-UserComment"]
    found = json.loads(subprocess.check_output([*command, *sorted(tmp_path.iterdir())]))
    texts = [each.get("Parameters") or each["UserComment"] for each in found]
    assert texts == [read_parameters(file) for _, file in written]
    assert not [each["Warning"] for each in found if "Warning" in each]


def test_the_rule_of_comfyui_and_civitai_finds_what_easel_writes(written):
    for recipe, file in written:
        prompt, negative, settings = read_by_rule(read_parameters(file))
        assert (prompt, negative) == (recipe["prompt"], recipe.get("negative_prompt", ""))
        assert (settings["seed"], settings["model"]) == (recipe["seed"], recipe["title"])
        assert int(settings["steps"]) == int(recipe.get("steps", 0))


def read_by_rule(text):
    """As importA1111 in ComfyUI's pnginfo.ts. civitai's automatic.metadata.ts seeks the first line
    that starts with "Steps: "."""
    steps = text.rindex("\nSteps: ")
    line = text[steps + 1 :].split("\n")[0]
    assert [each for each in text.split("\n") if each.startswith("Steps: ")] == [line]
    negative = text.rindex("\nNegative prompt:", 0, steps)
    pairs = re.findall(r'([^:,]+):\s*([^"{].*?|".*?"|\{.*?\})\s*(?:,|$)', line)
    settings = {label.strip().lower(): value for label, value in pairs}
    return text[:negative].strip(), text[negative + 18 : steps].strip(), settings


@pytest.mark.parametrize(
    ("name", "prompt", "negative"),
    [
        ("a1111-12128-newline-in-an-extra-parameter", "a ship in a storm", "fog"),
        ("dynamic-prompts-388-template-lines-after-the-settings", "a ship in a storm", "fog"),
        ("stabilitymatrix-1535-utf-8-in-text", "テスト 嵐の船 café", "霧"),
    ],
)
def test_reads_files_that_people_reported(page, name, prompt, negative):
    (text,) = extract_texts(page, [(FOUND / f"{name}.png").read_bytes()])
    assert map_in_page(page, "parse", [text]) == [
        {
            **{"prompt": prompt, "negative_prompt": negative, "seed": "965400086", "steps": "20"},
            **{"sampler": "Euler a", "cfg_scale": "7", "title": "dreamshaper_8"},
            **{"width": "1344", "height": "768", "size": "1344x768"},
        }
    ]
