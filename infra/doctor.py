"""Why can't I make a picture on this account? Asks AWS, changes nothing, pays only for --pay."""

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
from infra import account
from infra.account import (
    AGAIN,
    EVERYONES_REGION,
    ILL,
    MODELS_REGION,
    REFUSALS,
    UNKNOWN,
    WELL,
    Finding,
    checked,
    connect,
    unanswered,
)

PROMPT = "a lighthouse on a cliff at dawn"

# What the first caller of a third-party model needs, once an account, called by Bedrock for him
# (docs.aws.amazon.com/bedrock/latest/userguide/model-access.html).
MARKETPLACE = ["aws-marketplace:ViewSubscriptions", "aws-marketplace:Subscribe"]
INVOKE = ["bedrock:InvokeModel"]
VIA = {"ContextKeyName": "aws:CalledViaLast", "ContextKeyType": "string"}
VIA_BEDROCK = {**VIA, "ContextKeyValues": ["bedrock.amazonaws.com"]}

NEWER = "Run `git pull` for an Easel that knows what follows it, or leave it out of MODELS."
OUR_REGION = f"Run `unset BEDROCK_REGION`: the models are in {MODELS_REGION}."
PAY_AGAIN = "Run `make doctor PAY=1` again; AWS may bill both pictures."
PAYMENT = "Open https://console.aws.amazon.com/billing/home#/paymentpreferences/paymentmethods."
PERMIT = "Ask an administrator for the permissions in .chalice/policy.json."
WAIT = "Wait 15 minutes, then run `make doctor` again."

# InvokeModel's words and what helps, the first that fits: model-access.html as above, and
# troubleshooting-api-error-codes.html beside it; for Legacy apache/airflow#72521.
PICTURE = {
    "still being processed": WAIT,
    "INVALID_PAYMENT_INSTRUMENT": PAYMENT,
    "not authorized to perform": PERMIT,
    "marked by provider as Legacy": NEWER,
    "end of its life": NEWER,
    "model identifier is invalid": "Run `unset BEDROCK_REGION`, or `git pull` if it is not set.",
    "ThrottlingException": AGAIN,
}


def main() -> int:
    """0 if a picture can be made."""
    parser = argparse.ArgumentParser(prog="python -m infra.doctor", description=__doc__)
    parser.add_argument("--pay", action="store_true", help="make one picture, and pay for it")
    findings = []
    for finding in examine(parser.parse_args().pay):
        print(finding, flush=True)
        findings.append(finding)
    print(f"\n{conclusion(findings)}")
    return int(any(each.mark == ILL for each in findings))


def examine(pay: bool) -> Iterator[Finding]:
    """Every finding, one by one; what needs something that is not well is not asked."""
    findings, place = account.examine()
    yield from findings
    if place:
        yield from examine_models(place.session, place.arn, pay)


def examine_models(session: boto3.Session, arn: str, pay: bool) -> Iterator[Finding]:
    name = os.environ.get("BEDROCK_REGION", MODELS_REGION)
    region = checked("models' region", name, session.get_available_regions("bedrock"), OUR_REGION)
    yield region
    if region.mark == ILL:
        return
    try:
        models = catalogue.parse(os.environ.get("MODELS", catalogue.DEFAULT_MODELS)).models
    except ValueError as error:
        step = "Run `unset MODELS`: Easel then offers what is alive."
        yield Finding("models", str(error), step, ILL)
        return
    if "AWS_BEARER_TOKEN_BEDROCK" in os.environ:
        step = "Run `unset AWS_BEARER_TOKEN_BEDROCK`: nothing here is about that key."
        yield Finding("API key", "set, and boto3 takes it first for Bedrock", step, UNKNOWN)
    bedrock = connect(session, "bedrock", name)
    lives = None
    try:
        listed = bedrock.list_foundation_models(byOutputModality="IMAGE")["modelSummaries"]
        lives = {each["modelId"]: each["modelLifecycle"]["status"] for each in listed}
    except REFUSALS as error:
        yield unanswered("models", error, "bedrock:ListFoundationModels")
    unsubscribed = []
    for model in models:
        finding = examine_model(bedrock, model, lives, name)
        yield finding
        unsubscribed += [] if finding.subscribed else [model.bedrock_id]
    yield first_picture(connect(session, "iam", EVERYONES_REGION), arn, unsubscribed, name)
    if pay:
        yield from paid_picture(connect(session, "bedrock-runtime", name, 60), models, PROMPT)


