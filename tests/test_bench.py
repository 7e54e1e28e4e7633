"""What the figures stand on: ratios, tables, and that all handlers do the same work."""

import base64
import json

import pytest

from bench import figures, handlers, page
from bench.starts import by_owner
from conftest import ROOT

PEERS = sorted({module for module, _ in handlers.PEERS.values()})


def test_a_ratio_is_the_median_of_each_round_with_its_own():
    # The machine was ten times as slow in the last two rounds: that is in no ratio.
    assert figures.ratio([2, 3, 4, 50, 60], [2, 2, 2, 20, 20]) == "2.00 (1.50 to 2.50)"


def test_a_share_is_the_median_of_each_round_with_its_own():
    assert figures.share([1, 2, 30], [4, 4, 40]) == "0.50"


@pytest.mark.parametrize("figure", [figures.ratio, figures.share])
def test_rounds_that_are_missing_make_no_figure(figure):
    with pytest.raises(ValueError):
        figure([1, 2, 3], [1, 2])


def test_the_base_shows_its_time_and_the_others_their_ratio_too():
    times = {"bare": [1_000.0, 1_000.0, 4_000.0], "other": [1_500.0, 1_600.0, 6_000.0]}
    assert figures.beside(times, "bare", "ms") == {
        "bare": "1,000 ms",
        "other": "1.50 (1.50 to 1.55), 1,600 ms",
    }


def test_a_small_amount_has_a_digit_behind_the_point():
    assert figures.amount([1.26, 1.25, 9.0], "ms") == "1.3 ms"
    assert figures.amount([10.4, 1, 99], "ms") == "10 ms"


def test_a_table_is_markdown_with_a_cell_for_each_name():
    made = figures.table(["", "a"], [["x", "1"], ["y", "2"]])
    assert made == "|  | a |\n| --- | --- |\n| x | 1 |\n| y | 2 |"


@pytest.mark.parametrize("letters", [20_000, 2_000_000, 5_000_000])
def test_bedrocks_answer_holds_a_jpeg_of_so_many_letters(letters):
    (image,) = json.loads(handlers.answer_of(letters))["images"]
    assert len(image) == letters
    assert base64.b64decode(image, validate=True).startswith(b"\xff\xd8\xff")


def test_an_import_counts_once_for_whose_it_is_or_who_asked_for_it_first():
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
        "app.py, which makes the client": 15.0,
        "Python itself": 1.0,
    }


def test_a_peer_brings_what_it_needs_and_what_that_needs(tmp_path):
    needs = {"flask": ["Werkzeug>=3", "python-dotenv; extra == 'dotenv'"], "werkzeug": []}
    for name, requirements in {**needs, "mangum": []}.items():
        folder = tmp_path / f"{name}-1.0.dist-info"
        folder.mkdir()
        lines = [f"Name: {name}", *(f"Requires-Dist: {each}" for each in requirements)]
        (folder / "METADATA").write_text("\n".join(lines))
    brought = handlers.closure(["flask"], tmp_path)
    assert [each.metadata["Name"] for each in brought] == ["flask", "werkzeug"]


@pytest.mark.parametrize("module", PEERS)
def test_each_peer_asks_the_same_of_bedrock(module):
    text = (ROOT / f"bench/peers/{module}.py").read_text()
    assert 'modelId="stability.stable-image-core-v1:1", body=body' in text
    assert '"output_format": "jpeg"' in text


def test_the_page_is_weighed_as_it_is_served():
    assert 30 < page.weight() < 60
