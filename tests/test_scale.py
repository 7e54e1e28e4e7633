"""The simulation at scale: nothing is lost in it, and where the answer is known, it is that."""

import gzip
import json
import re
from dataclasses import replace
from random import Random

import pytest

from bench import hour, scale
from bench.hour import CROWDED, PICTURE, THROTTLED, Bucket, Hour, Limits, Order, Press, Wish
from bench.markers import README, between
from chalicelib import bedrock, budget, errors, stability
from conftest import ROOT
from infra import options

PAGE = (ROOT / "frontend/api.js").read_text()
VISITS = scale.people(3_000)
TIGHT = Limits(daily_usd=5.01, rate=1, burst=20, concurrency=3, writes=1, model_calls=10)


class Watched(Hour):
    """An hour that keeps what was asked for, and what ended."""

    def __init__(self, limits):
        super().__init__(limits)
        self.asked, self.ended, self.now = 0, [], 0

    def press(self, now, wanted):
        self.asked += len(wanted[0].pictures)
        super().press(now, wanted)

    def end(self, then, wish, end):
        self.ended.append(wish)
        self.now = then
        super().end(then, wish, end)


@pytest.mark.parametrize("limits", [*scale.SETTINGS.values(), TIGHT])
def test_every_wish_ends_once_and_every_visitor_is_at_the_door_once(limits):
    watched = Watched(limits).run(VISITS)
    assert watched.ends.total() == watched.asked == len({id(wish) for wish in watched.ended})
    assert watched.doors.total() == len(VISITS)
    assert len(watched.waits) == watched.ends[PICTURE]


def test_where_nothing_refuses_every_wish_is_a_picture_as_soon_as_the_model_has_it():
    met = Hour(scale.SETTINGS["budget, throttle and Bedrock raised"]).run(VISITS)
    wanted = [seconds for _, presses in VISITS for press in presses for seconds in press.pictures]
    assert not met.bites
    assert sorted(met.waits) == pytest.approx(sorted(wanted))


@pytest.mark.parametrize("daily_usd", [0, 0.03, 0.04, 2.00, 5.01])
@pytest.mark.parametrize("writes", [1, 2, 1_000])
def test_the_budget_is_never_overspent_and_never_lost_but_by_the_item(daily_usd, writes):
    limits = Limits(daily_usd, rate=1_000, burst=1_000, writes=writes, model_calls=10)
    met = Hour(limits).run(VISITS)
    spent = met.ends[PICTURE] * hour.PRICE
    assert spent <= daily_usd + 1e-9
    if writes == 1_000:
        assert spent + met.affordable * hour.PRICE == pytest.approx(daily_usd, abs=hour.PRICE)


def test_an_item_that_takes_no_more_writes_closes_and_keeps_what_was_not_given_back():
    met = Hour(Limits(writes=1, model_calls=10)).run(VISITS)
    assert met.ends["ModelUnavailable"]
    assert met.ends[PICTURE] < 50
    assert not met.affordable


@pytest.mark.parametrize("rate", [1, 20, 1_000])
def test_a_throttle_lets_through_its_rate_and_its_burst_and_no_more(rate):
    bucket = Bucket(rate, 40)
    passed = sum(bucket.take(step / 10_000) for step in range(100_000))  # ten seconds
    assert rate * 10 + 40 - 1 <= passed <= rate * 10 + 40


def test_no_throttle_and_no_quota_is_ever_passed():
    met = Watched(TIGHT).run(VISITS)
    assert met.admitted <= 3 * (TIGHT.burst + TIGHT.rate * met.now)  # three methods
    assert met.writes <= TIGHT.writes + TIGHT.writes * met.now
    assert met.at_once == TIGHT.concurrency


def test_where_bedrock_alone_refuses_it_makes_what_its_quota_says():
    met = Watched(replace(scale.OPENED, model_calls=10)).run(VISITS)
    quota = 10 + 10 * met.now / 60
    assert 0.95 * quota < met.ends[PICTURE] <= quota


