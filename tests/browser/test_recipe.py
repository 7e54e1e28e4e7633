"""The page's recipe.js: a picture's settings as AUTOMATIC1111's text, and back."""

import itertools

import pytest
from hypothesis import strategies as st

from browser.recipes import (
    ODD_PROMPTS,
    PROMPTS,
    RECIPE,
    as_javascript_text,
    draw_examples,
    map_in_page,
    open_for_functions,
)
from chalicelib import catalogue

pytestmark = pytest.mark.slow

XL = {
    "prompt": "a ship",
    "seed": 7,
    "model": "stable-diffusion-xl",
    "title": "Stable Diffusion XL",
    "width": 1344,
    "height": 768,
    "size": "1344x768",
    "cfg_scale": 7.5,
    "steps": 30,
    "sampler": "K_EULER",
    "style_preset": "pixel-art",
    "clip_guidance_preset": "FAST_BLUE",
}


@pytest.fixture(scope="module")
def page(chromium, quick_site):
    with open_for_functions(chromium, quick_site) as page:
        yield page


def described(page, recipes):
    return map_in_page(page, "describe", recipes)


def parsed(page, texts):
    return map_in_page(page, "parse", texts)


def round_trip(page, recipes):
    return map_in_page(page, "recipe => parse(describe(recipe))", recipes)


def test_writes_a_recipe_in_the_common_format(page):
    assert described(page, [XL, RECIPE]) == [
        "a ship\nNegative prompt: \n"
        "Steps: 30, Sampler: K_EULER, CFG scale: 7.5, Seed: 7, Size: 1344x768, "
        "Model: Stable Diffusion XL, Model name: stable-diffusion-xl, Requested size: 1344x768, "
        "Style preset: pixel-art, CLIP guidance: FAST_BLUE, Version: Easel",
        "a ship in a storm\n"
        "Negative prompt: calm\n"
        "Steps: 0, Sampler: unknown, Seed: 7, Size: 1344x768, Model: Stable Image Core, "
        "Model name: stable-image-core, "
        'Aspect ratio: "16:9", File format: png, Version: Easel',
    ]


def test_every_prompt_can_be_read_back(page):
    recipes = [
        dict(RECIPE, prompt=prompt, negative_prompt=negative)
        for prompt, negative in itertools.product(PROMPTS + ODD_PROMPTS, repeat=2)
    ]
    expected = [filled(recipe) for recipe in recipes]
    assert round_trip(page, recipes) == expected


def test_quotes_only_a_prompt_that_needs_it(page):
    once = described(page, [dict(RECIPE, prompt=prompt) for prompt in PROMPTS])
    assert [text.split("\nNegative prompt: calm\n")[0] for text in once[:-1]] == PROMPTS[:-1]
    assert not any(", Prompt: " in text for text in once)
    twice = described(page, [dict(RECIPE, prompt=prompt) for prompt in ODD_PROMPTS])
    assert all(", Prompt: " in text for text in twice)


def test_writes_whole_characters_and_no_nul(page):
    texts = described(page, [dict(RECIPE, prompt=prompt) for prompt in PROMPTS + ODD_PROMPTS])
    assert not any("\0" in text for text in texts)
    "".join(texts).encode()  # raises on a lone surrogate
    assert texts[PROMPTS.index("")].startswith("Negative prompt: calm\nSteps: 0")


@pytest.mark.parametrize(
    "value",
    ["a, b", "a: b", 'a "b"', '"', "a\nb", " a ", "\\", '\\"', "1x2", "{}", "é\0", "\ud83d"],
)
def test_every_setting_can_be_read_back(page, value):
    recipe = dict(RECIPE, title=value, style_preset=value, seed=value)
    assert round_trip(page, [recipe]) == [recipe]


def test_every_parameter_of_every_model_can_be_read_back(page):
    recipes = []
    for model in catalogue.MODELS:
        if model.edits:
            continue
        values = {each.name: example(each) for each in model.used({}) if each.kind != "image"}
        recipes.append(dict(values, model=model.name, title=model.title, width="8", height="9"))
    assert round_trip(page, recipes) == recipes


def example(parameter):
    if parameter.kind == "choice":
        return parameter.choices[-1]
    return "fog, rain" if parameter.kind == "text" else str(parameter.maximum)


