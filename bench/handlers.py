"""Ours as it is packaged, and the peers: a folder each, as Lambda unpacks them."""

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

# The peers: the file in peers/, and what it needs beside what Lambda brings.
PEERS = {
    BARE: ("bare", []),
    AGAIN: ("bare", []),  # how far chance alone leads from 1.00
    "Powertools": ("with_powertools", ["aws-lambda-powertools"]),
    "FastAPI + Mangum": ("with_fastapi", ["fastapi", "mangum"]),
    "Flask + serverless-wsgi": ("with_flask", ["flask", "serverless-wsgi"]),
}

EVENT = event("POST", "/", "a fox in the snow", [], False, {"Content-Type": "text/plain"})

BYTECODE = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Handler:
    """`app.app` in `folder`, which holds all that it needs beside Lambda's own `runtime`.

    No bytecode lies in it: Chalice compiles none (aws/chalice#868), what others pack is often not
    valid (serverless/serverless#13889), and Lambda's folder cannot be written.
    """

    folder: Path
    runtime: Path

    def environment(self) -> dict[str, str]:
        """As Lambda has it."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self.folder}:{self.runtime}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def size(self) -> int:
        """Bytes of the folder, zipped."""
        return Path(shutil.make_archive(str(self.folder), "zip", self.folder)).stat().st_size


def lay_out(folder: Path) -> dict[str, Handler]:
    """Ours first, then the peers."""
    runtime = lay_out_runtime(folder / "runtime")
    handlers = {OURS: Handler(package(folder), runtime)}
    for name, (module, needed) in PEERS.items():
        place = folder / name
        place.mkdir()
        shutil.copy(ROOT / f"bench/peers/{module}.py", place / "app.py")
        copy_distributions(needed, place)
        handlers[name] = Handler(place, runtime)
    return handlers


def package(folder: Path) -> Path:
    """What `chalice package` makes of the project as it was cloned, unpacked."""
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


def copy_distributions(names: list[str], place: Path) -> None:
    """What pip has installed of these, and of all that they need."""
    (peers,) = (ROOT / ".venv/peers/lib").glob("python3.*/site-packages")
    for each in closure(names, peers):
        for file in each.files or ():
            if file.parts[0] != ".." and "__pycache__" not in file.parts:
                (place / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(peers / file, place / file)


def closure(names: list[str], site_packages: Path) -> list[Distribution]:
    """These distributions, and all that they need."""
    found: dict[str, Distribution] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            (found[name],) = Distribution.discover(name=name, path=[str(site_packages)])
            needs = map(Requirement, found[name].requires or ())
            wanted += [each.name for each in needs if is_needed(each)]
    return list(found.values())


def is_needed(requirement: Requirement) -> bool:
    """On this machine, without extras."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def answer_of(length: int) -> bytes:
    """Bedrock's answer with what begins as a JPEG, of so many letters of base64."""
    noise = random.Random(7).randbytes(length // 4 * 3 - 4)
    image = base64.b64encode(b"\xff\xd8\xff\xe0" + noise).decode()
    return json.dumps({"seeds": [7], "finish_reasons": [None], "images": [image]}).encode()
