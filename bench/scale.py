"""What happens with 10, 1,000 and 100,000 people an hour: `python -m bench.scale` simulates it.

A discrete simulation of one hour, the budget's first. Each number has its source beside it; where
AWS publishes none, the tables show a range. Left out: the first start of each Lambda instance
(about half a second), CloudFront and S3, which serve the page and know no limit in this range, and
people who press again after a failure.
"""

import heapq
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from statistics import median, quantiles

from bench.markers import rewrite

HOUR = 3_600  # seconds
PRICE = 0.04  # US dollars a picture by Stable Image Core, the default

# A person presses one to three times, and asks for four pictures at one press out of five.
PRESSES, BATCHES = (1, 2, 3), (1, 1, 1, 1, 4)

# Stable Image Core answers in about 3 s (a log in aws-samples/sample-voice-of-customer-datalake,
# issue 274); some answers take longer.
MODEL_SECONDS = (1.1, 0.3)  # of a lognormal distribution: median 3 s, nineteen of twenty below 5 s

# The page asks again twice, after Retry-After (frontend/api.js, chalicelib/errors.py).
RETRIES, RETRY_AFTER = 2, 5


@dataclass(frozen=True)
class Limits:
    """Where the hour may end; the defaults are what `make deploy` ships, in an account of old."""

    daily_usd: float = 2.00
    api_rate: float = 20  # requests a second, and at once: infra/stack.py
    api_burst: int = 40
    # Calls of Lambda at once, for the whole account and region; a new account may have 10
    # (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
    lambda_at_once: int = 1_000
    # Requests a minute. AWS publishes no default for these models: Service Quotas tells yours.
    bedrock_a_minute: float = 60
    # Writes a second of one DynamoDB item, which is one partition's
    # (amazondynamodb/latest/developerguide/, its page bp-partition-key-design).
    table_writes: float = 1_000


