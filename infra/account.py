"""Checks an AWS account's credentials, region and CDK bootstrap. Changes nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

OK, FAILED, UNKNOWN = "ok", "!!", "??"

MODELS_REGION = "us-west-2"  # app.py's default

# Enabled in every account. In a disabled region, STS rejects valid keys
# (docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
ALWAYS_ENABLED_REGION = "us-east-1"

# The parameter that `cdk bootstrap` writes, and the oldest version a stack accepts
# (aws-cdk-lib 2.275.0).
QUALIFIER = "hnb659fds"  # the default, in the names of everything that a bootstrap creates
BOOTSTRAP_PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"
BOOTSTRAP_VERSION = 6  # DefaultStackSynthesizer's MIN_BOOTSTRAP_STACK_VERSION

# How a region that the account has not enabled rejects valid credentials: JSON and query services
# (the page above).
REGION_DISABLED = ("UnrecognizedClientException", "InvalidClientTokenId")

# What a failed call raises; ResponseParserError if a proxy responds with a web page.
AWS_ERRORS = (ClientError, BotoCoreError, ResponseParserError)
# What else boto3 raises while it loads credentials: a missing file or program, a request for an MFA
# code without a terminal, and anything that a damaged file or a program's output leads to.
CREDENTIAL_FAILURES = (
    *AWS_ERRORS,
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError),
)

CHECK_CONNECTION = "Check the network connection and HTTPS_PROXY, then run `make doctor` again."
CONFIGURE_KEYS = "Run `aws configure` with an access key of the account that will pay."
CORRECT_PROFILE = "Correct the profile, or run `export AWS_PROFILE=` with the name of another one."
ENABLE_REGION = "Enable it in the console, under Account, AWS Regions, or choose another region."
LOG_IN = "Run `aws login` or `aws sso login`, or get new credentials where you got these."
RETRY = "Run `make doctor` again in a minute."
SECOND_TOOLKIT = (
    "Ask whoever manages it to run "
    f"`npx aws-cdk@2 bootstrap --toolkit-stack-name CDKToolkit-{QUALIFIER}`, which adds a second."
)
UNSET_REGION = f"Run `unset BEDROCK_REGION`: the models are in {MODELS_REGION}."

# STS error codes (docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html) and exceptions of
# botocore 1.44.5 and Python, each with a result ("" for the error's own words) and a next step. An
# exception's base classes count, after itself.
CREDENTIAL_ERRORS = {
    "NoCredentialsError": ("not found", CONFIGURE_KEYS),
    "ExpiredToken": ("expired", LOG_IN),
    "InvalidClientTokenId": ("AWS does not recognize the access key", CONFIGURE_KEYS),
    "SignatureDoesNotMatch": (
        "the secret key is wrong, or this machine's clock is: check `date -u`",
        CONFIGURE_KEYS,
    ),
    "AccessDenied": ("", CORRECT_PROFILE),  # the profile's role_arn cannot be assumed
    "ProfileNotFound": (
        "",
        "Run `aws configure list-profiles`, then `export AWS_PROFILE=` one of them.",
    ),
    "ConfigParseError": ("", "Correct the file that the message names."),
    "InvalidConfigError": ("", CORRECT_PROFILE),
    "PartialCredentialsError": ("", "Add what is missing, or remove the rest of the key."),
    "CredentialRetrievalError": (
        "",
        "Run the profile's credential_process by itself to see why it fails.",
    ),
    "MissingDependencyException": (
        "`aws login` needs the package awscrt, which is not installed",
        'Run `eval "$(aws configure export-credentials --format env)"`.',
    ),
    "LoginError": ("", "Run `aws login`."),
    "SSOError": ("", "Run `aws sso login`."),
    "TokenRetrievalError": ("", "Run `aws sso login`."),
    "EOFError": ("the profile asks for an MFA code", "Run the command in a terminal."),
    "ClientError": ("", LOG_IN),
    "BotoCoreError": ("", LOG_IN),
    "Exception": ("", CORRECT_PROFILE),
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
    except CREDENTIAL_FAILURES as error:
        return [credential_finding(error)], None
    credentials, arn = check_credentials(session)
    # The CDK CLI reads AWS_REGION (aws-cdk, lib/api/aws-auth/awscli-compatible); boto3 does not.
    name = os.environ.get("AWS_REGION") or session.region_name or ""
    step = f"Run `export AWS_DEFAULT_REGION={MODELS_REGION}`, or choose a region closer to you."
    region = check_region("region", name, session.get_available_regions("cloudformation"), step)
    if not arn:
        return [credentials, region], None
    if region.status == FAILED:
        return [credentials, region], Target(session, arn, "", False)
    ssm, cloudformation = (create_client(session, each, name) for each in ("ssm", "cloudformation"))
    bootstrap, bootstrapped = check_bootstrap(ssm, cloudformation)
    return [credentials, region, bootstrap], Target(session, arn, name, bootstrapped)


def check_local_account() -> list[Finding]:
    """What `make run BEDROCK=aws` needs. Calls AWS only if the credentials must be refreshed."""
    try:
        session = boto3.Session()
        credentials = session.get_credentials()
        if not credentials and "AWS_BEARER_TOKEN_BEDROCK" not in os.environ:
            raise NoCredentialsError
        if credentials:
            credentials.get_frozen_credentials()
    except CREDENTIAL_FAILURES as error:
        return [credential_finding(error)]
    name = os.environ.get("BEDROCK_REGION", MODELS_REGION)
    regions = session.get_available_regions("bedrock")
    return [check_region("Bedrock region", name, regions, UNSET_REGION)]


def create_client(session: boto3.Session, service: str, region: str, timeout: int = 10) -> Any:
    """A client that never retries and always signs with the session's credentials.

    `timeout`: seconds to wait for a response. Signature version 4 because boto3 would prefer a
    Bedrock API key from the environment.
    """
    once, v4 = {"total_max_attempts": 1}, "v4"
    config = Config(connect_timeout=3, read_timeout=timeout, retries=once, signature_version=v4)
    return session.client(service, region_name=region, config=config)


def check_credentials(session: boto3.Session) -> tuple[Finding, str]:
    """The finding, and the caller's ARN: "" if AWS rejects the credentials or does not respond."""
    try:
        identity = create_client(session, "sts", ALWAYS_ENABLED_REGION).get_caller_identity()
    except CREDENTIAL_FAILURES as error:
        return credential_finding(error), ""
    result = f"account {identity['Account']}, {identity['Arn']}"
    return Finding("credentials", result), identity["Arn"]


