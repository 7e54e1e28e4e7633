"""What `make deploy` and `make destroy` do before and after CDK runs; deploy/ runs all of it."""

import io
import json

import boto3
import pytest
from botocore.stub import Stubber

from infra import deploy

OUTPUTS = {"Access": "code", "WebsiteUrl": "https://d1.cloudfront.net/"}


@pytest.fixture
def aws(moto, monkeypatch):
    """CloudFormation in an empty account."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return boto3.client("cloudformation", "eu-central-1")


@pytest.fixture
def closed(aws):
    """A stack with the outputs of a site that has an access code."""
    outputs = {name: {"Value": value} for name, value in OUTPUTS.items()}
    topic = {"Type": "AWS::SNS::Topic"}
    template = {"Resources": {"Topic": topic}, "Outputs": outputs}
    aws.create_stack(StackName="Easel", TemplateBody=json.dumps(template))
    yield aws
    aws.delete_stack(StackName="Easel")


def assert_exits(command, message):
    with pytest.raises(SystemExit) as exit:
        command()
    assert message in str(exit.value)


def test_rejects_an_invalid_option_before_calling_aws(monkeypatch):
    monkeypatch.setenv("daily_budget_usd", "much")
    message = "daily_budget_usd must be 0 to 99999.99 US dollars, got 'much'"
    assert_exits(deploy.deploy, message)


def test_the_command_line_overrides_saved_options(monkeypatch, tmp_path):
    context = {"daily_budget_usd": 3, "models": "stable-image-ultra"}
    (tmp_path / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.setattr(deploy, "INFRA", tmp_path)
    monkeypatch.setenv("daily_budget_usd", "5")
    assert deploy.validated_options() == {"daily_budget_usd": "5", "models": "stable-image-ultra"}


def test_without_credentials_prints_the_next_step(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for command in (deploy.deploy, deploy.destroy):
        assert_exits(command, "-> Run `aws configure`")


def test_without_a_region_prints_the_next_step(aws, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert_exits(deploy.deploy, "-> Run `export AWS_DEFAULT_REGION=us-west-2`")


def test_never_opens_a_closed_site_by_omission(closed):
    assert_exits(deploy.deploy, "The deployed site requires an access code.")
    deploy.require_access_code(OUTPUTS, {"access_code": ""})
    deploy.require_access_code(OUTPUTS, {"access_code": "another-code"})
    deploy.require_access_code(OUTPUTS | {"Access": "open"}, {})
    deploy.require_access_code({}, {})


def test_destroy_exits_if_easel_is_not_deployed(aws):
    message = "Easel is not deployed in account 123456789012, region eu-central-1."
    assert_exits(deploy.destroy, message)


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "y\n"])
def test_destroy_continues_only_after_yes(closed, monkeypatch, capsys, answer):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert_exits(deploy.destroy, "Nothing was deleted.")
    assert "deletes Easel, https://d1.cloudfront.net/, from account 123456789012" in (
        capsys.readouterr().out
    )
    assert closed.describe_stacks(StackName="Easel")["Stacks"]


def test_lists_resources_that_cloudformation_did_not_delete():
    client = boto3.client("cloudformation", "eu-central-1")
    resources = [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": name,
            "ResourceType": "AWS::S3::Bucket",
            "ResourceStatus": status,
            "LastUpdatedTimestamp": "2026-11-22T00:00:00Z",
        }
        for name, status in (("gone", "DELETE_COMPLETE"), ("kept", "DELETE_SKIPPED"))
    ]
    with Stubber(client) as stub:
        stub.add_response("list_stack_resources", {"StackResourceSummaries": resources})
        assert deploy.remaining_resources(client, "arn") == ["AWS::S3::Bucket kept"]


def test_says_that_the_site_does_not_respond_yet(monkeypatch):
    monkeypatch.setattr(deploy, "SITE_TIMEOUT_SECONDS", 0)
    message = "Easel is deployed, but http://127.0.0.1:9/ does not respond yet: "
    assert_exits(lambda: deploy.summarize("http://127.0.0.1:9/", ""), message)


def test_a_failed_aws_call_prints_the_next_step(aws, monkeypatch):
    monkeypatch.setattr("sys.argv", ["deploy", "destroy"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:9")
    assert_exits(deploy.main, "Run `make doctor` to find the cause.")
