"""The repository contains no secrets and no unexplained findings of a security linter."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow

CODE = ["app.py", "chalicelib", "local", *map(str, ROOT.glob("infra/*.py"))]

# What bandit reports, and why it is acceptable.
EXPLAINED = {
    ("chalicelib/parameters.py", "B311"): "a random seed adds variety and is not a secret",
    ("infra/deploy.py", "B101"): "for the type checker: without a target, a finding has failed",
    ("infra/deploy.py", "B310"): "the URL is the stack's own output, always https",
    ("infra/deploy.py", "B404"): "the CDK CLI is a command",
    ("infra/deploy.py", "B603"): "fixed arguments as a list, without a shell",
    ("local/__main__.py", "B105"): "the local Bedrock accepts any key",
    ("local/__main__.py", "B404"): "`chalice local` is a command",
    ("local/__main__.py", "B603"): "fixed arguments as a list, without a shell",
    ("local/api.py", "B105"): "a name of a variable",
    ("local/models.py", "B311"): "a random seed adds variety, as in Bedrock",
}

# Keys that only servers on this machine accept, and text that only looks like a key.
NO_SECRETS = {
    ("bench/handlers.py", "Secret Keyword"),
    ("local/__main__.py", "Secret Keyword"),
    ("local/api.py", "Secret Keyword"),
    ("local/automatic1111.py", "Basic Auth Credentials"),
    ("local/README.md", "Basic Auth Credentials"),
    ("tests/browser/test_money.py", "Secret Keyword"),
    ("tests/browser/fixtures.py", "Secret Keyword"),
    ("tests/browser/test_link.py", "Secret Keyword"),
    ("tests/clients/clients.js", "Secret Keyword"),
    ("tests/clients/clients.py", "Secret Keyword"),
    ("tests/clients/test_clients.py", "Secret Keyword"),
    ("tests/conftest.py", "Secret Keyword"),
    ("tests/package/lambdas.py", "Secret Keyword"),
    ("tests/package/test_openai.py", "Secret Keyword"),
    ("tests/test_bedrock.py", "Secret Keyword"),
    ("tests/test_credentials.py", "Secret Keyword"),
    ("tests/test_edits_clients.py", "Secret Keyword"),
    ("tests/test_website_guard.py", "Secret Keyword"),
}


def run(module, *arguments, folder=ROOT):
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)


def secrets(folder, *files):
    found = run("detect_secrets", "scan", "--all-files", *files, folder=folder)["results"]
    return {(name, each["type"]) for name, all in found.items() for each in all}


def tracked():
    """Every file of the project, committed or not, except packages' hashes and AWS's images."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    unread = re.compile(r"package-lock\.json$|requirements.*\.txt$|documented/|\.(jpg|webp|png)$")
    return [name for name in names if not unread.search(name)]


def test_every_finding_of_the_linter_is_explained():
    report = run("bandit", "--quiet", "--format", "json", "--recursive", *CODE)
    assert report["errors"] == []
    found = {(str(path(each["filename"])), each["test_id"]) for each in report["results"]}
    assert found == set(EXPLAINED)
    assert report["metrics"]["_totals"]["nosec"] == 0


def path(name):
    return (ROOT / name).relative_to(ROOT)


def test_no_file_contains_a_secret(tmp_path):
    assert secrets(ROOT, *tracked()) == NO_SECRETS
    (tmp_path / "key.py").write_text("aws_access_key_id = 'AKIA" + "QYLPMN5HFIQR7XYA'\n")
    assert secrets(tmp_path, "key.py")  # proves that a secret is found


def test_compares_the_access_code_in_constant_time():
    tree = ast.parse(Path(ROOT / "chalicelib/access.py").read_text())
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert compared == ["scheme.lower() != 'bearer'"]
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "hmac.compare_digest" in calls
