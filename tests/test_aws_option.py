"""The option --aws: runs the tests in a real AWS account, and only those."""

import os
import subprocess
import sys

import pytest

from conftest import ROOT

pytestmark = pytest.mark.slow


def collect(*options):
    """What pytest prints about its collection of the tests in a real account, and of others."""
    return run("--collect-only", "tests/aws", "tests/test_access.py", *options)


def run(*arguments, **environment):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    process = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    return process.stdout


def test_the_tests_in_a_real_account_never_run_by_default():
    output = collect()
    assert "tests/aws/" not in output and "skipped" not in output
    assert "deselected" in output and "test_access.py" in output


def test_with_aws_only_the_tests_in_a_real_account_run():
    output = collect("--aws")
    assert "tests/aws/test_real_account.py::test_deploys" in output
    assert "test_access.py" not in output


def test_with_aws_tests_use_the_callers_environment_and_any_machine(
    moto, local_bedrock, account_services, tmp_path
):
    def elsewhere(url):  # another address of this machine, which other tests must not call
        return url.replace("127.0.0.1", "[::ffff:127.0.0.1]")

    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_ENDPOINT_URL": moto,
        "AWS_ENDPOINT_URL_BEDROCK": elsewhere(local_bedrock.url),
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": elsewhere(account_services.url),
    }
    output = run("--aws", "tests/aws", "-k", "quotas or without_a_subscription", **environment)
    assert "2 passed" in output
    assert "On-demand model inference requests per minute for Stability.ai Stable Image C" in output
