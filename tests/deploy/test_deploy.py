"""`make deploy` and `make destroy`: two regions of one account, with and without CloudFront."""

import base64
import json
import re
import sys

import pytest

from conftest import ROOT
from deploy.conftest import SECOND_REGION
from forms import FORM, PICTURE, WHITE, form
from local.website import FRONTEND

pytestmark = pytest.mark.slow

# Enough for two images at $0.04, but not for three.
BUDGET = "0.10"
CODE = "correct-horse-battery-staple"
KEY = "fox-1"
SITE = r"Easel is deployed: (https://\S+/)"


@pytest.fixture(scope="module")
def easel(aws, project):
    """The URL that `make deploy` prints."""
    output = make(aws, project, "deploy", daily_budget_usd=BUDGET)
    assert f"at most ${BUDGET} a day" in output
    url = re.search(SITE, output)[1]
    assert url.endswith(".cloudfront.net/")
    return url


@pytest.fixture(scope="module")
def without_cloudfront(aws, project, easel):
    """The URL after a second deployment, with other files and options."""
    (project / "frontend/style.css").write_text("body { color: navy }")
    options = {"daily_budget_usd": "0.20", "access_code": CODE, "alarm_email": "me@example.com"}
    output = make(aws, project, "deploy", cloudfront="no", **options)
    url = re.search(SITE, output)[1]
    assert url.endswith(".execute-api.eu-central-1.amazonaws.com/api/")
    assert f"{url}#code={CODE}" in output
    return url


def test_serves_the_page_with_its_security_policy(aws, easel):
    assert_page(aws, easel)


def test_unknown_paths_show_a_plain_page(aws, easel):
    for path in ("foo", "foo/bar", "robots.txt"):
        response = aws.request(easel + path)
        assert (response.status, b"Open Easel" in response.content) == (404, True)
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_api_gateways_own_errors_are_json_without_the_access_code(aws, easel):
    response = aws.request(f"{easel}api/v1/foo", Authorization=f"Bearer {CODE}")
    error = json.loads(response.content)
    assert (response.status, error["Code"], error["error"]["code"]) == (404, *["NotFound"] * 2)
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert CODE not in str(response)


def test_a_key_pays_for_one_image_and_its_result_is_kept(aws, easel, local_bedrock):
    local_bedrock.paintings.clear()
    answers = [post(aws, f"{easel}api/", Idempotency_Key=KEY) for _ in range(2)]
    answers.append(aws.request(f"{easel}api/results/{KEY}"))
    for answer in answers:
        assert (answer.status, answer.headers["X-Image-Type"]) == (200, "image/jpeg")
        assert base64.b64decode(answer.content, validate=True).startswith(b"\xff\xd8\xff")
    assert len({answer.content for answer in answers}) == len(local_bedrock.paintings) == 1
    unknown = aws.request(f"{easel}api/results/fox-2")
    assert (unknown.status, json.loads(unknown.content)["Code"]) == (404, "UnknownResult")


def test_generates_images_until_the_budget_is_used_up(aws, easel, local_bedrock):
    local_bedrock.paintings.clear()
    response = post(aws, f"{easel}api")  # as people paste it, without the slash
    assert (response.status, response.headers["X-Image-Type"]) == (200, "image/jpeg")
    response = post(aws, f"{easel}api/")
    assert (response.status, json.loads(response.content)["Code"]) == (429, "BudgetSpent")
    assert int(response.headers["Retry-After"]) > 0
    assert len(local_bedrock.paintings) == 1
    budget = json.loads(aws.request(f"{easel}api/budget").content)
    assert (budget["daily_usd"], budget["spent_usd"]) == (0.10, 0.08)


def test_logs_a_line_per_request_without_the_prompt(aws, easel):
    logs = aws.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/cloudformation/Easel/Log")
    (name,) = [group["logGroupName"] for group in groups["logGroups"]]
    lines = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert [each["outcome"] for each in records] == [*["success"] * 3, "BudgetSpent"]
    assert [each["is_stored"] for each in records] == [False, True, False, False]
    assert not re.search("fox|snow", "".join(lines))


@pytest.fixture(scope="module")
def second(aws, project, easel):
    """The URL of a site in a second region."""
    output = make(aws, project, "deploy", AWS_DEFAULT_REGION=SECOND_REGION)
    return re.search(SITE, output)[1]


def test_a_second_region_has_its_own_site_and_budget(aws, easel, second):
    assert second != easel
    assert_page(aws, second)
    assert json.loads(aws.request(f"{second}api/budget").content)["spent_usd"] == 0


def test_an_image_over_6_mb_arrives_from_the_results(aws, second):
    url = f"{second}api/?output_format=png"
    response = aws.request(url, b"!large a fox", Content_Type="text/plain")
    assert response.status == 200 and len(response.content) > 6_291_556
    assert base64.b64decode(response.content)[:4] == b"\x89PNG"
    assert response.headers["x-amz-meta-x-image-type"] == "image/png"
    assert_file(response)


