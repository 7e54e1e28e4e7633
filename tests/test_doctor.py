"""What `make doctor` finds in an account, and the next step for each problem."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError

import app as easel
from accounts import QUOTA, plan, quotas
from chalicelib import catalogue
from conftest import ROOT
from infra import doctor
from infra.account import FAILED, OK, RETRY, UNKNOWN, Finding
from local.faults import Failure
from test_account import assert_finding, stub
from test_permissions import ROLE

CORE, SD35, ULTRA, *SERVICES = catalogue.parse(catalogue.DEFAULT_MODELS).models
(OWN,) = catalogue.parse(
    "stable-diffusion-xl=arn:aws:sagemaker:us-west-2:123456789012:endpoint/mine"
).models


@pytest.fixture
def account(moto, local_bedrock, account_services, monkeypatch, tmp_path):
    """moto's account and the local Bedrock with replaceable responses, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for service in ("STS", "SSM", "IAM", "CLOUDFORMATION"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", moto)
    for service in ("BEDROCK", "BEDROCK_RUNTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", local_bedrock.url)
    for response in ("summaries", "availability"):
        monkeypatch.setattr(local_bedrock, response, getattr(local_bedrock, response))
    local_bedrock.paintings.clear()
    return local_bedrock


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({}, OK, "available, subscribed"),
        ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, OK, "subscribes to it"),
        ({"agreementAvailability": {"status": "PENDING"}}, FAILED, "15 minutes"),
        (
            {"agreementAvailability": {"status": "ERROR", "errorMessage": "x"}},
            FAILED,
            "subscription failed: x\n",
        ),
        ({"agreementAvailability": {"status": "ERROR"}}, FAILED, "no reason\n"),
        ({"agreementAvailability": {"status": "ERROR"}}, FAILED, "/paymentmethods"),
        ({"agreementAvailability": {"status": "ERROR"}}, FAILED, "in India: Pay by Invoice"),
        (
            {
                "agreementAvailability": {"status": "NOT_AVAILABLE"},
                "entitlementAvailability": "NOT_AVAILABLE",
            },
            OK,
            "subscribes to it",
        ),
        (
            {
                "agreementAvailability": {"status": "PENDING"},
                "entitlementAvailability": "NOT_AVAILABLE",
            },
            FAILED,
            "15 minutes",
        ),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, FAILED, ".chalice/policy.json"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, FAILED, "support/home#/case/create"),
        ({"regionAvailability": "NOT_AVAILABLE"}, FAILED, "`unset BEDROCK_REGION`"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, FAILED, "region=us-west-2#/model-catalog"),
    ],
)
def test_explains_each_availability_of_a_model(changes, status, text, account, client):
    usual = account.availability(CORE.bedrock_id, "us-west-2")
    account.availability = lambda *_: usual | changes
    bedrock, lifecycles = client("bedrock"), {CORE.bedrock_id: "ACTIVE"}
    finding = doctor.check_model(bedrock, CORE, lifecycles, "us-west-2")
    assert_finding(finding, status, text)
    assert finding.subscribed == (text != "subscribes to it")


def test_skips_the_availability_of_retired_models(client):
    bedrock = stub(client("bedrock")).client

    def check(lifecycles, region="us-west-2", model=CORE):
        return doctor.check_model(bedrock, model, lifecycles, region)

    assert_finding(check({}), FAILED, "retired, or not available in this region", "`git pull`")
    assert_finding(check({}, "eu-west-1"), FAILED, "retired, or not", "`unset BEDROCK_REGION`")
    legacy = check({CORE.bedrock_id: "LEGACY"})
    assert_finding(legacy, FAILED, "Legacy: new customers", "`git pull`")
    own = check({}, model=OWN)
    assert_finding(own, UNKNOWN, "--region us-west-2 --endpoint-name mine`")


@pytest.mark.parametrize(
    ("variable", "status", "text"),
    [
        (None, OK, "available, subscribed"),
        ("mistral.ministral-3-3b-instruct", OK, "available, subscribed"),
        ("gpt", FAILED, "PROMPT_MODEL must be empty or one of us.amazon.nova-micro-v1:0"),
    ],
)
def test_checks_the_text_model(variable, status, text, account, client, monkeypatch):
    if variable is not None:
        monkeypatch.setenv("PROMPT_MODEL", variable)
    (finding,) = doctor.check_prompt_model(client("bedrock"), "us-west-2")
    assert_finding(finding, status, text)


def test_explains_a_text_model_that_the_account_may_not_use(account, client):
    usual = account.availability("amazon.nova-micro-v1:0", "us-west-2")
    account.availability = lambda *_: usual | {"authorizationStatus": "NOT_AUTHORIZED"}
    (finding,) = doctor.check_prompt_model(client("bedrock"), "us-west-2")
    assert_finding(finding, FAILED, "denied by IAM", ".chalice/policy.json")


