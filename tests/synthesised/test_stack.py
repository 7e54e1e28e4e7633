"""The stack: the API, its permissions, budget, log and options."""

import hashlib
import json
import re

import pytest

from chalicelib import catalogue
from conftest import ROOT
from synthesised.conftest import CODE, ENDPOINT, every, expand, joined, only, run, statements

pytestmark = pytest.mark.slow


def arns(region, models=catalogue.DEFAULT_MODELS, account="{'Ref': 'AWS::AccountId'}"):
    """What the API calls: a foundation model, or a service's inference profile."""
    return {
        f"arn:aws:bedrock:{region}:{account}:inference-profile/{model.bedrock_id}" if model.edits
        else f"arn:aws:bedrock:{region}::foundation-model/{model.bedrock_id}"
        for model in catalogue.parse(models).models
    }  # fmt: skip


def services_arns():
    """The models to which a profile may route a call."""
    return {
        f"arn:aws:bedrock:{region}::foundation-model/{model.bedrock_id.removeprefix('us.')}"
        for region in ("us-east-1", "us-east-2", "us-west-2")
        for model in catalogue.parse(catalogue.DEFAULT_MODELS).models
        if model.edits
    }


def test_policy_catalogue_and_template_list_the_same_models(template):
    policy = json.loads((ROOT / ".chalice/policy.json").read_text())
    written = {each["Sid"]: each["Resource"] for each in policy["Statement"]}
    active = {model.name for model in catalogue.MODELS} - set(catalogue.RETIRED)
    assert active == set(catalogue.DEFAULT_MODELS.split(","))
    assert set(written["MakeImages"]) == arns("us-west-2", account="*")
    assert joined(statements(template)["MakeImages"]["Resource"]) == arns("us-west-2")
    for resources in (written, {n: s["Resource"] for n, s in statements(template).items()}):
        assert set(resources["MakeImagesInTheUS"]) == services_arns()


def test_the_role_may_invoke_only_the_models_on_offer(all_options, template):
    offered = {"eu-west-1": "stable-image-ultra", "us-west-2": catalogue.DEFAULT_MODELS}
    for each, (region, models) in zip((all_options, template), offered.items(), strict=True):
        assert joined(statements(each)["MakeImages"]["Resource"]) == arns(region, models)
    assert "MakeImagesInTheUS" not in statements(all_options)


def test_no_function_may_create_a_log_group(all_options, without_cloudfront):
    """It would create a deleted one again, for the lines that arrive after the stack's deletion."""
    for template in (all_options, without_cloudfront):
        for role in every(template, "AWS::IAM::Role").values():
            assert "ManagedPolicyArns" not in role
        text = json.dumps(template)
        assert "CreateLogGroup" not in text and '"logs:*"' not in text
        logging = [
            role
            for role in every(template, "AWS::IAM::Role").values()
            if "logs:" in json.dumps(role)
        ]
        assert len(logging) == 3


def test_the_api_has_only_these_permissions(template):
    allowed = statements(template)
    assert {name: each["Action"] for name, each in allowed.items()} == {
        "MakeImages": "bedrock:InvokeModel",
        "MakeImagesInTheUS": "bedrock:InvokeModel",
        "WritePrompts": "bedrock:InvokeModel",
        "WritePromptsInTheUS": "bedrock:InvokeModel",
        "SubscribeOnFirstUse": ["aws-marketplace:ViewSubscriptions", "aws-marketplace:Subscribe"],
        "WriteLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "UpdateBudget": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
        "KeepResults": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
    }
    (table,) = every(template, "AWS::DynamoDB::Table")
    assert allowed["UpdateBudget"]["Resource"] == {"Fn::GetAtt": [table, "Arn"]}
    (log,) = [each for each in every(template, "AWS::Logs::LogGroup") if each.startswith("Log")]
    assert allowed["WriteLog"]["Resource"] == {"Fn::GetAtt": [log, "Arn"]}
    bucket = {"Fn::GetAtt": [results_bucket(template), "Arn"]}
    assert allowed["KeepResults"]["Resource"] == {"Fn::Join": ["", [bucket, "/files/*"]]}
    unrestricted = [name for name, each in allowed.items() if each["Resource"] == "*"]
    assert unrestricted == ["SubscribeOnFirstUse"]
    assert allowed["SubscribeOnFirstUse"]["Condition"] == {
        "StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}
    }
    assert "ManagedPolicyArns" not in template["Resources"]["ApiHandlerRole"]["Properties"]


def results_bucket(template):
    """The logical id of the results bucket; "" without one."""
    names = [each for each in every(template, "AWS::S3::Bucket") if each.startswith("Results")]
    return names[0] if names else ""


