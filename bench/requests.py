"""What a request costs: ours and the peers, in turn, so that noise meets all alike."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.handlers import EVENT, ROOT, Handler, answer_of

ROUNDS, REQUESTS = 30, 20
LETTERS = 2_000_000  # of base64, as a JPEG of 1.5 MB has


def request_costs(handlers: dict[str, Handler], folder: Path) -> dict[str, tuple[float, float]]:
    """Microseconds of the handler alone, and with json.dumps; medians of all rounds."""
    (folder / "event").write_text(json.dumps(EVENT))
    (folder / "answer").write_bytes(answer_of(LETTERS))
    times: dict[str, list[list[float]]] = {name: [] for name in handlers}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(work(each, folder)) for name, each in handlers.items()}
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                times[name] += ask(worker)
        for worker in workers.values():
            worker.stdin.close()
    return {name: (half(each, 0), half(each, 1)) for name, each in times.items()}


def work(handler: Handler, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-S", ROOT / "bench/worker.py", folder / "event", folder / "answer"]
    environment = handler.environment() | {"PYTHONPATH": f"{handler.folder}:{handler.path}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=handler.folder, env=environment, **pipes)


def ask(worker: "subprocess.Popen[str]") -> list[list[float]]:
    worker.stdin.write(f"{REQUESTS}\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def half(times: list[list[float]], which: int) -> float:
    return median(each[which] for each in times) * 1e6
