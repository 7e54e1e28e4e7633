"""Checks an AWS account's credentials, region and CDK bootstrap. Changes nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
from botocore.parsers import ResponseParserError

OK, FAILED, UNKNOWN = "ok", "!!", "??"

MODELS_REGION = "us-west-2"  # app.py's default

# Enabled in every account. In a disabled region, STS rejects valid keys
# (docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
ALWAYS_ENABLED_REGION = "us-east-1"

# The parameter that `cdk bootstrap` writes, and the oldest version a stack accepts
# (aws-cdk-lib 2.275.0).
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = 6  # DefaultStackSynthesizer's MIN_BOOTSTRAP_STACK_VERSION

# What a failed call raises; the last one if a proxy responds with a web page.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

CHECK_CONNECTION = "Check the network connection and HTTPS_PROXY, then run `make doctor` again."
CONFIGURE_KEYS = "Run `aws configure` with an access key of the account that will pay."
LOG_IN = "Run `aws sso login`, or get new credentials where you got these."
RETRY = "Run `make doctor` again in a minute."

# STS error codes (docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html) and a botocore
# exception, each with a result and a next step.
CREDENTIAL_ERRORS = {
    "NoCredentialsError": ("not found", CONFIGURE_KEYS),
    "ExpiredToken": ("expired", LOG_IN),
    "InvalidClientTokenId": ("AWS does not recognize the access key", CONFIGURE_KEYS),
    "SignatureDoesNotMatch": (
        "the secret key is wrong, or this machine's clock is: check `date -u`",
        CONFIGURE_KEYS,
    ),
}


@dataclass(frozen=True)
class Finding:
    """The result of one check, printed as one line. Only a result other than OK has a next step."""

    subject: str
    result: str
    next_step: str = ""
    status: str = OK
    subscribed: bool = True  # for a model: whether the account has subscribed to it

    def __str__(self) -> str:
        result = shorten(self.result, 300, placeholder="…")  # may be a proxy's web page
        line = f"{self.status}  {self.subject:<26}  {result}"  # 26: the longest model name
        return f"{line}\n    -> {self.next_step}" if self.next_step else line


@dataclass(frozen=True)
class Target:
    """The account and region to deploy to."""

    session: boto3.Session
    arn: str  # of the caller
    region: str  # "" if no valid region is set
    bootstrapped: bool  # True if AWS does not say

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


def check_account() -> tuple[list[Finding], Target | None]:
    """The findings, and the target if AWS accepts the credentials."""
    try:
        session = boto3.Session()
    except BotoCoreError as error:  # AWS_PROFILE names a profile that does not exist
        step = "Run `aws configure list-profiles`, then `export AWS_PROFILE=` one of them."
        return [Finding("credentials", str(error), step, FAILED)], None
    credentials, arn = check_credentials(create_client(session, "sts", ALWAYS_ENABLED_REGION))
    # The CDK CLI reads AWS_REGION (aws-cdk, lib/api/aws-auth/awscli-compatible); boto3 does not.
    name = os.environ.get("AWS_REGION") or session.region_name or ""
    step = f"Run `export AWS_DEFAULT_REGION={MODELS_REGION}`, or choose a region closer to you."
    region = check_region("region", name, session.get_available_regions("cloudformation"), step)
    if not arn:
        return [credentials, region], None
    if region.status == FAILED:
        return [credentials, region], Target(session, arn, "", False)
    bootstrap, bootstrapped = check_bootstrap(create_client(session, "ssm", name))
    return [credentials, region, bootstrap], Target(session, arn, name, bootstrapped)


def create_client(session: boto3.Session, service: str, region: str, timeout: int = 10) -> Any:
    """A client that never retries and always signs with the session's credentials.

    `timeout`: seconds to wait for a response. Signature version 4 because boto3 would prefer a
    Bedrock API key from the environment.
    """
    once, v4 = {"total_max_attempts": 1}, "v4"
    config = Config(connect_timeout=3, read_timeout=timeout, retries=once, signature_version=v4)
    return session.client(service, region_name=region, config=config)


def check_credentials(sts: Any) -> tuple[Finding, str]:
    """The finding, and the caller's ARN: "" if AWS rejects the credentials or does not respond."""
    try:
        identity = sts.get_caller_identity()
    except AWS_ERRORS as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if known := CREDENTIAL_ERRORS.get(code or type(error).__name__):
            return Finding("credentials", *known, FAILED), ""
        finding = error_finding("credentials", error, "sts:GetCallerIdentity", LOG_IN)
        return replace(finding, status=FAILED), ""
    result = f"account {identity['Account']}, {identity['Arn']}"
    return Finding("credentials", result), identity["Arn"]


def check_region(subject: str, name: str, regions: Sequence[str], next_step: str) -> Finding:
    if name in regions:
        return Finding(subject, name)
    result = f"must be an AWS region, got {name!r}" if name else "not set"
    return Finding(subject, result, next_step, FAILED)


def check_bootstrap(ssm: Any) -> tuple[Finding, bool]:
    """The finding, and False if `make deploy` has to bootstrap first."""
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return Finding("bootstrap", "not bootstrapped yet; `make deploy` does it"), False
    except AWS_ERRORS as error:
        permission = f"ssm:GetParameter on {BOOTSTRAP_PARAMETER}"
        return error_finding("bootstrap", error, permission), True
    if version < BOOTSTRAP_VERSION:
        result = f"version {version} is too old; `make deploy` updates it"
        return Finding("bootstrap", result), False
    return Finding("bootstrap", f"version {version}"), True


def error_finding(subject: str, error: Exception, permission: str, next_step: str = "") -> Finding:
    """The finding for a failed call: FAILED if AWS does not respond, UNKNOWN if it refuses."""
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Finding(subject, f"AWS does not respond: {error}", CHECK_CONNECTION, FAILED)
    if "(AccessDenied" in str(error):
        next_step = next_step or f"Ask an administrator for {permission}, or continue without it."
        return Finding(subject, f"unknown without {permission}", next_step, UNKNOWN)
    return Finding(subject, f"unknown: {error}", next_step or RETRY, UNKNOWN)
