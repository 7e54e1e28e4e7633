"""The daily budget against DynamoDB in moto, over HTTP."""

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
def daily_budget(dynamodb, table):
    return Budget(dynamodb, table, 2.00, lambda: NOON)


@contextmanager
def spending(daily_budget, price):
    """Reserve the price of one image; refund it if the block fails without making one."""
    (reservation,) = daily_budget.reserve(price, 1)
    with daily_budget.refund_on_failure(reservation):
        yield


def items(daily_budget):
    found = daily_budget.client.scan(TableName=daily_budget.table)["Items"]
    return {item["day"]["S"]: int(item["spent"]["N"]) for item in found}


def test_adds_each_price_to_the_days_item(daily_budget):
    for price in (0.04, 0.08, 0.14):
        with spending(daily_budget, price):
            pass
    assert items(daily_budget) == {"2026-11-22": 260_000}


def test_the_days_item_expires_after_a_week(daily_budget):
    with spending(daily_budget, 0.04):
        pass
    (item,) = daily_budget.client.scan(TableName=daily_budget.table)["Items"]
    expires = datetime.fromtimestamp(int(item["expires"]["N"]), UTC)
    assert expires == datetime(2026, 11, 29, tzinfo=UTC)


def test_concurrent_reservations_stay_within_the_budget(daily_budget):
    daily_budget = Budget(daily_budget.client, daily_budget.table, 20 * 0.04, daily_budget.clock)

    def spend(_):
        try:
            with spending(daily_budget, 0.04):
                return True
        except errors.BudgetSpent:
            return False

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(spend, range(50))) == 20
    assert items(daily_budget) == {"2026-11-22": 800_000}


def test_spends_the_last_cent_and_no_more(daily_budget):
    with spending(daily_budget, 1.92), spending(daily_budget, 0.08):
        pass
    with pytest.raises(errors.BudgetSpent):
        daily_budget.reserve(0.000_001, 1)
    assert items(daily_budget) == {"2026-11-22": 2_000_000}


def test_one_image_may_cost_the_whole_budget(daily_budget):
    small = Budget(daily_budget.client, daily_budget.table, 0.04, daily_budget.clock)
    with spending(small, 0.04):
        pass
    assert items(daily_budget) == {"2026-11-22": 40_000}


@pytest.mark.parametrize("daily", ["0.00", "0.03"])
def test_rejects_an_image_that_costs_more_than_the_budget(daily_budget, daily):
    small = Budget(daily_budget.client, daily_budget.table, float(daily), daily_budget.clock)
    with pytest.raises(errors.BudgetSpent) as raised, spending(small, 0.04):
        pytest.fail("the block must not run")
    assert str(raised.value) == (
        f"less than $0.04 is left of today's budget of ${daily}; the budget resets at midnight UTC"
    )
    assert items(daily_budget) == {}


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
        (RuntimeError("a bug"), 40_000),
    ],
)
def test_refunds_only_if_bedrock_made_no_image(daily_budget, failure, kept):
    with pytest.raises(type(failure)), spending(daily_budget, 0.04):
        raise failure
    assert items(daily_budget) == {"2026-11-22": kept}


def test_refunds_the_day_of_the_reservation(daily_budget):
    now = datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)
    daily_budget = Budget(daily_budget.client, daily_budget.table, 2.00, lambda: now)
    with pytest.raises(errors.ModelBusy), spending(daily_budget, 0.04):
        now += timedelta(seconds=2)
        raise errors.ModelBusy("x")
    assert items(daily_budget) == {"2026-11-22": 0}


def test_a_missing_table_rejects_requests(dynamodb):
    with (
        pytest.raises(errors.ModelUnavailable, match="budget cannot be checked"),
        spending(Budget(dynamodb, "missing", 2.00, lambda: NOON), 0.04),
    ):
        pytest.fail("the block must not run")


def test_an_unreachable_table_rejects_requests(caplog):
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
def test_a_failing_table_rejects_requests(code, caplog):
    client = boto3.client("dynamodb", "us-west-2")
    with Stubber(client) as stub:
        stub.add_client_error("update_item", code, "arn:aws:dynamodb:us-west-2:1:table/secret")
        with (
            pytest.raises(
                errors.ModelUnavailable, match=r"^the budget cannot be checked"
            ) as raised,
            spending(Budget(client, "budget", 2.00, lambda: NOON), 0.04),
        ):
            pytest.fail("the block must not run")
    assert "arn" not in str(raised.value)
    assert "table/secret" in caplog.text