def test_the_function_outlives_the_models_timeout_and_the_page_waits_for_it(template):
    function = only(template, "AWS::Serverless::Function")
    (log,) = [each for each in every(template, "AWS::Logs::LogGroup") if each.startswith("Log")]
    assert function["Architectures"] == ["arm64"]
    assert (function["Runtime"], function["MemorySize"]) == ("python3.13", 1024)
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": log}}
    assert "ReservedConcurrentExecutions" not in function  # a new account has a quota of 10
    variable = int(function["Environment"]["Variables"]["MODEL_TIMEOUT_SECONDS"])
    # tests/test_results.py adds up the other waits: at most 30 s.
    assert variable + 30 <= function["Timeout"] <= 900
    (page,) = re.findall(r"resultSeconds = (\d+)", (ROOT / "frontend/api.js").read_text())
    assert int(page) == function["Timeout"]


def test_the_results_are_private_encrypted_and_kept_for_a_day(template):
    name = results_bucket(template)
    bucket = every(template, "AWS::S3::Bucket")[name]
    assert list(bucket["PublicAccessBlockConfiguration"].values()) == [True] * 4
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["LifecycleConfiguration"]["Rules"] == [
        {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "ExpirationInDays": 1,
            "Status": "Enabled",
        }
    ]
    # A version would keep a deleted claim.
    assert not {"VersioningConfiguration", "WebsiteConfiguration", "BucketName"} & set(bucket)
    (policy,) = [
        each["PolicyDocument"]["Statement"]
        for each in every(template, "AWS::S3::BucketPolicy").values()
        if each["Bucket"] == {"Ref": name}
    ]
    tls, emptier, reader = policy
    assert (tls["Effect"], tls["Action"]) == ("Deny", "s3:*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert "CustomS3AutoDeleteObjects" in json.dumps(emptier["Principal"])
    assert reader["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert reader["Action"] == "s3:GetObject"  # no listing: a missing file is S3's 403
    assert set(reader["Condition"]["StringEquals"]) == {"AWS:SourceArn"}


def test_without_cloudfront_or_an_api_nothing_is_kept(website_only, without_cloudfront):
    """A redirect to /files/ would lead to API Gateway's root, which has no page."""
    for template in (website_only, without_cloudfront):
        assert len(every(template, "AWS::S3::Bucket")) == 1 and not results_bucket(template)
        assert "/files/*" not in json.dumps(template)
    function = only(without_cloudfront, "AWS::Serverless::Function")
    assert function["Timeout"] == 28 < 29  # API Gateway's
    variables = function["Environment"]["Variables"]
    assert not {"RESULTS_BUCKET", "MODEL_TIMEOUT_SECONDS"} & set(variables)
    assert "KeepResults" not in statements(without_cloudfront)


def test_the_api_is_regional_compressed_and_throttled(template, expanded):
    api = only(template, "AWS::Serverless::Api")
    assert (api["EndpointConfiguration"], api["StageName"]) == ("REGIONAL", "api")
    assert api["MinimumCompressionSize"] == 1024
    assert rates(expanded)["*", "/*"] == (20, 40)
    # An access log needs an account-wide role: without one, as in a new account, deployment fails.
    assert "AccessLogSetting" not in only(expanded, "AWS::ApiGateway::Stage")
    assert not every(expanded, "AWS::ApiGateway::Account")


def rates(expanded):
    """Requests a second and at once, by method and path as the API has them."""
    settings = only(expanded, "AWS::ApiGateway::Stage")["MethodSettings"]
    return {
        (each["HttpMethod"], each["ResourcePath"].replace("~1", "/").replace("//", "/")): (
            each["ThrottlingRateLimit"],
            each["ThrottlingBurstLimit"],
        )
        for each in settings
    }


def test_preflights_and_what_cloudfront_caches_have_a_lower_limit(
    expanded, expanded_without_cloudfront
):
    for template, reads in (
        (expanded, {"/models", "/budget", "/v1/models"}),
        (expanded_without_cloudfront, {"/v1/models"}),
    ):
        limits = rates(template)
        paths = only(template, "AWS::ApiGateway::RestApi")["Body"]["paths"]
        rare = {key for key, value in limits.items() if value == (5, 20)}
        assert {path for method, path in rare if method == "GET"} == reads
        preflights = {path for path, methods in paths.items() if "options" in methods}
        assert {path for method, path in rare if method == "OPTIONS"} == preflights
        assert not [key for key in rare if key[0] == "POST"]
        for method, path in limits.keys() - {("*", "/*")}:
            assert method.lower() in paths[path]
    assert limits["GET", "/{file+}"] == (100, 200)


def test_the_api_has_only_the_limited_stage(expanded, expanded_without_cloudfront, all_options):
    """SAM adds a stage without limits to an API without an OpenAPI version."""
    for template in (expanded, expanded_without_cloudfront, expand(all_options)):
        stage = only(template, "AWS::ApiGateway::Stage")
        assert stage["StageName"] == "api"
        assert "StageName" not in only(template, "AWS::ApiGateway::Deployment")


def test_the_budget_table_costs_nothing_when_idle(template):
    table = only(template, "AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "day", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_every_resource_is_deleted_with_the_stack(template):
    for kind in ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket"):
        for name in every(template, kind):
            assert template["Resources"][name]["DeletionPolicy"] == "Delete"
    emptied = every(template, "Custom::S3AutoDeleteObjects").values()
    buckets = every(template, "AWS::S3::Bucket")
    assert sorted(each["BucketName"]["Ref"] for each in emptied) == sorted(buckets)
    logs = every(template, "AWS::Logs::LogGroup").values()
    assert {each["RetentionInDays"] for each in logs} == {14}


def test_every_function_logs_to_a_log_group_of_the_stack(template):
    functions = every(template, "AWS::Lambda::Function") | every(
        template, "AWS::Serverless::Function"
    )
    assert len(functions) == 3
    for function in functions.values():
        assert function["LoggingConfig"]["LogGroup"]["Ref"] in every(
            template, "AWS::Logs::LogGroup"
        )


def test_by_default_the_site_is_open_with_a_two_dollar_budget(template):
    variables = only(template, "AWS::Serverless::Function")["Environment"]["Variables"]
    (table,) = every(template, "AWS::DynamoDB::Table")
    assert variables == {
        "MODELS": catalogue.DEFAULT_MODELS,
        "PROMPT_MODEL": "us.amazon.nova-micro-v1:0",
        "BEDROCK_REGION": "us-west-2",
        "ACCESS_CODE_SHA256": "",
        "BUDGET_TABLE": {"Ref": table},
        "DAILY_BUDGET_USD": "2.00",
        "RESULTS_BUCKET": {"Ref": results_bucket(template)},
        "MODEL_TIMEOUT_SECONDS": "100",
    }
    outputs = {name: each["Value"] for name, each in template["Outputs"].items()}
    assert (outputs["DailyBudgetUsd"], outputs["Access"]) == ("2.00", "open")
    assert {"WebsiteUrl", "ApiUrl", "BucketName", "DistributionId"} <= set(outputs)
    assert not every(template, "AWS::SNS::Topic")


def test_every_option_reaches_the_stack(all_options):
    variables = only(all_options, "AWS::Serverless::Function")["Environment"]["Variables"]
    assert variables["DAILY_BUDGET_USD"] == "12.50"
    assert variables["ACCESS_CODE_SHA256"] == hashlib.sha256(CODE.encode()).hexdigest()
    assert variables["MODELS"].startswith("stable-image-ultra,stable-diffusion-xl=arn:")
    assert variables["BEDROCK_REGION"] == "eu-west-1"
    assert variables["PROMPT_MODEL"] == ""
    assert all_options["Outputs"]["Access"]["Value"] == "code"
    allowed = statements(all_options)
    assert set(allowed["MakeImages"]["Resource"]) == arns("eu-west-1", "stable-image-ultra")
    assert allowed["MakeImagesOnEndpoints"]["Resource"] == [ENDPOINT]
    assert allowed["InvokeEndpoints"]["Resource"] == [ENDPOINT]


def test_never_uploads_the_access_code(all_options_output):
    for path in all_options_output.rglob("*"):
        assert path.is_dir() or CODE.encode() not in path.read_bytes(), path


def test_exits_with_a_message_if_an_option_is_invalid(tmp_path):
    process = run(tmp_path, "-m", "infra.main", CDK_CONTEXT_JSON='{"daily_budget_usd": "abc"}')
    assert process.returncode == 1
    assert "daily_budget_usd must be" in process.stderr and "Traceback" not in process.stderr


def test_an_option_in_the_environment_overrides_a_saved_one(tmp_path):
    saved = {"CDK_CONTEXT_JSON": '{"daily_budget_usd": "5"}'}
    process = run(tmp_path, "-m", "infra.main", **saved, daily_budget_usd="much")
    assert process.stderr.endswith(
        "daily_budget_usd must be dollars from 0 to 99999.99, got 'much'\n"
    )
