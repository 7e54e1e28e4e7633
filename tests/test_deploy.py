"""What `make deploy` and `make destroy` do before and after CDK runs; deploy/ runs all of it."""

import io
import json

import boto3
import pytest
from botocore.httpsession import get_cert_path
from botocore.stub import Stubber

from infra import account, deploy

pytestmark = pytest.mark.slow

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
    message = "daily_budget_usd must be dollars from 0 to 99999.99, got 'much'"
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


def resource(type, name, logical="Log12345678", status="DELETE_COMPLETE"):
    return {
        "LogicalResourceId": logical,
        "PhysicalResourceId": name,
        "ResourceType": type,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": "2026-11-22T00:00:00Z",
    }


def test_lists_resources_that_cloudformation_did_not_delete():
    client = boto3.client("cloudformation", "eu-central-1")
    gone = resource("AWS::S3::Bucket", "gone")
    kept = resource("AWS::S3::Bucket", "kept", status="DELETE_SKIPPED")
    with Stubber(client) as stub:
        stub.add_response("list_stack_resources", {"StackResourceSummaries": [gone, kept]})
        resources = deploy.stack_resources(client, "arn")
    assert deploy.remaining_resources(resources) == ["AWS::S3::Bucket kept"]


RESOURCES = [
    resource("AWS::Logs::LogGroup", "Easel-Log12345678-x1y2"),
    resource("AWS::Lambda::Function", "Easel-Custom3AutoDelete-a1b2", "Custom3AutoDeleteObjects"),
    resource("AWS::Lambda::Function", "Easel-Custom3AutoDelete-a1b2", "Other"),
    resource("AWS::S3::Bucket", "Easel-bucket-x1"),
    resource("AWS::Logs::LogGroup", "named"),
]


def test_destroy_deletes_the_log_groups_that_came_back(aws):
    logs = boto3.client("logs", "eu-central-1")
    back = [
        "Easel-Log12345678-x1y2",
        "Easel-Log12345678-older",
        "/aws/lambda/Easel-Custom3AutoDelete-a1b2",
    ]
    others = [
        "Easel-Log",
        "Easel-bucket-x1",
        "/aws/lambda/Easel-other",
        "named",
        "Easel-2-Log12345678-x",
    ]
    for name in back + others:
        logs.create_log_group(logGroupName=name)
    assert deploy.delete_log_groups(logs, RESOURCES) == []
    remaining = [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]
    assert sorted(remaining) == sorted(others)


def test_destroy_reports_log_groups_that_it_cannot_see():
    logs = boto3.client("logs", "eu-central-1")
    with Stubber(logs) as stub:
        stub.add_client_error("describe_log_groups", "AccessDeniedException", "may not")
        (found,) = deploy.delete_log_groups(logs, RESOURCES)
    assert found.startswith("perhaps log groups (An error occurred (AccessDeniedException)")


def test_finds_a_rolled_back_stack(aws):
    stack = {"StackName": "Easel", "StackStatus": "ROLLBACK_COMPLETE"}
    stack["CreationTime"] = "2026-11-22T00:00:00Z"
    with Stubber(aws) as stub:
        stub.add_response("describe_stacks", {"Stacks": [stack]})
        assert deploy.find_stack(aws)["StackStatus"] == "ROLLBACK_COMPLETE"


def test_destroy_offers_to_delete_a_stack_without_outputs(aws, monkeypatch, capsys):
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    aws.create_stack(StackName="Easel", TemplateBody=json.dumps(template))
    monkeypatch.setattr("sys.stdin", io.StringIO("no"))
    assert_exits(deploy.destroy, "Nothing was deleted.")
    assert "deletes Easel, whose deployment failed, from account" in capsys.readouterr().out
    aws.delete_stack(StackName="Easel")


def events(*reasons):
    """A stack's events, newest first, of a failed creation and of an older operation."""
    started = event("arn:easel", "CREATE_IN_PROGRESS")
    failed = [event("arn:part", "CREATE_FAILED", reason) for reason in reasons]
    older = event("arn:part", "CREATE_FAILED", f"Your account {deploy.UNVERIFIED}.")
    return {"StackEvents": [event("arn:easel", "ROLLBACK_COMPLETE"), *failed, started, older]}


