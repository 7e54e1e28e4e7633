"""What only a real AWS account can tell, for about $0.35 and an hour: `python -m pytest --aws`.

Uses the caller's credentials and region. The tests run in order: they check the account, deploy
Easel, use it and remove it. The first line of each docstring is the price.
"""

import base64
import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlsplit

import pytest

from chalicelib import catalogue
from conftest import OWN_ENVIRONMENT, ROOT
from infra import account, deploy, doctor

pytestmark = [pytest.mark.aws, pytest.mark.slow]

MODELS = [each for each in catalogue.parse(catalogue.DEFAULT_MODELS).models if not each.edits]
# AWS's mailbox simulator accepts every mail (docs.aws.amazon.com/ses/latest/dg/
# send-an-email-from-console.html); an alarm publishes to its topic before anyone subscribes.
EMAIL = "success@simulator.amazonses.com"


@pytest.fixture(scope="module", autouse=True)
def own_environment():
    """The caller's environment, which the other tests replace."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(OWN_ENVIRONMENT):
            patch.delenv(name)
        for name, value in OWN_ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def target():
    """The account and region. Fails if a site is deployed there, because it would be deleted."""
    findings, target = account.check_account()
    assert target, "\n".join(map(str, findings))
    cloudformation = target.session.client("cloudformation", region_name=target.region)
    assert not deploy.find_stack(cloudformation), "Easel is deployed here; run `make destroy` first"
    return target


@pytest.fixture(scope="module")
def site(target):
    """The address of the site that `make deploy` deploys, with a budget of $1 a day."""
    started = time.monotonic()
    output = run("infra.deploy", "deploy", daily_budget_usd="1", alarm_email=EMAIL)
    sys.__stdout__.write(f"{output}\n`make deploy` took {time.monotonic() - started:.0f} s.\n")
    return outputs(target)["WebsiteUrl"]


@pytest.fixture(scope="module")
def pictures():
    """The time of the first picture, once there is one."""
    return []


@pytest.fixture
def note(capsys):
    """Print a fact that AWS's documentation does not tell."""

    def note(*facts):
        with capsys.disabled():
            print("\n   ", *facts)

    return note


def test_the_doctor_finds_no_problem(target, note):
    """Free."""
    note(run("infra.doctor"))


def test_service_quotas_names_the_models(target, note):
    """Free. Which names do the quotas of Stability's models have?"""
    quotas = target.session.client("service-quotas", region_name=account.MODELS_REGION)
    pages = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="bedrock")
    listed = [each for page in pages for each in page["Quotas"]]
    for each in listed:
        if "stab" in each["QuotaName"].lower():
            note(each["QuotaName"], each["Value"])
    assert doctor.check_quotas(quotas, MODELS).status == account.OK


def test_a_model_without_a_subscription_is_available(target, note):
    """Free. Is a model that nobody has used yet entitled?"""
    assert_available(target, note)


def test_deploys(site):
    """Under one cent. Does CloudFront accept the account?"""
    assert request(site)[0] == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_answers_in_time(model, site, pictures, note):
    """$0.26 for all three. How long do the models take?"""
    started = time.monotonic()
    status, headers, content = paint(site, f"?model={model.name}&seed=7")
    pictures.append(time.monotonic())
    note(model.name, f"{time.monotonic() - started:.1f} s", len(content), "characters")
    assert (status, headers["X-Image-Seed"]) == (200, "7"), content
    assert base64.b64decode(content, validate=True).startswith(b"\xff\xd8\xff")


def test_a_minute_later_the_models_are_subscribed(target, pictures, note):
    """Free. What does AWS report while it sets up the subscription?"""
    wait_until(pictures[0] + 60)
    assert_available(target, note)


def test_an_alarm_reaches_its_topic(target, site):
    """Free. May CloudWatch publish to the topic?"""
    cloudwatch = target.session.client("cloudwatch", region_name=target.region)
    (name,) = [
        each["PhysicalResourceId"]
        for each in resources(target)
        if each["LogicalResourceId"].startswith("BudgetAlarm")
    ]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    for _ in range(60):
        time.sleep(5)
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        if summaries := [each["HistorySummary"] for each in history["AlarmHistoryItems"]]:
            break
    assert any("Successfully executed action" in each for each in summaries), summaries


