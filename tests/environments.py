"""Virtual environments of programs whose packages conflict with Easel's."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT


def python_with(name: str, requirements: Path) -> Path:
    """The Python of a virtual environment with these packages, which is created once and kept."""
    venv = ROOT / f".venv/{name}"
    with (ROOT / f".venv/{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in parallel
        done = venv / "requirements.txt"
        if not (done.exists() and done.read_bytes() == requirements.read_bytes()):
            install(name, venv, requirements)
            shutil.copy(requirements, done)
    return venv / "bin/python"


def install(name: str, venv: Path, requirements: Path) -> None:
    uv = [Path(sys.executable).with_name("uv"), "--quiet", "--no-cache"]
    options = ["--python", venv, "--require-hashes", "--no-build", "--no-deps"]
    for command in (
        [*uv, "venv", "--clear", "--python", sys.executable, venv],
        [*uv, "pip", "install", *options, "-r", requirements],
    ):
        process = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if process.returncode:
            pytest.fail(f"THE TESTS WITH {name} DID NOT RUN: {process.stderr.strip()}")