def test_leaves_out_empty_fields(page):
    recipe = {"prompt": "a ship", "seed": 7, "model": "m", "title": "M"}
    empty = dict(recipe, negative_prompt="", style_preset=None, steps="", width=8)
    text = (
        "a ship\nNegative prompt: \n"
        "Steps: 0, Sampler: unknown, Seed: 7, Model: M, Model name: m, Version: Easel"
    )
    assert described(page, [recipe, empty]) == [text] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (  # the example in stable-diffusion-webui's own parse_generation_parameters
            "girl with an artist's beret, by Alphonse Mucha, ((eyeshadow)), (coquettish)\n"
            "Negative prompt: ugly, (((deformed))), [blurry], (extra_limb)\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, "
            "Model hash: 45dee52b",
            {
                "prompt": "girl with an artist's beret, by Alphonse Mucha, ((eyeshadow)), "
                "(coquettish)",
                "negative_prompt": "ugly, (((deformed))), [blurry], (extra_limb)",
                **{"steps": "20", "sampler": "Euler a", "cfg_scale": "7", "seed": "965400086"},
                **{"width": "512", "height": "512", "size": "512x512"},
            },
        ),
        (  # Forge, with an extension's quoted value that looks like settings
            "one\r\ntwo \r\nNegative prompt: three\r\nfour\r\n"
            "Steps: 4, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 1.0, Seed: 1, "
            "Size: 896x1152, Model hash: d2, Model: a b-c_d.e, Lora hashes: "
            '"x: 1, Seed: 99", ControlNet 0: "Module: canny, Steps: 7, Say: \\"hi\\"", '
            "Version: f2.0.1v1.10.1-previous-313-g8a042934\r\n",
            {
                "prompt": "one\ntwo",
                "negative_prompt": "three\nfour",
                **{"steps": "4", "sampler": "DPM++ 2M", "cfg_scale": "1.0", "seed": "1"},
                **{"width": "896", "height": "1152", "size": "896x1152", "title": "a b-c_d.e"},
            },
        ),
        (  # ComfyUI's saving nodes, with an empty negative prompt
            "a cat\nNegative prompt: \nSteps: 20, Sampler: euler_normal, CFG scale: 8.0, "
            "Seed: 156680208700286, Size: 512x512, Model hash: , Version: ComfyUI",
            {
                "prompt": "a cat",
                **{"steps": "20", "sampler": "euler_normal", "cfg_scale": "8.0"},
                **{"seed": "156680208700286", "width": "512", "height": "512", "size": "512x512"},
            },
        ),
        (
            "no negative\nSteps: 1, Seed: 2, Size: ?",
            {"prompt": "no negative", "steps": "1", "seed": "2"},
        ),
        (  # an open quote is text; the last duplicate wins; unknown names are left out
            'Steps: "1, Seed: 2, Seed: 3, Seed: , __proto__: 4, constructor: 5, größe 1/2: 6',
            {"prompt": "", "steps": '"1', "seed": "3"},
        ),
        (
            "a\nNegative prompt:\n\nb\n\nc\nNegative prompt: d\nSteps: 1, Seed: 2, Size: 8x8",
            {
                "prompt": "a",
                "negative_prompt": "b\n\nc\nd",
                **{"steps": "1", "seed": "2", "width": "8", "height": "8", "size": "8x8"},
            },
        ),
        ("Steps: 3, Seed: 4", None),
        ("a ship\nx: 1, y: 2, z: 3", None),
        ("a ship: red, at sea: blue", None),
        (  # what follows the settings is another program's
            "a ship\rNegative prompt: fog\r\nSteps: 1, Seed: 2, Size: ?\nTemplate: a, Seed: 3",
            {"prompt": "a ship", "negative_prompt": "fog", "steps": "1", "seed": "2"},
        ),
        (  # line breaks and tabs left as they are in JSON; the first line ends behind the quotes
            'a\nSteps: 1, Seed: 2, Other: "b\nc, Seed: 3", Style preset: "d\te"\nSize: 8x8',
            {"prompt": "a", "steps": "1", "seed": "2", "style_preset": "d\te"},
        ),
        ("(a ship:1.2), (sea:1.1), (fog:1.3)", None),
        ("a ship\nSteps: 3, red: 4, blue: 5", None),
        ("", None),
        ("\n\n \n", None),
        ('{"prompt": "a ship", "seed": 7, "steps": 8}', None),
        (": : : ,:,:,::::", None),
    ],
)
def test_reads_what_other_programs_write(page, text, expected):
    assert parsed(page, [text]) == [expected]