class Bucket:
    """Tokens that come at a rate and are kept up to a limit, as AWS's throttles have them."""

    def __init__(self, rate: float, most: float):
        self.rate, self.most = rate, most
        self.tokens, self.time = most, 0.0

    def take(self, now: float) -> bool:
        self.tokens = min(self.most, self.tokens + (now - self.time) * self.rate)
        self.time = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Hour:
    """What came of it: how each request ended, when each limit first bit, and what was used."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first: dict[str, float] = field(default_factory=dict)  # seconds since the hour began
    waits: list[float] = field(default_factory=list)  # seconds from press to picture
    calls: int = 0  # of the function
    seconds: float = 0  # of the function
    writes: int = 0  # of the budget's table
    spent: float = 0  # US dollars for the model


# Easel's own codes, and the gateway's answers: it makes a 500 of a Lambda that is full
# (repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ, read on 2026-11-25).
PICTURE, SPENT, BUSY, UNAVAILABLE = "picture", "BudgetSpent", "ModelBusy", "ModelUnavailable"
TOO_MANY, FULL = "the gateway's 429", "the gateway's 500"
AGAIN = (BUSY, UNAVAILABLE, TOO_MANY)  # what the page asks for again


def simulate(people: int, limits: Limits, seed: int = 7) -> Hour:
    """One hour with so many people."""
    chance = random.Random(seed)
    hour, world = Hour(), World(limits, chance)
    order = count()  # of events at the same moment
    events = [(time, next(order), time, 0) for time in requests(people, chance)]
    heapq.heapify(events)
    while events:
        now, _, pressed, tries = heapq.heappop(events)
        outcome, seconds, limit = world.ask(now, hour)
        if limit:
            hour.first.setdefault(limit, now)
        if outcome in AGAIN and tries < RETRIES:
            heapq.heappush(events, (now + seconds + RETRY_AFTER, next(order), pressed, tries + 1))
            continue
        hour.outcomes[outcome] += 1
        if outcome == PICTURE:
            hour.waits.append(now + seconds - pressed)
    return hour


def requests(people: int, chance: random.Random) -> list[float]:
    """When each picture is asked for: people come at any moment, and press again after a while."""
    times = []
    for _ in range(people):
        time = chance.uniform(0, HOUR)
        for _ in range(chance.choice(PRESSES)):
            times += [time] * chance.choice(BATCHES)
            time += chance.expovariate(1 / 60)
    return times


class World:
    """Each limit in the order in which a request meets it."""

    def __init__(self, limits: Limits, chance: random.Random):
        self.chance = chance
        self.room = round(limits.daily_usd / PRICE + 1e-9, 6)  # pictures that fit the budget
        self.gateway = Bucket(limits.api_rate, limits.api_burst)
        self.table = Bucket(limits.table_writes, limits.table_writes)
        self.bedrock = Bucket(limits.bedrock_a_minute / 60, limits.bedrock_a_minute)
        self.at_once = limits.lambda_at_once
        self.running: list[float] = []  # when each call ends

    def ask(self, now: float, hour: Hour) -> tuple[str, float, str]:
        """How a request ends, after so many seconds, and which limit was in its way."""
        if not self.gateway.take(now):
            return TOO_MANY, 0.05, "the API's throttle"
        while self.running and self.running[0] <= now:
            heapq.heappop(self.running)
        if len(self.running) >= self.at_once:
            return FULL, 0.05, "Lambda's concurrency"
        outcome, seconds, limit = self.call(now, hour)
        heapq.heappush(self.running, now + seconds)
        hour.calls += 1
        hour.seconds += seconds
        return outcome, seconds, limit

    def call(self, now: float, hour: Hour) -> tuple[str, float, str]:
        """The function: money first, then the model."""
        hour.writes += 1
        if not self.table.take(now):
            return UNAVAILABLE, 0.1, "the budget's table"
        if self.room < 1:
            return SPENT, 0.1, "the budget"
        if not self.bedrock.take(now):
            hour.writes += 1  # the price goes back
            return BUSY, 0.2, "Bedrock's quota"
        self.room -= 1
        hour.spent += PRICE
        return PICTURE, self.chance.lognormvariate(*MODEL_SECONDS), ""


# US dollars, us-east-1, first tier: aws.amazon.com/lambda/pricing (arm64, 1 GB),
# /api-gateway/pricing (REST), /dynamodb/pricing (on demand), /cloudfront/pricing.
LAMBDA_SECOND, LAMBDA_CALL, GATEWAY_CALL = 0.000_013_333_4, 0.20e-6, 3.50e-6
TABLE_WRITE, CLOUDFRONT_GB = 0.625e-6, 0.085
PICTURE_GB = 0.4e-3  # a JPEG of Stable Image Core as base64, compressed on its way


def around(hour: Hour) -> float:
    """What AWS bills beside the model."""
    lambdas = hour.seconds * LAMBDA_SECOND + hour.calls * LAMBDA_CALL
    transfer = hour.outcomes[PICTURE] * PICTURE_GB * CLOUDFRONT_GB
    return lambdas + hour.calls * GATEWAY_CALL + hour.writes * TABLE_WRITE + transfer


SHIPPED = Limits()
RAISED = replace(SHIPPED, daily_usd=100_000)
QUOTA = replace(RAISED, bedrock_a_minute=600)
WIDE = replace(QUOTA, api_rate=500, api_burst=1_000)
ALL = replace(WIDE, bedrock_a_minute=12_000)
QUESTIONS = (
    (10, "as shipped", SHIPPED),
    (1_000, "as shipped", SHIPPED),
    (1_000, "budget raised", RAISED),
    (1_000, "the same, new account", replace(RAISED, lambda_at_once=10)),
    (100_000, "as shipped", SHIPPED),
    (100_000, "budget raised", RAISED),
    (100_000, "and Bedrock's quota 600", QUOTA),
    (100_000, "and the throttle 500", WIDE),
    (100_000, "and Bedrock's quota 12,000", ALL),
    (100_000, "the same, new account", replace(ALL, lambda_at_once=10)),
)


def table() -> str:
    """The answers as Markdown."""
    head = "people an hour | setting | bites first | people see | pictures | wait | dollars"
    rows = [row(people, name, simulate(people, limits)) for people, name, limits in QUESTIONS]
    return "\n".join([f"| {head} |", "|---" * 7 + "|", *rows])


def row(people: int, name: str, hour: Hour) -> str:
    asked = hour.outcomes.total()
    seen = [f"{each} {number / asked:.1%}" for each, number in hour.outcomes.most_common()]
    cells = (
        f"{people:,}",
        name,
        bites_first(hour),
        ", ".join(seen),
        f"{hour.outcomes[PICTURE]:,} of {asked:,}",
        f"{median(hour.waits):.1f} s, {quantiles(hour.waits, n=20)[-1]:.1f} s",
        f"{hour.spent:,.2f} + {around(hour):,.2f}",
    )
    return f"| {' | '.join(cells)} |"


def bites_first(hour: Hour) -> str:
    if not hour.first:
        return "none"
    limit, seconds = min(hour.first.items(), key=lambda each: each[1])
    return f"{limit}, after {seconds:,.0f} s"


if __name__ == "__main__":
    print(table())
    rewrite("scale", table())
