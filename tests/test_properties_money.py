"""A property of any sequence of images and their charges; `make fuzz` runs it at length."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.budget import Budget
from conftest import thorough

pytestmark = pytest.mark.slow


class Table:
    """DynamoDB's conditional update. `trouble` is "refused"; or "lost": no answer arrives; or
    "lost once" or "dropped once": the first answer or the first request does not arrive."""

    def __init__(self):
        self.spent, self.ids, self.trouble = {}, [], ""

    def update_item(self, *, Key, ExpressionAttributeValues, ConditionExpression="", **more):
        assert more["UpdateExpression"].startswith("ADD spent :price")
        trouble = self.trouble
        self.trouble = "" if trouble.endswith("once") else trouble
        if trouble == "refused":
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")
        if trouble == "dropped once":
            raise ReadTimeoutError(endpoint_url="DynamoDB")
        try:
            self.update(Key["day"]["S"], ExpressionAttributeValues, ConditionExpression)
        finally:
            if trouble.startswith("lost"):
                raise ReadTimeoutError(endpoint_url="DynamoDB")

    def update(self, day, values, condition):
        price, room = (int(values.get(name, {"N": "0"})["N"]) for name in (":price", ":room"))
        if condition:
            assert condition.startswith("(attribute_not_exists(spent) OR spent <= :room) AND NOT ")
            id = values[":id"]["S"]
            if id in self.ids or self.spent.get(day, room) > room:
                answer = {"Error": {"Code": "ConditionalCheckFailedException"}}
                raise ClientError(answer | {"Item": {"ids0": {"SS": self.ids}}}, "UpdateItem")
            self.ids.append(id)
        self.spent[day] = self.spent.get(day, 0) + price


MADE, NONE_MADE = (errors.ContentFiltered("x", may_be_charged=made) for made in (True, False))
PAID = [None, MADE, errors.ModelFailed("x"), errors.ModelTimeout("x"), RuntimeError("a bug")]
UNPAID = [NONE_MADE, errors.ModelBusy("x"), errors.ModelUnavailable("x"), errors.ModelRetired("x")]


class Ledger:
    """A budget in use, and the expected spending of each day in micro-dollars."""

    def __init__(self, daily_usd):
        self.now, self.table = datetime(2026, 11, 22, tzinfo=UTC), Table()
        self.budget = Budget(self.table, "budget", daily_usd, lambda: self.now)
        self.daily, self.expected, self.pending = round(daily_usd * 1_000_000), Counter(), []

    def reserve_some(self, hours, price, images, trouble):
        """After some hours, reserve the price of images, each of which ends later."""
        self.now += timedelta(hours=hours)
        self.table.trouble, day = trouble, self.now.date().isoformat()
        no_answer = trouble in ("refused", "lost")
        fits, before = self.expected[day] + price * images <= self.daily, len(self.pending)
        with suppress(errors.BudgetSpent, errors.ModelUnavailable, errors.BudgetUnavailable):
            for reservation in self.budget.reserve(price / 1_000_000, images):
                self.pending.append((reservation, day, price))
        assert len(self.pending) == before + images * (fits and not no_answer)
        # A lost write still counts: the budget may charge too much, but never spend too much.
        self.expected[day] += price * images * (fits and trouble != "refused")

    def finish_one(self, which, failure, trouble):
        """One of the pending images succeeds or fails."""
        if self.pending:
            self.table.trouble = trouble
            reservation, day, price = self.pending.pop(which % len(self.pending))
            with suppress(errors.Failure, RuntimeError), self.budget.refund_on_failure(reservation):
                if failure:
                    raise failure
            assert reservation.price == price * (failure in PAID)
            arrives = trouble not in ("refused", "dropped once")
            self.expected[day] -= price * (failure in UNPAID and arrives)


troubles = st.sampled_from(["", "", "", "refused", "lost", "lost once", "dropped once"])
prices = st.sampled_from([0, 40_000, 80_000, 140_000]) | st.integers(0, 200_000)
hours, images = st.sampled_from([0, 0, 0, 12]), st.sampled_from([1, 1, 2, 4])
reservations = st.tuples(st.just(Ledger.reserve_some), hours, prices, images, troubles)
outcomes = st.tuples(
    st.just(Ledger.finish_one), st.integers(0, 9), st.sampled_from(PAID + UNPAID), troubles
)


@thorough
@given(
    daily_usd=st.integers(0, 60).map(lambda cents: cents / 100),
    sequence=st.lists(reservations | outcomes),
)
def test_any_sequence_of_images_stays_within_the_budget(daily_usd, sequence):
    ledger = Ledger(daily_usd)
    for step, *arguments in sequence:
        step(ledger, *arguments)
        assert Counter(ledger.table.spent) == ledger.expected
        assert all(0 <= spent <= ledger.daily for spent in ledger.table.spent.values())
