"""Check whether an AWS account can make pictures. Changes nothing; free without --pay."""

import argparse
import base64
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib import catalogue, prompt
from chalicelib.errors import Failure
from infra.account import (
    ALWAYS_ENABLED_REGION,
    AWS_ERRORS,
    FAILED,
    MODELS_REGION,
    OK,
    RETRY,
    UNKNOWN,
    UNSET_REGION,
    Finding,
    check_account,
    check_region,
    create_client,
    error_finding,
)
from infra.permissions import ASK_FOR_PERMISSIONS, check_deployment, check_first_image

PROMPT = "a lighthouse on a cliff at dawn"

# Folded names of the quotas of on-demand calls (Bedrock's user guide, quotas-runtime.html).
CALLS = re.compile("(?!crossregion).*per(minute|day)for")
MAY_BE_BILLED = (408, 424)  # ModelTimeoutException, ModelErrorException: the model was running
NOT_ASKED = (
    "Run `make run BEDROCK=aws` to make them from here, or `make deploy`.\n"
    "AWS says only during a deployment whether a new account may use CloudFront. If it may not, "
    "`make deploy cloudfront=no` deploys without."
)

CASE = "https://console.aws.amazon.com/support/home#/case/create (Account and billing: free)"
CHECK_PAYMENT = (
    "Add a payment method that AWS Marketplace accepts (in India: Pay by Invoice, no card): "
    "https://console.aws.amazon.com/billing/home#/paymentpreferences/paymentmethods"
)
CONTACT_SALES = "Ask AWS Sales to open it: https://aws.amazon.com/contact-us/sales-support/"
NOT_BILLED = f"AWS refused, so nothing was billed. Open a support case with this message: {CASE}"
OPEN_BEDROCK = f"AWS has not opened Bedrock to this account. Ask for it in a support case: {CASE}"
PAY_AGAIN = "Run `make doctor PAY=1` again; AWS may bill both pictures."
PROVE = "Run `make doctor PAY=1` to test it with one real picture."
RAISE_QUOTA = f"Ask AWS in a support case to set it to AWS's default: {CASE}"
UPDATE = "Run `git pull` for an Easel that knows its successor, or remove the model from MODELS."
UPGRADE = (
    "Upgrade to the Paid plan; credits stay: "
    "https://console.aws.amazon.com/billing/home#/freetier/upgrade"
)
WAIT = "Wait 15 minutes, then run `make doctor` again."

# Next steps by a part of InvokeModel's error message; the first match wins. Sources:
# model-access.html in Bedrock's user guide, troubleshooting-api-error-codes.html beside it; for
# Legacy apache/airflow#72521; for blocked accounts aws/aws-cli#8717, langchain-ai/langchain#19215.
NEXT_STEPS = {
    "still being processed": WAIT,
    "INVALID_PAYMENT_INSTRUMENT": CHECK_PAYMENT,
    "geo-location": CONTACT_SALES,
    "is not available for this account": CONTACT_SALES,
    "Operation not allowed": OPEN_BEDROCK,
    "account is not authorized": OPEN_BEDROCK,
    "not authorized to perform": ASK_FOR_PERMISSIONS,
    "marked by provider as Legacy": UPDATE,
    "end of its life": UPDATE,
    "model identifier is invalid": "Run `unset BEDROCK_REGION`, or `git pull` if it is not set.",
    "tokens per day": RAISE_QUOTA,
    "ThrottlingException": RETRY,
}


def main() -> int:
    """The exit code: 0 if no check failed."""
    parser = argparse.ArgumentParser(prog="python -m infra.doctor", description=__doc__)
    parser.add_argument("--pay", action="store_true", help="make one picture, which AWS bills")
    findings = []
    for finding in run_checks(parser.parse_args().pay):
        print(finding, flush=True)
        findings.append(finding)
    print(f"\n{conclusion(findings)}")
    return int(any(each.status == FAILED for each in findings))


def run_checks(pay: bool) -> Iterator[Finding]:
    """Each finding as soon as it is known. Skips checks that depend on a failed one."""
    findings, target = check_account()
    yield from findings
    if not target:
        return
    yield check_plan(create_client(target.session, "freetier", ALWAYS_ENABLED_REGION))
    yield from check_models(target.session, target.arn, pay)
    if target.region:
        yield check_deployment(create_client(target.session, "iam", ALWAYS_ENABLED_REGION), target)


