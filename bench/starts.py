"""Measures cold starts under awslambdaric, import times and memory."""

import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from time import clock_gettime, perf_counter

from bench.handlers import BARE, EVENT, OURS, Handler, bedrock_answer
from bench.requests import BASE64_LENGTH, Times
from conftest import serving
from package.lambdas import Instance, RuntimeApi

ROUNDS = 9
LARGE = 5_000_000  # base64 characters: close to the largest image that Lambda can return
COMPILED = "Easel, with bytecode"

# A line of `python -X importtime`: the module's own microseconds, its depth, its name.
IMPORT_LINE = r"import time:\s+(\d+) \|\s+\d+ \| ( *)(\S+)"

# The modules of each owner. A standard library module counts for its first importer.
OWNERS = {
    "boto3": {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"},
    "chalice": {"chalice"},
    "chalicelib": {"chalicelib"},
    "app.py, which creates the client": {"app"},
}
UNATTRIBUTED = "Python itself"


class Bedrock(BaseHTTPRequestHandler):
    """Return the server's answer immediately."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *arguments):
        """Log nothing."""


@contextmanager
def bedrock(length: int):
    """The URL of a Bedrock whose image has this many base64 characters."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bedrock)
    server.answer = bedrock_answer(length)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


class ReadyApi(RuntimeApi):
    """Record when the process first asks for an event, and its CPU time until then."""

    def do_GET(self):
        if not self.server.is_ready.is_set():
            self.server.ready = perf_counter()
            self.server.cpu_seconds = cpu_seconds(self.server.process.pid)
            self.server.is_ready.set()
        super().do_GET()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process, by Linux's clock id for it (posix-timers.h)."""
    return clock_gettime((~pid << 3) | 2)


@contextmanager
def start_instance(handler: Handler, address: str):
    environment = handler.environment() | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": address}
    instance = Instance(handler.folder, handler.runtime, environment)
    instance.RequestHandlerClass, instance.is_ready = ReadyApi, Event()
    with serving(instance):
        try:
            yield instance
        finally:
            instance.end()


def start_costs(handlers: dict[str, Handler]) -> tuple[Times, Times, Times]:
    """Milliseconds from process start until ready, CPU time until then, and time until the first
    response."""
    handlers = handlers | {COMPILED: compile_handler(handlers[OURS])}
    rounds: list[dict[str, tuple[float, float, float]]] = []
    with bedrock(BASE64_LENGTH) as address:
        for _ in range(ROUNDS):
            rounds.append({name: start(handler, address) for name, handler in handlers.items()})
    ready, cpu, answered = (
        {name: [each[name][which] * 1e3 for each in rounds] for name in handlers}
        for which in range(3)
    )
    return ready, cpu, answered


def compile_handler(handler: Handler) -> Handler:
    """A copy of the handler with bytecode."""
    folder = handler.folder.with_name("compiled")
    shutil.copytree(handler.folder, folder)
    subprocess.run([sys.executable, "-m", "compileall", "-q", folder], check=True)
    return replace(handler, folder=folder)


def start(handler: Handler, address: str) -> tuple[float, float, float]:
    """Seconds until ready, of CPU time until then, and until the first response."""
    with start_instance(handler, address) as instance:
        started = perf_counter()
        response = instance.invoke(EVENT)
        ended = perf_counter()
        assert response and response["statusCode"] == 200, instance.log_text()
        return instance.ready - started, instance.cpu_seconds, ended - started


def memory(handler: Handler) -> tuple[int, int]:
    """Peak memory of the process in bytes: when ready, and after three large images."""
    with bedrock(LARGE) as address, start_instance(handler, address) as instance:
        instance.start()
        assert instance.is_ready.wait(30), instance.log_text()
        ready = instance.memory_bytes("VmHWM")
        for _ in range(3):
            assert instance.invoke(EVENT), instance.log_text()
        return ready, instance.memory_bytes("VmHWM")


def import_costs(handlers: dict[str, Handler]) -> dict[str, Times]:
    """Import times of Easel and the bare function in milliseconds, by owner."""
    costs = {name: {owner: [] for owner in [*OWNERS, UNATTRIBUTED]} for name in (OURS, BARE)}
    for _ in range(ROUNDS):
        for name in (OURS, BARE):
            for owner, milliseconds in by_owner(import_lines(handlers[name])).items():
                costs[name][owner].append(milliseconds)
    return costs


def import_lines(handler: Handler) -> str:
    command = [sys.executable, "-S", "-P", "-X", "importtime", "-c", "import app"]
    pipes = {"stderr": subprocess.PIPE, "text": True, "check": True}
    environment = handler.environment()
    return subprocess.run(command, cwd=handler.folder, env=environment, **pipes).stderr


def by_owner(lines: str) -> dict[str, float]:
    """Milliseconds by owner. A module is listed after its imports, one level less indented."""
    times = dict.fromkeys([*OWNERS, UNATTRIBUTED], 0.0)
    above: list[str] = []
    for microseconds, indent, module in reversed(re.findall(IMPORT_LINE, lines)):
        del above[len(indent) // 2 :]
        top = module.partition(".")[0]
        own = [owner for owner, tops in OWNERS.items() if top in tops]
        above += own or above[-1:] or [UNATTRIBUTED]
        times[above[-1]] += int(microseconds) / 1e3
    return times
