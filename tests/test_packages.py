"""Every package is pinned, with the hashes of its files."""

import json
import re
import tomllib

import pytest

from conftest import ROOT
from test_house import TRACKED, read

# The chosen packages of each group, and the lock file that `make lock` writes from them.
CHOICES = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
LOCKS = dict(re.findall(r"--group (\w+) .*--output-file (.+)", (ROOT / "Makefile").read_text()))


def test_every_lock_file_has_a_dependency_group():
    locks = {name for name in TRACKED if re.search(r"requirements(-\w+)?\.txt$", name)}
    assert set(LOCKS.values()) == locks - {"requirements.txt"}
    assert set(LOCKS) == set(CHOICES)


@pytest.mark.parametrize("group", CHOICES)
def test_every_python_package_is_pinned(group):
    packages = pinned(group)
    for choice in CHOICES[group]:
        if isinstance(choice, dict):
            assert pinned(choice["include-group"]) <= packages
        else:
            match = re.fullmatch(r"([\w-]+)(?:\[\w+\])?==([\w.]+)(?:; .+)?", choice)
            assert match and (match[1].lower(), match[2]) in packages


def pinned(group):
    """Names and versions in a lock file, whose every line must have a version and hashes."""
    text = read(LOCKS[group])
    assert "://" not in text
    lines = re.sub(r"^ *#.*\n", "", text.replace("\\\n", ""), flags=re.MULTILINE).splitlines()
    form = r"([a-z\d-]+)==([\w.]+)( ; [^-]+)?( +--hash=sha256:[\da-f]{64})+"
    found = [re.fullmatch(form, line) for line in lines]
    assert found and all(found)
    return {match.groups()[:2] for match in found}


def test_a_laptop_has_what_lambda_has():
    packages = re.findall(r"^([\w-]+)==([\w.]+)", read("requirements.txt"), re.MULTILINE)
    assert packages and set(packages) <= pinned("run")


@pytest.mark.parametrize("folder", ["infra", "tests/clients"])
def test_every_npm_package_is_pinned(folder):
    packages = json.loads(read(f"{folder}/package-lock.json"))["packages"]
    assert len(packages) > 1
    assert all(each.get("integrity") for path, each in packages.items() if path)


def test_nothing_is_installed_by_name():
    """pip, uv and npm install from lock files alone."""
    form = r"^\t.*(?:\bpip\b|\$\(PIP\)|\$\(UV\)|\$\(NPM\)).*"
    lines = re.findall(form, read("Makefile"), re.MULTILINE)
    assert len(lines) >= 6
    assert all(re.search(r"\$\((PIP|UV)\)\)? -r |\$\(NPM\) ci ", line) for line in lines)
