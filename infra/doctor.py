"""Check whether an AWS account can make pictures. Changes nothing; free without --pay."""

import argparse
import base64
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3

from chalicelib import catalogue
from chalicelib.errors import Failure
from infra.account import (
    ALWAYS_ENABLED_REGION,
    AWS_ERRORS,
    FAILED,
    MODELS_REGION,
    OK,
    RETRY,
    UNKNOWN,
    Finding,
    check_account,
    check_region,
    create_client,
    error_finding,
)

PROMPT = "a lighthouse on a cliff at dawn"

# Bedrock calls these on the caller's behalf when an account first uses a third-party model
# (docs.aws.amazon.com/bedrock/latest/userguide/model-access.html).
MARKETPLACE = ["aws-marketplace:ViewSubscriptions", "aws-marketplace:Subscribe"]
INVOKE = ["bedrock:InvokeModel"]
VIA = {"ContextKeyName": "aws:CalledViaLast", "ContextKeyType": "string"}
VIA_BEDROCK = {**VIA, "ContextKeyValues": ["bedrock.amazonaws.com"]}

ASK_FOR_PERMISSIONS = "Ask an administrator for the permissions in .chalice/policy.json."
CHECK_PAYMENT = (
    "Add a valid payment method: "
    "https://console.aws.amazon.com/billing/home#/paymentpreferences/paymentmethods"
)
PAY_AGAIN = "Run `make doctor PAY=1` again; AWS may bill both pictures."
UNSET_REGION = f"Run `unset BEDROCK_REGION`: the models are in {MODELS_REGION}."
UPDATE = "Run `git pull` for an Easel that knows its successor, or remove the model from MODELS."
WAIT = "Wait 15 minutes, then run `make doctor` again."

# Next steps by a part of InvokeModel's error message; the first match wins. Sources:
# model-access.html as above, troubleshooting-api-error-codes.html beside it; for Legacy
# apache/airflow#72521.
NEXT_STEPS = {
    "still being processed": WAIT,
    "INVALID_PAYMENT_INSTRUMENT": CHECK_PAYMENT,
    "not authorized to perform": ASK_FOR_PERMISSIONS,
    "marked by provider as Legacy": UPDATE,
    "end of its life": UPDATE,
    "model identifier is invalid": "Run `unset BEDROCK_REGION`, or `git pull` if it is not set.",
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
    if target:
        yield from check_models(target.session, target.arn, pay)


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
    iam = create_client(session, "iam", ALWAYS_ENABLED_REGION)
    yield check_first_image(iam, arn, unsubscribed, name)
    if pay:
        runtime = create_client(session, "bedrock-runtime", name, timeout=60)
        yield from generate_image(runtime, models, PROMPT)


def check_model(
    bedrock: Any, model: Any, lifecycles: dict[str, str] | None, region: str
) -> Finding:
    """Whether the account can use a model. `lifecycles`: status by model id, None if unknown."""
    name, model_id = model.name, model.bedrock_id
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


def availability(response: Any, region: str) -> tuple[Any, ...]:
    """A finding's fields after `subject`, from GetFoundationModelAvailability's response
    (model-access.html, as above)."""
    agreement = response["agreementAvailability"]
    if response["authorizationStatus"] != "AUTHORIZED":
        result = "denied by IAM or by an organization's policy (SCP)"
        return result, ASK_FOR_PERMISSIONS, FAILED
    if response["regionAvailability"] != "AVAILABLE":
        return "not available in this region", UNSET_REGION, FAILED
    if response["entitlementAvailability"] != "AVAILABLE":
        catalog = f"https://console.aws.amazon.com/bedrock/home?region={region}#/model-catalog"
        return "this account is not entitled to it", f"Open the model catalog: {catalog}", FAILED
    if agreement["status"] == "ERROR":
        reason = agreement.get("errorMessage", "AWS gives no reason")
        return f"the subscription failed: {reason}", CHECK_PAYMENT, FAILED
    if agreement["status"] == "PENDING":
        return "the subscription is in progress", WAIT, FAILED
    if agreement["status"] == "NOT_AVAILABLE":
        return "available; the first picture subscribes to it", "", OK, False
    return "available, subscribed", "", OK


def check_first_image(iam: Any, arn: str, model_ids: Sequence[str], region: str) -> Finding:
    """Whether the caller may subscribe to these models, which using one for the first time does."""
    if not model_ids:
        return Finding("first picture", "needs no new subscription")
    if arn.endswith(":root"):  # has no policies to simulate
        return Finding("first picture", "the root user may subscribe")
    try:
        denied = denied_actions(iam, policy_source(iam, arn), model_ids, region)
    except AWS_ERRORS as error:
        step = "Run `make doctor PAY=1` to test it with one real picture."
        return error_finding("first picture", error, "iam:SimulatePrincipalPolicy", step)
    if denied:
        result = f"missing permission: {', '.join(sorted(denied))}"
        return Finding("first picture", result, ASK_FOR_PERMISSIONS, FAILED)
    return Finding("first picture", "these credentials may subscribe")


def policy_source(iam: Any, arn: str) -> str:
    """The ARN of the user or role whose policies apply to the caller."""
    # A session's ARN omits its role's path; roles of IAM Identity Center have one
    # (serverless#13652).
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return str(iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
    return arn


def denied_actions(iam: Any, source: str, model_ids: Sequence[str], region: str) -> set[str]:
    """The actions that a first image needs and the policies of `source` do not allow."""
    models = f"arn:aws:bedrock:{region}::foundation-model/"
    results = []
    for actions, resource in ((MARKETPLACE, "*"), *((INVOKE, models + each) for each in model_ids)):
        request = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        response = iam.simulate_principal_policy(**request, ContextEntries=[VIA_BEDROCK])
        results += response["EvaluationResults"]
    return {each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed"}


def generate_image(runtime: Any, models: Sequence[Any], prompt: str) -> Iterator[Finding]:
    """Announces the price, then makes one image with the cheapest model that Bedrock hosts."""
    model = min(models, key=lambda each: (":endpoint/" in each.bedrock_id, each.price_usd))
    yield Finding("price", f"${model.price_usd:.2f} for one picture with {model.title}")
    values = model.read({"prompt": prompt})
    try:
        body = json.dumps(model.body(values))
        answer = runtime.invoke_model(modelId=model.bedrock_id, body=body)["body"].read()
        image = model.image(json.loads(answer))
    except (*AWS_ERRORS, Failure, ValueError) as error:
        steps = [step for part, step in NEXT_STEPS.items() if part in str(error)]
        yield Finding("picture", f"failed: {error}", [*steps, PAY_AGAIN][0], FAILED)
        return
    path = Path.cwd() / f"doctor.{values.get('output_format', 'png')}"
    path.write_bytes(base64.b64decode(image))
    yield Finding("picture", f"saved as {path}")


def conclusion(findings: Sequence[Finding]) -> str:
    if failed := sum(each.status == FAILED for each in findings):
        problems = "1 problem" if failed == 1 else f"{failed} problems"
        return f"{problems} found. Fix the first one, then run `make doctor` again."
    unknown = any(each.status == UNKNOWN for each in findings)
    result = "No problems found, but some checks had no result."
    if not unknown:
        result = "This account can make pictures."
    return f"{result} Run `make run BEDROCK=aws` to make them from here, or `make deploy`."


if __name__ == "__main__":
    sys.exit(main())
