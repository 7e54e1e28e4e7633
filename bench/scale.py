"""Tables of what 10, 1,000 and 100,000 people an hour experience: `python -m bench.scale`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from math import log
from random import Random
from statistics import quantiles

from bench.hour import HOUR_SECONDS, IMAGE, PAGE_FILES, REFUSAL_SECONDS, Click, Hour, Limits, Visit
from bench.markers import rewrite

# Assumed behavior of people; nobody has measured it yet.
THINK_SECONDS = 30  # before a click, on average, exponential
RETURNING = 0.5  # share of clicks that are followed by another: two per visitor on average
FOUR_IMAGES = 0.25  # share of clicks that ask for four images; the others ask for one

# Stable Image Core takes about 3 s: two log lines of aws-samples/sample-voice-of-customer-datalake,
# #274. The spread is assumed: one image in twenty takes over 4.5 s.
MODEL_SECONDS, MODEL_SPREAD = 3.0, 0.25  # median, and sigma of its logarithm

PEOPLE = (10, 1_000, 100_000)  # an hour
RAISED = Limits(daily_usd=99_999.99)  # the maximum of `make deploy`
# An account's default for all its methods.
OPENED = replace(RAISED, rate=10_000, burst=5_000, read_rate=10_000, read_burst=5_000)
SETTINGS = {
    "as shipped": Limits(),
    "budget raised": RAISED,
    "budget raised, new account": replace(RAISED, concurrency=10),
    "budget and throttle raised": OPENED,
    "budget, throttle and Bedrock raised": replace(OPENED, model_calls=6_000),
}
QUOTAS, CROWDS = (10, 15, 90, 600, 6_000), (1_000, 10_000)  # calls a minute, people an hour

# The API's routes, each with a preflight: app.py. Two of the GETs have the higher rate: a model of
# OpenAI's API, and a result (infra/gateway.py).
POSTS, GETS, FREQUENT_GETS = 4, 5, 2

# Requests a second: AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits
CLOUDFRONT_RATE = 250_000

LOADS = """\
| people an hour | setting | limits reached, and when | page opens | outcomes | pictures \
| median, 95th percentile | model, other AWS |
|---|---|---|---|---|---|---|---|"""
QUOTA_HEAD = """\
| Bedrock's calls a minute | pictures for 1,000 people | for 10,000 |
|---|---|---|"""


@cache
def visits(people: int) -> list[Visit]:
    """Random visits within an hour, the same for the same number of people."""
    random = Random(people)
    arrivals = sorted(random.uniform(0, HOUR_SECONDS) for _ in range(people))
    return [(arrival, list(clicks(random))) for arrival in arrivals]


def clicks(random: Random) -> Iterator[Click]:
    while True:
        images = 4 if random.random() < FOUR_IMAGES else 1
        seconds = [random.lognormvariate(log(MODEL_SECONDS), MODEL_SPREAD) for _ in range(images)]
        yield Click(random.expovariate(1 / THINK_SECONDS), seconds)
        if random.random() >= RETURNING:
            return


def tables() -> str:
    """Everything between the markers in README.md."""
    hours = {people: simulate(people) for people in PEOPLE}
    parts = [
        [LOADS, *(row for people in PEOPLE for row in load_rows(people, hours[people]))],
        [QUOTA_HEAD, *map(quota_row, QUOTAS)],
        [describe_peaks(list(hours[PEOPLE[-1]].values()), Limits()), describe_flood(Limits())],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def simulate(people: int) -> dict[str, Hour]:
    """An hour with this many people, for each setting."""
    return {setting: Hour(limits).run(visits(people)) for setting, limits in SETTINGS.items()}


def load_rows(people: int, hours: dict[str, Hour]) -> Iterator[str]:
    """Table rows for a number of people. Settings with the same result share a row."""
    settings: dict[tuple[str, ...], list[str]] = {}
    for setting, hour in hours.items():
        settings.setdefault(tuple(result_cells(hour)), []).append(setting)
    for cells, names in settings.items():
        yield row(f"{people:,}", "; ".join(names) if len(settings) > 1 else "any", *cells)


def result_cells(hour: Hour) -> Iterator[str]:
    refusals = [f"{limit} {second:.0f} s" for limit, second in hour.first_refusals.items()]
    yield ", ".join(refusals) or "none"
    yield share(hour.page_opens, "")
    outcomes = [name for name, _ in hour.outcomes.most_common()]
    yield ", ".join(f"{name} {share(hour.outcomes, name)}" for name in outcomes)
    yield f"{hour.outcomes[IMAGE]:,}"
    cuts = quantiles(hour.wait_seconds, n=20)
    yield f"{cuts[9]:.1f} s, {cuts[18]:.1f} s"
    yield ", ".join(f"${usd:,.2f}" for usd in hour.costs_usd())


def share(counts: Counter[str], name: str) -> str:
    part = counts[name] / counts.total()
    return f"{part:.0%}" if part >= 0.01 else "under 1%"


def quota_row(model_calls: int) -> str:
    """The images that a Bedrock quota allows if nothing else refuses."""
    limits = replace(OPENED, model_calls=model_calls)
    hours = [Hour(limits).run(visits(people)) for people in CROWDS]
    images = [f"{hour.outcomes[IMAGE]:,} ({share(hour.outcomes, IMAGE)})" for hour in hours]
    return row(f"{model_calls:,}", *images)


def describe_peaks(hours: list[Hour], shipped: Limits) -> str:
    """The highest use of AWS in these hours, beside AWS's limits."""
    requests = max(hour.requests for hour in hours) + PAGE_FILES * PEOPLE[-1]
    admitted = max(hour.admitted for hour in hours)
    concurrency = max(hour.peak_concurrency for hour in hours)
    writes = max(hour.writes for hour in hours)
    return (
        f"With {PEOPLE[-1]:,} people, the busiest hour sent CloudFront "
        f"{requests / HOUR_SECONDS:,.0f} requests a second (limit {CLOUDFRONT_RATE:,}) and API "
        f"Gateway {admitted / HOUR_SECONDS:,.0f} (limit {OPENED.rate:,}), ran {concurrency:,} "
        f"Lambda calls at once (limit {shipped.concurrency:,}), and wrote the budget's item "
        f"{writes / HOUR_SECONDS:,.0f} times a second (limit {shipped.writes:,})."
    )


