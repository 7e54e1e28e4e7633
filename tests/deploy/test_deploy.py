"""`make deploy` and `make destroy`: the whole stack, asked as a visitor asks it, then gone."""

import base64
import json
import re
import sys

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow

# Two pictures at $0.04 each, and a third no more.
BUDGET = "0.10"
CODE = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def easel(aws, project):
    """Where `make deploy` says that Easel is."""
    said = make(aws, project, "deploy", daily_budget_usd=BUDGET)
    assert f"at most ${BUDGET} a day" in said
    return re.search(r"https://\w+\.cloudfront\.net/", said)[0]


def test_the_page_comes_from_the_private_bucket_with_its_policy(aws, easel):
    for name, type in [("", "text/html"), ("app.js", "text/javascript"), ("style.css", "text/css")]:
        answer = aws.ask(easel + name)
        assert (answer.status, answer.headers["Content-Type"]) == (200, type)
        assert answer.content == (ROOT / "frontend" / (name or "index.html")).read_bytes()
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_words_become_pictures_until_the_budget_is_spent(aws, easel, local_bedrock):
    local_bedrock.paintings.clear()
    for _ in range(2):
        answer = ask(aws, easel)
        assert (answer.status, answer.headers["X-Image-Type"]) == (200, "image/jpeg")
        assert base64.b64decode(answer.content, validate=True).startswith(b"\xff\xd8\xff")
    answer = ask(aws, easel)
    assert (answer.status, json.loads(answer.content)["Code"]) == (429, "BudgetSpent")
    assert int(answer.headers["Retry-After"]) > 0
    assert len(local_bedrock.paintings) == 2
    told = json.loads(aws.ask(f"{easel}api/budget").content)
    assert (told["daily_usd"], told["spent_usd"]) == (0.10, 0.08)


def test_the_log_has_a_line_for_each_and_no_prompt(aws, easel):
    logs = aws.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/cloudformation/Easel/Log")
    (name,) = [group["logGroupName"] for group in groups["logGroups"]]
    lines = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["outcome"] for each in records] == ["success", "success", "BudgetSpent"]
    assert not re.search("fox|snow", "".join(lines))


def test_deploying_again_changes_what_is_new_and_keeps_what_is_spent(aws, project, easel):
    (project / "frontend/style.css").write_text("body { color: navy }")
    options = {"daily_budget_usd": "0.14", "access_code": CODE, "alarm_email": "me@example.com"}
    said = make(aws, project, "deploy", **options)
    assert any(each.startswith("sns: ") for each in aws.holdings())
    assert f"{easel}#code={CODE}" in said
    assert aws.ask(f"{easel}style.css").content == b"body { color: navy }"
    assert json.loads(ask(aws, easel).content)["Code"] == "AccessCodeRequired"
    assert ask(aws, easel, Authorization=f"Bearer {CODE}").status == 200
    assert json.loads(aws.ask(f"{easel}api/budget").content)["spent_usd"] == 0.12


def test_destroy_leaves_nothing(aws, project, easel):
    assert "cloudformation: Easel" in aws.holdings()
    said = make(aws, project, "destroy", answer="yes\n")
    assert "What is left of it: nothing" in said
    assert aws.holdings() == set()


def make(aws, project, command, **options):
    """What `make` runs, whose virtual environment is the one that runs the tests."""
    return aws.run(sys.executable, "-m", "infra.deploy", command, folder=project, **options)


def ask(aws, easel, **headers):
    return aws.ask(f"{easel}api/", b"a fox in the snow", Content_Type="text/plain", **headers)
