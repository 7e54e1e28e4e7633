"""The simulation at scale: it loses nothing, and matches known results."""

import gzip
import json
import re
from dataclasses import replace
from random import Random

import pytest

import app as easel
from bench import hour, scale
from bench.hour import (
    IMAGE,
    LAMBDA_FULL,
    THROTTLED,
    Batch,
    Bucket,
    Click,
    Hour,
    ImageRequest,
    Limits,
)
from bench.markers import README, replace_section
from chalicelib import bedrock, errors, stable_image
from conftest import ROOT, first_load
from infra import options

pytestmark = pytest.mark.slow

PAGE = (ROOT / "frontend/api.js").read_text()
VISITS = scale.visits(1_000)
TIGHT = Limits(5.01, rate=0.3, burst=20, read_rate=0.3, concurrency=3, writes=1, model_calls=10)


class Watched(Hour):
    """An hour that records the images requested and the requests finished."""

    def __init__(self, limits):
        super().__init__(limits)
        self.requested, self.finished, self.now = 0, [], 0

    def click(self, now, clicks):
        self.requested += len(clicks[0].model_seconds)
        super().click(now, clicks)

    def finish(self, then, request, outcome):
        self.finished.append(request)
        self.now = then
        super().finish(then, request, outcome)


@pytest.mark.parametrize("limits", [*scale.SETTINGS.values(), TIGHT])
def test_counts_every_request_and_visitor_once(limits):
    watched = Watched(limits).run(VISITS)
    finished = {id(request) for request in watched.finished}
    assert watched.outcomes.total() == watched.requested == len(finished)
    assert watched.page_opens.total() == len(VISITS)
    assert len(watched.wait_seconds) == watched.outcomes[IMAGE]


def test_without_refusals_every_image_takes_the_models_time():
    result = Hour(scale.SETTINGS["budget, throttle and Bedrock raised"]).run(VISITS)
    expected = [
        seconds for _, clicks in VISITS for click in clicks for seconds in click.model_seconds
    ]
    assert not result.first_refusals
    assert sorted(result.wait_seconds) == pytest.approx(sorted(expected))


@pytest.mark.parametrize("daily_usd", [0, 0.03, 0.04, 5.01])
@pytest.mark.parametrize("writes", [1, 1_000])
def test_never_overspends_the_budget(daily_usd, writes):
    limits = Limits(daily_usd, rate=1_000, burst=1_000, writes=writes, model_calls=10)
    result = Hour(limits).run(VISITS)
    spent = result.outcomes[IMAGE] * hour.PRICE_USD
    assert spent <= daily_usd + 1e-9
    if writes == 1_000:  # refunds succeed
        left = result.affordable * hour.PRICE_USD
        assert spent + left == pytest.approx(daily_usd, abs=hour.PRICE_USD)


def test_a_throttled_item_rejects_and_loses_refunds():
    result = Hour(Limits(writes=1, model_calls=10)).run(VISITS)
    assert result.outcomes["ModelUnavailable"]
    assert result.outcomes[IMAGE] < 50
    assert not result.affordable


@pytest.mark.parametrize("rate", [1, 20, 1_000])
def test_a_bucket_admits_its_rate_and_burst(rate):
    bucket = Bucket(rate, 40)
    admitted = sum(bucket.take(step / 10_000) for step in range(100_000))  # ten seconds
    assert rate * 10 + 40 - 1 <= admitted <= rate * 10 + 40


def test_reads_reach_the_api_only_when_a_cache_is_stale():
    result = Hour(Limits())
    refusals = {result.get(read / 100, result.models) for read in range(6_000)}  # 100 a second
    assert refusals == {""}
    assert result.requests == 6_000
    assert result.admitted == hour.REGIONAL_CACHES * 60 / hour.MODELS_SECONDS


def test_never_exceeds_a_limit():
    result = Watched(TIGHT).run(VISITS)
    assert result.admitted <= 3 * (TIGHT.burst + TIGHT.rate * result.now)  # three methods
    assert result.writes <= TIGHT.writes + TIGHT.writes * result.now
    assert result.peak_concurrency == TIGHT.concurrency


def test_uses_bedrocks_whole_quota():
    result = Watched(replace(scale.OPENED, model_calls=10)).run(VISITS)
    quota = 10 + 10 * result.now / 60
    assert 0.95 * quota < result.outcomes[IMAGE] <= quota


def test_lambda_refusals_match_erlangs_formula(monkeypatch):
    monkeypatch.setattr(hour, "REFUSAL_SECONDS", 0)
    limits = Limits(1e9, 1e9, 10**9, concurrency=10, writes=10**9, model_calls=10**9)
    result = Hour(limits)
    random, now = Random(1), 0.0
    for _ in range(10_000):
        now += random.expovariate(8 / 3)  # 8 concurrent calls of 3 seconds on average
        result.schedule(now, result.post, ImageRequest(Batch(now, 1, []), 3.0, retries=2))
    result.run([])
    assert result.outcomes[LAMBDA_FULL] / 10_000 == pytest.approx(
        0.1217, abs=0.008
    )  # Erlang B(10, 8)


