"""The zip that `chalice package` makes: Easel, Chalice's runtime and one small library."""

import subprocess
import sys
import zipfile

import pytest

pytestmark = pytest.mark.slow


def test_the_package_is_complete_and_small(package):
    names = zipfile.ZipFile(package).namelist()
    assert {"app.py", "chalicelib/bedrock.py"} <= set(names)
    assert {name.partition("/")[0] for name in names} <= {
        "app.py",
        "chalicelib",
        "chalice",
        "requirements.txt",
        "multipart.py",
        "multipart-2.0.1.dist-info",
    }
    assert package.stat().st_size < 90_000


def test_the_package_runs_on_its_own(package, tmp_path):
    zipfile.ZipFile(package).extractall(tmp_path)
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/models", "identity": {}},
        "headers": {}, "multiValueQueryStringParameters": None, "pathParameters": {},
        "stageVariables": {}, "body": None,
    }  # fmt: skip
    script = f"import app, chalice; print(app.app({event}, None)['statusCode'], chalice.__file__)"
    output = subprocess.check_output(
        [sys.executable, "-c", script], cwd=tmp_path, text=True
    ).split()
    assert output == ["200", str(tmp_path / "chalice/__init__.py")]
