"""What IAM says about a first picture and a deployment, and the next step if it denies either."""

import boto3
import pytest

from chalicelib import catalogue
from infra import permissions
from infra.account import FAILED, OK, UNKNOWN, Target
from test_account import assert_finding, stub

CORE = catalogue.parse(catalogue.DEFAULT_MODELS).models[0]
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/Painter"
CORE_ONLY = ([CORE.bedrock_id], "us-west-2")
USER = "arn:aws:iam::123456789012:user/ann"


def stub_simulations(stubber, source, denied=""):
    """IAM's simulation of a first image with Core: allows every action but the denied one."""
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{CORE.bedrock_id}"
    for actions, resource in ((permissions.MARKETPLACE, "*"), (["bedrock:InvokeModel"], arn)):
        expected = {"PolicySourceArn": source, "ActionNames": actions, "ResourceArns": [resource]}
        expected["ContextEntries"] = [permissions.VIA_BEDROCK]
        results = [
            {
                "EvalActionName": each,
                "EvalDecision": "allowed" if each != denied else "implicitDeny",
            }
            for each in actions
        ]
        stubber.add_response("simulate_principal_policy", {"EvaluationResults": results}, expected)


def test_asks_for_the_inference_profile_of_a_service(client):
    stubber = stub(client("iam"))
    asked = simulate(stubber)
    permissions.check_first_image(stubber.client, USER, ["us.stability.x-v1:0"], "us-west-2")
    profile = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.stability.x-v1:0"
    assert (["bedrock:InvokeModel"], [profile]) in asked


@pytest.mark.parametrize("denied", [*permissions.MARKETPLACE, "bedrock:InvokeModel"])
def test_names_the_missing_permission(denied, client):
    stubber = stub(client("iam"))
    stub_simulations(stubber, USER, denied)
    finding = permissions.check_first_image(stubber.client, USER, *CORE_ONLY)
    result = f"missing permission: {denied}"
    assert_finding(finding, FAILED, result, permissions.ASK_FOR_PERMISSIONS)


def test_simulates_a_sessions_policies_by_the_roles_full_arn(client):
    stubber = stub(client("iam"))
    role = {"Path": "/", "RoleName": "Painter", "RoleId": "AROA" + "A" * 17, "Arn": ROLE}
    response = {"Role": role | {"CreateDate": "2026-11-22T00:00:00Z"}}
    stubber.add_response("get_role", response, {"RoleName": "Painter"})
    stub_simulations(stubber, ROLE)
    session = "arn:aws:sts::1:assumed-role/Painter/ann"
    finding = permissions.check_first_image(stubber.client, session, *CORE_ONLY)
    assert_finding(finding, OK, "may subscribe")


def test_suggests_a_paid_picture_if_iam_cannot_be_asked(client):
    stubber = stub(client("iam"))
    stubber.add_client_error("simulate_principal_policy", "AccessDenied", "may not")
    finding = permissions.check_first_image(stubber.client, USER, *CORE_ONLY)
    assert_finding(finding, UNKNOWN, "iam:SimulatePrincipalPolicy", "`make doctor PAY=1`")


def test_asks_iam_only_if_it_can_answer(client):
    iam = stub(client("iam")).client
    finding = permissions.check_first_image(iam, USER, [], "us-west-2")
    assert_finding(finding, OK, "no new subscription")
    finding = permissions.check_first_image(iam, "arn:aws:iam::1:root", *CORE_ONLY)
    assert_finding(finding, OK, "root user")


def simulate(stubber, denied=""):
    """Answer every simulation: allow each action but the denied one. Returns what was asked."""
    asked = []

    def answer(params, **_):
        asked.append((params["ActionNames"], params["ResourceArns"]))
        results = [
            {
                "EvalActionName": each,
                "EvalDecision": "implicitDeny" if each == denied else "allowed",
            }
            for each in params["ActionNames"]
        ]
        stubber.add_response("simulate_principal_policy", {"EvaluationResults": results})

    stubber.client.meta.events.register_first("provide-client-params.iam.*", answer)
    return asked


def target(bootstrapped, arn=USER):
    return Target(boto3.Session(), arn, "eu-west-1", bootstrapped)


@pytest.mark.parametrize("bootstrapped", [True, False])
def test_asks_for_what_cdk_needs(bootstrapped, client):
    stubber = stub(client("iam"))
    asked = simulate(stubber)
    finding = permissions.check_deployment(stubber.client, target(bootstrapped))
    assert_finding(finding, OK, "these credentials may deploy")
    role = "arn:aws:iam::123456789012:role/cdk-hnb659fds-{}-123456789012-eu-west-1"
    assume = [
        (["sts:AssumeRole"], [role.format(each)])
        for each in ("deploy-role", "file-publishing-role")
    ]
    assert asked == ([] if bootstrapped else [(permissions.BOOTSTRAP, ["*"])]) + assume


@pytest.mark.parametrize("denied", ["iam:CreateRole", "sts:AssumeRole"])
def test_reports_missing_permissions_to_deploy(denied, client):
    stubber = stub(client("iam"))
    simulate(stubber, denied)
    finding = permissions.check_deployment(stubber.client, target(False))
    assert_finding(finding, FAILED, f"missing permission: {denied}", "AdministratorAccess")


def test_a_bootstrapped_account_needs_no_right_to_create_roles(client):
    stubber = stub(client("iam"))
    simulate(stubber, "iam:CreateRole")
    assert permissions.check_deployment(stubber.client, target(True)).status == OK


def test_suggests_to_deploy_if_iam_cannot_be_asked(client):
    stubber = stub(client("iam"))
    stubber.add_client_error("simulate_principal_policy", "AccessDenied", "may not")
    finding = permissions.check_deployment(stubber.client, target(True))
    assert_finding(finding, UNKNOWN, "iam:SimulatePrincipalPolicy", "`make deploy`")
