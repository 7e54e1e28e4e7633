"""Whose account it is, where, and whether CDK has been there. Asks AWS, and changes nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError
from botocore.parsers import ResponseParserError

WELL, ILL, UNKNOWN = "ok", "!!", "??"

MODELS_REGION = "us-west-2"  # app.py's default

# Every account has it; where a region is not switched on, STS calls a good key invalid
# (docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
EVERYONES_REGION = "us-east-1"

# What `cdk bootstrap` leaves, and the least that a stack needs (aws-cdk-lib 2.275.0).
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = 6  # DefaultStackSynthesizer's MIN_BOOTSTRAP_STACK_VERSION

# What AWS, or a proxy in its place, answers instead; the last is a web page.
REFUSALS = (ClientError, BotoCoreError, ResponseParserError)

AGAIN = "Run `make doctor` again in a minute."
CONNECTION = "Check this machine's connection and HTTPS_PROXY, then run `make doctor` again."
KEYS = "Run `aws configure`, and give it an access key of the account that shall pay."
LOG_IN = "Run `aws sso login`, or fetch new ones from where these came."

# STS's codes (docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html), one of botocore's.
CREDENTIALS = {
    "NoCredentialsError": ("none found", KEYS),
    "ExpiredToken": ("expired", LOG_IN),
    "InvalidClientTokenId": ("AWS knows no such access key", KEYS),
    "SignatureDoesNotMatch": ("not this key's secret, or this clock is wrong: see `date -u`", KEYS),
}


@dataclass(frozen=True)
class Finding:
    """One line of the table; what is not well has one next step."""

    asked: str
    found: str
    next_step: str = ""
    mark: str = WELL
    subscribed: bool = True  # where it is about a model

    def __str__(self) -> str:
        found = shorten(self.found, 300, placeholder="…")  # a proxy's words may be a web page
        line = f"{self.mark}  {self.asked:<26}  {found}"  # 26: the longest model's name
        return f"{line}\n    -> {self.next_step}" if self.next_step else line


@dataclass(frozen=True)
class Place:
    """Where the stack is, or will be."""

    session: boto3.Session
    arn: str  # whose credentials these are
    region: str  # "" if none is set
    bootstrapped: bool  # whether CDK has been there, as far as AWS tells

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


def examine() -> tuple[list[Finding], Place | None]:
    """What is found, and the place if AWS says whose the credentials are."""
    try:
        session = boto3.Session()
    except BotoCoreError as error:  # AWS_PROFILE names none
        step = "Run `aws configure list-profiles`, and `export AWS_PROFILE=` one of them."
        return [Finding("credentials", str(error), step, ILL)], None
    credentials, arn = caller(connect(session, "sts", EVERYONES_REGION))
    # As the CDK CLI reads it (aws-cdk, lib/api/aws-auth/awscli-compatible); boto3 lacks the first.
    name = os.environ.get("AWS_REGION") or session.region_name or ""
    step = f"Run `export AWS_DEFAULT_REGION={MODELS_REGION}`, or name one nearer to you."
    region = checked("region", name, session.get_available_regions("cloudformation"), step)
    if not arn:
        return [credentials, region], None
    if region.mark == ILL:
        return [credentials, region], Place(session, arn, "", False)
    cdk = bootstrap(connect(session, "ssm", name))
    here = Place(session, arn, name, bootstrapped="make deploy" not in cdk.found)
    return [credentials, region, cdk], here


def connect(session: boto3.Session, service: str, region: str, seconds: int = 10) -> Any:
    """A client that asks once, and with these credentials, never with a Bedrock API key."""
    once, v4 = {"total_max_attempts": 1}, "v4"
    config = Config(connect_timeout=3, read_timeout=seconds, retries=once, signature_version=v4)
    return session.client(service, region_name=region, config=config)


def caller(sts: Any) -> tuple[Finding, str]:
    """Who asks, and the ARN of it: "" if AWS does not say."""
    try:
        identity = sts.get_caller_identity()
    except REFUSALS as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if trouble := CREDENTIALS.get(code or type(error).__name__):
            return Finding("credentials", *trouble, ILL), ""
        return replace(unanswered("credentials", error, "it", LOG_IN), mark=ILL), ""
    found = f"account {identity['Account']}, {identity['Arn']}"
    return Finding("credentials", found), identity["Arn"]


def checked(asked: str, name: str, regions: Sequence[str], step: str) -> Finding:
    if name in regions:
        return Finding(asked, name)
    return Finding(asked, f"must be one of AWS's, got {name!r}" if name else "none set", step, ILL)


def bootstrap(ssm: Any) -> Finding:
    """Whether CDK has been here; where it has not, `make deploy` sets it up by itself."""
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return Finding("bootstrap", "not yet; `make deploy` does it")
    except REFUSALS as error:
        return unanswered("bootstrap", error, f"ssm:GetParameter on {BOOTSTRAP_PARAMETER}")
    remark = "" if version >= BOOTSTRAP_VERSION else ", too old; `make deploy` renews it"
    return Finding("bootstrap", f"version {version}{remark}")


def unanswered(asked: str, error: Exception, permission: str, step: str = "") -> Finding:
    """What is found where AWS does not say: only silence is an illness."""
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Finding(asked, f"AWS does not answer: {error}", CONNECTION, ILL)
    if "(AccessDenied" in str(error):
        step = step or f"Ask an administrator for {permission}, or go on without."
        return Finding(asked, f"unknown without {permission}", step, UNKNOWN)
    return Finding(asked, f"unknown: {error}", step or AGAIN, UNKNOWN)
