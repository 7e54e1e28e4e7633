"""The template under CloudFormation's rules, cfn-lint and cdk-nag."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthesised.conftest import NODE, every

pytestmark = pytest.mark.slow

# What cdk-nag's AwsSolutions reports, and why it is acceptable.
ACKNOWLEDGED = {
    "APIG1": "an access log needs an account-wide role, which a new account lacks",
    "APIG2": "the API validates requests, before it reserves any money",
    "APIG3": "a firewall costs $5 a month; throttle and budget limit spending",
    "APIG6": "an execution log needs the same role as APIG1 and would contain prompts",
    "CFR1": "the website is available in every country",
    "CFR2": "as APIG3",
    "CFR3": "an access log needs a second bucket and contains IP addresses",
    "CFR4": "CloudFront's domain has a fixed certificate and protocols",
    "DDB3": "past spending needs no backup",
    "IAM5[Action::s3:Abort*]": "CDK's function, on the website's bucket",
    "IAM5[Action::s3:DeleteObject*]": "CDK's function, on the website's bucket",
    "IAM5[Action::s3:GetBucket*]": "CDK's function, on its assets and the website's bucket",
    "IAM5[Action::s3:GetObject*]": "CDK's function, on its assets and the website's bucket",
    "IAM5[Action::s3:List*]": "CDK's function, on its assets and the website's bucket",
    "IAM5[Resource::<Results25575328.Arn>/files/*]": "the API, on the results, which it names",
    "IAM5[Resource::*]": "cache invalidation and subscriptions have no resource-level permissions",
    "IAM5[Resource::<WebsiteBucket4326D7C2.Arn>/*]": "CDK's function, on the website's files",
    "IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-"
    "<AWS::Region>/*]": "CDK's function, on CDK's assets",
    "L1": "Python 3.13 is the newest that Easel has run on; CDK chooses its function's",
    "S1": "as CFR3",
}


def test_has_no_circular_dependencies(expanded, website_only, expanded_without_cloudfront):
    """CloudFormation rejects circular dependencies; neither CDK nor cfn-lint finds them."""
    for template in (expanded, website_only, expanded_without_cloudfront):
        needs = {name: references(each, template) for name, each in template["Resources"].items()}
        while free := [name for name, of in needs.items() if not of & set(needs)]:
            for name in free:
                del needs[name]
        assert needs == {}


# What AWS names uniquely in an account, across regions, and what CloudFormation cannot name.
NAMED_IN_AN_ACCOUNT = {
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
}


def test_every_name_that_is_unique_in_an_account_has_the_region(all_options, without_cloudfront):
    named = []
    for template in (all_options, without_cloudfront):
        for kind, path in NAMED_IN_AN_ACCOUNT.items():
            for name in every(template, kind).values():
                for key in path:
                    name = name[key]
                assert {"Ref": "AWS::Region"} in name["Fn::Join"][1]
                named.append(kind)
    assert set(named) == set(NAMED_IN_AN_ACCOUNT)


def test_cloudformation_names_every_other_resource(all_options, without_cloudfront, website_only):
    """A name of ours could collide with another stack's, or outlive a failed deletion."""
    for template in (all_options, without_cloudfront, website_only):
        for resource in template["Resources"].values():
            kind = resource["Type"]
            if kind in NAMED_IN_AN_ACCOUNT:
                continue
            assert not kind.startswith("AWS::CloudFront::") or kind.endswith("::Distribution")
            own = {"Name", f"{kind.split('::')[-1]}Name"}
            # An inline policy's name is unique in its role, and a function's in Lambda::Permission
            # is a reference.
            assert not own & set(resource.get("Properties", {})) or kind == "AWS::IAM::Policy"


def references(value, template):
    """The resources that a part of a template refers to."""
    if isinstance(value, list):
        return set().union(*(references(each, template) for each in value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, part in value.items():
        if key in ("Ref", "Fn::GetAtt", "DependsOn"):
            names = part if isinstance(part, list) else [part]
            found |= {
                name.partition(".")[0] for name in names[: 1 if key == "Fn::GetAtt" else None]
            }
        elif key == "Fn::Sub":
            found |= set(re.findall(r"\$\{(\w+)", part if isinstance(part, str) else part[0]))
        found |= references(part, template)
    return found & set(template["Resources"])


def test_cfn_lint_finds_nothing(
    all_options, website_only, expanded, expanded_without_cloudfront, tmp_path
):
    templates = {
        "all_options": all_options,
        "website_only": website_only,
        "expanded": expanded,
        "without_cloudfront": expanded_without_cloudfront,
    }
    for name, template in templates.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(template))
    lint = Path(sys.executable).with_name("cfn-lint")
    # W3005: CDK's own functions declare dependencies that their references imply.
    process = subprocess.run(
        [lint, "--ignore-checks", "W3005", "--", *tmp_path.iterdir()],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (0, "")


def test_every_finding_of_cdk_nag_is_explained(expanded, tmp_path):
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
