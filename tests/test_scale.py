"""The simulation: nothing gets lost in it, and it knows the cases that paper knows."""

from dataclasses import replace

import pytest

from bench import scale
from bench.markers import README, between
from bench.scale import PICTURE, PRICE, SHIPPED, Bucket, simulate

FREE = replace(SHIPPED, daily_usd=1e6, api_rate=1e6, api_burst=10**6, bedrock_a_minute=1e6)
SETTINGS = [limits for _, _, limits in scale.QUESTIONS]


@pytest.mark.parametrize("limits", SETTINGS)
@pytest.mark.parametrize("people", [0, 1, 3_000])
def test_each_request_ends_once_and_the_budget_holds(people, limits):
    hour = simulate(people, limits)
    assert hour.outcomes.total() == simulate(people, FREE).outcomes.total()
    assert len(hour.waits) == hour.outcomes[PICTURE]
    assert hour.spent == pytest.approx(hour.outcomes[PICTURE] * PRICE)
    assert hour.spent <= limits.daily_usd + 1e-9


def test_where_nothing_is_in_the_way_everybody_waits_for_the_model_alone():
    hour = simulate(300, FREE)
    assert set(hour.outcomes) == {PICTURE} and hour.first == {}
    assert sorted(hour.waits)[len(hour.waits) // 2] == pytest.approx(3, rel=0.1)


def test_the_budget_ends_after_as_many_pictures_as_it_pays():
    hour = simulate(3_000, replace(FREE, daily_usd=2.00))
    assert hour.outcomes[PICTURE] == 50 and set(hour.outcomes) == {PICTURE, "BudgetSpent"}


def test_a_throttle_lets_so_many_pass_at_once_and_so_many_a_second():
    bucket = Bucket(rate=20, most=40)
    assert sum(bucket.take(0) for _ in range(100)) == 40
    assert sum(bucket.take(1) for _ in range(100)) == 20
    assert sum(bucket.take(1_000) for _ in range(100)) == 40


@pytest.mark.parametrize("limit", ["api_rate", "bedrock_a_minute", "lambda_at_once", "daily_usd"])
def test_more_of_a_limit_never_makes_fewer_pictures(limit):
    tight = replace(FREE, api_burst=2)
    made = [
        simulate(3_000, replace(tight, **{limit: number})).outcomes[PICTURE]
        for number in (1, 4, 16, 64)
    ]
    assert made == sorted(made) and made[0] < made[-1]


def test_the_same_seed_is_the_same_hour():
    assert simulate(500, SHIPPED) == simulate(500, SHIPPED) != simulate(500, SHIPPED, seed=8)


@pytest.mark.slow
def test_the_readme_of_the_figures_shows_what_is_simulated():
    text = README.read_text()
    assert between(text, "scale", scale.table()) == text


def test_what_is_measured_goes_between_its_markers_and_nowhere_else():
    text = "above\n<!-- x -->\nold\n\nold\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    once = between(text, "x", "| new |")
    assert once == "above\n<!-- x -->\n| new |\n<!-- /x -->\nbelow\n<!-- y -->\n<!-- /y -->\n"
    assert between(once, "x", "| new |") == once
    with pytest.raises(ValueError, match="markers of z must stand once, got 0"):
        between(text, "z", "| new |")