def test_openais_url_leads_to_the_image_on_the_websites_own_address(aws, second):
    body = json.dumps({"prompt": "a fox", "response_format": "url"}).encode()
    response = aws.request(
        f"{second}api/v1/images/generations",
        body,
        Content_Type="application/json",
        X_Forwarded_Host="evil.example",
    )
    url = json.loads(response.content)["data"][0]["url"]
    assert url.startswith(f"{second}files/")
    image = aws.request(url)
    assert (image.status, image.headers["Content-Type"]) == (200, "image/jpeg")
    assert image.content.startswith(b"\xff\xd8\xff")
    assert_file(image)
    for path in ("files/", "files/foo"):  # no listing
        assert aws.request(second + path).status == 403


def test_edits_an_image_in_openais_form(aws, second):
    body = form(model="stable-image-inpaint", image=PICTURE, mask=WHITE, prompt="a fox")
    response = aws.request(f"{second}api/v1/images/edits", body, Content_Type=FORM)
    assert response.status == 200, response.content
    image = json.loads(response.content)["data"][0]["b64_json"]
    assert base64.b64decode(image).startswith(b"\xff\xd8\xff")


def assert_file(response):
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_second_deployment_keeps_the_spending(aws, without_cloudfront):
    url = without_cloudfront
    assert aws.request(f"{url}style.css").content == b"body { color: navy }"
    assert json.loads(post(aws, url).content)["Code"] == "AccessCodeRequired"
    response = post(aws, url, Authorization=f"Bearer {CODE}", Idempotency_Key=KEY)
    assert (response.status, response.headers["X-Image-Ignored"]) == (200, "Idempotency-Key")
    assert json.loads(aws.request(f"{url}budget").content)["spent_usd"] == 0.12


def test_api_gateway_serves_the_page_without_cloudfront(aws, project, without_cloudfront):
    names = ["", "app.js", "form/desk.js", "icon.svg"]
    for name in names:
        response = aws.request(without_cloudfront + name)
        assert response.status == 200
        assert response.content == (FRONTEND / (name or "index.html")).read_bytes()
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"].startswith("public, max-age=0")
        tag = response.headers["ETag"]
        again = aws.request(without_cloudfront + name, If_None_Match=tag)
        assert (again.status, again.content) == (304, b"")
    missing = aws.request(f"{without_cloudfront}foo/bar")
    assert (missing.status, b"Open Easel" in missing.content) == (404, True)


def test_the_page_generates_a_picture_without_cloudfront(aws, without_cloudfront, open_page):
    proxy = {"server": aws.proxy.environment["HTTPS_PROXY"]}
    url = f"{without_cloudfront}#code={CODE}"
    page = open_page(url, proxy=proxy, ignore_https_errors=True)
    page.get_by_role("button", name="Generate").click()
    page.wait_for_selector("figure img[src^=blob]")
    assert json.loads(aws.request(f"{without_cloudfront}budget").content)["spent_usd"] == 0.16


def test_every_alarm_reaches_the_owner(aws, without_cloudfront):
    """ministack sends no e-mail; a queue subscribes to the topic beside the owner's address."""
    sns, sqs, cloudwatch = map(aws.client, ("sns", "sqs", "cloudwatch"))
    (topic,) = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    queue = subscribed_queue(sns, sqs, topic)
    alarms = [each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"]]
    for name in alarms:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    messages = [json.loads(json.loads(each["Body"])["Message"]) for each in received]
    assert len(alarms) == 3
    assert sorted(each["AlarmName"] for each in messages) == sorted(alarms)
    sqs.delete_queue(QueueUrl=queue)


def subscribed_queue(sns, sqs, topic):
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = wanted["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


def test_destroy_leaves_nothing(aws, project, without_cloudfront):
    assert "cloudformation: Easel" in aws.resources()  # the second one with results in its bucket
    for region in ({}, {"AWS_DEFAULT_REGION": SECOND_REGION}):
        output = make(aws, project, "destroy", stdin="yes\n", **region)
        assert "Remaining resources: none" in output
    assert aws.resources() == set()


def assert_page(aws, url):
    for name, type in [("", "text/html"), ("app.js", "text/javascript"), ("style.css", "text/css")]:
        response = aws.request(url + name)
        assert (response.status, response.headers["Content-Type"]) == (200, type)
        assert response.content == (ROOT / "frontend" / (name or "index.html")).read_bytes()
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def make(aws, project, command, **options):
    """Runs the command of a make target in the tests' virtual environment."""
    return aws.run(sys.executable, "-m", "infra.deploy", command, folder=project, **options)


def post(aws, url, **headers):
    return aws.request(url, b"a fox in the snow", Content_Type="text/plain", **headers)