def event(id, status, reason=""):
    return {
        "StackId": "arn:easel",
        "EventId": "1",
        "StackName": "Easel",
        "Timestamp": "2026-11-22T00:00:00Z",
        "PhysicalResourceId": id,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


CLOUDFRONT_SAYS = (
    "Resource handler returned message: \"Access denied for operation 'AWS::CloudFront::"
    "Distribution: Your account must be verified before you can add new CloudFront resources. To "
    'verify your account, please contact AWS Support and include this error message."'
)


@pytest.mark.parametrize(
    ("reasons", "advice"),
    [
        ((CLOUDFRONT_SAYS,), "`make deploy cloudfront=no`"),
        (("Resource creation cancelled", CLOUDFRONT_SAYS), "Account and billing"),
        (("Another reason",), ""),
        ((), ""),
    ],
)
def test_explains_cloudfronts_verification_of_an_account(aws, reasons, advice):
    with Stubber(aws) as stub:
        stub.add_response("describe_stack_events", events(*reasons))
        explanation = deploy.explain_failure(aws)
    assert advice in explanation
    assert bool(explanation) == bool(advice)


def test_a_failure_before_the_stack_exists_needs_no_explanation(aws):
    assert deploy.explain_failure(aws) == ""


@pytest.fixture
def cdk(tmp_path, monkeypatch):
    """A CDK CLI that writes its arguments and environment to a file, and fails."""
    command = tmp_path / "node_modules/.bin/cdk"
    command.parent.mkdir(parents=True)
    command.write_text(
        f'#!/bin/sh\necho "$@" > "{tmp_path}/ran"; env >> "{tmp_path}/ran"; exit 3\n'
    )
    command.chmod(0o755)
    monkeypatch.setattr(deploy, "INFRA", tmp_path)
    return tmp_path / "ran"


def test_cdk_gets_the_access_code_by_environment_and_sends_no_telemetry(cdk, monkeypatch):
    monkeypatch.setenv("access_code", "fox-in-the-snow")
    with pytest.raises(SystemExit):
        deploy.run_cdk(cdk.parent, "eu-central-1", "deploy", "Easel")
    arguments, *environment = cdk.read_text().splitlines()
    assert arguments == "deploy Easel"
    assert "access_code=fox-in-the-snow" in environment
    assert "CDK_DISABLE_CLI_TELEMETRY=true" in environment


def test_a_failed_deployment_prints_the_explanation(cdk):
    message = "`cdk deploy` failed with exit code 3. See its output above; `make doctor` checks the"
    command = ("deploy", "Easel")
    assert_exits(lambda: deploy.run_cdk(cdk.parent, "x", *command), message)
    explain = {"explain": lambda: deploy.VERIFY}
    assert_exits(
        lambda: deploy.run_cdk(cdk.parent, "x", *command, **explain), deploy.VERIFY.strip()
    )


def test_trusts_the_certificates_that_botocore_trusts(monkeypatch):
    loaded = []

    class Context:
        def load_verify_locations(self, path):
            loaded.append(path)

    monkeypatch.setattr("ssl.create_default_context", Context)
    monkeypatch.setattr(deploy, "SITE_TIMEOUT_SECONDS", 0)
    assert_exits(lambda: deploy.fetch("http://127.0.0.1:9/"), "does not respond yet")
    assert loaded == [get_cert_path(True)]


def test_says_that_the_site_does_not_respond_yet(monkeypatch):
    monkeypatch.setattr(deploy, "SITE_TIMEOUT_SECONDS", 0)
    message = "Easel is deployed, but http://127.0.0.1:9/ does not respond yet: "
    assert_exits(lambda: deploy.summarize("http://127.0.0.1:9/", ""), message)


def test_a_failed_aws_call_prints_the_next_step(aws, monkeypatch):
    ssm, name = boto3.client("ssm", "eu-central-1"), account.BOOTSTRAP_PARAMETER
    ssm.put_parameter(Name=name, Value="6", Type="String")
    monkeypatch.setattr("sys.argv", ["deploy", "destroy"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:9")
    assert_exits(deploy.main, "Run `make doctor` to find the cause.")
    ssm.delete_parameter(Name=name)
