"""What make gives to every command."""

import subprocess

import pytest

from conftest import ROOT

CACHES = ("CDK_HOME", "JSII_RUNTIME_PACKAGE_CACHE_ROOT", "npm_config_cache", "PYTHONPYCACHEPREFIX")


@pytest.fixture(scope="module")
def environment():
    rule = "environment:\n\t@env\n"
    command = ["make", "--silent", "-f", "Makefile", "-f", "-", "environment"]
    printed = subprocess.check_output(command, cwd=ROOT, input=rule, text=True)
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


@pytest.mark.parametrize("cache", CACHES)
def test_caches_are_deleted_with_the_folder(cache, environment):
    assert environment[cache].startswith(f"{ROOT}/.venv/cache/")


def test_pip_keeps_no_cache():
    assert "--no-cache-dir" in (ROOT / "Makefile").read_text()
