"""The README's curl lines, against `make run`."""

import re
import subprocess

import pytest
from PIL import Image

from conftest import ROOT
from forms import file

pytestmark = pytest.mark.slow

LINES = (ROOT / "README.md").read_text().partition("## curl")[2].split("```")[1]


def test_every_curl_line_of_the_readme_makes_its_file(site, tmp_path):
    (tmp_path / "mask.png").write_bytes(file(1024, 1024, mode="L", color=255))
    script = "set -e\n" + LINES.removeprefix("sh\n").replace("http://127.0.0.1:8080/", site.url)
    lines = [line for line in script.splitlines() if line.startswith("curl")]
    assert len(lines) == 5
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True, capture_output=True)
    for line in lines:
        name = re.search(r"> (\S+)$", line)[1]
        with Image.open(tmp_path / name) as image:
            assert image.format == {"jpg": "JPEG", "png": "PNG"}[name[-3:]]
            assert image.size == (1024, 1024)
