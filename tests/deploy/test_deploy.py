"""`make deploy` and `make destroy`: deploys the whole stack, uses the site, deletes it."""

import base64
import json
import re
import sys

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow

# Enough for two images at $0.04, but not for three.
BUDGET = "0.10"
CODE = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def easel(aws, project):
    """The URL that `make deploy` prints."""
    output = make(aws, project, "deploy", daily_budget_usd=BUDGET)
    assert f"at most ${BUDGET} a day" in output
    return re.search(r"https://\w+\.cloudfront\.net/", output)[0]


def test_serves_the_page_with_its_security_policy(aws, easel):
    for name, type in [("", "text/html"), ("app.js", "text/javascript"), ("style.css", "text/css")]:
        response = aws.request(easel + name)
        assert (response.status, response.headers["Content-Type"]) == (200, type)
        assert response.content == (ROOT / "frontend" / (name or "index.html")).read_bytes()
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_generates_images_until_the_budget_is_used_up(aws, easel, local_bedrock):
    local_bedrock.paintings.clear()
    for _ in range(2):
        response = post(aws, easel)
        assert (response.status, response.headers["X-Image-Type"]) == (200, "image/jpeg")
        assert base64.b64decode(response.content, validate=True).startswith(b"\xff\xd8\xff")
    response = post(aws, easel)
    assert (response.status, json.loads(response.content)["Code"]) == (429, "BudgetSpent")
    assert int(response.headers["Retry-After"]) > 0
    assert len(local_bedrock.paintings) == 2
    budget = json.loads(aws.request(f"{easel}api/budget").content)
    assert (budget["daily_usd"], budget["spent_usd"]) == (0.10, 0.08)


def test_logs_a_line_per_request_without_the_prompt(aws, easel):
    logs = aws.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/cloudformation/Easel/Log")
    (name,) = [group["logGroupName"] for group in groups["logGroups"]]
    lines = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["outcome"] for each in records] == ["success", "success", "BudgetSpent"]
    assert not re.search("fox|snow", "".join(lines))


def test_a_second_deployment_keeps_the_spending(aws, project, easel):
    (project / "frontend/style.css").write_text("body { color: navy }")
    options = {"daily_budget_usd": "0.14", "access_code": CODE, "alarm_email": "me@example.com"}
    output = make(aws, project, "deploy", **options)
    assert any(each.startswith("sns: ") for each in aws.resources())
    assert f"{easel}#code={CODE}" in output
    assert aws.request(f"{easel}style.css").content == b"body { color: navy }"
    assert json.loads(post(aws, easel).content)["Code"] == "AccessCodeRequired"
    assert post(aws, easel, Authorization=f"Bearer {CODE}").status == 200
    assert json.loads(aws.request(f"{easel}api/budget").content)["spent_usd"] == 0.12


def test_destroy_leaves_nothing(aws, project, easel):
    assert "cloudformation: Easel" in aws.resources()
    output = make(aws, project, "destroy", stdin="yes\n")
    assert "Remaining resources: none" in output
    assert aws.resources() == set()


def make(aws, project, command, **options):
    """Runs the command of a make target in the tests' virtual environment."""
    return aws.run(sys.executable, "-m", "infra.deploy", command, folder=project, **options)


def post(aws, easel, **headers):
    return aws.request(f"{easel}api/", b"a fox in the snow", Content_Type="text/plain", **headers)
