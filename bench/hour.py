"""One hour of people at Easel's limits on AWS, simulated. Knows no table."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any

HOUR = 3600  # seconds in which people come
REFUSAL_SECONDS = 0.1  # for which a refusal or a GET holds Lambda; supposed

# What is the product's own, held to it by tests/test_scale.py.
PRICE = 0.04  # US dollars a picture of Stable Image Core: chalicelib/stability.py
RETRY_AFTER = 5  # seconds: chalicelib/errors.py
RETRIES = 2  # of the page: frontend/api.js
MEMORY = 1  # GB of Lambda: .chalice/config.json
PAGE_FILES = 26  # that a first visit loads, in English

# Bytes to a browser: the page, and a picture of 401,603 bytes (Core, JPEG, 1536 pixels square, of
# the same sample) as base64 text; both compressed.
PAGE_BYTES, PICTURE_BYTES = 48_000, 405_669

# US dollars, us-west-2 and the edge in the United States and Europe, free tiers left out: AWS's
# pages lambda/pricing (arm64), api-gateway/pricing (REST; what it throttles is free),
# dynamodb/pricing (on demand) and cloudfront/pricing under aws.amazon.com, November 2026.
LAMBDA_CALL, LAMBDA_GB_SECOND = 0.20e-6, 13.3334e-6
GATEWAY_REQUEST = 3.50e-6
ITEM_WRITE, ITEM_READ = 0.625e-6, 0.125e-6
EDGE_REQUEST, EDGE_BYTE = 1.0e-6, 0.085e-9


@dataclass(frozen=True)
class Limits:
    """What a deployment allows; by default, what `make deploy` sets and AWS's own quotas."""

    daily_usd: float = 2.00  # infra/options.py
    # Requests a second, and at once, of each method: infra/stack.py. "Applied at the API method
    # level": docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling
    rate: float = 20
    burst: int = 40
    # Calls at once: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits. "New AWS accounts
    # have reduced concurrency"; AWS prints no number, people report 10.
    concurrency: int = 1_000
    # A second, to one partition, so to one item: docs.aws.amazon.com/amazondynamodb/latest/
    # developerguide/throttling-key-range-limit-exceeded-mitigation
    writes: int = 1_000
    # A minute, Stable Image Core, "Adjustable: No": docs.aws.amazon.com/general/latest/gr/bedrock.
    # Since May 2026 its page quotas-runtime counts tokens, and does not say what a picture has. How
    # a minute is counted is not said either: here a bucket of its calls, filled evenly.
    model_calls: int = 90


# How a wish for a picture ends: by Easel's own code, or by API Gateway's status, which is 500 for
# a Lambda that is full (repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ).
PICTURE = "picture"
BUDGET_SPENT, MODEL_BUSY, MODEL_UNAVAILABLE = "BudgetSpent", "ModelBusy", "ModelUnavailable"
THROTTLED, CROWDED = "status 429", "status 500"
RETRIED = (MODEL_BUSY, MODEL_UNAVAILABLE, THROTTLED)


@dataclass(frozen=True)
class Press:
    """One press of the button."""

    thinks: float  # seconds before it
    pictures: list[float]  # seconds that the model takes for each


Visit = tuple[float, list[Press]]  # the second of arrival, and what is wanted