def test_a_slow_table_rejects_requests():
    impatient = easel.DYNAMODB_CONFIG.merge(Config(read_timeout=0.1))  # seconds
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = boto3.client("dynamodb", "us-west-2", endpoint_url=url, config=impatient)
        with (
            pytest.raises(errors.BudgetUnavailable, match="may count until midnight UTC"),
            spending(Budget(slow, "budget", 2.00, lambda: NOON), 0.04),
        ):
            pytest.fail("the block must not run")
        slow.close()


def test_all_timeouts_fit_into_lambdas_timeout():
    waits = [easel.DYNAMODB_CONFIG, easel.BEDROCK_CONFIG]
    table, model = (wait.connect_timeout + wait.read_timeout for wait in waits)
    assert max(model, budget.ATTEMPTS * table + 18) <= easel.MODEL_TIMEOUT_SECONDS  # 18 to paint
    assert easel.MODEL_TIMEOUT_SECONDS + table < CHALICE["lambda_timeout"] < 29  # the refund's
    assert [wait.retries["total_max_attempts"] for wait in waits] == [1, 1]


def test_a_failed_refund_keeps_the_original_error(caplog):
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


def test_without_a_table_there_is_no_budget():
    none = Budget(None, "", 2.00, lambda: NOON)
    with spending(none, 1000):
        pass
    assert none.describe() == {"daily_usd": None}


def test_describes_the_spending_and_the_reset_time(daily_budget):
    assert daily_budget.describe() == {
        "daily_usd": 2.00, "spent_usd": 0.0, "resets_at": "2026-11-23T00:00:00Z",
    }  # fmt: skip
    with spending(daily_budget, 0.14):
        assert daily_budget.describe()["spent_usd"] == 0.14


def test_reads_the_spending_consistently():
    client = boto3.client("dynamodb", "us-west-2")
    asked = {"TableName": "budget", "Key": {"day": {"S": "2026-11-22"}}, "ConsistentRead": True}
    with Stubber(client) as stub:
        stub.add_response("get_item", {"Item": {"spent": {"N": "40000"}}}, asked)
        assert Budget(client, "budget", 2.00, lambda: NOON).describe()["spent_usd"] == 0.04


@pytest.mark.parametrize("text", ["abc", "-1", "nan", "inf", "", "1e9", "100000", "2,00", "1_0"])
def test_rejects_an_invalid_daily_budget(text):
    with pytest.raises(ValueError, match="DAILY_BUDGET_USD must be dollars from 0 to 99999"):
        budget.parse_daily_usd(text, "budget")


def test_the_default_daily_budget_is_two_dollars():
    assert easel.daily_budget.daily_usd == 2.00


def test_rejects_a_request_above_the_daily_budget(daily_budget, monkeypatch, post):
    monkeypatch.setattr(
        easel, "daily_budget", Budget(daily_budget.client, daily_budget.table, 0.01, lambda: NOON)
    )
    response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (429, "BudgetSpent")
    assert response.headers["Retry-After"] == str(12 * 60 * 60 + 1)
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_charges_images_and_refunds_errors(daily_budget, monkeypatch, post, bedrock):
    monkeypatch.setattr(easel, "daily_budget", daily_budget)
    assert post("a fox").status_code == 200
    assert items(daily_budget) == {"2026-11-22": 40_000}
    for prompt, spent in (("!throttled", 40_000), ("!filtered", 40_000), ("!internal", 80_000)):
        post(prompt)
        assert items(daily_budget) == {"2026-11-22": spent}
    post("a fox", "/?seed=-1")
    assert items(daily_budget) == {"2026-11-22": 80_000}


def test_concurrent_requests_stay_within_the_budget(daily_budget, monkeypatch, post, bedrock):
    twenty = Budget(daily_budget.client, daily_budget.table, 20 * 0.04, daily_budget.clock)
    monkeypatch.setattr(easel, "daily_budget", twenty)
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda number: post(f"fox {number}"), range(40)))
    statuses = [(answer.status_code, answer.headers.get("X-Image-Price")) for answer in answers]
    assert sorted(statuses, key=str) == [(200, "0.04")] * 20 + [(429, None)] * 20
    codes = {answer.json_body["Code"] for answer in answers if answer.status_code == 429}
    assert codes == {"BudgetSpent"}
    assert len(bedrock.paintings) == 20
    assert items(twenty) == {"2026-11-22": 800_000}


def test_returns_the_budget(daily_budget, monkeypatch):
    monkeypatch.setattr(easel, "daily_budget", daily_budget)
    with Client(easel.app, stage_name="aws") as client:
        response = client.http.get("/budget")
    assert response.json_body["daily_usd"] == 2.00
    assert response.headers["Cache-Control"] == "no-store"
