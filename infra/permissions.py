"""Asks IAM whether the caller may make a first picture and deploy. Changes nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

from infra.account import AWS_ERRORS, FAILED, QUALIFIER, Finding, Target, error_finding

# Bedrock calls these on the caller's behalf when an account first uses a third-party model
# (docs.aws.amazon.com/bedrock/latest/userguide/model-access.html).
MARKETPLACE = ["aws-marketplace:ViewSubscriptions", "aws-marketplace:Subscribe"]
INVOKE = ["bedrock:InvokeModel"]
VIA = {"ContextKeyName": "aws:CalledViaLast", "ContextKeyType": "string"}
VIA_BEDROCK = {**VIA, "ContextKeyValues": ["bedrock.amazonaws.com"]}

# What `cdk bootstrap` does that AWS's policy PowerUserAccess does not allow, and two it does; the
# roles that `cdk deploy` assumes (aws-cdk 2.1148.1, bootstrap-template.yaml).
BOOTSTRAP = ["iam:CreateRole", "iam:PutRolePolicy", "cloudformation:CreateChangeSet"]
ASSUME = ["sts:AssumeRole"]
ROLES = ("deploy-role", "file-publishing-role")

ASK_FOR_PERMISSIONS = "Ask an administrator for the permissions in .chalice/policy.json."
ASK_ADMINISTRATOR = "Ask an administrator to deploy, or for the policy AdministratorAccess."


def check_first_image(iam: Any, arn: str, model_ids: Sequence[str], region: str) -> Finding:
    """Whether the caller may subscribe to these models, which using one for the first time does."""
    if not model_ids:
        return Finding("first picture", "needs no new subscription")
    account = arn.split(":")[4]
    models = [model_arn(each, region, account) for each in model_ids]
    needed = [(MARKETPLACE, "*"), *((INVOKE, each) for each in models)]
    step = "Run `make doctor PAY=1` to test it with one real picture."
    return check(iam, arn, "first picture", needed, "may subscribe", ASK_FOR_PERMISSIONS, step)


def model_arn(model_id: str, region: str, account: str) -> str:
    """The ARN of a foundation model, or of the inference profile that has to be called."""
    if model_id.startswith("us."):
        return f"arn:aws:bedrock:{region}:{account}:inference-profile/{model_id}"
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def check_deployment(iam: Any, target: Target) -> Finding:
    """Whether the caller may run `make deploy`, which bootstraps CDK if necessary."""
    suffix = f"{target.account}-{target.region}"
    roles = [
        f"arn:aws:iam::{target.account}:role/cdk-{QUALIFIER}-{each}-{suffix}" for each in ROLES
    ]
    needed = [(ASSUME, each) for each in roles]
    if not target.bootstrapped:
        needed.insert(0, (BOOTSTRAP, "*"))
    step = "Run `make deploy` to test it."
    return check(iam, target.arn, "deployment", needed, "may deploy", ASK_ADMINISTRATOR, step)


def check(
    iam: Any,
    arn: str,
    subject: str,
    needed: Sequence[tuple[list[str], str]],
    allowed: str,
    if_denied: str,
    if_unknown: str,
) -> Finding:
    """The finding about `needed`: lists of actions, each with a resource."""
    if arn.endswith(":root"):  # has no policies to simulate
        return Finding(subject, f"the root user {allowed}")
    try:
        denied = set(denied_actions(iam, policy_source(iam, arn), needed))
    except AWS_ERRORS as error:
        return error_finding(subject, error, "iam:SimulatePrincipalPolicy", if_unknown)
    if denied:
        result = f"missing permission: {', '.join(sorted(denied))}"
        return Finding(subject, result, if_denied, FAILED)
    return Finding(subject, f"these credentials {allowed}")


def policy_source(iam: Any, arn: str) -> str:
    """The ARN of the user or role whose policies apply to the caller."""
    # A session's ARN omits its role's path; roles of IAM Identity Center have one
    # (serverless#13652).
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return str(iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"])
    return arn


def denied_actions(iam: Any, source: str, needed: Sequence[tuple[list[str], str]]) -> Iterator[str]:
    """The actions in `needed` that the policies of `source` do not allow."""
    for actions, resource in needed:
        request = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        response = iam.simulate_principal_policy(**request, ContextEntries=[VIA_BEDROCK])
        for each in response["EvaluationResults"]:
            if each["EvalDecision"] != "allowed":
                yield each["EvalActionName"]