class Bucket:
    """So many a second, so many at once: the token bucket of API Gateway."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.filled = burst, 0.0

    def take(self, now: float) -> bool:
        self.left = min(self.burst, self.left + (now - self.filled) * self.rate)
        self.filled = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(slots=True)
class Order:
    """What one press asked for, until all of it has ended."""

    pressed: float
    waiting: int  # pictures
    later: list[Press]
    ended: float = 0
    spent: bool = False


@dataclass(slots=True)
class Wish:
    """One picture of an order."""

    order: Order
    seconds: float
    retries: int = 0


class Hour:
    """The first hour of a day. Who came in it is served to the end."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.models, self.budget, self.posts = (Bucket(limits.rate, limits.burst) for _ in range(3))
        self.item = Bucket(limits.writes, limits.writes)
        self.model = Bucket(limits.model_calls / 60, limits.model_calls)
        self.affordable = round(limits.daily_usd * 1e6) // round(PRICE * 1e6)  # pictures
        self.running: list[float] = []  # when each call of Lambda ends, the next one first
        self.events: list[Any] = []
        self.serial = count()
        self.ends: Counter[str] = Counter()  # of wishes
        self.doors: Counter[str] = Counter()  # of people: "" or why their page has no form
        self.waits: list[float] = []  # seconds from a press to a picture
        self.bites: dict[str, float] = {}  # the second in which each limit refused first
        self.requests = self.admitted = self.calls = self.at_once = 0
        self.writes = self.reads = 0  # of the day's item
        self.held = 0.0  # seconds of Lambda

    def run(self, visits: Iterable[Visit]) -> "Hour":
        self.visits = iter(visits)
        self.invite()
        while self.events:
            now, _, step, what = heappop(self.events)
            step(now, *what)
        return self

    def at(self, time: float, step: Any, *what: Any) -> None:
        heappush(self.events, (time, next(self.serial), step, what))

    def invite(self) -> None:
        """The next one only: a short list of events is a quick one."""
        for arrival, wanted in islice(self.visits, 1):
            self.at(arrival, self.arrive, wanted)

    def arrive(self, now: float, wanted: list[Press]) -> None:
        self.invite()
        self.read(now, self.budget)
        refusal = self.read(now, self.models)
        self.doors[refusal] += 1
        if not refusal:
            self.think(now, wanted)

    def read(self, now: float, method: Bucket) -> str:
        """GET /models or GET /budget: "", or the refusal."""
        refusal = self.admit(now, method)
        if not refusal:
            self.hold(now, now + REFUSAL_SECONDS)
            self.reads += method is self.budget
        return refusal

    def think(self, now: float, wanted: list[Press]) -> None:
        self.at(now + wanted[0].thinks, self.press, wanted)

    def press(self, now: float, wanted: list[Press]) -> None:
        pictures = wanted[0].pictures
        order = Order(now, len(pictures), wanted[1:])
        for seconds in pictures:
            self.ask(now, Wish(order, seconds))

    def ask(self, now: float, wish: Wish) -> None:
        """As frontend/api.js does, with its retries."""
        refusal = self.admit(now, self.posts)
        end = refusal or self.generate(now)
        then = now + (wish.seconds if end == PICTURE else REFUSAL_SECONDS)
        if not refusal:
            self.hold(now, then)
        if end in RETRIED and wish.retries < RETRIES:
            wish.retries += 1
            self.at(then + RETRY_AFTER, self.ask, wish)
        else:
            self.end(then, wish, end)

    def admit(self, now: float, method: Bucket) -> str:
        """Through CloudFront and API Gateway into Lambda: "", or the refusal."""
        self.requests += 1
        if not method.take(now):
            return self.refuse(now, "throttle", THROTTLED)
        self.admitted += 1
        while self.running and self.running[0] <= now:
            heappop(self.running)
        if len(self.running) >= self.limits.concurrency:
            return self.refuse(now, "Lambda", CROWDED)
        return ""

    def refuse(self, now: float, limit: str, code: str) -> str:
        self.bites.setdefault(limit, now)
        return code

    def hold(self, now: float, then: float) -> None:
        heappush(self.running, then)
        self.held += then - now
        self.calls += 1
        self.at_once = max(self.at_once, len(self.running))

    def generate(self, now: float) -> str:
        """As app.py does: the price is put aside first, and given back where nothing was made."""
        if not self.write(now):
            return self.refuse(now, "DynamoDB", MODEL_UNAVAILABLE)
        if not self.affordable:
            return self.refuse(now, "budget", BUDGET_SPENT)
        self.affordable -= 1
        if self.model.take(now):
            return PICTURE
        self.affordable += self.write(now)  # without it, the day is dearer by one picture
        return self.refuse(now, "Bedrock", MODEL_BUSY)

    def write(self, now: float) -> bool:
        """One write of the day's item; it is billed even if its condition does not hold."""
        written = self.item.take(now)
        self.writes += written
        return written

    def end(self, then: float, wish: Wish, end: str) -> None:
        order = wish.order
        self.ends[end] += 1
        if end == PICTURE:
            self.waits.append(then - order.pressed)
        order.waiting -= 1
        order.ended = max(order.ended, then)
        order.spent |= end == BUDGET_SPENT
        if not order.waiting:
            self.at(order.ended, self.settle, order)

    def settle(self, now: float, order: Order) -> None:
        """As frontend/form/desk.js does; and who reads that the budget is spent leaves."""
        self.read(now, self.budget)
        if order.later and not order.spent:
            self.think(now, order.later)

    def dollars(self) -> tuple[float, float]:
        """What the model bills, and what the rest of AWS does."""
        pictures, visits = self.ends[PICTURE], self.doors.total()
        rest = (
            self.calls * LAMBDA_CALL
            + self.held * MEMORY * LAMBDA_GB_SECOND
            + self.admitted * GATEWAY_REQUEST
            + self.writes * ITEM_WRITE
            + self.reads * ITEM_READ
            + (self.requests + visits * PAGE_FILES) * EDGE_REQUEST
            + (visits * PAGE_BYTES + pictures * PICTURE_BYTES) * EDGE_BYTE
        )
        return pictures * PRICE, rest
