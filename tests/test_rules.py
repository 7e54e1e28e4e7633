"""The local Bedrock's rules for each model: every range at its limits and just outside."""

import json
from pathlib import Path

import pytest
from PIL import Image

from local import models
from local.faults import Failure

DOCUMENTED = sorted((Path(__file__).parent / "documented").glob("**/*.json"))
CORE = "stability.stable-image-core-v1:1"
SD35 = "stability.sd3-5-large-v1:0"
ULTRA = "stability.stable-image-ultra-v1:1"
SDXL = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/stable-diffusion-xl"
UPSCALE = "stability.stable-fast-upscale-v1:0"
PROMPT = {"prompt": "a ship"}
LONGEST = "x" * 10_000
RATIOS = ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"]
TEXTS = [{"text": "a ship"}]
ACCEPTED = [
    (model, {**PROMPT, **extra})
    for model, largest in ((CORE, 4294967295), (ULTRA, 4294967295), (SD35, 4294967294))
    for extra in [
        {"prompt": ""},
        {"prompt": LONGEST},
        {"negative_prompt": ""},
        {"negative_prompt": LONGEST},
        {"seed": 0},
        {"seed": largest},
        {"mode": "text-to-image"},
        {"output_format": "jpeg"},
        {"output_format": "png"},
    ]
] + [
    (SD35, PROMPT | {"output_format": "webp"}),
    (ULTRA, PROMPT | {"strength": 0}),
    (ULTRA, PROMPT | {"strength": 1}),
    (SDXL, {"text_prompts": [{"text": ""}]}),
    (SDXL, {"text_prompts": [{"text": "x" * 2000, "weight": -1.5}]}),
    *[
        (SDXL, {"text_prompts": TEXTS, name: value})
        for name, values in {
            "cfg_scale": [0, 35, 7.5],
            "steps": [10, 50],
            "seed": [0, 4294967295],
            "samples": [1],
            "clip_guidance_preset": ["FAST_BLUE", "SIMPLE", "SLOW"],
            "sampler": ["DDIM", "K_LMS"],
            "style_preset": ["3d-model", "tile-texture"],
            "extras": [{}],
        }.items()
        for value in values
    ],
]

# Model, body, and the front end's message.
REJECTED = [
    (model, {**PROMPT, **extra}, text)
    for model, largest in ((CORE, 4294967295), (ULTRA, 4294967295), (SD35, 4294967294))
    for extra, text in [
        ({"prompt": LONGEST + "x"}, "#/prompt: expected maxLength: 10000, actual: 10001"),
        ({"prompt": 7}, "#/prompt: expected type: String, found: Integer"),
        ({"negative_prompt": LONGEST + "x"}, "#/negative_prompt: expected maxLength: 10000, actua"),
        ({"seed": -1}, "#/seed: -1 is not greater or equal to 0"),
        ({"seed": largest + 1}, f"#/seed: {largest + 1} is not less or equal to {largest}"),
        ({"seed": "7"}, "#/seed: expected type: Integer, found: String"),
        ({"aspect_ratio": "4:3"}, "#/aspect_ratio: 4:3 is not a valid enum value"),
        ({"mode": "inpaint"}, "#/mode: inpaint is not a valid enum value"),
        ({"output_format": "PNG"}, "#/output_format: PNG is not a valid enum value"),
        ({"seed": -1, "mode": ""}, "2 schema violations found"),
    ]
] + [
    (CORE, PROMPT | {"output_format": "webp"}, "#/output_format: webp is not a valid enum value"),
    (ULTRA, PROMPT | {"output_format": "webp"}, "#/output_format: webp is not a valid enum value"),
    (ULTRA, PROMPT | {"strength": -0.1}, "#/strength: -0.1 is not greater or equal to 0"),
    (ULTRA, PROMPT | {"strength": 1.1}, "#/strength: 1.1 is not less or equal to 1"),
    (SD35, PROMPT | {"mode": "image-to-image", "image": ""}, "#: required key [strength] not fou"),
    (SD35, PROMPT | {"image": ""}, "#: required key [strength] not found"),
    (SDXL, PROMPT, "#: required key [text_prompts] not found"),
    (SDXL, {"text_prompts": []}, "#/text_prompts: expected minimum item count: 1, found: 0"),
    (SDXL, {"text_prompts": [{}]}, "#/text_prompts/0: required key [text] not found"),
    (SDXL, {"text_prompts": [{"text": "x" * 2001}]}, "#/text_prompts/0/text: expected maxLength"),
    *[
        (SDXL, {"text_prompts": TEXTS, **extra}, text)
        for extra, text in [
            ({"prompt": ""}, "#: extraneous key [prompt] is not permitted"),
            ({"cfg_scale": -0.1}, "#/cfg_scale: -0.1 is not greater or equal to 0"),
            ({"cfg_scale": 35.1}, "#/cfg_scale: 35.1 is not less or equal to 35"),
            ({"steps": 9}, "#/steps: 9 is not greater or equal to 10"),
            ({"steps": 51}, "#/steps: 51 is not less or equal to 50"),
            ({"seed": 4294967296}, "#/seed: 4294967296 is not less or equal to 4294967295"),
            ({"samples": 2}, "#/samples: 2 is not less or equal to 1"),
            ({"sampler": "K_X"}, "#/sampler: K_X is not a valid enum value"),
        ]
    ],
]


