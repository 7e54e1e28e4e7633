"""The stack: the API, what it may do, its budget, its log, its alarms, its options."""

import hashlib
import json

import pytest

from chalicelib import catalogue
from conftest import ROOT
from synthesised.conftest import CODE, every, only, role, synthesise

pytestmark = pytest.mark.slow


def arns(region, models=catalogue.DEFAULT_MODELS):
    return {
        f"arn:aws:bedrock:{region}::foundation-model/{model.bedrock_id}"
        for model in catalogue.parse(models).models
    }


def test_policy_catalogue_and_template_name_the_same_models(usual):
    policy = json.loads((ROOT / ".chalice/policy.json").read_text())
    (written,) = [each for each in policy["Statement"] if each["Sid"] == "MakeImages"]
    alive = {model.name for model in catalogue.MODELS} - set(catalogue.RETIRED)
    assert alive == set(catalogue.DEFAULT_MODELS.split(","))
    assert set(written["Resource"]) == arns("us-west-2")
    assert set(role(usual)["MakeImages"]["Resource"]) == arns("us-west-2")


def test_the_api_may_do_exactly_this(usual):
    statements = role(usual)
    assert {name: each["Action"] for name, each in statements.items()} == {
        "MakeImages": "bedrock:InvokeModel",
        "SubscribeOnFirstUse": ["aws-marketplace:ViewSubscriptions", "aws-marketplace:Subscribe"],
        "WriteLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "KeepBudget": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
    }
    (table,) = every(usual, "AWS::DynamoDB::Table")
    assert statements["KeepBudget"]["Resource"] == {"Fn::GetAtt": [table, "Arn"]}
    (log,) = [each for each in every(usual, "AWS::Logs::LogGroup") if each.startswith("Log")]
    assert statements["WriteLog"]["Resource"] == {"Fn::GetAtt": [log, "Arn"]}
    everywhere = [name for name, each in statements.items() if each["Resource"] == "*"]
    assert everywhere == ["SubscribeOnFirstUse"]
    assert statements["SubscribeOnFirstUse"]["Condition"] == {
        "StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}
    }
    assert "ManagedPolicyArns" not in usual["Resources"]["ApiHandlerRole"]["Properties"]


def test_the_function_is_small_quick_and_ends_before_the_gateway(usual):
    function = only(usual, "AWS::Serverless::Function")
    (log,) = [each for each in every(usual, "AWS::Logs::LogGroup") if each.startswith("Log")]
    assert function["Architectures"] == ["arm64"]
    assert (function["Runtime"], function["MemorySize"], function["Timeout"]) == (
        "python3.13",
        1024,
        28,
    )
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": log}}
    assert "ReservedConcurrentExecutions" not in function  # a fresh account has ten in all


def test_the_api_is_regional_compressed_and_throttled(usual, expanded):
    api = only(usual, "AWS::Serverless::Api")
    assert (api["EndpointConfiguration"], api["StageName"]) == ("REGIONAL", "api")
    assert api["MinimumCompressionSize"] == 1024
    (limits,) = only(expanded, "AWS::ApiGateway::Stage")["MethodSettings"]
    assert (limits["HttpMethod"], limits["ResourcePath"]) == ("*", "/*")
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (20, 40)
    # Its log needs a role for the whole account: a fresh account has none, and the stack fails.
    assert "AccessLogSetting" not in only(expanded, "AWS::ApiGateway::Stage")
    assert not every(expanded, "AWS::ApiGateway::Account")


def test_the_budget_is_kept_in_a_table_that_costs_nothing_at_rest(usual):
    table = only(usual, "AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "day", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_all_goes_with_the_stack(usual):
    for kind in ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket"):
        for name in every(usual, kind):
            assert usual["Resources"][name]["DeletionPolicy"] == "Delete"
    assert only(usual, "Custom::S3AutoDeleteObjects")["BucketName"]
    logs = every(usual, "AWS::Logs::LogGroup").values()
    assert {each["RetentionInDays"] for each in logs} == {14}


def test_every_function_writes_into_a_log_of_the_stack(usual):
    functions = every(usual, "AWS::Lambda::Function") | every(usual, "AWS::Serverless::Function")
    assert len(functions) == 3
    for function in functions.values():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in every(usual, "AWS::Logs::LogGroup")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::Bucket", "BucketName"),
        ("AWS::DynamoDB::Table", "TableName"),
        ("AWS::Serverless::Function", "FunctionName"),
        ("AWS::Lambda::Function", "FunctionName"),
        ("AWS::IAM::Role", "RoleName"),
        ("AWS::CloudWatch::Alarm", "AlarmName"),
        ("AWS::Logs::LogGroup", "LogGroupName"),
    ],
)
def test_nothing_has_a_name_that_could_be_taken(usual, kind, name):
    named = [name in each for each in every(usual, kind).values()]
    assert named and not any(named)


