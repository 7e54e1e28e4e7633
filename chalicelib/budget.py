"""The daily budget: one DynamoDB item for each UTC day, in whole micro-dollars."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib import connection, log
from chalicelib.errors import BudgetSpent, BudgetUnavailable, Failure, ModelUnavailable

DEFAULT_DAILY_USD = "2.00"
CENT = 10_000  # micro-dollars
RETENTION_DAYS = 7  # how long a day's item is kept, so that the owner can add up a week

# A reservation is sent once more if its answer is lost, and the item remembers its id meanwhile so
# that it counts once. (A transaction with a token would do it too, but transactions refuse each
# other on one item.) An id stays for 10 to 20 s; the second attempt follows after 3 s at most.
ATTEMPTS = 2
WINDOW_SECONDS = 10


@dataclass
class Reservation:
    """The price of one image or prompt, in micro-dollars, on a UTC day; 0 after a refund."""

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
        id, may_be_added = secrets.token_urlsafe(6), False
        once = self.only_once(id, room)
        for _ in range(ATTEMPTS):
            try:
                return self.add(day, price, **once)
            except Exception as error:  # botocore's, or that of a parser
                if is_refused(error, "ConditionalCheckFailedException"):
                    if holds(error, id):
                        return None  # the first attempt has added it
                    raise self.budget_spent(price) from None
                failure = error
                if is_refused(error):
                    break
                may_be_added = may_be_added or not connection.never_sent(error)
        raise table_unavailable(failure, may_be_added) from failure

    def only_once(self, id: str, room: int) -> dict[str, Any]:
        """What an update adds to its request so that it applies once, and only within the room."""
        window = int(self.clock().timestamp()) // WINDOW_SECONDS
        ids, oldest = f"ids{window % 3}", f"ids{(window + 1) % 3}"
        condition = f"(attribute_not_exists(spent) OR spent <= :room) AND NOT contains({ids}, :id)"
        return {
            "update": f"ADD spent :price, {ids} :ids SET expires = :expires REMOVE {oldest}",
            "values": {":room": {"N": str(room)}, ":id": {"S": id}, ":ids": {"SS": [id]}},
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    @contextmanager
    def refund_on_failure(self, reservation: Reservation) -> Iterator[None]:
        """Refund the price if the block fails in a way that cannot have made an image."""
        try:
            yield
        except Failure as failure:
            if not failure.may_be_charged:
                self.refund(reservation)
            raise

    def refund(self, reservation: Reservation, keep: int = 0) -> None:
        """Subtract what is reserved beyond `keep`. If that fails, the money stays reserved."""
        price, reservation.price = reservation.price - keep, keep
        if not self.table:
            return
        try:
            self.add(reservation.day, -price)
        except Exception as error:  # the failure that is being reported matters more
            text = "Refund of %d micro-dollars failed on %s: %s"
            log.warn(text, price, reservation.day, error)

    def add(
        self,
        day: str,
        price: int,
        update: str = "ADD spent :price SET expires = :expires",
        values: dict[str, Any] | None = None,
        **condition: str,
    ) -> None:
        expires = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=RETENTION_DAYS)
        numbers = {":price": price, ":expires": int(expires.timestamp())}
        self.client.update_item(
            TableName=self.table,
            Key={"day": {"S": day}},
            UpdateExpression=update,
            ExpressionAttributeValues={n: {"N": str(v)} for n, v in numbers.items()}
            | (values or {}),
            **condition,
        )

    def describe(self) -> dict[str, Any]:
        """The budget as `GET /budget` shows it. Raises: ModelUnavailable."""
        if not self.table:
            return {"daily_usd": None}
        key = {"day": {"S": self.current_day()}}
        try:
            answer = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        except Exception as error:  # botocore's, or that of a parser: there is no answer
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
            f"less than ${max(price, CENT) / 1_000_000:.2f} is left of today's budget of "
            f"${self.daily_usd:.2f}; the budget resets at midnight UTC"
        )


def parse_daily_usd(text: str | None, table: str) -> float:
    """The variable DAILY_BUDGET_USD, in US dollars; None is the default. Raises: ValueError."""
    dollars = parse_dollars("DAILY_BUDGET_USD", DEFAULT_DAILY_USD if text is None else text)
    if text is not None and not table:
        raise ValueError(
            f"BUDGET_TABLE must be set where DAILY_BUDGET_USD is, got only {text!r}: without a "
            "table there is no budget"
        )
    return dollars


def parse_dollars(name: str, text: str) -> float:
    """US dollars, written in plain digits. Raises: ValueError with the name."""
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", text):
        raise ValueError(f"{name} must be dollars from 0 to 99999.99, got {text!r}")
    return float(text)


def micro_dollars(dollars: float) -> int:
    return round(dollars * 1_000_000)


def is_refused(error: Exception, code: str = "") -> bool:
    """Whether the table answered that it has added nothing, and with this code if one is given."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    return status < 500 and code in ("", error.response["Error"]["Code"])


def holds(error: Any, id: str) -> bool:
    """Whether the item, as a refused update returns it, remembers this id."""
    return any(id in value.get("SS", ()) for value in error.response.get("Item", {}).values())


def table_unavailable(error: Exception, may_be_added: bool = False) -> Failure:
    """The error if the table cannot be read or written: without a budget, nothing is spent."""
    log.warn("The budget table is unavailable: %s: %s", type(error).__name__, error)
    if may_be_added:
        return BudgetUnavailable(
            "the budget did not answer in time; no picture was made, but its price may count "
            "until midnight UTC"
        )
    return ModelUnavailable("the budget cannot be checked; try again in a few seconds")