def test_calls_that_find_lambda_full_are_as_many_as_erlang_reckoned(monkeypatch):
    monkeypatch.setattr(hour, "REFUSAL_SECONDS", 0)
    met = Hour(Limits(1e9, 1e9, 10**9, concurrency=10, writes=10**9, model_calls=10**9))
    random, now = Random(1), 0.0
    for _ in range(20_000):
        now += random.expovariate(8 / 3)  # 8 at once, of calls of 3 seconds
        met.at(now, met.ask, Wish(Order(now, 1, []), 3.0))
    met.run([])
    assert met.ends[CROWDED] / 20_000 == pytest.approx(0.1217, abs=0.008)  # Erlang's B(10, 8)


def test_a_busy_model_is_asked_three_times_five_seconds_apart_and_costs_nothing():
    met = Watched(Limits(model_calls=0)).run([(0, [Press(0, [3.0])])])
    assert met.ends == {"ModelBusy": 1}
    assert met.now == pytest.approx(0.1 + 5 + 0.1 + 5 + 0.1)
    assert met.writes == 6  # three times put aside, three times given back
    assert met.affordable == 50
    assert met.dollars()[0] == 0


@pytest.mark.parametrize(
    ("limit", "amounts"),
    [
        ("daily_usd", [0, 2, 50, 200]),
        ("rate", [0.1, 1, 20, 10_000]),
        ("concurrency", [1, 10, 100, 1_000]),
        ("writes", [1, 2, 10, 1_000]),
        ("model_calls", [0, 10, 90, 6_000]),
    ],
)
def test_more_of_a_limit_never_makes_fewer_pictures(limit, amounts):
    rest = scale.SETTINGS["budget, throttle and Bedrock raised"]
    hours = [Hour(replace(rest, **{limit: amount})).run(VISITS) for amount in amounts]
    made = [each.ends[PICTURE] for each in hours]
    assert made == sorted(made)
    assert made[0] < made[-1]


def test_what_the_simulation_takes_from_the_product_is_so():
    stack, config = (ROOT / "infra/stack.py").read_text(), (ROOT / ".chalice/config.json")
    shipped = Limits()
    assert stability.STABLE_IMAGE_CORE.price_usd == hour.PRICE
    retried = dict.fromkeys(hour.RETRIED, hour.RETRY_AFTER)
    assert retried == errors.RETRY_AFTER_SECONDS | {THROTTLED: 5}
    assert f"const retries = {hour.RETRIES}\n" in PAGE
    assert json.loads(config.read_text())["lambda_memory_size"] == hour.MEMORY * 1024
    assert shipped.daily_usd == options.read(lambda name: None).daily_budget_usd
    limits = {"ThrottlingRateLimit": shipped.rate, "ThrottlingBurstLimit": shipped.burst}
    assert json.dumps(limits) in stack
    assert scale.RAISED.daily_usd == budget.parse_dollars("most", "99999.99")


def test_the_page_is_about_as_heavy_as_the_simulation_takes_it_for():
    files = [*ROOT.glob("frontend/*.*"), ROOT / "frontend/vendor/idb.js"]
    assert len(files) == pytest.approx(hour.PAGE_FILES, rel=0.2)
    weight = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert weight == pytest.approx(hour.PAGE_BYTES, rel=0.2)


def test_what_the_readme_says_that_people_read_is_what_they_read():
    product = PAGE.replace("{status}", "500") + (ROOT / "chalicelib/budget.py").read_text()
    product += bedrock.BUSY[1]
    quoted = re.findall(r'reads.*?: "(.+?)"', README.read_text())
    assert len(quoted) == 5
    for sentence in quoted:
        assert sentence[1:].rstrip("….") in product


@pytest.mark.parametrize("number", [10, 1_000])
def test_the_readme_says_what_the_simulation_says(number):
    told = README.read_text()
    assert "\n".join(scale.load(number, scale.hours(number))) in told


@pytest.mark.slow
def test_the_readme_says_all_that_the_simulation_says():
    text = README.read_text()
    assert between(text, "scale", scale.tables()) == text


def test_what_is_measured_goes_between_its_markers_and_nowhere_else():
    text = "above\n<!-- x -->\nold\n\nold\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    once = between(text, "x", "| new |")
    assert once == "above\n<!-- x -->\n| new |\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    assert between(once, "x", "| new |") == once
    with pytest.raises(ValueError, match="markers of z must stand once, got 0"):
        between(text, "z", "| new |")
