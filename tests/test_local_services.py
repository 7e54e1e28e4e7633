"""The 13 image services of the local Bedrock over HTTP: fields, ranges, ids and regions."""

import json

import pytest
from botocore.exceptions import ClientError

from services import SERVICES

pytestmark = pytest.mark.slow

FIELDS = [(name, field) for name, (_, fields) in SERVICES.items() for field in fields]
REQUIRED = [
    (name, key) for name, (body, _) in SERVICES.items() for key in body if key not in ("right",)
]


@pytest.mark.parametrize(("service", "field"), FIELDS)
def test_accepts_every_value_in_range_and_rejects_the_next(service, field, services):
    accepted, rejected = SERVICES[service][1][field]
    for value in accepted:
        assert services.invoke(service, **{field: value})["finish_reasons"] == [None], value
    for value in rejected:
        assert field in services.refusal(service, **{field: value}), value


@pytest.mark.parametrize(("service", "key"), REQUIRED)
def test_names_a_missing_key(service, key, services):
    body = {name: value for name, value in SERVICES[service][0].items() if name != key}
    with pytest.raises(ClientError, match=rf"#: required key \[{key}\] not found"):
        services.send(f"us.stability.{service}-v1:0", body)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_rejects_an_unknown_field_and_lists_its_own(service, services):
    detail = json.loads(services.refusal(service, mode="image-to-image"))["detail"]
    assert detail.startswith("Invalid field 'mode' in request. Available fields for ")
    fields = SERVICES[service][1].keys() | SERVICES[service][0].keys()
    assert set(detail.partition(" are: ")[2].split(", ")) == fields


def test_names_the_service_as_in_the_reported_message(services):
    assert json.loads(services.refusal("stable-image-control-sketch", text_prompts=[]))[
        "detail"
    ] == (
        "Invalid field 'text_prompts' in request. Available fields for control-sketch are: image, "
        "prompt, control_strength, negative_prompt, seed, output_format, style_preset"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_answers_by_its_profile_in_three_regions_only(service, services):
    body = SERVICES[service][0]
    for region in ("us-east-1", "us-east-2", "us-west-2"):
        assert services.invoke(service, region)["images"]
        profile = f"inference-profile/us.stability.{service}-v1:0"
        arn = f"arn:aws:bedrock:{region}:123456789012:{profile}"
        assert services.send(arn, body, region)["images"]
        with pytest.raises(ClientError, match="with on-demand throughput isn\u2019t supported"):
            services.send(f"stability.{service}-v1:0", body, region)
    with pytest.raises(ClientError, match=r"The provided model identifier is invalid\."):
        services.invoke(service, "eu-west-1")
