"""What today may still cost: one DynamoDB item a UTC day, in whole micro-dollars."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import BudgetSpent, Failure, ModelUnavailable

log = logging.getLogger(__name__)

KEPT_DAYS = 7  # a day's item stays so long, for who asks what the week has cost


@dataclass
class Reservation:
    """What is held for one image: a UTC day, and micro-dollars, 0 once they are given back."""

    day: str
    price: int


@dataclass(frozen=True)
class Budget:
    """`table` has the string key `day` and the time to live `expires`; "" means no budget.

    `clock` tells the time in UTC.
    """

    client: Any
    table: str
    daily_usd: float
    clock: Callable[[], datetime]

    def reserve(self, price_usd: float, images: int) -> list[Reservation]:
        """Hold the price of so many images, or of none; exact under any number of parallel calls.

        Raises: BudgetSpent; ModelUnavailable if the table cannot be asked.
        """
        day, price = self.today(), micro_dollars(price_usd)
        if self.table:
            self.spend(day, price * images)
        return [Reservation(day, price) for _ in range(images)]

    def spend(self, day: str, price: int) -> None:
        room = micro_dollars(self.daily_usd) - price
        if room < 0:
            raise self.spent(price)  # the condition lets a day pass that has no item yet
        condition = "attribute_not_exists(spent) OR spent <= :room"
        try:
            self.add(day, price, ConditionExpression=condition, room=room)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise self.spent(price) from None
            raise closed(error) from error
        except BotoCoreError as error:
            raise closed(error) from error

    @contextmanager
    def at_stake(self, held: Reservation) -> Iterator[None]:
        """Give the price back where the block fails and no image can have been made."""
        try:
            yield
        except Failure as failure:
            if failure.nothing_made:
                self.give_back(held)
            raise

    def give_back(self, held: Reservation) -> None:
        """Take the price off the day's item. If that fails, the day is dearer by one image."""
        price, held.price = held.price, 0
        if not self.table:
            return
        try:
            self.add(held.day, -price)
        except (ClientError, BotoCoreError) as error:
            log.warning("%d micro-dollars of %s were not given back: %s", price, held.day, error)

    def add(self, day: str, price: int, room: int | None = None, **condition: str) -> None:
        expires = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=KEPT_DAYS)
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
        key = {"day": {"S": self.today()}}
        try:
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        except (ClientError, BotoCoreError) as error:
            raise closed(error) from error
        spent = int(answer.get("Item", {}).get("spent", {}).get("N", "0"))
        return {
            "daily_usd": self.daily_usd,
            "spent_usd": spent / 1_000_000,
            "resets_at": self.midnight().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def seconds_left(self) -> int:
        """Until the next day's budget begins."""
        return int((self.midnight() - self.clock()).total_seconds()) + 1

    def today(self) -> str:
        return self.clock().date().isoformat()

    def midnight(self) -> datetime:
        return datetime.combine(self.clock().date(), time(tzinfo=UTC)) + timedelta(days=1)

    def spent(self, price: int) -> BudgetSpent:
        return BudgetSpent(
            f"less than ${price / 1_000_000:.2f} is left of today's budget of "
            f"${self.daily_usd:.2f}; it begins anew at midnight UTC"
        )


def daily_usd(text: str) -> float:
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


def closed(error: Exception) -> ModelUnavailable:
    """A budget that cannot be asked lets nobody spend."""
    log.warning("The budget cannot be asked: %s: %s", type(error).__name__, error)
    return ModelUnavailable("the budget cannot be asked; try again in a few seconds")