def check(model_id, body):
    models.check(models.parse(json.dumps(body).encode()), models.find(model_id, "us-west-2"))


@pytest.mark.parametrize(("model_id", "body"), ACCEPTED)
def test_accepts_every_minimum_and_maximum(model_id, body):
    check(model_id, body)


@pytest.mark.parametrize(("model_id", "body", "text"), REJECTED)
def test_rejects_out_of_range_values_with_awss_message(model_id, body, text):
    with pytest.raises(Failure) as caught:
        check(model_id, body)
    assert caught.value.name == "ValidationException"
    assert str(caught.value).startswith(f"Malformed input request: {text}")
    assert str(caught.value).endswith(", please reformat your input and try again.")


@pytest.mark.parametrize("model_id", [CORE, SD35, ULTRA])
def test_rejects_an_unknown_key_with_stabilitys_message(model_id):
    with pytest.raises(Failure) as caught:
        check(model_id, PROMPT | {"cfg_scale": 7, "seed": -1})
    detail = json.loads(str(caught.value))["detail"]
    assert detail.startswith("Invalid field in request. Available fields: ['prompt', 'negative_")
    assert ("'strength'" in detail) == (model_id != CORE)


def test_reports_a_missing_key_before_unknown_keys():
    with pytest.raises(Failure, match=r"#: required key \[prompt\] not found"):
        check(ULTRA, {"text_prompts": TEXTS, "cfg_scale": 10, "steps": 50, "seed": 0})


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'{"prompt": NaN}', b"\xff", b"[" * 100_000]
)
def test_rejects_a_body_that_is_not_a_json_object(content):
    with pytest.raises(Failure, match=r"^Malformed input request, please reformat your input"):
        models.parse(content)


def test_sdxl_accepts_nine_sizes():
    pairs = models.find(SDXL, "us-west-2").sizes
    assert len(pairs) == 9
    for width, height in pairs.values():
        check(SDXL, {"text_prompts": TEXTS, "width": width, "height": height})
    for size in ({"width": 1152, "height": 1152}, {"width": 1536}, {"width": 512, "height": 512}):
        with pytest.raises(Failure, match="the allowed dimensions are 1024x1024, "):
            check(SDXL, {"text_prompts": TEXTS, **size})


def test_rejects_sdxls_image_to_image_with_our_own_message():
    body = {"text_prompts": TEXTS, "init_image": "aGk=", "image_strength": 1}
    with pytest.raises(
        Failure, match=r"^This local Bedrock generates SDXL's images from text only"
    ):
        check(SDXL, body)


