"""Simulates one hour of people who use Easel within AWS's limits. Formats no tables."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any

HOUR_SECONDS = 3600  # in which people arrive
REFUSAL_SECONDS = 0.1  # Lambda's duration for a GET or a refused request; assumed

# The product's own values; tests/test_scale.py compares them.
PRICE_USD = 0.04  # per image of Stable Image Core: chalicelib/stable_image.py
RETRY_AFTER_SECONDS = 5  # chalicelib/errors.py
RETRIES = 2  # by the page
MEMORY_GB = 1  # of Lambda: .chalice/config.json
PAGE_FILES = 32  # that a first visit loads, in English

# CloudFront keeps GET /models and GET /budget for some seconds (infra/website.py) in each of its 13
# regional caches (aws.amazon.com/cloudfront/features). Visitors are spread over all of them.
MODELS_SECONDS, BUDGET_SECONDS, REGIONAL_CACHES = 10, 5, 13

# Bytes sent to a browser: the page, and an image of 401,603 bytes (Core, JPEG, 1536 pixels square,
# from the same sample) as base64 text, both compressed.
PAGE_BYTES, IMAGE_BYTES = 63_000, 405_669

# US dollars in us-west-2, and at CloudFront in the United States and Europe, without free tiers:
# aws.amazon.com's pages lambda/pricing (arm64), api-gateway/pricing (REST; throttled requests are
# free), dynamodb/pricing (on demand), s3/pricing and cloudfront/pricing, November 2026.
LAMBDA_CALL, LAMBDA_GB_SECOND = 0.20e-6, 13.3334e-6
GATEWAY_REQUEST = 3.50e-6
ITEM_WRITE, ITEM_READ = 0.625e-6, 0.125e-6
OBJECT_WRITE, OBJECT_READ = 5.0e-6, 0.4e-6  # deleting one is free
EDGE_REQUEST, EDGE_BYTE = 1.0e-6, 0.085e-9


@dataclass(frozen=True)
class Limits:
    """A deployment's limits. The defaults are what `make deploy` sets, and AWS's own quotas."""

    daily_usd: float = 2.00  # infra/options.py
    # Requests per second and burst of each method: infra/gateway.py. "Applied at the API method
    # level": docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling
    rate: float = 20
    burst: int = 40
    read_rate: float = 5  # of GET /models and GET /budget, which CloudFront caches
    read_burst: int = 20
    # Concurrent calls: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits. "New AWS
    # accounts have reduced concurrency"; AWS publishes no number, people report 10.
    concurrency: int = 1_000
    # Per second to one partition, so to one item: docs.aws.amazon.com/amazondynamodb/latest/
    # developerguide/throttling-key-range-limit-exceeded-mitigation
    writes: int = 1_000
    # Per minute for Stable Image Core, "Adjustable: No": docs.aws.amazon.com/general/latest/gr/
    # bedrock. Since May 2026 its page quotas-runtime counts tokens, without saying how many an
    # image has. How AWS measures a minute is not documented; here it is a token bucket.
    model_calls: int = 90


# How a request for an image ends: with Easel's own code, or refused before the function runs, which
# the page treats as ModelBusy (infra/gateway.py).
IMAGE = "picture"
BUDGET_SPENT, MODEL_BUSY, MODEL_UNAVAILABLE = "BudgetSpent", "ModelBusy", "ModelUnavailable"
THROTTLED, LAMBDA_FULL = "throttled", "Lambda full"
RETRIED = (MODEL_BUSY, MODEL_UNAVAILABLE, THROTTLED, LAMBDA_FULL)


@dataclass(frozen=True, slots=True)
class Click:
    """One click on the button."""

    think_seconds: float  # before the click
    model_seconds: list[float]  # for each image


Visit = tuple[float, list[Click]]  # the second of arrival, and the visitor's clicks


class Bucket:
    """API Gateway's token bucket: refills at `rate` per second, up to `burst`."""

    __slots__ = ("burst", "filled", "left", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.left, self.filled = burst, 0.0

    def take(self, now: float) -> bool:
        left = self.left + (now - self.filled) * self.rate
        left = min(left, self.burst)
        self.filled = now
        taken = left >= 1
        self.left = left - taken
        return taken


class Cache:
    """CloudFront's regional caches of one response, used in turn."""

    __slots__ = ("fresh_until", "seconds", "turn")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.fresh_until = [0.0] * REGIONAL_CACHES
        self.turn = 0

    def take(self, now: float) -> bool:
        """Whether the next cache has the response. If not, the caller fetches and stores it."""
        self.turn = (self.turn + 1) % REGIONAL_CACHES
        return self.fresh_until[self.turn] > now

    def store(self, now: float) -> None:
        self.fresh_until[self.turn] = now + self.seconds


@dataclass(slots=True)
class Batch:
    """The images of one click, until all of them have ended."""

    clicked: float
    pending: int  # images
    next_clicks: list[Click]
    ended: float = 0
    budget_spent: bool = False


@dataclass(slots=True)
class ImageRequest:
    """One image of a batch."""

    batch: Batch
    model_seconds: float
    retries: int = 0


class Hour:
    """The first hour of a day. Everyone who arrives in it is served to the end."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.posts = Bucket(limits.rate, limits.burst)
        self.models, self.budget = (Bucket(limits.read_rate, limits.read_burst) for _ in range(2))
        self.caches = {self.models: Cache(MODELS_SECONDS), self.budget: Cache(BUDGET_SECONDS)}
        self.item = Bucket(limits.writes, limits.writes)
        self.model = Bucket(limits.model_calls / 60, limits.model_calls)
        self.affordable = round(limits.daily_usd * 1e6) // round(PRICE_USD * 1e6)  # images
        self.running: list[float] = []  # heap: when each running Lambda call ends
        self.events: list[Any] = []
        self.serial = count()
        self.outcomes: Counter[str] = Counter()  # of image requests
        self.page_opens: Counter[str] = Counter()  # "" or why the page has no form
        self.wait_seconds: list[float] = []  # from a click to its image
        self.first_refusals: dict[str, float] = {}  # by limit, in seconds
        self.requests = self.admitted = self.lambda_calls = self.peak_concurrency = 0
        self.writes = self.reads = 0  # of the day's item
        self.object_writes = self.object_reads = 0  # of results: a claim, then its answer
        self.lambda_seconds = 0.0

    def run(self, visits: Iterable[Visit]) -> "Hour":
        self.visits = iter(visits)
        self.schedule_arrival()
        while self.events:
            now, _, step, arguments = heappop(self.events)
            step(now, *arguments)
        return self

    def schedule(self, time: float, step: Any, *arguments: Any) -> None:
        heappush(self.events, (time, next(self.serial), step, arguments))

    def schedule_arrival(self) -> None:
        """Schedule only the next arrival, as a short event list is faster."""
        for arrival, clicks in islice(self.visits, 1):
            self.schedule(arrival, self.arrive, clicks)

    def arrive(self, now: float, clicks: list[Click]) -> None:
        self.schedule_arrival()
        self.get(now, self.budget)
        refusal = self.get(now, self.models)
        self.page_opens[refusal] += 1
        if not refusal:
            self.schedule_click(now, clicks)

    def get(self, now: float, method: Bucket) -> str:
        """GET /models or GET /budget: "" or the refusal."""
        if self.caches[method].take(now):
            self.requests += 1
            return ""
        refusal = self.admit(now, method)
        if not refusal:
            self.caches[method].store(now)
            self.run_lambda(now, now + REFUSAL_SECONDS)
            self.reads += method is self.budget
        return refusal

    def schedule_click(self, now: float, clicks: list[Click]) -> None:
        self.schedule(now + clicks[0].think_seconds, self.click, clicks)

    def click(self, now: float, clicks: list[Click]) -> None:
        images = clicks[0].model_seconds
        batch = Batch(now, len(images), clicks[1:])
        for seconds in images:
            self.post(now, ImageRequest(batch, seconds))

    def post(self, now: float, request: ImageRequest) -> None:
        """POST /, with the page's retries."""
        refusal = self.admit(now, self.posts)
        outcome = refusal or self.generate(now)
        then = now + (request.model_seconds if outcome == IMAGE else REFUSAL_SECONDS)
        if not refusal:
            self.run_lambda(now, then)
        if outcome in RETRIED and request.retries < RETRIES:
            request.retries += 1
            self.schedule(then + RETRY_AFTER_SECONDS, self.post, request)
        else:
            self.finish(then, request, outcome)

    def admit(self, now: float, method: Bucket) -> str:
        """Pass CloudFront, API Gateway and Lambda's limit: "" or the refusal."""
        self.requests += 1
        if not method.take(now):
            return self.refuse(now, "throttle", THROTTLED)
        self.admitted += 1
        while self.running and self.running[0] <= now:
            heappop(self.running)
        if len(self.running) >= self.limits.concurrency:
            return self.refuse(now, "Lambda", LAMBDA_FULL)
        return ""

    def refuse(self, now: float, limit: str, code: str) -> str:
        self.first_refusals.setdefault(limit, now)
        return code

    def run_lambda(self, now: float, then: float) -> None:
        heappush(self.running, then)
        self.lambda_seconds += then - now
        self.lambda_calls += 1
        self.peak_concurrency = max(self.peak_concurrency, len(self.running))

    def generate(self, now: float) -> str:
        """As app.py does: claims the key and reserves the price first, and refunds it if no image
        was made."""
        self.object_writes += 1
        if not self.write_item(now):
            return self.refuse(now, "DynamoDB", MODEL_UNAVAILABLE)
        if not self.affordable:
            return self.refuse(now, "budget", BUDGET_SPENT)
        self.affordable -= 1
        if self.model.take(now):
            self.object_writes += 1
            return IMAGE
        self.affordable += self.write_item(now)  # if this write fails, the refund is lost
        return self.refuse(now, "Bedrock", MODEL_BUSY)

    def write_item(self, now: float) -> bool:
        """Write the day's item. AWS bills the write even if its condition fails."""
        written = self.item.take(now)
        self.writes += written
        return written

    def finish(self, then: float, request: ImageRequest, outcome: str) -> None:
        batch = request.batch
        self.outcomes[outcome] += 1
        if outcome == IMAGE:
            self.wait_seconds.append(then - batch.clicked)
        batch.pending -= 1
        batch.ended = max(batch.ended, then)
        batch.budget_spent |= outcome == BUDGET_SPENT
        if not batch.pending:
            self.schedule(batch.ended, self.finish_batch, batch)

    def finish_batch(self, now: float, batch: Batch) -> None:
        """Read the budget, as the page does. A visitor leaves if the budget is spent."""
        self.get(now, self.budget)
        if batch.next_clicks and not batch.budget_spent:
            self.schedule_click(now, batch.next_clicks)

    def costs_usd(self) -> tuple[float, float]:
        """The model's cost, and the cost of the other AWS services."""
        images, visits = self.outcomes[IMAGE], self.page_opens.total()
        other = (
            self.lambda_calls * LAMBDA_CALL
            + self.lambda_seconds * MEMORY_GB * LAMBDA_GB_SECOND
            + self.admitted * GATEWAY_REQUEST
            + self.writes * ITEM_WRITE
            + self.reads * ITEM_READ
            + self.object_writes * OBJECT_WRITE
            + self.object_reads * OBJECT_READ
            + (self.requests + visits * PAGE_FILES) * EDGE_REQUEST
            + (visits * PAGE_BYTES + images * IMAGE_BYTES) * EDGE_BYTE
        )
        return images * PRICE_USD, other
