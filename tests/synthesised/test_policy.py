"""What the roles may do: the text model of the stack, and the policy of `chalice deploy`."""

import json

import pytest

from conftest import ROOT
from synthesised.conftest import joined, only, statements

pytestmark = pytest.mark.slow


def test_the_role_may_invoke_only_the_text_model_in_use(template, all_options):
    model = "amazon.nova-micro-v1:0"
    allowed = statements(template)
    account = "{'Ref': 'AWS::AccountId'}"
    profile = f"arn:aws:bedrock:us-west-2:{account}:inference-profile/us.{model}"
    assert joined(allowed["WritePrompts"]["Resource"]) == {profile}
    assert allowed["WritePromptsInTheUS"]["Resource"] == [
        f"arn:aws:bedrock:{region}::foundation-model/{model}"
        for region in ("us-east-1", "us-east-2", "us-west-2")
    ]
    function = only(template, "AWS::Serverless::Function")
    assert function["Environment"]["Variables"]["PROMPT_MODEL"] == f"us.{model}"
    assert not [name for name in statements(all_options) if name.startswith("WritePrompts")]


def test_chalice_deploy_may_write_only_its_own_logs():
    policy = json.loads((ROOT / ".chalice/policy.json").read_text())
    allowed = {each["Sid"]: each for each in policy["Statement"]}
    assert allowed.pop("SubscribeOnFirstUse")["Resource"] == "*"  # has a condition instead
    assert allowed["WriteLogs"]["Resource"] == "arn:*:logs:*:*:log-group:/aws/lambda/easel-*"
    profiles = [
        arn.replace(":*:inference-profile/us.", "") for arn in allowed["MakeImages"]["Resource"]
    ]
    profiles += [
        arn.replace(":*:inference-profile/us.", "") for arn in allowed["WritePrompts"]["Resource"]
    ]
    for name in ("MakeImagesInTheUS", "WritePromptsInTheUS"):
        profiles += allowed[name]["Resource"]
    assert all("*" not in arn for arn in profiles)
    assert set(allowed) == {
        *("MakeImages", "MakeImagesInTheUS", "WritePrompts", "WritePromptsInTheUS", "WriteLogs")
    }