@pytest.mark.parametrize("model_id", [CORE, SD35, ULTRA])
def test_each_aspect_ratio_has_about_one_megapixel(model_id):
    model = models.find(model_id, "us-west-2")
    assert sorted(model.sizes) == sorted(RATIOS)
    for ratio in RATIOS:
        painting = models.painting(PROMPT | {"aspect_ratio": ratio}, model)
        width, height = painting["width"], painting["height"]
        across, down = map(int, ratio.split(":"))
        assert width / height == pytest.approx(across / down, rel=0.05)
        assert min(width, height) >= 640 and max(width, height) <= 1536
        assert width * height == pytest.approx(1_000_000, rel=0.07)
        assert width % 64 == height % 64 == 0


def test_passes_sdxls_weighted_prompts_and_settings():
    model = models.find(SDXL, "us-west-2")
    prompts = [{"text": "a ship"}, {"text": "fog", "weight": -1}, {"text": "sails", "weight": 0.5}]
    body = {"text_prompts": prompts, "seed": 7, "steps": 12, "style_preset": "anime"}
    assert models.painting(body, model) == {
        "prompt": "a ship, sails",
        "negative_prompt": "fog",
        "seed": 7,
        "width": 1024,
        "height": 1024,
        "steps": 12,
        "cfg_scale": 7,
        "style_preset": "anime",
    }


def test_draws_a_seed_for_zero_or_none():
    model = models.find(CORE, "us-west-2")
    seeds = {models.painting(PROMPT | extra, model)["seed"] for extra in [{}, {"seed": 0}] * 20}
    assert len(seeds) > 30
    assert all(1 <= seed <= 4294967294 for seed in seeds)


@pytest.mark.parametrize("path", sorted(models.RULES.glob("*.json")), ids=lambda path: path.stem)
def test_every_rule_file_has_sources_and_a_date(path):
    facts = json.loads(path.read_text())
    assert all(each.startswith("https://docs.aws.amazon.com/") for each in facts["sources"])
    assert facts["read"] >= "2026-11-22"


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: path.stem)
def test_matches_awss_documented_requests_and_answers(path):
    example = json.loads(path.read_text())
    retired = example["model"] == "stability.stable-diffusion-xl-v1"
    model_id = SDXL if retired else example["model"]
    model = models.find(model_id, "us-west-2")
    body = example.get("body", {})
    if body:
        check(model_id, body)
    if "answer" in example:
        reason = "Filter reason: prompt" if "filtered" in path.stem else None
        (reason,) = example["answer"].get("finish_reasons", [reason])
        ours = models.answer(body, model, 2130420379, Image.new("RGB", (8, 8)), reason)
        assert shape(ours) == shape(example["answer"])


def shape(answer):
    """The answer without its images."""
    text = json.dumps(answer)
    images = answer.get("images", [each["base64"] for each in answer.get("artifacts", [])])
    for image in images:
        text = text.replace(image, "...")
    return json.loads(text)


@pytest.mark.parametrize(
    ("model_id", "region", "text"),
    [
        (CORE, "us-east-1", "The provided model identifier is invalid."),
        (SDXL, "us-east-1", "The provided model identifier is invalid."),
        (f"{SDXL}-2", "us-west-2", "The provided model identifier is invalid."),
        (f"us.{CORE}", "us-west-2", "The provided model identifier is invalid."),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{CORE}", "us-west-2", "The provided model"),
        ("amazon.nova-canvas-v1:0", "us-east-1", "This model version has reached the end of its"),
        ("stability.stable-diffusion-xl-v1", "us-west-2", "This model version has reached the end"),
        (
            UPSCALE,
            "us-east-2",
            f"Invocation of model ID {UPSCALE} with on-demand throughput isn\u2019",
        ),
        (f"us.{UPSCALE}", "eu-west-1", "The provided model identifier is invalid."),
        (UPSCALE, "eu-west-1", "The provided model identifier is invalid."),
    ],
)
def test_rejects_an_invalid_model_id_with_awss_message(model_id, region, text):
    with pytest.raises(Failure) as caught:
        models.find(model_id, region)
    assert str(caught.value).startswith(text)