def test_the_api_has_one_stage(target, site):
    """Free. Is there a stage without the throttle?"""
    api = urlsplit(outputs(target)["ApiUrl"])
    assert request(f"https://{api.netloc}/Stage/models")[0] == 403


def test_many_requests_at_once_get_answers_that_the_page_retries(site, note):
    """Free. What do callers beyond the throttle and the account's concurrency get?"""
    with ThreadPoolExecutor(60) as pool:
        statuses = list(pool.map(lambda _: request(f"{site}api/budget")[0], range(60)))
    note({status: statuses.count(status) for status in statuses})
    assert set(statuses) <= {200, 429, 500, 503}


def test_a_chunked_request_arrives_or_is_refused(site, note):
    """$0.04. Do CloudFront and API Gateway accept a body of unknown length?"""
    context = deploy.tls_context()
    connection = http.client.HTTPSConnection(urlsplit(site).netloc, timeout=60, context=context)
    with contextlib.closing(connection):
        headers = {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}
        connection.request("POST", "/api/", iter([b"a fox ", b"in the snow"]), headers)
        response = connection.getresponse()
        note(response.status, response.read(200))
    assert response.status in (200, 400, 411)


def test_a_url_over_8192_bytes_is_refused(site, note):
    """Free. What does the page get for a long negative prompt?"""
    try:
        status, _, content = paint(site, f"?negative_prompt={quote('fog ' * 2500)}")
        note(status, content[:200])
    except OSError as error:
        note(error)
        status = 414
    assert status in (413, 414)


def test_an_unknown_path_shows_a_page(site):
    """Free."""
    for path in ("nothing", "robots.txt"):
        assert b"<Code>AccessDenied</Code>" not in request(site + path)[2]


def test_twenty_minutes_later_the_models_are_subscribed(target, pictures, note):
    """Free."""
    wait_until(pictures[0] + 20 * 60)
    assert_available(target, note)


def test_destroy_leaves_nothing(target, site, note):
    """Free. Does a log group come back after the stack is deleted?"""
    note(output := run("infra.deploy", "destroy", stdin="yes\n"))
    assert "Remaining resources: none" in output
    time.sleep(5 * 60)
    logs = target.session.client("logs", region_name=target.region)
    for prefix in ("Easel-", "/aws/lambda/Easel-"):
        assert logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"] == []


def run(module, *arguments, stdin="", **options):
    """The output of one of Easel's commands in the caller's environment."""
    process = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, env=OWN_ENVIRONMENT | options, input=stdin, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.returncode == 0, process.stdout
    return process.stdout


def assert_available(target, note):
    bedrock = target.session.client("bedrock", region_name=account.MODELS_REGION)
    for model in MODELS:
        reported = bedrock.get_foundation_model_availability(modelId=model.bedrock_id)
        reported.pop("ResponseMetadata")
        note(json.dumps(reported))
        finding = doctor.check_model(bedrock, model, None, account.MODELS_REGION)
        assert finding.status == account.OK, finding


def outputs(target):
    return deploy.stack_outputs(target.session.client("cloudformation", region_name=target.region))


def resources(target):
    cloudformation = target.session.client("cloudformation", region_name=target.region)
    return deploy.stack_resources(cloudformation, deploy.STACK)


def paint(site, query):
    return request(f"{site}api/{query}", b"a fox in the snow", {"Content-Type": "text/plain"})


def request(url, body=None, headers=None):
    """Status, headers and content."""
    message = urllib.request.Request(url, body, headers or {})
    try:
        response = urllib.request.urlopen(message, timeout=60, context=deploy.tls_context())
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.status, response.headers, response.read()


def wait_until(moment):
    time.sleep(max(0, moment - time.monotonic()))