def check_plan(freetier: Any) -> Finding:
    """AWS's Free plan (docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html)
    excludes some Marketplace offers, and Stability's models are Marketplace offers."""
    try:
        plan = freetier.get_account_plan_state()
    except freetier.exceptions.ResourceNotFoundException:
        return Finding("plan", "none: the account is older than AWS's plans")
    except AWS_ERRORS as error:
        return error_finding("plan", error, "freetier:GetAccountPlanState")
    if plan["accountPlanType"] == "PAID":
        return Finding("plan", "Paid")
    result = (
        "Free: it excludes AWS Marketplace offers that cost money, and may exclude these models"
    )
    return Finding("plan", result, UPGRADE, FAILED)


def check_models(session: boto3.Session, arn: str, pay: bool) -> Iterator[Finding]:
    name = os.environ.get("BEDROCK_REGION", MODELS_REGION)
    regions = session.get_available_regions("bedrock")
    region = check_region("Bedrock region", name, regions, UNSET_REGION)
    yield region
    if region.status == FAILED:
        return
    try:
        models = catalogue.parse(os.environ.get("MODELS", catalogue.DEFAULT_MODELS)).models
    except ValueError as error:
        step = "Run `unset MODELS` to offer every active model."
        yield Finding("models", str(error), step, FAILED)
        return
    if "AWS_BEARER_TOKEN_BEDROCK" in os.environ:
        step = "Run `unset AWS_BEARER_TOKEN_BEDROCK`: these checks do not cover that key."
        yield Finding("API key", "set; boto3 uses it for Bedrock first", step, UNKNOWN)
    bedrock = create_client(session, "bedrock", name)
    lifecycles = None
    try:
        listed = bedrock.list_foundation_models(byOutputModality="IMAGE")["modelSummaries"]
        lifecycles = {each["modelId"]: each["modelLifecycle"]["status"] for each in listed}
    except AWS_ERRORS as error:
        yield error_finding("models", error, "bedrock:ListFoundationModels")
    unsubscribed = []
    for model in models:
        finding = check_model(bedrock, model, lifecycles, name)
        yield finding
        unsubscribed += [] if finding.subscribed else [model.bedrock_id]
    yield from check_prompt_model(bedrock, name)
    hosted = [model for model in models if not model.edits and ":endpoint/" not in model.bedrock_id]
    yield check_quotas(create_client(session, "service-quotas", name), hosted)
    iam = create_client(session, "iam", ALWAYS_ENABLED_REGION)
    yield check_first_image(iam, arn, unsubscribed, name)
    if pay:
        runtime = create_client(session, "bedrock-runtime", name, timeout=60)
        yield from generate_image(runtime, models, PROMPT)


def check_model(
    bedrock: Any, model: Any, lifecycles: dict[str, str] | None, region: str
) -> Finding:
    """Whether the account can use a model. `lifecycles`: status by model id, None if unknown."""
    name, model_id = model.name, model.bedrock_id.removeprefix("us.")
    if ":endpoint/" in model_id:  # not a foundation model: Bedrock reports nothing about it
        endpoint = f"--region {region} --endpoint-name {model_id.rpartition('/')[2]}"
        step = f"Run `aws sagemaker describe-endpoint {endpoint}`: it must be InService."
        return Finding(name, "unknown: runs on your own endpoint", step, UNKNOWN)
    if lifecycles is not None and model_id not in lifecycles:
        step = UPDATE if region == MODELS_REGION else UNSET_REGION
        return Finding(name, "retired, or not available in this region", step, FAILED)
    if lifecycles and lifecycles[model_id] == "LEGACY":
        return Finding(name, "Legacy: new customers cannot use it", UPDATE, FAILED)
    try:
        response = bedrock.get_foundation_model_availability(modelId=model_id)
    except AWS_ERRORS as error:
        finding = error_finding(name, error, "bedrock:GetFoundationModelAvailability")
        return replace(finding, subscribed=False)
    return Finding(name, *availability(response, region))


def check_prompt_model(bedrock: Any, region: str) -> Iterator[Finding]:
    """Whether the account can use the text model of PROMPT_MODEL, if there is one."""
    subject, permission = "prompt model", "bedrock:GetFoundationModelAvailability"
    try:
        name = prompt.parse(os.environ.get("PROMPT_MODEL", prompt.DEFAULT_MODEL)).bedrock_id
        if name:
            model_id = name.removeprefix("us.")
            response = bedrock.get_foundation_model_availability(modelId=model_id)
            yield Finding(subject, *availability(response, region))
    except AWS_ERRORS as error:
        yield error_finding(subject, error, permission)
    except ValueError as error:
        yield Finding(subject, str(error), "Run `unset PROMPT_MODEL`.", FAILED)


