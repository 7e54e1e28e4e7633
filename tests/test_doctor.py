"""What the doctor finds on an account, and the one next step for each thing that is not well."""

import os
import subprocess
import sys
from itertools import pairwise

import pytest

import app as easel
from chalicelib import catalogue
from conftest import ROOT
from infra import doctor
from infra.account import AGAIN, ILL, UNKNOWN, WELL, Finding
from local.faults import Failure
from test_account import stub, told

CORE, SD35, ULTRA = catalogue.parse(catalogue.DEFAULT_MODELS).models
(OWN,) = catalogue.parse("stable-diffusion-xl=arn:aws:sagemaker:x:1:endpoint/mine").models
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/Painter"
ONE = ([CORE.bedrock_id], "us-west-2")
USER = "arn:aws:iam::123456789012:user/ann"


@pytest.fixture
def account(moto, local_bedrock, monkeypatch, tmp_path):
    """moto's account and the local Bedrock, whose answers may be set; a folder to work in."""
    monkeypatch.chdir(tmp_path)
    for service in ("STS", "SSM", "IAM"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", moto)
    for service in ("BEDROCK", "BEDROCK_RUNTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", local_bedrock.url)
    for answer in ("summaries", "availability"):
        monkeypatch.setattr(local_bedrock, answer, getattr(local_bedrock, answer))
    local_bedrock.paintings.clear()
    return local_bedrock


@pytest.mark.parametrize(
    ("different", "mark", "words"),
    [
        ({}, WELL, "alive and subscribed"),
        ({"agreementAvailability": {"status": "NOT_AVAILABLE"}}, WELL, "subscribes by itself"),
        ({"agreementAvailability": {"status": "PENDING"}}, ILL, "15 minutes"),
        ({"agreementAvailability": {"status": "ERROR", "errorMessage": "x"}}, ILL, "failed: x\n"),
        ({"agreementAvailability": {"status": "ERROR"}}, ILL, "/paymentmethods"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, ILL, ".chalice/policy.json"),
        ({"regionAvailability": "NOT_AVAILABLE"}, ILL, "`unset BEDROCK_REGION`"),
        ({"entitlementAvailability": "NOT_AVAILABLE"}, ILL, "region=us-west-2#/model-catalog"),
    ],
)
def test_access_is_well_or_has_a_next_step(different, mark, words, account, client):
    usual = account.availability(CORE.bedrock_id, "us-west-2")
    account.availability = lambda *_: usual | different
    bedrock, alive = client("bedrock"), {CORE.bedrock_id: "ACTIVE"}
    finding = doctor.examine_model(bedrock, CORE, alive, "us-west-2")
    told(finding, mark, words)
    assert finding.subscribed == (words != "subscribes by itself")


def test_a_model_whose_life_ends_is_not_asked_for_access(client):
    bedrock = stub(client("bedrock")).client

    def examined(lives, region="us-west-2", model=CORE):
        return doctor.examine_model(bedrock, model, lives, region)

    told(examined({}), ILL, "retired, or not in this region", "`git pull`")
    told(examined({}, "eu-west-1"), ILL, "retired, or not", "`unset BEDROCK_REGION`")
    told(examined({CORE.bedrock_id: "LEGACY"}), ILL, "Legacy: a new customer", "`git pull`")
    told(examined({}, model=OWN), UNKNOWN, "--region us-west-2 --endpoint-name mine`")


def simulated(stubber, source, refused=""):
    """What IAM is asked for the first picture by Core, and what it says."""
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{CORE.bedrock_id}"
    for actions, resource in ((doctor.MARKETPLACE, "*"), (["bedrock:InvokeModel"], arn)):
        wanted = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        wanted["ContextEntries"] = [doctor.VIA_BEDROCK]
        said = {each: "implicitDeny" if each == refused else "allowed" for each in actions}
        results = [{"EvalActionName": each, "EvalDecision": said[each]} for each in said]
        stubber.add_response("simulate_principal_policy", {"EvaluationResults": results}, wanted)


@pytest.mark.parametrize("refused", [*doctor.MARKETPLACE, "bedrock:InvokeModel"])
def test_a_user_who_may_not_subscribe_learns_which_action_is_missing(refused, client):
    stubber = stub(client("iam"))
    simulated(stubber, USER, refused)
    told(doctor.first_picture(stubber.client, USER, *ONE), ILL, f"may not {refused}", doctor.PERMIT)


def test_a_session_is_asked_about_by_its_roles_whole_arn(client):
    stubber = stub(client("iam"))
    role = {"Path": "/", "RoleName": "Painter", "RoleId": "AROA" + "A" * 17, "Arn": ROLE}
    answer = {"Role": role | {"CreateDate": "2026-11-22T00:00:00Z"}}
    stubber.add_response("get_role", answer, {"RoleName": "Painter"})
    simulated(stubber, ROLE)
    told(
        doctor.first_picture(stubber.client, "arn:aws:sts::1:assumed-role/Painter/ann", *ONE),
        WELL,
        "may subscribe",
    )


def test_who_may_not_ask_iam_is_sent_to_a_real_picture(client):
    stubber = stub(client("iam"))
    stubber.add_client_error("simulate_principal_policy", "AccessDenied", "may not")
    finding = doctor.first_picture(stubber.client, USER, *ONE)
    told(finding, UNKNOWN, "iam:SimulatePrincipalPolicy", "`make doctor PAY=1`")


def test_iam_is_not_asked_where_there_is_nothing_to_ask(client):
    iam = stub(client("iam")).client
    told(doctor.first_picture(iam, USER, [], "us-west-2"), WELL, "nothing to subscribe to")
    told(doctor.first_picture(iam, "arn:aws:iam::1:root", *ONE), WELL, "root user")


def test_the_cheapest_picture_is_paid_its_price_said_before(account, client, tmp_path):
    findings = doctor.paid_picture(client("bedrock-runtime"), (ULTRA, OWN, CORE), doctor.PROMPT)
    told(next(findings), WELL, "$0.04 for one picture by Stable Image Core")
    assert account.paintings == []
    told(next(findings), WELL, str(tmp_path / "doctor.jpeg"))
    assert (tmp_path / "doctor.jpeg").read_bytes().startswith(b"\xff\xd8\xff")
    assert [each["prompt"] for each in account.paintings] == [doctor.PROMPT]


@pytest.mark.parametrize(
    ("prompt", "found", "step"),
    [
        ("!marketplace", "aws-marketplace:Subscribe", doctor.PERMIT),
        ("!throttled 1 a doctor", "Too many requests", AGAIN),
        ("!reset", "Connection", doctor.PAY_AGAIN),
        ("!broken", "line 1", doctor.PAY_AGAIN),
        ("!filtered", "filter refused the prompt", doctor.PAY_AGAIN),
    ],
)
def test_a_picture_that_fails_is_told(prompt, found, step, account, client, tmp_path):
    findings = list(doctor.paid_picture(client("bedrock-runtime"), [CORE], prompt))
    told(findings[-1], ILL, found, step)
    assert list(tmp_path.iterdir()) == []


def test_a_subscription_that_is_not_ready_has_a_step():
    assert "15 minutes" in doctor.PICTURE["still being processed"]
    assert "/paymentmethods" in doctor.PICTURE["INVALID_PAYMENT_INSTRUMENT"]


def test_the_last_line_counts_what_needs_the_owner():
    ill = Finding("a", "b", "c", ILL)
    assert doctor.conclusion([ill]) == "1 thing needs you; begin with the first."
    assert doctor.conclusion([ill, ill]) == "2 things need you; begin with the first."


def run(*options, **changed):
    """The whole command: its exit code and what it prints."""
    own = {"AWS_DEFAULT_REGION": "eu-west-1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "infra.doctor", *options]
    done = subprocess.run(command, env=os.environ | own | changed, capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.slow
def test_a_healthy_account_makes_a_picture(account, tmp_path):
    code, said = run("--pay")
    *table, _, last = said.splitlines()
    assert [line[:2] for line in table] == [WELL] * 10
    assert "account 123456789012, arn:aws:sts::123456789012:user/moto" in table[0]
    assert easel.BEDROCK_REGION in table[3]  # where the API looks
    assert all(each.name in said for each in (CORE, SD35, ULTRA))
    assert (code, last.partition(":")[0]) == (0, "A picture can be made")
    assert (tmp_path / "doctor.jpeg").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "none found"),
        ({"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found"),
        ({"AWS_DEFAULT_REGION": "", "BEDROCK_REGION": "mars"}, "2 things need you"),
        ({"AWS_REGION": "mars"}, "must be one of AWS's, got 'mars'"),
        ({"BEDROCK_REGION": "eu-west-1"}, "retired, or not in this region"),
        ({"MODELS": "nonsense"}, "MODELS must be names from"),
        ({"AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:9"}, "AWS does not answer"),
    ],
)
def test_an_ill_account_is_told_what_is_first(changed, sentence, account):
    code, said = run(**changed)
    assert (code, sentence in said) == (1, True)
    assert said.endswith("begin with the first.\n")
    assert ("!!  region" in said) <= ("bootstrap" not in said)
    for line, following in pairwise(said.splitlines()):
        assert following.startswith("    -> ") == line.startswith((ILL, UNKNOWN))


@pytest.mark.slow
def test_an_account_that_may_not_ask_is_neither_well_nor_ill(account, client):
    def refuse(*_):
        raise Failure("AccessDeniedException", "may not")

    account.summaries = account.availability = refuse
    role = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="ann")["Credentials"]
    code, said = run(AWS_BEARER_TOKEN_BEDROCK="secret", AWS_ACCESS_KEY_ID=role["AccessKeyId"])
    # The key, the list, three models, and IAM, which knows no such role.
    assert (code, said.count(f"\n{UNKNOWN}  ")) == (0, 6)
    assert "unknown without bedrock:ListFoundationModels" in said
    assert "A picture can be made, as far as AWS told" in said
    assert "secret" not in said
    assert account.paintings == []
