"""What `make doctor` finds in an account, and the next step for each problem."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest

import app as easel
from chalicelib import catalogue
from conftest import ROOT
from infra import doctor
from infra.account import FAILED, OK, RETRY, UNKNOWN, Finding
from local.faults import Failure
from test_account import assert_finding, stub

CORE, SD35, ULTRA = catalogue.parse(catalogue.DEFAULT_MODELS).models
(OWN,) = catalogue.parse("stable-diffusion-xl=arn:aws:sagemaker:x:1:endpoint/mine").models
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/Painter"
CORE_ONLY = ([CORE.bedrock_id], "us-west-2")
USER = "arn:aws:iam::123456789012:user/ann"


@pytest.fixture
def account(moto, local_bedrock, monkeypatch, tmp_path):
    """moto's account and the local Bedrock with replaceable responses, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for service in ("STS", "SSM", "IAM"):
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
        ({"authorizationStatus": "NOT_AUTHORIZED"}, FAILED, ".chalice/policy.json"),
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


def stub_simulations(stubber, source, denied=""):
    """IAM's simulation of a first image with Core: allows every action but the denied one."""
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{CORE.bedrock_id}"
    for actions, resource in ((doctor.MARKETPLACE, "*"), (["bedrock:InvokeModel"], arn)):
        expected = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        expected["ContextEntries"] = [doctor.VIA_BEDROCK]
        results = [
            {
                "EvalActionName": each,
                "EvalDecision": "allowed" if each != denied else "implicitDeny",
            }
            for each in actions
        ]
        stubber.add_response("simulate_principal_policy", {"EvaluationResults": results}, expected)


@pytest.mark.parametrize("denied", [*doctor.MARKETPLACE, "bedrock:InvokeModel"])
def test_names_the_missing_permission(denied, client):
    stubber = stub(client("iam"))
    stub_simulations(stubber, USER, denied)
    finding = doctor.check_first_image(stubber.client, USER, *CORE_ONLY)
    permissions = f"missing permission: {denied}"
    assert_finding(finding, FAILED, permissions, doctor.ASK_FOR_PERMISSIONS)


def test_simulates_a_sessions_policies_by_the_roles_full_arn(client):
    stubber = stub(client("iam"))
    role = {"Path": "/", "RoleName": "Painter", "RoleId": "AROA" + "A" * 17, "Arn": ROLE}
    response = {"Role": role | {"CreateDate": "2026-11-22T00:00:00Z"}}
    stubber.add_response("get_role", response, {"RoleName": "Painter"})
    stub_simulations(stubber, ROLE)
    session = "arn:aws:sts::1:assumed-role/Painter/ann"
    finding = doctor.check_first_image(stubber.client, session, *CORE_ONLY)
    assert_finding(finding, OK, "may subscribe")


def test_suggests_a_paid_picture_if_iam_cannot_be_asked(client):
    stubber = stub(client("iam"))
    stubber.add_client_error("simulate_principal_policy", "AccessDenied", "may not")
    finding = doctor.check_first_image(stubber.client, USER, *CORE_ONLY)
    assert_finding(finding, UNKNOWN, "iam:SimulatePrincipalPolicy", "`make doctor PAY=1`")


def test_asks_iam_only_if_it_can_answer(client):
    iam = stub(client("iam")).client
    finding = doctor.check_first_image(iam, USER, [], "us-west-2")
    assert_finding(finding, OK, "no new subscription")
    finding = doctor.check_first_image(iam, "arn:aws:iam::1:root", *CORE_ONLY)
    assert_finding(finding, OK, "root user")


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
        ("!throttled 1 a doctor", "Too many requests", RETRY),
        ("!reset", "Connection", doctor.PAY_AGAIN),
        ("!broken", "line 1", doctor.PAY_AGAIN),
        ("!filtered", "filter refused the prompt", doctor.PAY_AGAIN),
    ],
)
def test_explains_a_failed_picture(prompt, result, step, account, client, tmp_path):
    findings = list(doctor.generate_image(client("bedrock-runtime"), [CORE], prompt))
    assert_finding(findings[-1], FAILED, result, step)
    assert list(tmp_path.iterdir()) == []


def test_has_next_steps_for_a_pending_subscription():
    assert "15 minutes" in doctor.NEXT_STEPS["still being processed"]
    assert "/paymentmethods" in doctor.NEXT_STEPS["INVALID_PAYMENT_INSTRUMENT"]


def test_the_conclusion_counts_the_problems():
    failed = Finding("a", "b", "c", FAILED)
    next_step = "found. Fix the first one, then run `make doctor` again."
    assert doctor.conclusion([failed]) == f"1 problem {next_step}"
    assert doctor.conclusion([failed, failed]) == f"2 problems {next_step}"


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
def test_makes_a_picture_in_a_healthy_account(account, tmp_path):
    code, output = run("--pay")
    *table, _, last = output.splitlines()
    assert [line[:2] for line in table] == [OK] * 10
    assert "account 123456789012, arn:aws:sts::123456789012:user/moto" in table[0]
    assert easel.BEDROCK_REGION in table[3]  # the region that the API uses
    assert all(each.name in output for each in (CORE, SD35, ULTRA))
    assert (code, last.partition(".")[0]) == (0, "This account can make pictures")
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
    # The key, the list, three models, and IAM, which has no such role.
    assert (code, output.count(f"\n{UNKNOWN}  ")) == (0, 6)
    assert "unknown without bedrock:ListFoundationModels" in output
    assert "No problems found, but some checks had no result." in output
    assert "secret" not in output
    assert account.paintings == []