def test_checks_no_text_model_that_is_switched_off(client, monkeypatch):
    monkeypatch.setenv("PROMPT_MODEL", "")
    assert list(doctor.check_prompt_model(client("bedrock"), "us-west-2")) == []


def test_announces_the_price_before_paying_for_a_picture(account, client, tmp_path):
    runtime = client("bedrock-runtime")
    findings = doctor.generate_image(runtime, (ULTRA, OWN, CORE), doctor.PROMPT)
    assert_finding(next(findings), OK, "$0.04 for one picture with Stable Image Core")
    assert account.paintings == []
    assert_finding(next(findings), OK, str(tmp_path / "doctor.jpeg"))
    assert (tmp_path / "doctor.jpeg").read_bytes().startswith(b"\xff\xd8\xff")
    assert [each["prompt"] for each in account.paintings] == [doctor.PROMPT]


@pytest.mark.parametrize(
    ("prompt", "result", "step"),
    [
        ("!marketplace", "aws-marketplace:Subscribe", doctor.ASK_FOR_PERMISSIONS),
        ("!notallowed", "Operation not allowed", doctor.OPEN_BEDROCK),
        ("!quotazero", "Too many tokens per day", doctor.RAISE_QUOTA),
        ("!invalid", "Invalid field in request", doctor.NOT_BILLED),
        ("!throttled 1 a doctor", "Too many requests", RETRY),
        ("!timeout", "too long to process", doctor.PAY_AGAIN),
        ("!internal", "internal server error", doctor.PAY_AGAIN),
        ("!reset", "Connection", doctor.PAY_AGAIN),
        ("!broken", "line 1", doctor.PAY_AGAIN),
        ("!filtered", "filter refused the prompt", doctor.PAY_AGAIN),
    ],
)
def test_explains_a_failed_picture(prompt, result, step, account, client, tmp_path):
    findings = list(doctor.generate_image(client("bedrock-runtime"), [CORE], prompt))
    assert_finding(findings[-1], FAILED, result, step)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("Your AWS Marketplace subscription for this model is still being processed", "15 minutes"),
        ("INVALID_PAYMENT_INSTRUMENT: A valid payment instrument", "/paymentmethods"),
        ("INVALID_PAYMENT_INSTRUMENT: A valid payment instrument", "in India: Pay by Invoice"),
        ("Your account is not authorized to invoke this API operation.", doctor.OPEN_BEDROCK),
        ("stability.x is not available for this account", "AWS Sales"),
        ("The AWS Marketplace agreement failed: restricted geo-location", "AWS Sales"),
        ("AWS's next sentence", "nothing was billed"),
    ],
)
def test_a_refusal_has_a_next_step_and_never_suggests_to_pay_again(message, step):
    error = {"Error": {"Code": "AccessDeniedException", "Message": message}}
    metadata = {"ResponseMetadata": {"HTTPStatusCode": 403}}
    advice = doctor.next_step(ClientError(error | metadata, "InvokeModel"))
    assert step in advice
    assert "PAY=1" not in advice


@pytest.mark.parametrize(
    ("status", "answer", "expected", "text"),
    [
        (200, plan("PAID"), OK, "Paid"),
        (200, plan("FREE"), FAILED, "#/freetier/upgrade"),
        (400, {"__type": "ResourceNotFoundException"}, OK, "older than AWS's plans"),
        (400, {"__type": "AccessDeniedException"}, UNKNOWN, "freetier:GetAccountPlanState"),
    ],
)
def test_reports_the_plan_of_the_account(status, answer, expected, text, account_services, client):
    account_services.answers["GetAccountPlanState"] = status, answer
    assert_finding(doctor.check_plan(client("freetier")), expected, text)


OTHERS = {
    "Cross-region model inference requests per minute for Stable Image Core": 0.0,
    "Records per batch inference job for Stable Image Core": 0.0,
    "On-demand model inference requests per minute for Amazon Nova Micro": 200.0,
}
ALL_ZERO = {"On-demand model inference tokens per minute for Amazon Nova Micro": 0.0}


