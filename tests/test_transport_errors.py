"""Between the API and Bedrock: only a request that surely never left is not charged."""

import http.client
import json
import socket
import ssl

import pytest
import urllib3
from botocore import exceptions, parsers

from chalicelib import bedrock, errors

MODEL = "stability.stable-image-core-v1:1"
BODY = {"prompt": "a fox"}
UNAVAILABLE, DENIED = errors.ModelUnavailable, errors.ModelAccessDenied
FAILED, TIMEOUT = errors.ModelFailed, errors.ModelTimeout

# botocore's errors that come before a request leaves. Every other one may mean a charged image.
NEVER_LEFT = {
    "ConnectTimeoutError": UNAVAILABLE,
    "EndpointConnectionError": UNAVAILABLE,
    **dict.fromkeys(
        [
            *("CredentialRetrievalError", "NoAuthTokenError", "NoCredentialsError"),
            *("PartialCredentialsError", "TokenRetrievalError"),
            *("SSOError", "SSOTokenLoadError", "UnauthorizedSSOTokenError"),
            *("LoginError", "LoginRefreshRequired", "LoginInsufficientPermissions"),
            *("LoginTokenLoadError", "LoginAuthorizationCodeError"),
        ],
        DENIED,
    ),
}


class Anything(dict):
    """A value for every field of an error's message."""

    def __missing__(self, name):
        return "x"


def tree(kind):
    return {kind}.union(*map(tree, kind.__subclasses__()))


def example(kind):
    error = kind.__new__(kind)
    Exception.__init__(error, kind.fmt.format_map(Anything()))
    error.kwargs = {"error": Exception("x")}
    return error


class Unlucky:
    """A client whose call fails, before there is an answer or while its body is read."""

    def __init__(self, error, in_body=False):
        self.error, self.in_body = error, in_body

    def invoke_model(self, **_):
        if self.in_body:
            return {"body": self}
        raise self.error

    def read(self):
        raise self.error


def failure(client):
    with pytest.raises(errors.Failure) as raised:
        bedrock.invoke(client, MODEL, BODY, 5)
    return type(raised.value)


@pytest.mark.parametrize(
    "kind", sorted(tree(exceptions.BotoCoreError), key=lambda kind: kind.__name__)
)
def test_classifies_every_error_of_botocore(kind):
    expected = TIMEOUT if kind is exceptions.ReadTimeoutError else NEVER_LEFT.get(kind.__name__)
    assert failure(Unlucky(example(kind))) is (expected or FAILED)


def test_the_errors_of_botocore_that_are_not_charged_exist():
    assert set(NEVER_LEFT) <= {kind.__name__ for kind in tree(exceptions.BotoCoreError)}


RAW = [
    *(
        each.__new__(each)
        for each in sorted(tree(urllib3.exceptions.HTTPError), key=str)
        if each.__module__.startswith("urllib3.")
        and each.__name__ not in ("IncompleteRead", "InvalidChunkLength")  # have no text yet
    ),
    urllib3.exceptions.IncompleteRead(0, 7),
    http.client.IncompleteRead(b"", 7), http.client.BadStatusLine("x"),
    http.client.RemoteDisconnected("x"), http.client.LineTooLong("x"),
    ssl.SSLError(1, "x"), ssl.SSLEOFError(8, "x"), ssl.SSLZeroReturnError(6, "x"),
    ssl.SSLCertVerificationError("x"), ConnectionResetError(), BrokenPipeError(),
    ConnectionAbortedError(), ConnectionRefusedError(), OSError(5, "x"), socket.gaierror(-2, "x"),
    parsers.ResponseParserError("x"), UnicodeDecodeError("utf-8", b"x", 0, 1, "x"),
    AttributeError("x"), KeyError("x"), TypeError("x"), RecursionError("x"), MemoryError("x"),
    ValueError("x"), json.JSONDecodeError("x", "", 0),
]  # fmt: skip


@pytest.mark.parametrize("error", RAW, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("in_body", [False, True])
def test_errors_outside_botocore_may_be_charged(error, in_body):
    assert failure(Unlucky(error, in_body)) is FAILED


@pytest.mark.parametrize("in_body", [False, True])
def test_a_time_limit_that_botocore_lets_through_is_a_timeout(in_body):
    assert failure(Unlucky(TimeoutError("timed out"), in_body)) is TIMEOUT


def test_a_quoted_prompt_does_not_make_a_charged_failure_free():
    text = "marked by provider as Legacy; model identifier is invalid; on-demand throughput"
    for code, status in (("InternalServerException", 500), ("ModelErrorException", 424)):
        answer = {"Error": {"Code": code, "Message": text}}
        answer["ResponseMetadata"] = {"HTTPStatusCode": status}
        assert failure(Unlucky(exceptions.ClientError(answer, "InvokeModel"))) is FAILED


# From here on there are a real client and a real socket.
