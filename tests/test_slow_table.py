"""A budget table that answers late, twice or never: each reservation counts once."""

import contextlib
import dataclasses
import http.client
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

import app as easel
from chalicelib import errors
from chalicelib.budget import Budget, Reservation
from conftest import budget_table, serving
from test_budget import NOON

pytestmark = pytest.mark.slow

ONCE = {"total_max_attempts": 1}


class Between(BaseHTTPRequestHandler):
    """A proxy before the table. `server.trouble(number)` is called for the request of each number,
    with "before" or "after" the table had it; True closes the connection without an answer."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        number = self.server.asked
        self.close_connection = True
        if self.server.trouble("before", number):
            return
        table = http.client.HTTPConnection(self.server.table)
        table.request("POST", "/", body, dict(self.headers))
        answer = table.getresponse()
        content = answer.read()
        table.close()
        if self.server.trouble("after", number):
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the client no longer waits
            self.wfile.write(content)

    def log_message(self, *arguments):
        """Nothing."""


@pytest.fixture
def proxy(moto):
    with (
        budget_table(moto, "slow"),
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Between)) as server,
    ):
        server.table, server.asked = urlsplit(moto).netloc, 0
        server.trouble = lambda when, number: False
        yield server


@pytest.fixture
def today(proxy):
    """A budget of five pictures by Stable Image Core, behind the proxy."""
    client = boto3.client(
        "dynamodb", "us-west-2", endpoint_url=f"http://127.0.0.1:{proxy.server_port}",
        config=Config(connect_timeout=0.5, read_timeout=0.4, retries=ONCE),
    )  # fmt: skip
    yield Budget(client, "slow", 0.20, lambda: NOON)
    client.close()


def pictures(today):
    return round(today.describe()["spent_usd"] / 0.04)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_counts_once(proxy, today, when):
    proxy.trouble = lambda now, number: (now, number) == (when, 1)
    today.reserve(0.04, 1)
    assert (proxy.asked, pictures(today)) == (2, 1)


def test_a_late_answer_counts_once(proxy, today):
    proxy.trouble = lambda now, number: (now, number) == ("after", 1) and time.sleep(0.6)
    today.reserve(0.04, 1)
    assert (proxy.asked, pictures(today)) == (2, 1)


def test_a_late_request_counts_once(proxy, today):
    """The first request reaches the table after its repeat has been answered."""
    proxy.trouble = lambda now, number: (now, number) == ("before", 1) and time.sleep(0.6)
    today.reserve(0.04, 1)
    time.sleep(0.4)
    assert pictures(today) == 1


def test_a_day_of_lost_answers_makes_every_picture(proxy, today):
    proxy.trouble = lambda now, number: now == "after" and number % 2 == 1 and number < 11
    for _ in range(5):
        today.reserve(0.04, 1)
    with pytest.raises(errors.BudgetSpent):
        today.reserve(0.04, 1)
    assert pictures(today) == 5


def test_the_last_of_the_budget_is_reserved_although_its_answer_is_lost(proxy, today):
    today.reserve(0.04, 4)
    proxy.trouble = lambda now, number: (now, number) == ("after", 2)
    today.reserve(0.04, 1)
    assert pictures(today) == 5


def test_a_slow_table_still_allows_images(proxy, monkeypatch, post, bedrock):
    client = boto3.client(
        "dynamodb", "us-west-2", endpoint_url=f"http://127.0.0.1:{proxy.server_port}",
        config=easel.DYNAMODB_CONFIG,
    )  # fmt: skip
    today = Budget(client, "slow", 0.20, lambda: NOON)
    monkeypatch.setattr(easel, "daily_budget", today)
    proxy.trouble = lambda now, number: now == "after" and time.sleep(1)
    assert post("a fox").status_code == 200
    assert pictures(today) == 1
    client.close()


@pytest.mark.parametrize(
    ("path", "body", "type", "status"),
    [
        ("/", "a fox", "text/plain", 503),
        ("/v1/images/generations", '{"prompt": "a fox"}', "application/json", 424),
    ],
)
def test_a_table_that_never_answers_is_not_retried(
    proxy, today, monkeypatch, post, bedrock, path, body, type, status
):
    monkeypatch.setattr(easel, "daily_budget", today)
    proxy.trouble = lambda now, number: now == "after"
    response = post(body, path, type)
    code = response.json_body.get("Code") or response.json_body["error"]["code"]
    assert (response.status_code, code) == (status, "BudgetUnavailable")
    assert "Retry-After" not in response.headers
    assert response.headers.get("x-should-retry") in (None, "false")
    assert (proxy.asked, bedrock.paintings) == (2, [])
    proxy.trouble = lambda now, number: False
    assert pictures(today) == 1  # at most once


class Scripted:
    """A table that fails as it is told to, one call after the other."""

    def __init__(self, *failures):
        self.failures = list(failures)

    def update_item(self, **_):
        raise self.failures.pop(0)


LOST, UNSENT = ReadTimeoutError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x")


def refused(code, status):
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "UpdateItem")


THROTTLED = refused("ThrottlingException", 400)
INTERNAL = refused("InternalServerError", 500)


@pytest.mark.parametrize(
    ("failures", "failure"),
    [
        ([UNSENT, UNSENT], errors.ModelUnavailable),
        ([THROTTLED], errors.ModelUnavailable),
        ([UNSENT, THROTTLED], errors.ModelUnavailable),
        ([LOST, LOST], errors.BudgetUnavailable),
        ([LOST, UNSENT], errors.BudgetUnavailable),
        ([UNSENT, LOST], errors.BudgetUnavailable),
        ([LOST, THROTTLED], errors.BudgetUnavailable),
        ([INTERNAL, INTERNAL], errors.BudgetUnavailable),
        ([AttributeError("x"), ValueError("x")], errors.BudgetUnavailable),
    ],
)
def test_only_a_failed_reservation_may_be_retried(failures, failure):
    table = Scripted(*failures)
    with pytest.raises(failure):
        Budget(table, "slow", 0.20, lambda: NOON).reserve(0.04, 1)
    assert table.failures == []


def test_ids_leave_the_item_after_half_a_minute(proxy, today):
    for seconds in range(0, 60, 10):
        later = dataclasses.replace(
            today, daily_usd=99, clock=lambda seconds=seconds: NOON + timedelta(seconds=seconds)
        )
        later.reserve(0.04, 1)
        later.reserve(0.04, 1)
    (item,) = today.client.scan(TableName="slow")["Items"]
    assert sum(len(value["SS"]) for name, value in item.items() if name.startswith("ids")) == 4


def test_a_refund_whose_answer_is_odd_leaves_the_first_failure_as_it_is():
    budget = Budget(Scripted(AttributeError("x")), "slow", 0.20, lambda: NOON)
    with (
        pytest.raises(errors.ModelBusy),
        budget.refund_on_failure(Reservation("2026-11-22", 40_000)),
    ):
        raise errors.ModelBusy("x")


def test_the_budget_is_not_shown_where_the_tables_answer_is_odd():
    class Odd:
        def get_item(self, **_):
            raise AttributeError("x")

    with pytest.raises(errors.ModelUnavailable):
        Budget(Odd(), "slow", 0.20, lambda: NOON).describe()
