"""What holds for any run of pictures and their money; `make fuzz` seeks on."""

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
PAID = [None, MADE, errors.ModelFailed("x"), errors.ModelTimeout("x"), RuntimeError("ours")]
UNPAID = [NONE_MADE, errors.ModelBusy("x"), errors.ModelUnavailable("x"), errors.ModelRetired("x")]


class Books:
    """A budget in use, and what is owed of each day in micro-dollars, as a person would note it."""

    def __init__(self, daily_usd):
        self.now, self.table = datetime(2026, 11, 22, tzinfo=UTC), Table()
        self.budget = Budget(self.table, "budget", daily_usd, lambda: self.now)
        self.daily, self.owed, self.open = round(daily_usd * 1_000_000), Counter(), []

    def begin(self, hours, price, images, trouble):
        """After some hours, reserve the price of pictures that each end some time."""
        self.now += timedelta(hours=hours)
        self.table.trouble, day = trouble, self.now.date().isoformat()
        unheard = trouble in ("refused", "lost")
        fits, begun = self.owed[day] + price * images <= self.daily, len(self.open)
        with suppress(errors.BudgetSpent, errors.ModelUnavailable, errors.BudgetUnavailable):
            for held in self.budget.reserve(price / 1_000_000, images):
                self.open.append((held, day, price))
        assert len(self.open) == begun + images * (fits and not unheard)
        # What was written stays, even where nobody heard of it: rather too dear than too much.
        self.owed[day] += price * images * (fits and trouble != "refused")

    def end(self, which, failure, trouble):
        """A picture that is under way comes, or fails."""
        if self.open:
            self.table.trouble = trouble
            held, day, price = self.open.pop(which % len(self.open))
            with suppress(errors.Failure, RuntimeError), self.budget.refund_on_failure(held):
                if failure:
                    raise failure
            assert held.price == price * (failure in PAID)
            arrives = trouble not in ("refused", "dropped once")
            self.owed[day] -= price * (failure in UNPAID and arrives)


troubles = st.sampled_from(["", "", "", "refused", "lost", "lost once", "dropped once"])
prices = st.sampled_from([0, 40_000, 80_000, 140_000]) | st.integers(0, 200_000)
hours, images = st.sampled_from([0, 0, 0, 12]), st.sampled_from([1, 1, 2, 4])
beginnings = st.tuples(st.just(Books.begin), hours, prices, images, troubles)
ends = st.tuples(st.just(Books.end), st.integers(0, 9), st.sampled_from(PAID + UNPAID), troubles)


@thorough
@given(daily_usd=st.integers(0, 60).map(lambda cents: cents / 100), run=st.lists(beginnings | ends))
def test_any_run_of_pictures_spends_what_is_owed_and_never_more_than_the_day(daily_usd, run):
    books = Books(daily_usd)
    for step, *how in run:
        step(books, *how)
        assert Counter(books.table.spent) == books.owed
        assert all(0 <= spent <= books.daily for spent in books.table.spent.values())
