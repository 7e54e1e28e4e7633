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
    check_credentials,
    check_region,
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
        (client_error("InternalFailure"), "AWS's message", "`aws sso login`"),
        (exceptions.NoCredentialsError(), "not found", "`aws configure`"),
        (exceptions.UnauthorizedSSOTokenError(), "SSO session", "`aws sso login`"),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), "does not respond", "HTTPS_PROXY"),
    ],
)
def test_explains_each_credential_error(error, result, step, client):
    def fail(**_):
        raise error

    sts = client("sts")
    sts.meta.events.register("before-call.sts.GetCallerIdentity", fail)
    finding, arn = check_credentials(sts)
    assert_finding(finding, FAILED, result, step)
    assert arn == ""


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
        ("ParameterNotFound", OK, "not bootstrapped yet; `make deploy` does it", False),
        (
            "AccessDeniedException",
            UNKNOWN,
            "for ssm:GetParameter on /cdk-bootstrap/hnb659fds/",
            True,
        ),
        ("InternalServerError", UNKNOWN, RETRY, True),
    ],
)
def test_reports_whether_cdk_is_bootstrapped(response, status, text, bootstrapped, client):
    stubber = stub(client("ssm"))
    if response.isdecimal():
        expected = {"Name": "/cdk-bootstrap/hnb659fds/version"}
        stubber.add_response("get_parameter", {"Parameter": {"Value": response}}, expected)
    else:
        stubber.add_client_error("get_parameter", response, "AWS's message")
    finding, ready = check_bootstrap(stubber.client)
    assert_finding(finding, status, text)
    assert ("too old" in finding.result) == (response == "5")
    assert ready == bootstrapped


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
