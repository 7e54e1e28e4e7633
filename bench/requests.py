"""What a request costs: ours and the peers, in turn, so that noise meets all alike."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.handlers import EVENT, ROOT, Handler, answer_of

ROUNDS, REQUESTS = 60, 5
LETTERS = 2_000_000  # of base64, as a JPEG of 1.5 MB has

Times = dict[str, list[float]]


def request_costs(handlers: dict[str, Handler], folder: Path) -> tuple[Times, Times]:
    """Milliseconds of a processor, by the handler alone and with json.dumps: each round's median.

    Not of the clock: a request waits for nobody here, but for other programs on this machine.
    """
    (folder / "event").write_text(json.dumps(EVENT))
    (folder / "answer").write_bytes(answer_of(LETTERS))
    alone: Times = {name: [] for name in handlers}
    whole: Times = {name: [] for name in handlers}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(work(each, folder)) for name, each in handlers.items()}
        for worker in workers.values():
            ask(worker)  # to warm up
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                handled, dumped = zip(*ask(worker), strict=True)
                alone[name].append(median(handled) * 1e3)
                whole[name].append(median(dumped) * 1e3)
        for worker in workers.values():
            worker.stdin.close()
    return alone, whole


def work(handler: Handler, folder: Path) -> "subprocess.Popen[str]":
    # -S -P: the handler sees its own folder and Lambda's runtime, and neither ours nor pip's.
    command = [sys.executable, "-S", "-P", ROOT / "bench/worker.py"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    files = [folder / "event", folder / "answer"]
    return subprocess.Popen(
        [*command, *files], cwd=handler.folder, env=handler.environment(), **pipes
    )


def ask(worker: "subprocess.Popen[str]") -> list[list[float]]:
    worker.stdin.write(f"{REQUESTS}\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())
