"""What others say of the template: CloudFormation's own rules, cfn-lint, and cdk-nag."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthesised.conftest import NODE

pytestmark = pytest.mark.slow

# What cdk-nag's AwsSolutions finds, and why it stays.
ACKNOWLEDGED = {
    "APIG1": "an access log needs a role for the whole account, which a fresh account lacks",
    "APIG2": "the request is checked by the API, before a cent is reserved",
    "APIG3": "a firewall costs $5 a month; the throttle and the budget guard what is spent",
    "APIG6": "an execution log needs the same role as APIG1, and would hold prompts",
    "CFR1": "a website for whom its owner wants, wherever they are",
    "CFR2": "as APIG3",
    "CFR3": "an access log needs a second bucket, and holds people's addresses",
    "CFR4": "CloudFront's own domain brings its own certificate and protocols",
    "DDB3": "yesterday's spending is worth no backup",
    "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]": (
        "CDK's two helpers for the bucket's files"
    ),
    "IAM5[Action::s3:Abort*]": "CDK's helper, on the website's bucket",
    "IAM5[Action::s3:DeleteObject*]": "CDK's helper, on the website's bucket",
    "IAM5[Action::s3:GetBucket*]": "CDK's helper, on its assets and the website's bucket",
    "IAM5[Action::s3:GetObject*]": "CDK's helper, on its assets and the website's bucket",
    "IAM5[Action::s3:List*]": "CDK's helper, on its assets and the website's bucket",
    "IAM5[Resource::*]": "invalidating the cache and subscribing to a model know no resource",
    "IAM5[Resource::<WebsiteBucket4326D7C2.Arn>/*]": "CDK's helper, on the website's files",
    "IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-"
    "<AWS::Region>/*]": "CDK's helper, on CDK's assets",
    "L1": "Python 3.13 is the newest on which Easel has run; CDK chooses its helper's",
    "S1": "as CFR3",
}


def test_no_resource_waits_for_itself(expanded, alone):
    """CloudFormation refuses a circle; neither CDK nor cfn-lint sees it."""
    for template in (expanded, alone):
        needs = {name: needed(each, template) for name, each in template["Resources"].items()}
        while free := [name for name, of in needs.items() if not of & set(needs)]:
            for name in free:
                del needs[name]
        assert needs == {}


def needed(value, template):
    """The resources that a part of a template names."""
    if isinstance(value, list):
        return set().union(*(needed(each, template) for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, part in value.items():
        if key in ("Ref", "Fn::GetAtt", "DependsOn"):
            words = part if isinstance(part, list) else [part]
            found |= {
                word.partition(".")[0] for word in words[: 1 if key == "Fn::GetAtt" else None]
            }
        elif key == "Fn::Sub":
            found |= set(re.findall(r"\$\{(\w+)", part if isinstance(part, str) else part[0]))
        found |= needed(part, template)
    return found & set(template["Resources"])


@pytest.mark.parametrize("which", ["chosen", "alone", "expanded"])
def test_cfn_lint_finds_nothing(which, request, tmp_path):
    path = tmp_path / "template.json"
    path.write_text(json.dumps(request.getfixturevalue(which)))
    # W3005: CDK's own helpers say twice on what they depend.
    lint = Path(sys.executable).with_name("cfn-lint")
    process = subprocess.run(
        [lint, "--ignore-checks", "W3005", "--", path], capture_output=True, text=True
    )
    assert (process.returncode, process.stdout) == (0, "")


def test_cdk_nag_finds_nothing_that_is_not_explained(expanded, tmp_path):
    path = tmp_path / "template.json"
    path.write_text(json.dumps(expanded))
    script = (
        "import sys, aws_cdk, cdk_nag\n"
        "from aws_cdk.cloudformation_include import CfnInclude\n"
        "app = aws_cdk.App(outdir='out')\n"
        "CfnInclude(aws_cdk.Stack(app, 'Easel'), 'All', template_file='template.json')\n"
        "aws_cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))\n"
        "app.synth()\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"JSII_NODE": NODE},
    )  # fmt: skip
    report = tmp_path / "out/validation-report.json"
    assert report.exists(), process.stderr
    (plugin,) = json.loads(report.read_text())["pluginReports"]
    found = {each["ruleName"].removeprefix("AwsSolutions-") for each in plugin["violations"]}
    assert found == set(ACKNOWLEDGED)
