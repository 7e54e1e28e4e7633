"""Measures a request to each handler, in turn, so that noise affects all of them equally."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.handlers import EVENT, ROOT, Handler, bedrock_answer

ROUNDS, REQUESTS = 60, 5
BASE64_LENGTH = 2_000_000  # characters: a JPEG of 1.5 MB

Times = dict[str, list[float]]


def request_costs(handlers: dict[str, Handler], folder: Path) -> tuple[Times, Times]:
    """Milliseconds of CPU time for the handler alone and with json.dumps: each round's median.

    CPU time, as wall-clock time would include other programs on this machine.
    """
    (folder / "event").write_text(json.dumps(EVENT))
    (folder / "answer").write_bytes(bedrock_answer(BASE64_LENGTH))
    alone: Times = {name: [] for name in handlers}
    whole: Times = {name: [] for name in handlers}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(start_worker(each, folder)) for name, each in handlers.items()
        }
        for worker in workers.values():
            measure(worker)  # warm-up
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                handled, dumped = zip(*measure(worker), strict=True)
                alone[name].append(median(handled) * 1e3)
                whole[name].append(median(dumped) * 1e3)
        for worker in workers.values():
            worker.stdin.close()
    return alone, whole


def start_worker(handler: Handler, folder: Path) -> "subprocess.Popen[str]":
    # -S -P: the handler sees only its own folder and Lambda's runtime.
    command = [sys.executable, "-S", "-P", ROOT / "bench/worker.py"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    files = [folder / "event", folder / "answer"]
    return subprocess.Popen(
        [*command, *files], cwd=handler.folder, env=handler.environment(), **pipes
    )


def measure(worker: "subprocess.Popen[str]") -> list[list[float]]:
    """Seconds per request: the handler alone, and with json.dumps."""
    worker.stdin.write(f"{REQUESTS}\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())
