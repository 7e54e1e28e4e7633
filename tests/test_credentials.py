"""No state of AWS credentials or profiles ends a command in a traceback: each has a next step."""

import base64
import datetime
import json
import subprocess
import sys

import pytest
from awscrt.crypto import EC, ECExportFormat, ECType
from botocore import credentials
from botocore.utils import generate_login_cache_key

from conftest import ROOT
from infra import account, deploy, doctor
from local.__main__ import choose_bedrock

pytestmark = pytest.mark.slow

SESSION = "arn:aws:sts::123456789012:assumed-role/Admin/ann"
LOGIN = f"login_session = {SESSION}\nregion = us-west-2"
SSO = """sso_session = work
sso_account_id = 123456789012
sso_role_name = Admin
[sso-session work]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start"""
MFA = """role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/ann
[profile keys]
aws_access_key_id = test
aws_secret_access_key = test"""
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
TOKEN_FILE = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/none", "AWS_ROLE_ARN": SESSION}

# The default profile, the environment, what is wrong, and the next step.
STATES = {
    "nothing": ("", {}, "not found", "Run `aws configure`"),
    "login without a token": (LOGIN, {}, "reauthenticate", "Run `aws login`."),
    "SSO without a token": (SSO, {}, "SSO", "Run `aws sso login`."),
    "half a key": ("", {"AWS_ACCESS_KEY_ID": "test"}, "AWS_SECRET_ACCESS_KEY", "Add what is"),
    "half a key in a profile": ("aws_access_key_id = test", {}, "missing: aws_secret", "Add what"),
    "no source profile": (
        "role_arn = arn:aws:iam::123456789012:role/A\nsource_profile = gone",
        *({}, 'source_profile "gone"', "Correct the profile"),
    ),
    "a profile in a circle": (
        "role_arn = arn:aws:iam::123456789012:role/A\nsource_profile = b\n"
        "[profile b]\nrole_arn = arn:aws:iam::123456789012:role/B\nsource_profile = a\n"
        "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/C\nsource_profile = b",
        *({}, "loop", "Correct the profile"),
    ),
    "a failing program": ("credential_process = false", {}, "custom-process", "by itself"),
    "a missing program": ("credential_process = /none", {}, "/none", "Correct the profile"),
    "a program that prints no JSON": ("credential_process = echo hi", {}, "JSON", "Correct the"),
    "a program that prints a list": ("credential_process = echo []", {}, "list", "Correct the"),
    "an unknown profile": ("", {"AWS_PROFILE": "nobody"}, "(nobody)", "`aws configure list-pr"),
    "a malformed file": ("]\n[oops", {}, "Unable to parse config file", "Correct the file"),
    "a missing token file": ("", TOKEN_FILE, "/none", "Correct the profile"),
}


@pytest.fixture
def use(tmp_path, monkeypatch, moto, account_services):
    """Set the default profile and the environment of the caller; AWS is on this machine."""

    def use(profile, environment):
        for name in KEYS:
            monkeypatch.delenv(name)
        (tmp_path / "config").write_text(f"[default]\n{profile}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))  # of the SSO cache
        monkeypatch.setattr("sys.argv", ["command"])
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("BEDROCK", "aws")
    return use


def output(command, capsys):
    """What a failing command prints."""
    try:
        assert command() == 1
    except SystemExit as exit:
        return str(exit.code)
    return capsys.readouterr().out


COMMANDS = {
    "make doctor": doctor.main,
    "make deploy": deploy.deploy,
    "make destroy": deploy.destroy,
    "make run BEDROCK=aws": choose_bedrock,
}


# Every state for one command, and one state for every command: all check the account alike.
CASES = [(state, "make doctor") for state in STATES]
CASES += [("half a key", command) for command in COMMANDS if command != "make doctor"]


@pytest.mark.parametrize(("state", "command"), CASES)
def test_names_the_next_step_for_each_state(state, command, use, capsys):
    profile, environment, problem, step = STATES[state]
    use(profile, environment)
    finding, advice = output(COMMANDS[command], capsys).splitlines()[:2]
    assert finding.startswith("!!  credentials  ") and problem in finding
    assert advice.startswith("    -> ") and step in advice


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"AWS_DEFAULT_REGION": ""}, "not set"),
        ({"AWS_DEFAULT_REGION": "us west 2"}, "must be an AWS region, got 'us west 2'"),
        ({"AWS_REGION": "mars"}, "must be an AWS region, got 'mars'"),
    ],
)
def test_names_the_next_step_for_a_wrong_region(environment, problem, command, use, capsys):
    use("", KEYS | environment)
    if command == "make run BEDROCK=aws":
        assert choose_bedrock()[0] == "aws"  # it uses the models' region only
        return
    assert f"!!  region                      {problem}" in output(COMMANDS[command], capsys)


def test_a_wrong_bedrock_region_stops_make_run(use, capsys):
    use("", KEYS | {"BEDROCK_REGION": "mars"})
    assert "-> Run `unset BEDROCK_REGION`" in output(choose_bedrock, capsys)


def test_a_bedrock_api_key_needs_no_other_credentials(use):
    use("", {"AWS_BEARER_TOKEN_BEDROCK": "secret"})
    assert choose_bedrock()[0] == "aws"


@pytest.mark.parametrize("module", ["infra.doctor", "local"])
def test_without_a_terminal_a_role_with_mfa_has_a_next_step(module, use):
    use(MFA, {"PORT": "0"})
    process = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True,
        timeout=60,
    )  # fmt: skip
    printed = process.stdout + process.stderr
    assert "asks for an MFA code\n    -> Run the command in a terminal." in printed
    assert (process.returncode, "Traceback" in printed) == (1, False)


def token(tmp_path, hours):
    """Save the token of an `aws login` that expires after these hours, as AWS's CLI does."""
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    key = base64.b64encode(EC.new_generate(ECType.P_256).export_key(ECExportFormat.SEC1))
    access = {
        "accessKeyId": "test",
        "secretAccessKey": "test",
        "sessionToken": "test",
        "accountId": "123456789012",
        "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    saved = {"accessToken": access, "refreshToken": "x", "dpopKey": key.decode(), "clientId": "x"}
    name = f"{generate_login_cache_key(SESSION)}.json"
    (tmp_path / name).write_text(json.dumps(saved))


def test_aws_login_works(use, tmp_path):
    use(LOGIN, {})
    token(tmp_path, hours=1)
    findings, target = account.check_account()
    assert [each.status for each in findings] == [account.OK] * 3
    assert target.account == "123456789012"


def test_an_expired_aws_login_names_the_command(use, tmp_path):
    use(LOGIN, {})
    token(tmp_path, hours=-1)
    findings, target = account.check_account()
    assert (findings[0].status, target) == (account.FAILED, None)
    assert "-> Run `aws login`." in str(findings[0])


def test_without_awscrt_aws_login_has_a_way_around(use, monkeypatch):
    use(LOGIN, {})
    monkeypatch.setattr(credentials, "EC", None)  # as botocore sets it if awscrt is missing
    findings, _ = account.check_account()
    assert "aws configure export-credentials --format env" in findings[0].next_step
