"""Whose account it is, where, and whether CDK has been there."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore import exceptions
from botocore.stub import Stubber

from conftest import serving
from infra import account
from infra.account import AGAIN, ILL, UNKNOWN, WELL, bootstrap, caller, checked


def refused(code):
    error = {"Code": code, "Message": "AWS's words"}
    return exceptions.ClientError({"Error": error}, "GetCallerIdentity")


def stub(client):
    """What a client will be answered; any other call fails."""
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def told(finding, mark, *words):
    """What is not well, and only that, has a next step."""
    assert (finding.mark, bool(finding.next_step)) == (mark, mark != WELL)
    for each in words:
        assert each in str(finding)


@pytest.mark.parametrize(
    ("error", "found", "step"),
    [
        (refused("ExpiredToken"), "expired", "`aws sso login`"),
        (refused("InvalidClientTokenId"), "no such access key", "`aws configure`"),
        (refused("SignatureDoesNotMatch"), "not this key's secret", "`aws configure`"),
        (refused("InternalFailure"), "AWS's words", "`aws sso login`"),
        (exceptions.NoCredentialsError(), "none found", "`aws configure`"),
        (exceptions.UnauthorizedSSOTokenError(), "SSO session", "`aws sso login`"),
        (exceptions.ConnectTimeoutError(endpoint_url="x"), "does not answer", "HTTPS_PROXY"),
    ],
)
def test_credentials_that_do_not_work_have_a_sentence_each(error, found, step, client):
    def fail(**_):
        raise error

    sts = client("sts")
    sts.meta.events.register("before-call.sts.GetCallerIdentity", fail)
    told(caller(sts)[0], ILL, found, step)


def test_a_region_is_known_or_has_a_next_step():
    told(checked("region", "eu-west-1", ["eu-west-1"], "Set it."), WELL, "eu-west-1")
    told(checked("region", "", ["eu-west-1"], "Set it."), ILL, "none set", "-> Set it.")
    told(checked("region", "mars", ["eu-west-1"], "Set it."), ILL, "AWS's, got 'mars'")


@pytest.mark.parametrize(
    ("said", "mark", "words"),
    [
        ("5", WELL, "version 5, too old; `make deploy` renews it"),
        ("6", WELL, "version 6"),
        ("ParameterNotFound", WELL, "not yet; `make deploy` does it"),
        ("AccessDeniedException", UNKNOWN, "for ssm:GetParameter on /cdk-bootstrap/hnb659fds/"),
        ("InternalServerError", UNKNOWN, AGAIN),
    ],
)
def test_no_state_of_the_bootstrap_is_an_illness(said, mark, words, client):
    stubber = stub(client("ssm"))
    if said.isdecimal():
        wanted = {"Name": "/cdk-bootstrap/hnb659fds/version"}
        stubber.add_response("get_parameter", {"Parameter": {"Value": said}}, wanted)
    else:
        stubber.add_client_error("get_parameter", said, "AWS's words")
    finding = bootstrap(stubber.client)
    told(finding, mark, words)
    assert ("too old" in finding.found) == (said == "5")


def test_a_web_page_in_place_of_aws_is_a_finding_too(monkeypatch):
    """A proxy's, or a hotel's: it is one line, and no traceback."""

    class Hotel(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>\n" + b"Welcome to our hotel.\n" * 1000)

        def log_message(self, *_):
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Hotel)) as hotel:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{hotel.server_port}")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        findings, place = account.examine()
    told(findings[0], ILL, "credentials")
    line = str(findings[0]).splitlines()[0]
    assert "Unable to parse response" in line and len(line) < 400
    assert place is None


def test_an_account_number_is_read_from_any_callers_name():
    arn = "arn:aws:sts::123456789012:assumed-role/Painter/ann"
    assert account.Place(boto3.Session(), arn, "eu-west-1", True).account == "123456789012"