def test_retries_a_busy_model_twice_at_no_cost():
    result = Watched(Limits(model_calls=0)).run([(0, [Click(0, [3.0])])])
    assert result.outcomes == {"ModelBusy": 1}
    assert result.now == pytest.approx(0.1 + 5 + 0.1 + 5 + 0.1)
    assert result.writes == 6  # three reservations, three refunds
    assert result.affordable == 50
    assert result.costs_usd()[0] == 0


@pytest.mark.parametrize(
    ("limit", "amounts"),
    [
        ("daily_usd", [0, 2, 50, 200]),
        ("rate", [0.1, 0.3, 1, 20]),
        ("concurrency", [1, 10, 100, 1_000]),
        ("writes", [1, 2, 10, 1_000]),
        ("model_calls", [0, 10, 90, 6_000]),
    ],
)
def test_a_higher_limit_never_makes_fewer_images(limit, amounts):
    rest = replace(scale.SETTINGS["budget, throttle and Bedrock raised"], burst=40)
    hours = [Hour(replace(rest, **{limit: amount})).run(VISITS) for amount in amounts]
    images = [each.outcomes[IMAGE] for each in hours]
    assert images == sorted(images)
    assert images[0] < images[-1]


def test_uses_the_products_own_values():
    gateway, config = (ROOT / "infra/gateway.py").read_text(), (ROOT / ".chalice/config.json")
    website = (ROOT / "infra/website.py").read_text()
    shipped = Limits()
    assert stable_image.STABLE_IMAGE_CORE.price_usd == hour.PRICE_USD
    retried = dict.fromkeys(hour.RETRIED, hour.RETRY_AFTER_SECONDS)
    own = {**errors.RETRY_AFTER_SECONDS, THROTTLED: 5, LAMBDA_FULL: 5}
    del own["RequestInProgress"]  # the page asks for the result instead
    assert retried == own
    assert f"const retries = {hour.RETRIES}\n" in PAGE
    assert json.loads(config.read_text())["lambda_memory_size"] == hour.MEMORY_GB * 1024
    assert shipped.daily_usd == options.read(lambda name: None).daily_budget_usd
    for rate, burst in ((shipped.rate, shipped.burst), (shipped.read_rate, shipped.read_burst)):
        assert json.dumps({"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}) in gateway
    cached = {"models": hour.MODELS_SECONDS, "budget": hour.BUDGET_SECONDS}
    assert f"CACHED_SECONDS = {json.dumps(cached)}" in website
    methods = [method for route in easel.app.routes.values() for method in route]
    assert (methods.count("POST"), methods.count("GET")) == (scale.POSTS, scale.GETS)
    assert len(methods) == scale.POSTS + scale.GETS
    raised = options.read({"daily_budget_usd": "99999.99"}.get)
    assert scale.RAISED.daily_usd == raised.daily_budget_usd


def test_assumes_the_most_that_the_page_may_weigh():
    files = first_load()
    assert len(files) == pytest.approx(hour.PAGE_FILES, rel=0.2)
    weight = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert 0.7 * hour.PAGE_BYTES < weight <= hour.PAGE_BYTES


def test_the_readme_quotes_the_products_messages():
    product = PAGE.replace("{status}", "500") + (ROOT / "chalicelib/budget.py").read_text()
    product += bedrock.BUSY[1]
    quoted = re.findall(r'reads.*?: "(.+?)"', README.read_text())
    assert len(quoted) == 5
    for sentence in quoted:
        assert sentence[1:].rstrip("….") in product


@pytest.mark.parametrize("number", [10, 1_000])
def test_the_readme_matches_the_simulation(number):
    rows = scale.load_rows(number, scale.simulate(number))
    assert "\n".join(rows) in README.read_text()


def test_the_readme_matches_quota_and_flood():
    """`python -m bench.scale` also writes the rows of 100,000 people, which take 40 seconds."""
    text = README.read_text()
    assert scale.quota_row(scale.QUOTAS[0]) in text
    assert scale.describe_flood(scale.Limits()) in text


def test_replaces_only_the_section_between_markers():
    text = "above\n<!-- x -->\nold\n\nold\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    once = replace_section(text, "x", "| new |")
    assert once == "above\n<!-- x -->\n| new |\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    assert replace_section(once, "x", "| new |") == once
    with pytest.raises(ValueError, match="markers of z must appear once, got 0"):
        replace_section(text, "z", "| new |")
