"""What 10, 1,000 and 100,000 people an hour meet: `python -m bench.scale` writes the tables."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import log
from random import Random
from statistics import quantiles

from bench.hour import HOUR, PAGE_FILES, PICTURE, REFUSAL_SECONDS, Hour, Limits, Press, Visit
from bench.markers import rewrite

# People, as we suppose them: nobody has counted them yet.
THINKS = 30  # seconds before a press, on average, exponential
COMES_BACK = 0.5  # of the presses are followed by another one: two a person, on average
WANTS_FOUR = 0.25  # of the presses ask for four pictures, the others for one

# Stable Image Core takes about 3 s: two log lines of aws-samples/sample-voice-of-customer-datalake,
# #274. How that spreads is supposed: one picture in twenty takes over 4.5 s.
MODEL_SECONDS, MODEL_SPREAD = 3.0, 0.25  # median, and sigma of its logarithm

PEOPLE = (10, 1_000, 100_000)  # an hour
RAISED = Limits(daily_usd=99_999.99)  # the most that `make deploy` takes
OPENED = replace(RAISED, rate=10_000, burst=5_000)  # an account's default, for all its methods
SETTINGS = {
    "as shipped": Limits(),
    "budget raised": RAISED,
    "budget raised, new account": replace(RAISED, concurrency=10),
    "budget and throttle raised": OPENED,
    "budget, throttle and Bedrock raised": replace(OPENED, model_calls=6_000),
}
QUOTAS, CROWDS = (10, 15, 90, 600, 6_000), (1_000, 10_000)  # calls a minute, people an hour

EDGE = 250_000  # requests a second: AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits

LOADS = """\
| people an hour | setting | what refuses, and from which second | page opens | wishes end as \
| pictures | median, 95 % | model, other AWS |
|---|---|---|---|---|---|---|---|"""
RANGE = """\
| Bedrock's calls a minute | pictures of 1,000 people | of 10,000 |
|---|---|---|"""


def people(number: int) -> list[Visit]:
    """So many in an hour, at random, and the same every time."""
    random = Random(number)
    arrivals = sorted(random.uniform(0, HOUR) for _ in range(number))
    return [(arrival, list(presses(random))) for arrival in arrivals]


def presses(random: Random) -> Iterator[Press]:
    while True:
        number = 4 if random.random() < WANTS_FOUR else 1
        seconds = [random.lognormvariate(log(MODEL_SECONDS), MODEL_SPREAD) for _ in range(number)]
        yield Press(random.expovariate(1 / THINKS), seconds)
        if random.random() >= COMES_BACK:
            return


def tables() -> str:
    """All that stands between the marks in README.md."""
    every = {number: hours(number) for number in PEOPLE}
    parts = [
        [LOADS, *(line for number in PEOPLE for line in load(number, every[number]))],
        [RANGE, *map(quota, QUOTAS)],
        [headroom(list(every[PEOPLE[-1]].values()), Limits()), flood(Limits())],
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def hours(number: int) -> dict[str, Hour]:
    """What so many people an hour meet, by setting."""
    visits = people(number)
    return {setting: Hour(limits).run(visits) for setting, limits in SETTINGS.items()}


def load(number: int, every: dict[str, Hour]) -> Iterator[str]:
    """The rows of so many people an hour; settings that change nothing share one."""
    settings: dict[tuple[str, ...], list[str]] = {}
    for setting, hour in every.items():
        settings.setdefault(tuple(met(hour)), []).append(setting)
    for cells, names in settings.items():
        yield row(f"{number:,}", "; ".join(names) if len(settings) > 1 else "any", *cells)


def met(hour: Hour) -> Iterator[str]:
    yield ", ".join(f"{limit} {second:.0f} s" for limit, second in hour.bites.items()) or "none"
    yield share(hour.doors, "")
    yield ", ".join(f"{end} {share(hour.ends, end)}" for end, _ in hour.ends.most_common())
    yield f"{hour.ends[PICTURE]:,}"
    cuts = quantiles(hour.waits, n=20)
    yield f"{cuts[9]:.1f} s, {cuts[18]:.1f} s"
    yield ", ".join(f"${dollars:,.2f}" for dollars in hour.dollars())


def share(counts: Counter[str], name: str) -> str:
    part = counts[name] / counts.total()
    return f"{part:.0%}" if part >= 0.01 else "under 1%"


def quota(model_calls: int) -> str:
    """What a quota of Bedrock's makes where nothing else refuses."""
    every = [Hour(replace(OPENED, model_calls=model_calls)).run(people(n)) for n in CROWDS]
    made = [f"{hour.ends[PICTURE]:,} ({share(hour.ends, PICTURE)})" for hour in every]
    return row(f"{model_calls:,}", *made)


def headroom(busiest: list[Hour], shipped: Limits) -> str:
    """The most that these hours used of what AWS allows."""
    requests = max(hour.requests for hour in busiest) + PAGE_FILES * PEOPLE[-1]
    admitted = max(hour.admitted for hour in busiest)
    at_once = max(hour.at_once for hour in busiest)
    writes = max(hour.writes for hour in busiest)
    return (
        f"Of {PEOPLE[-1]:,} people, the busiest hour sent CloudFront {requests / HOUR:,.0f} "
        f"requests a second ({EDGE:,} are allowed) and API Gateway {admitted / HOUR:,.0f} "
        f"({OPENED.rate:,}), held {at_once:,} calls of Lambda at once ({shipped.concurrency:,}), "
        f"and wrote the budget's item {writes / HOUR:,.0f} times a second ({shipped.writes:,})."
    )


def flood(shipped: Limits) -> str:
    """What a stranger's loop costs in a day, if the budget refuses every request."""
    day = Hour(shipped)
    day.requests = day.admitted = day.calls = day.writes = round(shipped.rate * 24 * HOUR)
    day.held = day.calls * REFUSAL_SECONDS
    return (
        f"A loop of {shipped.rate} requests a second, all day, against a budget that is spent "
        f"costs ${day.dollars()[1]:.2f} besides the budget."
    )


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(tables())
    rewrite("scale", tables())
