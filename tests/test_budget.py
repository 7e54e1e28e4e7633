"""The budget on a real conditional update: DynamoDB by moto, over HTTP."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from chalice.test import Client

import app as easel
from chalicelib import budget, errors
from chalicelib.budget import Budget
from conftest import CHALICE

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def dynamodb(moto):
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=80)
    client = boto3.client("dynamodb", "us-west-2", endpoint_url=moto, config=config)
    yield client
    client.close()


@pytest.fixture
def table(dynamodb):
    dynamodb.create_table(
        TableName="budget",
        KeySchema=[{"AttributeName": "day", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "day", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield "budget"
    dynamodb.delete_table(TableName="budget")


@pytest.fixture
def today(dynamodb, table):
    return Budget(dynamodb, table, 2.00, lambda: NOON)


@contextmanager
def spending(today, price):
    """One picture: its price is reserved, and at stake in the block."""
    (held,) = today.reserve(price, 1)
    with today.refund_on_failure(held):
        yield


def items(today):
    found = today.client.scan(TableName=today.table)["Items"]
    return {item["day"]["S"]: int(item["spent"]["N"]) for item in found}


def test_a_price_is_added_to_the_days_item_in_micro_dollars(today):
    for price in (0.04, 0.08, 0.14):
        with spending(today, price):
            pass
    assert items(today) == {"2026-11-22": 260_000}


def test_the_item_goes_by_itself_after_a_week(today):
    with spending(today, 0.04):
        pass
    (item,) = today.client.scan(TableName=today.table)["Items"]
    expires = datetime.fromtimestamp(int(item["expires"]["N"]), UTC)
    assert expires == datetime(2026, 11, 29, tzinfo=UTC)


def test_fifty_calls_at_once_with_budget_for_twenty_spend_exactly_that(today):
    today = Budget(today.client, today.table, 20 * 0.04, today.clock)

    def spend(_):
        try:
            with spending(today, 0.04):
                return True
        except errors.BudgetSpent:
            return False

    with ThreadPoolExecutor(50) as people:
        assert sum(people.map(spend, range(50))) == 20
    assert items(today) == {"2026-11-22": 800_000}


def test_the_last_cent_may_be_spent_and_not_one_more(today):
    with spending(today, 1.92), spending(today, 0.08):
        pass
    with pytest.raises(errors.BudgetSpent):
        today.reserve(0.000_001, 1)
    assert items(today) == {"2026-11-22": 2_000_000}


def test_a_picture_may_cost_the_whole_day(today):
    small = Budget(today.client, today.table, 0.04, today.clock)
    with spending(small, 0.04):
        pass
    assert items(today) == {"2026-11-22": 40_000}


@pytest.mark.parametrize("daily", ["0.00", "0.03"])
def test_a_picture_dearer_than_the_day_is_never_paid_even_first_thing(today, daily):
    small = Budget(today.client, today.table, float(daily), today.clock)
    with pytest.raises(errors.BudgetSpent) as refused, spending(small, 0.04):
        pytest.fail("the block must not run")
    assert str(refused.value) == (
        f"less than $0.04 is left of today's budget of ${daily}; the budget resets at midnight UTC"
    )
    assert items(today) == {}


@pytest.mark.parametrize(
    ("failure", "kept"),
    [
        (errors.AccessCodeRequired("x"), 0),
        (errors.BudgetSpent("x"), 0),
        (errors.InvalidParameter("x"), 0),
        (errors.ModelRetired("x"), 0),
        (errors.ModelAccessDenied("x"), 0),
        (errors.ModelBusy("x"), 0),
        (errors.ModelUnavailable("x"), 0),
        (errors.UnknownModel("x"), 0),
        (errors.ContentFiltered("the prompt", may_be_charged=False), 0),
        (errors.ContentFiltered("the picture", may_be_charged=True), 40_000),
        (errors.ModelFailed("x"), 40_000),
        (errors.ModelTimeout("x"), 40_000),
        (errors.ImageTooLarge("x"), 40_000),
        (RuntimeError("a mistake of ours"), 40_000),
    ],
)
def test_money_comes_back_only_where_no_image_can_have_been_made(today, failure, kept):
    with pytest.raises(type(failure)), spending(today, 0.04):
        raise failure
    assert items(today) == {"2026-11-22": kept}


def test_midnight_between_reserve_and_give_back_mends_the_right_day(today):
    now = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    today = Budget(today.client, today.table, 2.00, lambda: now)
    with pytest.raises(errors.ModelBusy), spending(today, 0.04):
        now += timedelta(seconds=2)
        raise errors.ModelBusy("x")
    assert items(today) == {"2026-11-22": 0}


def test_a_table_that_is_missing_closes(dynamodb):
    with (
        pytest.raises(errors.ModelUnavailable, match="budget cannot be checked"),
        spending(Budget(dynamodb, "missing", 2.00, lambda: NOON), 0.04),
    ):
        pytest.fail("the block must not run")


def test_a_table_that_is_not_reached_closes(caplog):
    once = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    nowhere = boto3.client("dynamodb", "us-west-2", endpoint_url="http://127.0.0.1:9", config=once)
    unreached = Budget(nowhere, "budget", 2.00, lambda: NOON)
    with pytest.raises(errors.ModelUnavailable), spending(unreached, 0.04):
        pytest.fail("the block must not run")
    with pytest.raises(errors.ModelUnavailable):
        unreached.describe()
    line = "The budget table is unavailable: EndpointConnectionError: Could not connect"
    assert [message.startswith(line) for message in caplog.messages] == [True, True]


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "AccessDenied"]
)
def test_a_table_that_refuses_closes(code, caplog):
    client = boto3.client("dynamodb", "us-west-2")
    with Stubber(client) as stub:
        stub.add_client_error("update_item", code, "arn:aws:dynamodb:us-west-2:1:table/secret")
        with (
            pytest.raises(
                errors.ModelUnavailable, match=r"^the budget cannot be checked"
            ) as refused,
            spending(Budget(client, "budget", 2.00, lambda: NOON), 0.04),
        ):
            pytest.fail("the block must not run")
    assert "arn" not in str(refused.value)
    assert "table/secret" in caplog.text


def test_a_table_that_is_slow_closes_before_people_lose_patience():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1})
        slow = boto3.client("dynamodb", "us-west-2", endpoint_url=url, config=config)
        with (
            pytest.raises(errors.BudgetUnavailable, match="may count until midnight UTC"),
            spending(Budget(slow, "budget", 2.00, lambda: NOON), 0.04),
        ):
            pytest.fail("the block must not run")
        slow.close()


def test_all_patience_together_ends_before_lambda_does():
    waits = [easel.DYNAMODB_CONFIG, easel.BEDROCK_CONFIG]
    table, model = (wait.connect_timeout + wait.read_timeout for wait in waits)
    assert max(model, budget.ATTEMPTS * table + 18) <= easel.MODEL_TIMEOUT_SECONDS  # 18 to paint
    assert easel.MODEL_TIMEOUT_SECONDS + table < CHALICE["lambda_timeout"] < 29  # the refund's
    assert [wait.retries["total_max_attempts"] for wait in waits] == [1, 1]


def test_what_cannot_be_given_back_leaves_the_first_failure_as_it_is(caplog):
    client = boto3.client("dynamodb", "us-west-2")
    with Stubber(client) as stub:
        stub.add_response("update_item", {})
        stub.add_client_error("update_item", "ProvisionedThroughputExceededException")
        with (
            pytest.raises(errors.ModelBusy),
            spending(Budget(client, "budget", 2.00, lambda: NOON), 0.04),
        ):
            raise errors.ModelBusy("x")
    line = "Refund of 40000 micro-dollars failed on 2026-11-22: An error occurred (Provisioned"
    assert caplog.messages[0].startswith(line)


def test_without_a_table_there_is_no_budget_and_no_call():
    none = Budget(None, "", 2.00, lambda: NOON)
    with spending(none, 1000):
        pass
    assert none.describe() == {"daily_usd": None}


def test_the_description_tells_what_is_spent_and_when_it_begins_anew(today):
    assert today.describe() == {
        "daily_usd": 2.00, "spent_usd": 0.0, "resets_at": "2026-11-23T00:00:00Z",
    }  # fmt: skip
    with spending(today, 0.14):
        assert today.describe()["spent_usd"] == 0.14


def test_what_is_spent_is_read_as_it_is_at_this_moment():
    client = boto3.client("dynamodb", "us-west-2")
    asked = {"TableName": "budget", "Key": {"day": {"S": "2026-11-22"}}, "ConsistentRead": True}
    with Stubber(client) as stub:
        stub.add_response("get_item", {"Item": {"spent": {"N": "40000"}}}, asked)
        assert Budget(client, "budget", 2.00, lambda: NOON).describe()["spent_usd"] == 0.04


@pytest.mark.parametrize("text", ["abc", "-1", "nan", "inf", "", "1e9", "100000", "2,00", "1_0"])
def test_a_daily_budget_that_is_no_amount_stops_the_start(text):
    with pytest.raises(ValueError, match="DAILY_BUDGET_USD must be dollars from 0 to 99999"):
        budget.parse_daily_usd(text, "budget")


def test_where_nobody_says_otherwise_a_day_costs_two_dollars():
    assert easel.daily_budget.daily_usd == 2.00


def test_the_api_reserves_before_it_calls_and_says_when_to_come_back(today, monkeypatch, post):
    monkeypatch.setattr(
        easel, "daily_budget", Budget(today.client, today.table, 0.01, lambda: NOON)
    )
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (429, "BudgetSpent")
    assert response.headers["Retry-After"] == str(12 * 60 * 60 + 1)
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_api_spends_and_gives_back(today, monkeypatch, post, bedrock):
    monkeypatch.setattr(easel, "daily_budget", today)
    assert post("a fox").status_code == 200
    assert items(today) == {"2026-11-22": 40_000}
    for prompt, spent in (("!throttled", 40_000), ("!filtered", 40_000), ("!internal", 80_000)):
        post(prompt)
        assert items(today) == {"2026-11-22": spent}
    post("a fox", "/?seed=-1")
    assert items(today) == {"2026-11-22": 80_000}


def test_eighty_people_at_once_with_budget_for_twenty_get_twenty_pictures(
    today, monkeypatch, post, bedrock
):
    twenty = Budget(today.client, today.table, 20 * 0.04, today.clock)
    monkeypatch.setattr(easel, "daily_budget", twenty)
    with ThreadPoolExecutor(80) as people:
        answers = list(people.map(lambda number: post(f"fox {number}"), range(80)))
    statuses = [(answer.status_code, answer.headers.get("X-Image-Price")) for answer in answers]
    assert sorted(statuses, key=str) == [(200, "0.04")] * 20 + [(429, None)] * 60
    refused = {answer.json_body["Code"] for answer in answers if answer.status_code == 429}
    assert refused == {"BudgetSpent"}
    assert len(bedrock.paintings) == 20
    assert items(twenty) == {"2026-11-22": 800_000}


def test_the_api_shows_the_budget(today, monkeypatch):
    monkeypatch.setattr(easel, "daily_budget", today)
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.get("/budget")
    assert response.json_body["daily_usd"] == 2.00
    assert response.headers["Cache-Control"] == "no-store"