def availability(response: Any, region: str) -> tuple[Any, ...]:
    """A finding's fields after `subject`, from GetFoundationModelAvailability's response
    (model-access.html, as above)."""
    agreement = response["agreementAvailability"]
    if response["authorizationStatus"] != "AUTHORIZED":
        result = "denied by IAM, by an organization's policy (SCP), or to this new account by AWS"
        return result, f"{ASK_FOR_PERMISSIONS} If you have them, open a case: {CASE}", FAILED
    if response["regionAvailability"] != "AVAILABLE":
        return "not available in this region", UNSET_REGION, FAILED
    if agreement["status"] == "ERROR":
        reason = agreement.get("errorMessage", "AWS gives no reason")
        return f"the subscription failed: {reason}", CHECK_PAYMENT, FAILED
    if agreement["status"] == "PENDING":
        return "the subscription is in progress", WAIT, FAILED
    if agreement["status"] == "NOT_AVAILABLE":
        # A model without a subscription may also be reported as not entitled.
        return "available; the first picture subscribes to it", "", OK, False
    if response["entitlementAvailability"] != "AVAILABLE":
        catalog = f"https://console.aws.amazon.com/bedrock/home?region={region}#/model-catalog"
        return "this account is not entitled to it", f"Open the model catalog: {catalog}", FAILED
    return "available, subscribed", "", OK


def check_quotas(quotas: Any, models: Sequence[Any]) -> Finding:
    """Whether the quotas of one of these models are 0, as in many new accounts.

    AWS documents no names of Stability's quotas, so a quota belongs to a model if its name contains
    the model's title. A model without any counts as blocked if every model's quota is 0.
    """
    try:
        pages = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="bedrock")
        listed = {
            fold(each["QuotaName"]): each["Value"] for page in pages for each in page["Quotas"]
        }
    except AWS_ERRORS as error:
        return error_finding("quotas", error, "servicequotas:ListServiceQuotas", PROVE)
    calls = {name: value for name, value in listed.items() if CALLS.match(name)}
    blocked, unknown = [], []
    for model in models:
        own = [value for name, value in calls.items() if fold(model.title) in name]
        if calls and not any(own or calls.values()):
            blocked.append(model.title)
        elif not own:
            unknown.append(model.title)
    if blocked:
        return Finding("quotas", f"0 for {', '.join(blocked)}", RAISE_QUOTA, FAILED)
    if unknown:
        result = f"unknown: Service Quotas lists none for {', '.join(unknown)}"
        return Finding("quotas", result, PROVE, UNKNOWN)
    return Finding("quotas", "above 0")


def fold(name: str) -> str:
    """Lower-case letters and digits only."""
    return re.sub("[^a-z0-9]", "", name.lower())


def generate_image(runtime: Any, models: Sequence[Any], prompt: str) -> Iterator[Finding]:
    """Announces the price, then makes one image with the cheapest model that Bedrock hosts."""
    painters = [each for each in models if not each.edits] or models
    model = min(painters, key=lambda each: (":endpoint/" in each.bedrock_id, each.price_usd))
    yield Finding("price", f"${model.price_usd:.2f} for one picture with {model.title}")
    try:
        values = model.read({"prompt": prompt})
        body = json.dumps(model.body(values))
        answer = runtime.invoke_model(modelId=model.bedrock_id, body=body)["body"].read()
        image = model.image(json.loads(answer))
    except (*AWS_ERRORS, Failure, ValueError) as error:
        yield Finding("picture", f"failed: {error}", next_step(error), FAILED)
        return
    path = Path.cwd() / f"doctor.{values.get('output_format', 'png')}"
    path.write_bytes(base64.b64decode(image))
    yield Finding("picture", f"saved as {path}")


def next_step(error: Exception) -> str:
    for part, step in NEXT_STEPS.items():
        if part in str(error):
            return step
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status < 500 and status not in MAY_BE_BILLED:
            return NOT_BILLED
    return PAY_AGAIN


def conclusion(findings: Sequence[Finding]) -> str:
    if failed := sum(each.status == FAILED for each in findings):
        problems = "1 problem" if failed == 1 else f"{failed} problems"
        return f"{problems} found. Fix the first one, then run `make doctor` again."
    if "picture" in [each.subject for each in findings]:
        result = "This account can make pictures."
    elif any(each.status == UNKNOWN for each in findings):
        result = "No problems found, but some checks had no result; `make doctor PAY=1` proves it."
    else:
        result = "Nothing that AWS reports prevents a picture; `make doctor PAY=1` proves it."
    return f"{result} {NOT_ASKED}"


if __name__ == "__main__":
    sys.exit(main())
