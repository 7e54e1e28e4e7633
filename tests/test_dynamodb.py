"""The local DynamoDB, which bounds what `make run BEDROCK=aws` spends."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.budget import Budget
from chalicelib.errors import BudgetSpent
from conftest import budget_table, serving
from local.dynamodb import DynamoDB

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = {"day": {"S": "2026-11-22"}}
NUMBERS = {":n": {"N": "2"}, ":m": {"N": "5"}, ":s": {"S": "a"}, ":ss": {"SS": ["a"]}}


@pytest.fixture(scope="module")
def local_dynamodb():
    with serving(DynamoDB()) as server:
        client = boto3.client("dynamodb", "us-west-2", endpoint_url=server.url)
        yield client
        client.close()


@pytest.fixture(params=["local", "moto"])
def client(request, local_dynamodb, moto):
    """Both witnesses; the local one has every table."""
    if request.param == "local":
        yield local_dynamodb
    else:
        with budget_table(moto, "expressions") as client:
            yield client


def test_fifty_at_once_with_budget_for_twenty_spend_exactly_that(local_dynamodb):
    budget = Budget(local_dynamodb, "twenty", 0.80, lambda: NOON)

    def try_to_reserve(_):
        try:
            return budget.reserve(0.04, 1)
        except BudgetSpent:
            return []

    with ThreadPoolExecutor(50) as pool:
        reserved = [each for one in pool.map(try_to_reserve, range(50)) for each in one]
    assert (len(reserved), budget.describe()["spent_usd"]) == (20, 0.80)
    budget.refund(reserved[0])
    assert budget.describe()["spent_usd"] == 0.76


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("", True),
        ("attribute_not_exists(spent)", False),
        ("attribute_not_exists(absent_one)", True),
        ("spent <= :n", True),
        ("spent <= :m AND NOT contains(ids, :s)", False),
        ("(attribute_not_exists(spent) OR spent <= :n) AND NOT contains(absent_one, :s)", True),
        ("attribute_not_exists(absent_one) OR attribute_not_exists(spent) AND spent <= :n", True),
        ("NOT (spent <= :n AND contains(ids, :s))", False),
        ("absent_one <= :n", False),
    ],
)
def test_both_witnesses_agree_on_a_condition(client, condition, is_met):
    update(client, "ADD spent :n, ids :ss SET extra = :m", "")
    if is_met:
        update(client, "ADD spent :n REMOVE ids, extra", condition)
        item = client.get_item(TableName="expressions", Key=KEY)["Item"]
        assert item == KEY | {"spent": {"N": "4"}}
    else:
        with pytest.raises(ClientError) as failed:
            update(client, "ADD spent :n", condition)
        assert failed.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        assert failed.value.response["Item"]["spent"] == {"N": "2"}
    update(client, "REMOVE spent, ids, extra", "")


@pytest.mark.parametrize(
    ("expression", "condition"),
    [("DELETE ids :ss", ""), ("ADD spent :n", "begins_with(day, :s)"), ("ADD spent :n", "spent")],
)
def test_an_unknown_expression_is_an_error(local_dynamodb, expression, condition):
    with pytest.raises(ClientError, match="ValidationException"):
        update(local_dynamodb, expression, condition)


def update(client, expression, condition):
    names = re.findall(r":\w+", f"{expression} {condition}")
    used = {name: NUMBERS[name] for name in names}
    return client.update_item(
        TableName="expressions",
        Key=KEY,
        UpdateExpression=expression,
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeValues": used} if used else {}),
    )
