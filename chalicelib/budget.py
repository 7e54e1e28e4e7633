"""The daily budget: one DynamoDB item for each UTC day, in whole micro-dollars."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import BudgetSpent, Failure, ModelUnavailable

log = logging.getLogger(__name__)

RETENTION_DAYS = 7  # how long a day's item is kept, so that the owner can add up a week


@dataclass
class Reservation:
    """The price of one image, in micro-dollars, on a UTC day. The price is 0 after a refund."""

    day: str
    price: int


@dataclass(frozen=True)
class Budget:
    """`table` has the string key `day` and the time to live `expires`; "" means no budget.

    `clock` returns the current time in UTC.
    """

    client: Any
    table: str
    daily_usd: float
    clock: Callable[[], datetime]

    def reserve(self, price_usd: float, images: int) -> list[Reservation]:
        """Reserve the price of all images or of none; exact under any number of parallel calls.

        Raises: BudgetSpent; ModelUnavailable if the table cannot be read.
        """
        day, price = self.current_day(), micro_dollars(price_usd)
        if self.table:
            self.charge(day, price * images)
        return [Reservation(day, price) for _ in range(images)]

    def charge(self, day: str, price: int) -> None:
        room = micro_dollars(self.daily_usd) - price
        if room < 0:
            raise self.budget_spent(price)  # the condition holds on a day that has no item yet
        condition = "attribute_not_exists(spent) OR spent <= :room"
        try:
            self.add(day, price, ConditionExpression=condition, room=room)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise self.budget_spent(price) from None
            raise table_unavailable(error) from error
        except BotoCoreError as error:
            raise table_unavailable(error) from error

    @contextmanager
    def refund_on_failure(self, reservation: Reservation) -> Iterator[None]:
        """Refund the price if the block fails in a way that cannot have made an image."""
        try:
            yield
        except Failure as failure:
            if not failure.may_be_charged:
                self.refund(reservation)
            raise

    def refund(self, reservation: Reservation) -> None:
        """Subtract the price from the day's item. If that fails, the money stays reserved."""
        price, reservation.price = reservation.price, 0
        if not self.table:
            return
        try:
            self.add(reservation.day, -price)
        except (ClientError, BotoCoreError) as error:
            log.warning(
                "Refund of %d micro-dollars failed on %s: %s", price, reservation.day, error
            )

    def add(self, day: str, price: int, room: int | None = None, **condition: str) -> None:
        expires = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=RETENTION_DAYS)
        numbers = {":price": price, ":expires": int(expires.timestamp())}
        if room is not None:
            numbers[":room"] = room
        self.client.update_item(
            TableName=self.table,
            Key={"day": {"S": day}},
            UpdateExpression="ADD spent :price SET expires = :expires",
            ExpressionAttributeValues={name: {"N": str(n)} for name, n in numbers.items()},
            **condition,
        )

    def describe(self) -> dict[str, Any]:
        """The budget as `GET /budget` shows it. Raises: ModelUnavailable."""
        if not self.table:
            return {"daily_usd": None}
        key = {"day": {"S": self.current_day()}}
        try:
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise table_unavailable(error) from error
        spent = int(answer.get("Item", {}).get("spent", {}).get("N", "0"))
        return {
            "daily_usd": self.daily_usd,
            "spent_usd": spent / 1_000_000,
            "resets_at": self.next_midnight().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def seconds_until_reset(self) -> int:
        """Whole seconds until the next UTC day, rounded up."""
        return int((self.next_midnight() - self.clock()).total_seconds()) + 1

    def current_day(self) -> str:
        return self.clock().date().isoformat()

    def next_midnight(self) -> datetime:
        return datetime.combine(self.clock().date(), time(tzinfo=UTC)) + timedelta(days=1)

    def budget_spent(self, price: int) -> BudgetSpent:
        return BudgetSpent(
            f"less than ${price / 1_000_000:.2f} is left of today's budget of "
            f"${self.daily_usd:.2f}; the budget resets at midnight UTC"
        )


def parse_daily_usd(text: str) -> float:
    """The variable DAILY_BUDGET_USD, in US dollars. Raises: ValueError."""
    try:
        dollars = float(text)
    except ValueError:
        dollars = -1
    if not 0 <= dollars <= 1_000_000:
        raise ValueError(f"DAILY_BUDGET_USD must be dollars from 0 to 1000000, got {text!r}")
    return dollars


def micro_dollars(dollars: float) -> int:
    return round(dollars * 1_000_000)


def table_unavailable(error: Exception) -> ModelUnavailable:
    """The error if the table cannot be read or written: without a budget, nothing is spent."""
    log.warning("The budget table is unavailable: %s: %s", type(error).__name__, error)
    return ModelUnavailable("the budget cannot be checked; try again in a few seconds")
