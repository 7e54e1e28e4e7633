"""What `make deploy` and `make destroy` say before and after CDK; the whole is in deploy/."""

import io
import json

import boto3
import pytest
from botocore.stub import Stubber

from infra import deploy

CLOSED = {"Access": "code", "WebsiteUrl": "https://d1.cloudfront.net/"}


@pytest.fixture
def aws(moto, monkeypatch):
    """An account in which nothing is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    return boto3.client("cloudformation", "eu-central-1")


@pytest.fixture
def closed(aws):
    """A stack that tells of itself as Easel with an access code does."""
    outputs = {name: {"Value": value} for name, value in CLOSED.items()}
    table = {"Type": "AWS::SNS::Topic"}
    template = {"Resources": {"Topic": table}, "Outputs": outputs}
    aws.create_stack(StackName="Easel", TemplateBody=json.dumps(template))
    yield aws
    aws.delete_stack(StackName="Easel")


def ended(act, words):
    """The act ends with one sentence."""
    with pytest.raises(SystemExit) as end:
        act()
    assert words in str(end.value)


def test_an_option_that_is_not_allowed_is_told_before_aws_is_asked(monkeypatch):
    monkeypatch.setenv("daily_budget_usd", "much")
    ended(deploy.deploy, "daily_budget_usd must be dollars from 0 to 99999.99, got 'much'")


def test_what_the_command_line_says_goes_before_what_is_written(monkeypatch, tmp_path):
    context = {"daily_budget_usd": 3, "models": "stable-image-ultra"}
    (tmp_path / "cdk.json").write_text(json.dumps({"context": context}))
    monkeypatch.setattr(deploy, "INFRA", tmp_path)
    monkeypatch.setenv("daily_budget_usd", "5")
    assert deploy.given_options() == {"daily_budget_usd": "5", "models": "stable-image-ultra"}


def test_without_credentials_or_region_the_next_step_is_told(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for act in (deploy.deploy, deploy.destroy):
        ended(act, "-> Run `aws configure`")


def test_without_a_region_the_next_step_is_told(aws, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ended(deploy.deploy, "-> Run `export AWS_DEFAULT_REGION=us-west-2`")


def test_a_closed_site_is_not_opened_by_forgetting_its_code(closed, monkeypatch):
    ended(deploy.deploy, "The site asks for an access code now. Give it again")
    deploy.keep_closed(CLOSED, {"access_code": ""})
    deploy.keep_closed(CLOSED, {"access_code": "another-code"})
    deploy.keep_closed(CLOSED | {"Access": "open"}, {})
    deploy.keep_closed({}, {})


def test_there_is_nothing_to_destroy_where_nothing_is(aws):
    ended(deploy.destroy, "There is no Easel in account 123456789012, region eu-central-1.")


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "y\n"])
def test_destroy_asks_and_takes_only_yes(closed, monkeypatch, capsys, answer):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    ended(deploy.destroy, "Nothing is removed.")
    assert "removes Easel, https://d1.cloudfront.net/, from account 123456789012" in (
        capsys.readouterr().out
    )
    assert closed.describe_stacks(StackName="Easel")["Stacks"]


def test_what_cloudformation_could_not_remove_is_listed():
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
        assert deploy.leftovers(client, "arn") == ["AWS::S3::Bucket kept"]


def test_a_site_that_does_not_answer_yet_is_told(monkeypatch):
    monkeypatch.setattr(deploy, "PATIENCE_SECONDS", 0)
    words = "Easel is deployed, but http://127.0.0.1:9/ does not answer yet: "
    ended(lambda: deploy.summary("http://127.0.0.1:9/", ""), words)


def test_what_aws_refuses_is_one_sentence_with_the_next_step(aws, monkeypatch):
    monkeypatch.setattr("sys.argv", ["deploy", "destroy"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:9")
    ended(deploy.main, "Run `make doctor` for what to do.")
