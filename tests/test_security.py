"""No secret in the repository, and nothing that a security linter finds and nobody explains."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow

CODE = ["app.py", "chalicelib", "local", *map(str, ROOT.glob("infra/*.py"))]

# What bandit finds, and why it stays.
EXPLAINED = {
    ("chalicelib/parameters.py", "B311"): "a seed is drawn for variety, and is no secret",
    ("infra/deploy.py", "B101"): "for the type checker: `examine` finds a place or a reason",
    ("infra/deploy.py", "B310"): "the address is the stack's own output, and always https",
    ("infra/deploy.py", "B404"): "the CDK is a command",
    ("infra/deploy.py", "B603"): "our own words as a list, no shell",
    ("local/__main__.py", "B105"): "the local Bedrock takes any key",
    ("local/__main__.py", "B404"): "`chalice local` is a command",
    ("local/__main__.py", "B603"): "our own words as a list, no shell",
    ("local/models.py", "B311"): "as Bedrock does, the local one draws a seed for variety",
}

# Keys that only servers on this machine take, and words that only look like keys.
NO_SECRETS = {
    ("bench/handlers.py", "Secret Keyword"),
    ("local/__main__.py", "Secret Keyword"),
    ("tests/browser/test_link.py", "Secret Keyword"),
    ("tests/conftest.py", "Secret Keyword"),
    ("tests/package/lambdas.py", "Secret Keyword"),
    ("tests/package/test_openai.py", "Secret Keyword"),
    ("tests/test_bedrock.py", "Secret Keyword"),
}


def run(module, *arguments, folder=ROOT):
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)


def secrets(folder, *files):
    found = run("detect_secrets", "scan", "--all-files", *files, folder=folder)["results"]
    return {(name, each["type"]) for name, all in found.items() for each in all}


def tracked():
    """Every file of the project, committed or not; but for hashes of packages, and pictures."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    return [name for name in names if not name.endswith(("package-lock.json", ".jpg"))]


def test_a_security_linter_finds_nothing_that_is_not_explained():
    report = run("bandit", "--quiet", "--format", "json", "--recursive", *CODE)
    assert report["errors"] == []
    found = {(str(path(each["filename"])), each["test_id"]) for each in report["results"]}
    assert found == set(EXPLAINED)
    assert report["metrics"]["_totals"]["nosec"] == 0


def path(name):
    return (ROOT / name).relative_to(ROOT)


def test_no_file_holds_a_secret(tmp_path):
    assert secrets(ROOT, *tracked()) == NO_SECRETS
    (tmp_path / "key.py").write_text("aws_access_key_id = 'AKIA" + "QYLPMN5HFIQR7XYA'\n")
    assert secrets(tmp_path, "key.py")  # so that it finds one where there is one


def test_the_access_code_is_compared_in_a_time_that_tells_nothing():
    tree = ast.parse(Path(ROOT / "chalicelib/access.py").read_text())
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert compared == ["scheme.lower() != 'bearer'"]
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "hmac.compare_digest" in calls
