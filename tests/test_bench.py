"""What the figures stand on: tables, ratios, and the work that all handlers share."""

import base64
import json
import re

import pytest

from bench import __main__ as bench
from bench import handlers, page
from bench.starts import GROUPS
from conftest import ROOT


def test_a_table_is_markdown_with_a_cell_for_each_name():
    made = bench.table(["", "a"], [["x", "1"], ["y", "2"]])
    assert made == "|  | a |\n| --- | --- |\n| x | 1 |\n| y | 2 |"


def test_a_ratio_is_to_the_bare_function_and_shows_the_time():
    times = {"bare function": (2.0, 1_000.0), "other": (3.0, 1_500.0)}
    assert bench.ratio(times, "other", 0, "us") == "1.50 (3 us)"
    assert bench.ratio(times, "other", 1, "ms") == "1.50 (1,500 ms)"


@pytest.mark.parametrize("letters", [20_000, 2_000_000, 5_000_000])
def test_bedrocks_answer_holds_a_jpeg_of_so_many_letters(letters):
    (image,) = json.loads(handlers.answer_of(letters))["images"]
    assert len(image) == letters
    assert base64.b64decode(image, validate=True).startswith(b"\xff\xd8\xff")


def test_a_line_of_importtime_is_counted_once_by_whose_code_it_is():
    line = "import time:       812 |       1523 |   botocore.client"
    assert re.findall(handlers.IMPORT_LINE, line) == [("812", "botocore.client")]
    assert re.findall(handlers.IMPORT_LINE, "import time: self [us] | cumulative | package") == []
    assert "botocore" in GROUPS["boto3"]


def test_every_peer_is_there_and_each_asks_the_same_of_bedrock():
    for module in handlers.PEERS.values():
        text = (ROOT / f"bench/peers/{module}.py").read_text()
        assert 'modelId="stability.stable-image-core-v1:1", body=body' in text


def test_the_page_is_weighed_as_it_is_served():
    assert 30 < page.weight() < 60
