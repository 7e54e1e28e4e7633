"""Ours as it is packaged, and the peers: a folder each, as Lambda unpacks them."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from package.lambdas import event, lay_out_runtime

ROOT = Path(__file__).parent.parent
PEERS = {
    "bare function": "bare",
    "Powertools": "with_powertools",
    "FastAPI + Mangum": "with_fastapi",
    "Flask + serverless-wsgi": "with_flask",
}
OURS = "Easel"
EVENT = event("POST", "/", "a fox in the snow", [], False, {"Content-Type": "text/plain"})
BEDROCK = "http://127.0.0.1:9"  # nobody: each measurement sets its own

# Microseconds: what `python -X importtime` says of a module's own time and of all below it.
IMPORT_LINE = r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)"


@dataclass(frozen=True)
class Handler:
    """`app.app` in `folder`; `path` is what Python finds besides, with Lambda's own first."""

    folder: Path
    path: str

    def environment(self) -> dict[str, str]:
        """As Lambda has it, but for the credentials."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": self.path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }


def lay_out(folder: Path) -> dict[str, Handler]:
    """Ours first, then the peers."""
    runtime = lay_out_runtime(folder / "runtime")
    (peers,) = (ROOT / ".venv/peers/lib").glob("python3.*/site-packages")
    handlers = {OURS: Handler(unpack(package(folder), folder / "ours"), str(runtime))}
    for name, module in PEERS.items():
        place = folder / module
        place.mkdir()
        shutil.copy(ROOT / f"bench/peers/{module}.py", place / "app.py")
        handlers[name] = Handler(place, f"{runtime}:{peers}")
    for handler in handlers.values():
        compile_all(handler)
    return handlers


def package(folder: Path) -> Path:
    """The zip that `chalice package` makes."""
    chalice = Path(sys.executable).with_name("chalice")
    command = [chalice, "--project-dir", ROOT, "package", folder / "package"]
    region = {"AWS_DEFAULT_REGION": "us-west-2"}
    subprocess.run(command, env=os.environ | region, check=True, capture_output=True)
    return folder / "package/deployment.zip"


def unpack(archive: Path, folder: Path) -> Path:
    zipfile.ZipFile(archive).extractall(folder)
    return folder


def compile_all(handler: Handler) -> None:
    """So that no first start compiles what the others find compiled."""
    command = [sys.executable, "-m", "compileall", "-q", handler.folder]
    subprocess.run(command, check=True)


def answer_of(length: int) -> bytes:
    """Bedrock's answer with a JPEG of so many letters of base64."""
    image = "/9j/4AAQ" + "A" * (length // 4 * 4 - 8)
    return json.dumps({"seeds": [7], "finish_reasons": [None], "images": [image]}).encode()