HOSTILE = {
    "colons": '":".repeat(1e6)',
    "one label": '"a".repeat(1e6)',
    "labels": '"ab:".repeat(4e5)',
    "labels of space": '("ab:" + " ".repeat(1e4)).repeat(100)',
    "pairs": '"Seed: 1, ".repeat(1e5)',
    "spaces": '"x\\n" + " ".repeat(1e6) + "Seed: 1, Steps: 2, Size: 3" + " ".repeat(1e6)',
    "lines": '"\\n".repeat(1e6) + "x"',
    "negative prompts": '"Negative prompt:\\n".repeat(1e5) + "Seed: 1, Steps: 2, Size: 3"',
    "open quotes": """'ab: "x, '.repeat(2e5)""",
    "closed quotes": """'ab: "\\\\x",'.repeat(1e5)""",
    "bad quotes": """'Seed: "\\\\x",'.repeat(1e5)""",
    "backslashes": """'Seed: 1, Steps: 2, Model: "' + '\\\\\\\\'.repeat(5e5)""",
    "escaped quotes": """'Seed: "' + '\\\\"'.repeat(5e5)""",
    "nuls": '"\\0".repeat(1e6)',
    "right to left": '"\\u202e: ,".repeat(3e5)',
    "digits": '"Seed: 1, Steps: 2, Size: " + "1".repeat(1e6) + "x"',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_reads_a_hostile_text_in_linear_time(page, text):
    """A quadratic reader would take an hour."""
    script = """async text => {
        const { parse, describe } = await import(new URL("pictures/recipe.js", document.baseURI))
        const start = performance.now()
        const recipe = parse(text)
        const again = parse(describe({ prompt: text, seed: 1, model: "m", title: "M" }))
        const milliseconds = performance.now() - start
        return { milliseconds, recipe, same: again.prompt === text }
    }"""
    result = page.evaluate(f"() => ({script})({text})")
    assert result["milliseconds"] < 5_000
    assert result["same"]
    assert is_recipe(result["recipe"])


def test_any_text_parses_to_a_recipe_or_none(page):
    words = st.sampled_from(
        ["Seed: ", "Negative prompt:", "\n", ",", ":", '"', "\\", "Size: 8x8", "Prompt: ", " ", "é"]
    )
    soup = st.lists(words | any_text, max_size=30).map("".join)
    certain = ["a fox\nSeed: 7, Size: 8x8, Model: M", "a fox"]  # examples may contain neither
    recipes = parsed(page, [*certain, *draw_examples(soup, 300)])
    assert all(is_recipe(recipe) for recipe in recipes)
    assert any(recipes) and not all(recipes)


any_text = st.text(st.characters(exclude_categories=()))


def test_any_recipe_can_be_read_back(page):
    soup = st.lists(
        any_text | st.sampled_from(["\n", " ", "Negative prompt:", "Seed: 1, Steps: 2, Size: 3"])
    ).map("".join)
    settings = dict.fromkeys(["title", "aspect_ratio", "style_preset", "size"], any_text)
    seeds = st.integers(0, 4_294_967_295).map(str)
    recipe = st.fixed_dictionaries(
        {"prompt": soup, "seed": seeds, "model": any_text.filter(len), "width": st.just("8")},
        optional={"negative_prompt": soup, "height": st.just("9"), **settings},
    )
    recipes = [
        {name: as_javascript_text(value) for name, value in each.items()}
        for each in draw_examples(recipe, 300)
    ]
    # It takes three settings to be read as AUTOMATIC1111's, and half a size is not read.
    for each in recipes:
        each.setdefault("height", "9")
    assert round_trip(page, recipes) == [filled(each) for each in recipes]


def filled(recipe):
    """The recipe without its empty fields, but always with its prompt."""
    return {name: value for name, value in recipe.items() if value or name == "prompt"}


def is_recipe(recipe):
    if recipe is None:
        return True
    fields = {*RECIPE, *XL} | {"negative_prompt", "aspect_ratio", "output_format"}
    return (
        set(recipe) <= fields
        and "prompt" in recipe
        and all(isinstance(value, str) for value in recipe.values())
    )