def test_without_an_option_the_site_is_open_inside_two_dollars_a_day(usual):
    variables = only(usual, "AWS::Serverless::Function")["Environment"]["Variables"]
    (table,) = every(usual, "AWS::DynamoDB::Table")
    assert variables == {
        "MODELS": catalogue.DEFAULT_MODELS,
        "BEDROCK_REGION": "us-west-2",
        "ACCESS_CODE_SHA256": "",
        "BUDGET_TABLE": {"Ref": table},
        "DAILY_BUDGET_USD": "2.00",
    }
    told = {name: each["Value"] for name, each in usual["Outputs"].items()}
    assert (told["DailyBudgetUsd"], told["Access"]) == ("2.00", "open")
    assert {"WebsiteUrl", "ApiUrl", "BucketName", "DistributionId"} <= set(told)
    assert not every(usual, "AWS::SNS::Topic")


def test_every_option_reaches_the_stack(chosen):
    variables = only(chosen, "AWS::Serverless::Function")["Environment"]["Variables"]
    assert variables["DAILY_BUDGET_USD"] == "12.50"
    assert variables["ACCESS_CODE_SHA256"] == hashlib.sha256(CODE.encode()).hexdigest()
    assert variables["MODELS"].startswith("stable-image-ultra,stable-diffusion-xl=arn:")
    assert variables["BEDROCK_REGION"] == "eu-west-1"
    assert chosen["Outputs"]["Access"]["Value"] == "code"
    statements = role(chosen)
    assert set(statements["MakeImages"]["Resource"]) == arns("eu-west-1")
    endpoint = ["arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl"]
    assert statements["MakeImagesOnEndpoints"]["Resource"] == endpoint
    assert statements["CallEndpoints"]["Resource"] == endpoint


def test_the_code_itself_is_nowhere_in_what_is_uploaded(chosen_folder):
    for path in chosen_folder.rglob("*"):
        assert path.is_dir() or CODE.encode() not in path.read_bytes(), path


def test_the_owner_is_mailed_when_it_fails_and_when_people_are_refused(chosen):
    (topic,) = every(chosen, "AWS::SNS::Topic")
    mail = only(chosen, "AWS::SNS::Subscription")
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "owner@example.com")
    alarms = every(chosen, "AWS::CloudWatch::Alarm")
    assert [each["AlarmActions"] for each in alarms.values()] == [[{"Ref": topic}]] * 2


def test_the_alarms_watch_what_the_log_line_tells(usual):
    text = (ROOT / "chalicelib/record.py").read_text()
    function = [{"Name": "function", "Value": {"Ref": "APIHandler"}}]
    errors, budget = every(usual, "AWS::CloudWatch::Alarm").values()
    watched = [each["MetricStat"]["Metric"] for each in errors["Metrics"] if "MetricStat" in each]
    watched.append({name: budget[name] for name in ("Namespace", "MetricName", "Dimensions")})
    own = [each for each in watched if each["Namespace"] == "Easel"]
    assert [each["MetricName"] for each in own] == ["Errors", "BudgetSpent"]
    for metric in own:
        assert f'"Name": "{metric["MetricName"]}"' in text
        assert metric["Dimensions"] == function
    assert '"Namespace": "Easel", "Dimensions": [["function"]]' in text
    lambdas = [each for each in watched if each["Namespace"] == "AWS/Lambda"]
    assert [each["MetricName"] for each in lambdas] == ["Errors"]


def test_five_failures_in_five_minutes_ring_and_one_refusal(usual):
    errors, budget = every(usual, "AWS::CloudWatch::Alarm").values()
    for alarm, failures in ((errors, 5), (budget, 1)):
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (failures, 1)
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
    (both,) = [each for each in errors["Metrics"] if "Expression" in each]
    assert both["Expression"] == "FILL(told, 0) + FILL(crashed, 0)"
    counted = [each["MetricStat"] for each in errors["Metrics"] if "MetricStat" in each]
    assert {(each["Period"], each["Stat"]) for each in counted} == {(300, "Sum")}
    assert (budget["Period"], budget["Statistic"]) == (300, "Sum")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"daily_budget_usd": "abc"}, "daily_budget_usd must be dollars from 0 to 99999.99, got"),
        ({"models": "nonsense"}, "MODELS must be names from"),
    ],
)
def test_an_option_that_is_not_allowed_ends_it_with_one_sentence(tmp_path, option, words):
    process = synthesise(tmp_path, **option)
    assert process.returncode == 1
    assert words in process.stderr and "Traceback" not in process.stderr
