"""Builds Easel's package and its alternatives, each in a folder as Lambda unpacks it."""

import base64
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement

from package.lambdas import event, lay_out_runtime

ROOT = Path(__file__).parent.parent
OURS, BARE, AGAIN = "Easel", "bare function", "bare function again"

# Per alternative: its file in peers/, and the packages it needs besides Lambda's runtime.
PEERS = {
    BARE: ("bare", []),
    AGAIN: ("bare", []),  # shows how far noise alone is from 1.00
    "Powertools": ("with_powertools", ["aws-lambda-powertools"]),
    "FastAPI + Mangum": ("with_fastapi", ["fastapi", "mangum"]),
    "Flask + serverless-wsgi": ("with_flask", ["flask", "serverless-wsgi"]),
}

EVENT = event("POST", "/", "a fox in the snow", [], False, {"Content-Type": "text/plain"})

BYTECODE = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Handler:
    """`app.app` in `folder`, which contains everything it needs besides Lambda's `runtime`.

    It contains no bytecode: Chalice compiles none (aws/chalice#868), bytecode packed by other tools
    is often invalid (serverless/serverless#13889), and Lambda's folder is read-only.
    """

    folder: Path
    runtime: Path

    def environment(self) -> dict[str, str]:
        """Lambda's environment variables."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self.folder}:{self.runtime}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def size(self) -> int:
        """Bytes of the folder as a zip file."""
        return Path(shutil.make_archive(str(self.folder), "zip", self.folder)).stat().st_size


def build_handlers(folder: Path) -> dict[str, Handler]:
    """Easel first, then the alternatives."""
    runtime = lay_out_runtime(folder / "runtime")
    handlers = {OURS: Handler(build_package(folder), runtime)}
    for name, (module, packages) in PEERS.items():
        target = folder / name
        target.mkdir()
        shutil.copy(ROOT / f"bench/peers/{module}.py", target / "app.py")
        copy_distributions(packages, target)
        handlers[name] = Handler(target, runtime)
    return handlers


def build_package(folder: Path) -> Path:
    """Run `chalice package` on a clean copy of the project, and unpacks the result."""
    project, packed, unpacked = folder / "project", folder / "packed", folder / OURS
    for part in (".chalice", "chalicelib"):
        shutil.copytree(ROOT / part, project / part, ignore=BYTECODE)
    for part in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / part, project)
    chalice = Path(sys.executable).with_name("chalice")
    command = [chalice, "--project-dir", project, "package", packed]
    region = {"AWS_DEFAULT_REGION": "us-west-2"}
    subprocess.run(command, env=os.environ | region, check=True, capture_output=True)
    zipfile.ZipFile(packed / "deployment.zip").extractall(unpacked)
    return unpacked


def copy_distributions(names: list[str], target: Path) -> None:
    """Copie installed distributions and their dependencies."""
    (peers,) = (ROOT / ".venv/peers/lib").glob("python3.*/site-packages")
    for each in closure(names, peers):
        for file in each.files or ():
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(peers / file, target / file)


def closure(names: list[str], site_packages: Path) -> list[Distribution]:
    """These distributions and their dependencies."""
    found: dict[str, Distribution] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            (found[name],) = Distribution.discover(name=name, path=[str(site_packages)])
            requirements = map(Requirement, found[name].requires or ())
            pending += [each.name for each in requirements if is_needed(each)]
    return list(found.values())


def is_needed(requirement: Requirement) -> bool:
    """True if the requirement applies on this machine without extras."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def bedrock_answer(length: int) -> bytes:
    """Bedrock's answer with data that starts like a JPEG; `length` is in base64 characters."""
    noise = random.Random(7).randbytes(length // 4 * 3 - 4)
    image = base64.b64encode(b"\xff\xd8\xff\xe0" + noise).decode()
    return json.dumps({"seeds": [7], "finish_reasons": [None], "images": [image]}).encode()