def describe_flood(shipped: Limits) -> str:
    """What attackers' loops cost in a day if the budget refuses every request."""
    post = loop_usd(shipped.rate, REFUSAL_SECONDS, writes=True)
    frequent_get = loop_usd(shipped.rate, REFUSAL_SECONDS)
    get = loop_usd(shipped.read_rate, REFUSAL_SECONDS)
    preflight = loop_usd(shipped.read_rate, 0)
    gets = FREQUENT_GETS * frequent_get + (GETS - FREQUENT_GETS) * get
    everything = POSTS * post + gets + (POSTS + GETS) * preflight
    return (
        f"A loop that sends {shipped.rate} requests a second all day while the budget is spent "
        f"costs ${post:.2f} on top of the budget. Loops on every route and preflight at once cost "
        f"${everything:.2f}."
    )


def loop_usd(rate: float, lambda_seconds: float, writes: bool = False) -> float:
    """US dollars for a day of requests that make no image. `lambda_seconds`: 0 without Lambda.

    `writes`: each claims a key and tries to reserve; the others read at most one result."""
    day = Hour(Limits())
    requests = round(rate * 24 * HOUR_SECONDS)
    day.requests = day.admitted = requests
    day.lambda_calls = requests if lambda_seconds else 0
    day.lambda_seconds = requests * lambda_seconds
    day.writes = day.object_writes = requests if writes else 0
    day.object_reads = day.lambda_calls - day.object_writes
    return day.costs_usd()[1]


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    content = tables()
    print(content)
    rewrite("scale", content)
