"""The deployment package, and instances of it that call the local Bedrock."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import EVERY_MODEL, ROOT, budget_table
from package.lambdas import CODE, lay_out_runtime, running


@pytest.fixture(scope="package")
def package(tmp_path_factory):
    """The zip that `chalice package` makes, without any bytecode."""
    shutil.rmtree(ROOT / "chalicelib/__pycache__", ignore_errors=True)
    folder = tmp_path_factory.mktemp("package")
    chalice = Path(sys.executable).with_name("chalice")
    environment = {"AWS_DEFAULT_REGION": "us-west-2", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(
        [chalice, "--project-dir", ROOT, "package", folder],
        env=os.environ | environment, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "deployment.zip"


@pytest.fixture(scope="package")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("task")
    zipfile.ZipFile(package).extractall(folder)
    return folder


@pytest.fixture(scope="package")
def runtime(tmp_path_factory):
    return lay_out_runtime(tmp_path_factory.mktemp("lambda") / "runtime")


@pytest.fixture(scope="package")
def start(unpacked, runtime, local_bedrock):
    """Start instances that call the local Bedrock: `with start(20, MODELS="...") as gateway`."""

    def start_instances(number=1, seconds=28.0, **environment):
        defaults = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": local_bedrock.url, "MODELS": EVERY_MODEL}
        return running(unpacked, runtime, number, seconds, **defaults | environment)

    return start_instances


@pytest.fixture(scope="package")
def shared_gateway(start):
    """A gateway with one instance, shared by all tests of the package."""
    with start() as gateway:
        yield gateway


@pytest.fixture
def gateway(shared_gateway, local_bedrock):
    local_bedrock.paintings.clear()
    return shared_gateway


@pytest.fixture(scope="module")
def protected(start):
    """A gateway with one instance that requires the access code."""
    with start(ACCESS_CODE_SHA256=hashlib.sha256(CODE.encode()).hexdigest()) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def budget(moto):
    """The settings of a budget that no test can use up."""
    settings = {"BUDGET_TABLE": "faults", "DAILY_BUDGET_USD": "99999"}
    with budget_table(moto, "faults"):
        yield settings | {"AWS_ENDPOINT_URL_DYNAMODB": moto, "AWS_DEFAULT_REGION": "us-west-2"}
