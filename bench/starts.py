"""What a first start costs under awslambdaric, and where its time goes; and memory."""

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from time import clock_gettime, perf_counter

from bench.handlers import BARE, EVENT, OURS, Handler, answer_of
from bench.requests import LETTERS, Times
from conftest import serving
from package.lambdas import Instance, RuntimeApi

ROUNDS = 9
LARGE = 5_000_000  # letters of base64: near the largest picture that Lambda can send
COMPILED = "Easel, with bytecode"

# A line of `python -X importtime`: microseconds of the module itself, its depth, its name.
IMPORT_LINE = r"import time:\s+(\d+) \|\s+\d+ \| ( *)(\S+)"

# Whose import it is; what Python itself brings counts for who asks for it first.
OWNERS = {
    "boto3": {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"},
    "chalice": {"chalice"},
    "chalicelib": {"chalicelib"},
    "app.py, which makes the client": {"app"},
}
NOBODY = "Python itself"


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
    """Notes when the process first asks for work, and how much work it has been so far."""

    def do_GET(self):
        if not self.server.is_ready.is_set():
            self.server.ready = perf_counter()
            self.server.processor = processor_seconds(self.server.process.pid)
            self.server.is_ready.set()
        super().do_GET()


def processor_seconds(pid: int) -> float:
    """Of the whole process; its clock has this number in Linux (its posix-timers.h)."""
    return clock_gettime((~pid << 3) | 2)


@contextmanager
def instance(handler: Handler, address: str):
    environment = handler.environment() | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": address}
    made = Instance(handler.folder, handler.runtime, environment)
    made.RequestHandlerClass, made.is_ready = Ready, Event()
    with serving(made):
        try:
            yield made
        finally:
            made.end()


def start_costs(handlers: dict[str, Handler]) -> tuple[Times, Times, Times]:
    """Milliseconds from the process's start until it is ready, those of them that it had a
    processor, and those until its first answer."""
    handlers = handlers | {COMPILED: compiled(handlers[OURS])}
    rounds: list[dict[str, tuple[float, float, float]]] = []
    with bedrock(LETTERS) as address:
        for _ in range(ROUNDS):
            rounds.append({name: start(handler, address) for name, handler in handlers.items()})
    ready, worked, answered = (
        {name: [each[name][which] * 1e3 for each in rounds] for name in handlers}
        for which in range(3)
    )
    return ready, worked, answered


def compiled(handler: Handler) -> Handler:
    """The same, with bytecode beside it."""
    folder = handler.folder.with_name("compiled")
    shutil.copytree(handler.folder, folder)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)
    return replace(handler, folder=folder)


def start(handler: Handler, address: str) -> tuple[float, float, float]:
    """Seconds."""
    with instance(handler, address) as made:
        began = perf_counter()
        answer = made.invoke(EVENT)
        ended = perf_counter()
        assert answer and answer["statusCode"] == 200, made.log_text()
        return made.ready - began, made.processor, ended - began


def memory(handler: Handler) -> tuple[int, int]:
    """The most bytes that the process held: when it is ready, and after three large pictures."""
    with bedrock(LARGE) as address, instance(handler, address) as made:
        made.start()
        assert made.is_ready.wait(30), made.log_text()
        rest = made.memory_bytes("VmHWM")
        for _ in range(3):
            assert made.invoke(EVENT), made.log_text()
        return rest, made.memory_bytes("VmHWM")


def import_costs(handlers: dict[str, Handler]) -> dict[str, Times]:
    """Milliseconds of ours and of the bare function's import, by whose it is."""
    spent = {name: {owner: [] for owner in [*OWNERS, NOBODY]} for name in (OURS, BARE)}
    for _ in range(ROUNDS):
        for name in (OURS, BARE):
            for owner, milliseconds in by_owner(import_lines(handlers[name])).items():
                spent[name][owner].append(milliseconds)
    return spent


def import_lines(handler: Handler) -> str:
    command = [sys.executable, "-S", "-P", "-X", "importtime", "-c", "import app"]
    pipes = {"stderr": subprocess.PIPE, "text": True, "check": True}
    environment = handler.environment()
    return subprocess.run(command, cwd=handler.folder, env=environment, **pipes).stderr


def by_owner(lines: str) -> dict[str, float]:
    """Milliseconds; a module stands below all that it has imported, one step further left."""
    spent = dict.fromkeys([*OWNERS, NOBODY], 0.0)
    above: list[str] = []
    for microseconds, indent, module in reversed(re.findall(IMPORT_LINE, lines)):
        del above[len(indent) // 2 :]
        top = module.partition(".")[0]
        own = [owner for owner, tops in OWNERS.items() if top in tops]
        above += own or above[-1:] or [NOBODY]
        spent[above[-1]] += int(microseconds) / 1e3
    return spent
