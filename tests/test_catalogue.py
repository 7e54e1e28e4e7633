import json
from pathlib import Path

import pytest

from chalicelib import catalogue, prompt
from chalicelib.errors import InvalidParameter, ModelRetired, UnknownModel

ARN = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/stable-diffusion-xl"
OFFER = catalogue.parse(catalogue.DEFAULT_MODELS)
CORE, SD35, ULTRA, *SERVICES, SDXL = catalogue.MODELS
REGIONS = ("us-east-1", "us-east-2", "us-west-2")


def test_the_first_model_is_the_default():
    assert OFFER.find("") is CORE
    assert catalogue.parse("stable-image-ultra, stable-image-core").find("") is ULTRA


@pytest.mark.parametrize("model", [CORE, SD35, ULTRA])
def test_finds_a_model_by_its_name_or_bedrock_id(model):
    assert OFFER.find(model.name) is model
    assert OFFER.find(model.bedrock_id) is model


@pytest.mark.parametrize("name", ["nonsense", "Stable-Image-Core", " ", "arn:aws:x", "x" * 5000])
def test_an_unknown_name_gets_the_list_of_models(name):
    with pytest.raises(UnknownModel) as unknown:
        OFFER.find(name)
    assert str(unknown.value) == (
        f"model must be one of {', '.join(model.name for model in OFFER.models)}, got {name[:80]!r}"
    )


def test_rejects_a_model_that_is_not_offered():
    with pytest.raises(UnknownModel):
        catalogue.parse("stable-image-core").find("stable-image-ultra")


@pytest.mark.parametrize("name", catalogue.RETIRED)
def test_a_retired_model_names_its_successor(name):
    with pytest.raises(ModelRetired, match=f"use model={catalogue.RETIRED[name]}$"):
        OFFER.find(name)


def test_names_the_default_if_the_successor_is_not_offered():
    with pytest.raises(ModelRetired, match=r"use model=stable-image-core$"):
        catalogue.parse("stable-image-core").find("stability.stable-image-ultra-v1:0")


def test_calls_sdxl_through_its_endpoint():
    offer = catalogue.parse(f"stable-image-core,stable-diffusion-xl={ARN}")
    assert offer.find("stable-diffusion-xl").bedrock_id == ARN
    with pytest.raises(ModelRetired):
        offer.find("stability.stable-diffusion-xl-v1")


@pytest.mark.parametrize(
    "text", ["nonsense", "", "stable-image-core,", "stable-diffusion-xl", "x=y"]
)
def test_rejects_an_invalid_models_variable(text):
    with pytest.raises(ValueError, match=r"^MODELS must be names from stable-image-core"):
        catalogue.parse(text)


def test_lists_parameters_of_other_models_as_ignored():
    query = {"prompt": "a ship", "cfg_scale": "10", "seed": "0", "steps": "50"}
    assert OFFER.ignored(query, CORE) == ["cfg_scale", "steps"]
    assert OFFER.ignored(query, SDXL) == []


@pytest.mark.parametrize("name", ["cfgscale", "x" * 5000])
def test_rejects_a_parameter_that_no_model_has(name):
    with pytest.raises(InvalidParameter) as raised:
        OFFER.ignored({"prompt": "a ship", name: "10"}, CORE)
    assert str(raised.value).endswith(f"style_strength, up, got {name[:80]!r}")


def test_every_retired_model_has_an_active_successor():
    active = {model.name for model in catalogue.MODELS} - set(catalogue.RETIRED)
    assert set(catalogue.RETIRED.values()) <= active
    assert not {CORE.bedrock_id, SD35.bedrock_id, ULTRA.bedrock_id} & set(catalogue.RETIRED)


def test_the_role_may_only_invoke_offered_models():
    policy = json.loads((Path(__file__).parent.parent / ".chalice/policy.json").read_text())
    invoking = [each for each in policy["Statement"] if "bedrock:" in str(each["Action"])]
    assert {each["Action"] for each in invoking} == {"bedrock:InvokeModel"}
    images, services, text, routed = invoking
    ids = [model.bedrock_id for model in OFFER.models]
    assert (images["Resource"], services["Resource"]) == (called(ids), routed_to(ids))
    assert (text["Resource"], routed["Resource"]) == (
        called(prompt.PRICES),
        routed_to(prompt.PRICES),
    )
    assert [each.bedrock_id.startswith("us.") for each in SERVICES] == [True] * 13


def called(ids):
    """The ARNs that a caller names."""
    return [
        f"arn:aws:bedrock:us-west-2:*:inference-profile/{each}" if each.startswith("us.")
        else f"arn:aws:bedrock:us-west-2::foundation-model/{each}"
        for each in ids
    ]  # fmt: skip


def routed_to(ids):
    """The ARNs to which AWS's US inference profiles route a call."""
    return [
        f"arn:aws:bedrock:{region}::foundation-model/{each.removeprefix('us.')}"
        for each in ids
        if each.startswith("us.")
        for region in REGIONS
    ]


def test_describes_the_offered_models():
    described = OFFER.describe()
    assert described["default"] == "stable-image-core"
    assert [model["price_usd"] for model in described["models"]] == [
        *(0.04, 0.08, 0.14, 0.07, 0.07, 0.06, 0.07, 0.07, 0.07),
        *(0.07, 0.07, 0.07, 0.08, 0.03, 0.40, 0.60),
    ]


def test_a_service_is_called_by_its_inference_profile():
    assert [model.bedrock_id.removeprefix("us.stability.") for model in SERVICES] == [
        f"{model.name}-v1:0" for model in SERVICES
    ]
    assert all(model.edits for model in SERVICES) and not (CORE.edits or SD35.edits or ULTRA.edits)


@pytest.mark.parametrize("name", ["image", "mask", "init_image", "style_image"])
def test_rejects_an_image_that_the_model_does_not_take(name):
    """To ignore it would change what is paid for."""
    with pytest.raises(InvalidParameter, match=f"^{name} must be left out: stable-image-core take"):
        OFFER.ignored({"prompt": "a ship", name: b"x"}, CORE)


def test_lists_what_has_no_effect_with_an_image_or_without_one():
    query = {"prompt": "a ship", "strength": "0.5", "aspect_ratio": "16:9"}
    assert OFFER.ignored(query, SD35) == ["strength"]
    assert OFFER.ignored(query | {"image": b"x"}, SD35) == ["aspect_ratio"]