def credential_finding(error: Exception) -> Finding:
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return error_finding("credentials", error, "sts:GetCallerIdentity")
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    names = [code, *(each.__name__ for each in type(error).__mro__)]
    result, step = next(CREDENTIAL_ERRORS[each] for each in names if each in CREDENTIAL_ERRORS)
    return Finding("credentials", result or f"{names[1]}: {error}", step, FAILED)


def check_region(subject: str, name: str, regions: Sequence[str], next_step: str) -> Finding:
    if name in regions:
        return Finding(subject, name)
    result = f"must be an AWS region, got {name!r}" if name else "not set"
    return Finding(subject, result, next_step, FAILED)


def check_bootstrap(ssm: Any, cloudformation: Any) -> tuple[Finding, bool]:
    """The finding, and False if `make deploy` has to bootstrap first."""
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return check_toolkit(cloudformation)
    except AWS_ERRORS as error:
        if any(code in str(error) for code in REGION_DISABLED):  # AWS knows the credentials
            region = ssm.meta.region_name
            result = f"the region {region} is not enabled in this account"
            return Finding("bootstrap", result, ENABLE_REGION, FAILED), False
        permission = f"ssm:GetParameter on {BOOTSTRAP_PARAMETER}"
        return error_finding("bootstrap", error, permission), True
    if version < BOOTSTRAP_VERSION:
        result = f"version {version} is too old; `make deploy` updates it"
        return Finding("bootstrap", result), False
    return Finding("bootstrap", f"version {version}"), True


def check_toolkit(cloudformation: Any) -> tuple[Finding, bool]:
    """Whether `make deploy` may bootstrap: not over a CDKToolkit with another qualifier."""
    missing = Finding("bootstrap", "not bootstrapped yet; `make deploy` does it"), False
    try:
        (stack,) = cloudformation.describe_stacks(StackName="CDKToolkit")["Stacks"]
    except AWS_ERRORS as error:
        if "does not exist" in str(error):
            return missing
        return error_finding("bootstrap", error, "cloudformation:DescribeStacks"), False
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())
    }
    qualifier = parameters.get("Qualifier", QUALIFIER)
    if qualifier == QUALIFIER:  # an earlier bootstrap failed
        return missing
    result = f"the stack CDKToolkit has the qualifier {qualifier}, and Easel needs {QUALIFIER}"
    return Finding("bootstrap", result, SECOND_TOOLKIT, FAILED), False


def error_finding(subject: str, error: Exception, permission: str, next_step: str = "") -> Finding:
    """The finding for a failed call: FAILED if AWS does not respond, UNKNOWN if it refuses."""
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return Finding(subject, f"AWS does not respond: {error}", CHECK_CONNECTION, FAILED)
    if "(AccessDenied" in str(error):
        next_step = next_step or f"Ask an administrator for {permission}, or continue without it."
        return Finding(subject, f"unknown without {permission}", next_step, UNKNOWN)
    return Finding(subject, f"unknown: {error}", next_step or RETRY, UNKNOWN)
