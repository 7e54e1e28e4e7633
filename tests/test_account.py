"""The checks of an account's credentials, region and CDK bootstrap."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore import exceptions
from botocore.stub import Stubber

from conftest import serving
from infra.account import (
    FAILED,
    OK,
    RETRY,
    UNKNOWN,
    Target,
    check_account,
    check_bootstrap,
    check_region,
    credential_finding,
)


def client_error(code):
    error = {"Code": code, "Message": "AWS's message"}
    return exceptions.ClientError({"Error": error}, "GetCallerIdentity")


def stub(client):
    """An active stub: the client raises on every call without a stubbed response."""
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def assert_finding(finding, status, *texts):
    """The finding has the status and the texts, and a next step unless it is OK."""
    assert (finding.status, bool(finding.next_step)) == (status, status != OK)
    for each in texts:
        assert each in str(finding)


@pytest.mark.parametrize(
    ("error", "result", "step"),
    [
        (client_error("ExpiredToken"), "expired", "`aws sso login`"),
        (client_error("InvalidClientTokenId"), "not recognize the access key", "`aws configure`"),
        (client_error("SignatureDoesNotMatch"), "the secret key is wrong", "`aws configure`"),
        (client_error("AccessDenied"), "AWS's message", "Correct the profile"),
        (client_error("InternalFailure"), "AWS's message", "`aws sso login`"),
        (exceptions.NoCredentialsError(), "not found", "`aws configure`"),
        (exceptions.UnauthorizedSSOTokenError(), "SSO session", "`aws sso login`"),
        (exceptions.LoginInsufficientPermissions(), "signin:CreateOAuth2Token", "`aws login`"),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), "does not respond", "HTTPS_PROXY"),
        (exceptions.BotoCoreError(), "unspecified", "`aws login`"),
        (KeyError("accessToken"), "KeyError: 'accessToken'", "Correct the profile"),
    ],
)
def test_explains_each_credential_error(error, result, step):
    assert_finding(credential_finding(error), FAILED, result, step)


def test_checks_that_a_region_exists():
    regions = ["eu-west-1"]
    assert_finding(check_region("region", "eu-west-1", regions, "Set it."), OK, "eu-west-1")
    assert_finding(check_region("region", "", regions, "Set it."), FAILED, "not set", "-> Set it.")
    assert_finding(check_region("region", "mars", regions, "Set it."), FAILED, "region, got 'mars'")


@pytest.mark.parametrize(
    ("response", "status", "text", "bootstrapped"),
    [
        ("5", OK, "version 5 is too old; `make deploy` updates it", False),
        ("6", OK, "version 6", True),
        ("AccessDeniedException", UNKNOWN, "for ssm:GetParameter on /cdk-bootstrap/hnb659", True),
        ("InternalServerError", UNKNOWN, RETRY, True),
        ("UnrecognizedClientException", FAILED, "us-west-2 is not enabled in this account", False),
        ("InvalidClientTokenId", FAILED, "under Account, AWS Regions", False),
    ],
)
def test_reports_whether_cdk_is_bootstrapped(response, status, text, bootstrapped, client):
    stubber = stub(client("ssm"))
    if response.isdecimal():
        expected = {"Name": "/cdk-bootstrap/hnb659fds/version"}
        stubber.add_response("get_parameter", {"Parameter": {"Value": response}}, expected)
    else:
        stubber.add_client_error("get_parameter", response, "AWS's message")
    finding, ready = check_bootstrap(stubber.client, None)
    assert_finding(finding, status, text)
    assert ("too old" in finding.result) == (response == "5")
    assert ready == bootstrapped


TOOLKIT = {"StackName": "CDKToolkit", "StackStatus": "CREATE_COMPLETE"}


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ("Stack with id CDKToolkit does not exist", OK, "`make deploy` does it"),
        ("AWS's message", UNKNOWN, RETRY),
        ([], OK, "`make deploy` does it"),  # an earlier bootstrap failed
        ([("Qualifier", "hnb659fds")], OK, "`make deploy` does it"),
        ([("Qualifier", "org")], FAILED, "--toolkit-stack-name CDKToolkit-hnb659fds`"),
    ],
)
def test_never_bootstraps_over_another_qualifier(answer, status, text, client):
    ssm, cloudformation = stub(client("ssm")), stub(client("cloudformation"))
    ssm.add_client_error("get_parameter", "ParameterNotFound", "no such parameter")
    if isinstance(answer, str):
        cloudformation.add_client_error("describe_stacks", "ValidationError", answer)
    else:
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in answer]
        stack = TOOLKIT | {"CreationTime": "2026-11-22T00:00:00Z", "Parameters": parameters}
        cloudformation.add_response("describe_stacks", {"Stacks": [stack]})
    finding, ready = check_bootstrap(ssm.client, cloudformation.client)
    assert_finding(finding, status, text)
    assert not ready


def test_a_proxys_web_page_is_a_one_line_finding(monkeypatch):
    class Proxy(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>\n" + b"Welcome to our hotel.\n" * 1000)

        def log_message(self, *_):
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Proxy)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        findings, target = check_account()
    assert_finding(findings[0], FAILED, "credentials")
    line = str(findings[0]).splitlines()[0]
    assert "Unable to parse response" in line and len(line) < 400
    assert target is None


def test_reads_the_account_id_from_the_callers_arn():
    arn = "arn:aws:sts::123456789012:assumed-role/Painter/ann"
    assert Target(boto3.Session(), arn, "eu-west-1", True).account == "123456789012"