def examine_model(bedrock: Any, model: Any, lives: dict[str, str] | None, region: str) -> Finding:
    """Whether the account can use a model; `lives` is None if AWS did not tell them."""
    name, model_id = model.name, model.bedrock_id
    if ":endpoint/" in model_id:  # no foundation model: Bedrock has no questions for it
        endpoint = f"--region {region} --endpoint-name {model_id.rpartition('/')[2]}"
        step = f"Run `aws sagemaker describe-endpoint {endpoint}`: it must be InService."
        return Finding(name, "unknown: an endpoint of your own", step, UNKNOWN)
    if lives is not None and model_id not in lives:
        step = NEWER if region == MODELS_REGION else OUR_REGION
        return Finding(name, "retired, or not in this region", step, ILL)
    if lives and lives[model_id] == "LEGACY":
        return Finding(name, "Legacy: a new customer may not use it", NEWER, ILL)
    try:
        answer = bedrock.get_foundation_model_availability(modelId=model_id)
    except REFUSALS as error:
        finding = unanswered(name, error, "bedrock:GetFoundationModelAvailability")
        return replace(finding, subscribed=False)
    return Finding(name, *availability(answer, region))


def availability(answer: Any, region: str) -> tuple[Any, ...]:
    """A finding from GetFoundationModelAvailability's answer; model-access.html, as above."""
    agreement = answer["agreementAvailability"]
    if answer["authorizationStatus"] != "AUTHORIZED":
        return "not authorized, by IAM or by the organization (SCP)", PERMIT, ILL
    if answer["regionAvailability"] != "AVAILABLE":
        return "not available in this region", OUR_REGION, ILL
    if answer["entitlementAvailability"] != "AVAILABLE":
        step = f"Open https://console.aws.amazon.com/bedrock/home?region={region}#/model-catalog."
        return "this account is not entitled to it", step, ILL
    if agreement["status"] == "ERROR":
        return f"the subscription failed: {agreement.get('errorMessage')}", PAYMENT, ILL
    if agreement["status"] == "PENDING":
        return "the subscription is being made", WAIT, ILL
    if agreement["status"] == "NOT_AVAILABLE":
        return "alive; the first picture subscribes by itself", "", WELL, False
    return "alive and subscribed", "", WELL


def first_picture(iam: Any, arn: str, model_ids: Sequence[str], region: str) -> Finding:
    """Whether the caller may subscribe to these models, by using them."""
    if not model_ids:
        return Finding("first picture", "nothing to subscribe to")
    if arn.endswith(":root"):  # no policy is attached to it, so none can be simulated
        return Finding("first picture", "the account's root user may subscribe")
    try:
        refused = refusals(iam, policy_source(iam, arn), model_ids, region)
    except REFUSALS as error:
        step = "Run `make doctor PAY=1`: one real picture tells."
        return unanswered("first picture", error, "iam:SimulatePrincipalPolicy", step)
    if refused:
        return Finding("first picture", f"may not {', '.join(refused)}", PERMIT, ILL)
    return Finding("first picture", "these credentials may subscribe")


def policy_source(iam: Any, arn: str) -> str:
    # A session's ARN lacks its role's path; IAM Identity Center's have one (serverless#13652).
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return str(iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
    return arn


def refusals(iam: Any, source: str, model_ids: Sequence[str], region: str) -> set[str]:
    """The actions for the first picture that the policies of `source` do not allow."""
    models = f"arn:aws:bedrock:{region}::foundation-model/"
    results = []
    for actions, resource in ((MARKETPLACE, "*"), *((INVOKE, models + each) for each in model_ids)):
        what = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        answer = iam.simulate_principal_policy(**what, ContextEntries=[VIA_BEDROCK])
        results += answer["EvaluationResults"]
    return {each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed"}


def paid_picture(runtime: Any, models: Sequence[Any], prompt: str) -> Iterator[Finding]:
    """One picture by the cheapest of Bedrock's own models, its price said before it is made."""
    model = min(models, key=lambda each: (":endpoint/" in each.bedrock_id, each.price_usd))
    yield Finding("price", f"${model.price_usd:.2f} for one picture by {model.title}; making it")
    values = model.read({"prompt": prompt})
    try:
        body = json.dumps(model.body(values))
        answer = runtime.invoke_model(modelId=model.bedrock_id, body=body)["body"].read()
        image = model.image(json.loads(answer))
    except (*REFUSALS, Failure, ValueError) as error:
        steps = [step for part, step in PICTURE.items() if part in str(error)]
        yield Finding("picture", f"none: {error}", [*steps, PAY_AGAIN][0], ILL)
        return
    path = Path.cwd() / f"doctor.{values.get('output_format', 'png')}"
    path.write_bytes(base64.b64decode(image))
    yield Finding("picture", str(path))


def conclusion(findings: Sequence[Finding]) -> str:
    if ill := sum(each.mark == ILL for each in findings):
        return f"{ill} {'thing needs' if ill == 1 else 'things need'} you; begin with the first."
    doubt = ", as far as AWS told" if any(each.mark == UNKNOWN for each in findings) else ""
    return f"A picture can be made{doubt}: run `make run BEDROCK=aws` here, or `make deploy`."


if __name__ == "__main__":
    sys.exit(main())
