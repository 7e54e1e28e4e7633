"""What a first start costs under awslambdaric, and where its time goes; and memory."""

import re
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.handlers import EVENT, IMPORT_LINE, Handler, answer_of
from conftest import serving
from package.lambdas import Instance, RuntimeApi

ROUNDS = 9

# What a line of `python -X importtime` is counted under; the rest is Python's own.
GROUPS = {
    "boto3": {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"},
    "chalice": {"chalice"},
    "ours": {"app", "chalicelib"},
}


class Bedrock(BaseHTTPRequestHandler):
    """Answers at once with the server's own answer."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *arguments):
        """Nothing."""


@contextmanager
def bedrock(letters: int):
    """The address of a Bedrock whose picture has so many letters."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bedrock)
    server.answer = answer_of(letters)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


class Ready(RuntimeApi):
    """Notes when the process first asks for work."""

    def do_GET(self):
        self.server.ready = self.server.ready or perf_counter()
        super().do_GET()


@contextmanager
def instance(handler: Handler, address: str):
    environment = handler.environment() | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": address}
    made = Instance(handler.folder, Path(handler.path.split(":")[0]), environment)
    made.RequestHandlerClass, made.ready = Ready, 0.0
    with serving(made):
        try:
            yield made
        finally:
            made.end()


def start_costs(handlers: dict[str, Handler]) -> dict[str, tuple[float, float]]:
    """Milliseconds from the process's start until it is ready, and until its first answer."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in handlers}
    with bedrock(2_000_000) as address:
        for _ in range(ROUNDS):
            for name, handler in handlers.items():
                times[name].append(first_answer(handler, address))
    return {
        name: tuple(median(each) * 1e3 for each in zip(*all, strict=True))
        for name, all in times.items()
    }


def first_answer(handler: Handler, address: str) -> tuple[float, float]:
    with instance(handler, address) as made:
        began = perf_counter()
        answer = made.invoke(EVENT)
        ended = perf_counter()
        assert answer and answer["statusCode"] == 200, made.words()
        return made.ready - began, ended - began


def memory(handler: Handler, letters: int) -> tuple[float, float]:
    """The most megabytes that the process held: with a small picture, and with a large one."""
    held = []
    for size in (20_000, letters):
        with bedrock(size) as address, instance(handler, address) as made:
            for _ in range(3):
                assert made.invoke(EVENT)
            held.append(made.holds("VmHWM") / 1e6)
    return held[0], held[1]


def import_times(handler: Handler) -> dict[str, float]:
    """Milliseconds of importing `app`, by whose code it is."""
    command = [sys.executable, "-S", "-X", "importtime", "-c", "import app"]
    environment = handler.environment() | {"PYTHONPATH": f"{handler.folder}:{handler.path}"}
    spent = dict.fromkeys([*GROUPS, "Python's own"], 0.0)
    words = subprocess.run(
        command, cwd=handler.folder, env=environment, stderr=subprocess.PIPE, text=True, check=True
    ).stderr
    for microseconds, module in re.findall(IMPORT_LINE, words):
        top = module.partition(".")[0]
        group = next((name for name, tops in GROUPS.items() if top in tops), "Python's own")
        spent[group] += int(microseconds) / 1e3
    return spent
