"""The benchmark's figures and tables, and that all handlers do the same work."""

import base64
import json

import pytest

from bench import figures, handlers, page
from bench.starts import by_owner
from conftest import ROOT

PEERS = sorted({module for module, _ in handlers.PEERS.values()})


def test_a_ratio_is_the_median_of_ratios_per_round():
    # The machine was ten times slower in the last two rounds. No ratio shows it.
    assert figures.ratio([2, 3, 4, 50, 60], [2, 2, 2, 20, 20]) == "2.00 (1.50 to 2.50)"


def test_a_share_is_the_median_of_shares_per_round():
    assert figures.share([1, 2, 30], [4, 4, 40]) == "0.50"


@pytest.mark.parametrize("figure", [figures.ratio, figures.share])
def test_rejects_a_missing_round(figure):
    with pytest.raises(ValueError):
        figure([1, 2, 3], [1, 2])


def test_shows_a_ratio_to_the_base():
    times = {"bare": [1_000.0, 1_000.0, 4_000.0], "other": [1_500.0, 1_600.0, 6_000.0]}
    assert figures.compare(times, "bare", "ms") == {
        "bare": "1,000 ms",
        "other": "1.50 (1.50 to 1.55), 1,600 ms",
    }


def test_shows_small_amounts_with_one_decimal():
    assert figures.amount([1.26, 1.25, 9.0], "ms") == "1.3 ms"
    assert figures.amount([10.4, 1, 99], "ms") == "10 ms"


def test_formats_a_markdown_table():
    table = figures.table(["", "a"], [["x", "1"], ["y", "2"]])
    assert table == "|  | a |\n| --- | --- |\n| x | 1 |\n| y | 2 |"


@pytest.mark.parametrize("length", [20_000, 2_000_000, 5_000_000])
def test_bedrocks_answer_has_an_image_of_the_given_length(length):
    (image,) = json.loads(handlers.bedrock_answer(length))["images"]
    assert len(image) == length
    assert base64.b64decode(image, validate=True).startswith(b"\xff\xd8\xff")


def test_counts_each_import_once_for_its_owner():
    lines = """import time: self [us] | cumulative | imported package
import time:      1000 |       1000 | site
import time:      2000 |       2000 |       socket
import time:      3000 |       5000 |     urllib3
import time:      4000 |       9000 |   botocore.client
import time:      5000 |       5000 |     chalicelib.errors
import time:      6000 |      11000 |   chalicelib
import time:      7000 |       7000 |   datetime
import time:      8000 |      35000 | app
"""
    assert by_owner(lines) == {
        "boto3": 9.0,
        "chalice": 0.0,
        "chalicelib": 11.0,
        "app.py, which creates the client": 15.0,
        "Python itself": 1.0,
    }


def test_packages_the_dependencies_of_an_alternative(tmp_path):
    packages = {"flask": ["Werkzeug>=3", "python-dotenv; extra == 'dotenv'"], "werkzeug": []}
    for name, requirements in {**packages, "mangum": []}.items():
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        lines = [f"Name: {name}", *(f"Requires-Dist: {each}" for each in requirements)]
        (folder / "METADATA").write_text("\n".join(lines))
    found = handlers.closure(["flask"], tmp_path)
    assert [each.metadata["Name"] for each in found] == ["flask", "werkzeug"]


@pytest.mark.parametrize("module", PEERS)
def test_every_alternative_sends_the_same_request(module):
    text = (ROOT / f"bench/peers/{module}.py").read_text()
    assert 'modelId="stability.stable-image-core-v1:1", body=body' in text
    assert '"output_format": "jpeg"' in text


def test_measures_the_compressed_page():
    assert 30 < page.weight() < 200  # all languages and every room


@pytest.mark.slow
def test_measures_the_first_paint_and_the_time_until_an_image_is_shown(chromium, quick_site):
    assert 0 < page.first_paint(chromium, quick_site.url) < 60_000  # milliseconds
    with chromium.new_page() as opened:
        opened.goto(quick_site.url)
        assert 3 < page.image_time(opened, 1) < 60  # seconds: the model takes 3