@pytest.mark.parametrize(
    ("values", "status", "text"),
    [
        ({QUOTA.format("Stable Image Core"): 90.0}, OK, "above 0"),
        ({"InvokeModel requests per minute for STABLE IMAGE Core V1.1": 90.0}, OK, "above 0"),
        ({QUOTA.format("Stable Image Core"): 0.0}, FAILED, "0 for Stable Image Core\n"),
        ({QUOTA.format("Stable Image Core"): 0.0}, FAILED, "support/home#/case/create"),
        ({QUOTA.format("Stable Image Core"): 90.0} | OTHERS, OK, "above 0"),
        (OTHERS, UNKNOWN, "Service Quotas lists none for Stable Image Core\n"),
        ({}, UNKNOWN, "`make doctor PAY=1`"),
        (ALL_ZERO, FAILED, "0 for Stable Image Core\n"),
    ],
)
def test_reports_quotas_of_zero(values, status, text, account_services, client):
    account_services.answers["ListServiceQuotas"] = 200, quotas(values)
    assert_finding(doctor.check_quotas(client("service-quotas"), [CORE]), status, text)


def test_quotas_that_cannot_be_read_are_unknown(account_services, client):
    account_services.answers["ListServiceQuotas"] = 400, {"__type": "AccessDeniedException"}
    finding = doctor.check_quotas(client("service-quotas"), [CORE])
    assert_finding(finding, UNKNOWN, "servicequotas:ListServiceQuotas", "`make doctor PAY=1`")


def test_the_conclusion_promises_no_more_than_was_asked():
    failed, passed = Finding("a", "b", "c", FAILED), Finding("a", "b")
    unknown, picture = Finding("a", "b", "c", UNKNOWN), Finding("picture", "saved")
    next_step = "found. Fix the first one, then run `make doctor` again."
    assert doctor.conclusion([failed, picture]) == f"1 problem {next_step}"
    assert doctor.conclusion([failed, failed]) == f"2 problems {next_step}"
    expected = {
        "Nothing that AWS reports prevents a picture; `make doctor PAY=1` proves it.": [passed],
        "No problems found, but some checks had no result": [passed, unknown],
        "This account can make pictures.": [unknown, picture],
    }
    for text, findings in expected.items():
        assert doctor.conclusion(findings).startswith(text)
        assert "only during a deployment whether a new account may use CloudFront" in (
            doctor.conclusion(findings)
        )


def run(*options, **environment):
    """The exit code and output of the whole command."""
    defaults = {"AWS_DEFAULT_REGION": "eu-west-1", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-m", "infra.doctor", *options],
        env=os.environ | defaults | environment, capture_output=True, text=True,
    )  # fmt: skip
    assert process.stderr == ""
    return process.returncode, process.stdout


@pytest.mark.slow
def test_makes_a_picture_in_a_healthy_account(account, account_services, tmp_path):
    code, output = run("--pay", AWS_ENDPOINT_URL_IAM=account_services.url)
    *table, _, result, _ = output.splitlines()
    assert [line[:2] for line in table] == [OK] * 27
    assert "account 123456789012, arn:aws:sts::123456789012:user/moto" in table[0]
    assert easel.BEDROCK_REGION in table[4]  # the region that the API uses
    assert all(each.name in output for each in (CORE, SD35, ULTRA, *SERVICES))
    assert (code, result.partition(".")[0]) == (0, "This account can make pictures")
    assert (tmp_path / "doctor.jpeg").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "not found"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_DEFAULT_REGION": "", "BEDROCK_REGION": "mars"}, "2 problems found"),
        ({"AWS_REGION": "mars"}, "must be an AWS region, got 'mars'"),
        ({"BEDROCK_REGION": "eu-west-1"}, "retired, or not available in this region"),
        ({"MODELS": "nonsense"}, "MODELS must be"),
        ({"AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:9"}, "AWS does not respond"),
    ],
)
def test_prints_problems_with_their_next_steps(environment, text, account):
    code, output = run(**environment)
    assert (code, text in output) == (1, True)
    assert output.endswith("Fix the first one, then run `make doctor` again.\n")
    assert ("!!  region" in output) <= ("bootstrap" not in output)
    for line, following in pairwise(output.splitlines()):
        assert following.startswith("    -> ") == line.startswith((FAILED, UNKNOWN))


@pytest.mark.slow
def test_missing_permissions_are_not_a_problem(account, client):
    def refuse(*_):
        raise Failure("AccessDeniedException", "may not")

    account.summaries = account.availability = refuse
    role = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ann")["Credentials"]
    code, output = run(AWS_BEARER_TOKEN_BEDROCK="secret", AWS_ACCESS_KEY_ID=role["AccessKeyId"])
    # The key, the list, sixteen models and one of text, and twice IAM, which has no such role.
    assert (code, output.count(f"\n{UNKNOWN}  ")) == (0, 21)
    assert "unknown without bedrock:ListFoundationModels" in output
    assert "No problems found, but some checks had no result; `make doctor PAY=1`" in output
    assert "secret" not in output
    assert account.paintings == []
