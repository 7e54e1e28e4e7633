"""Lambda on this machine: instances of the package with API Gateway in front of them.

Implements the Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html) for AWS's own
awslambdaric. An instance can import nothing from this virtual environment except what Lambda's
runtime includes.
"""

import contextlib
import importlib.util
import json
import os
import queue
import resource
import subprocess
import sys
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from conftest import serving

# The packages of Lambda's Python runtime: boto3, awslambdaric, and their dependencies.
RUNTIME = ["boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"]
RUNTIME += ["awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"]

# Bytes of a request or a response, including the JSON around it (gettingstarted-limits.html).
MAX_PAYLOAD_BYTES = 6_291_556

CODE = "correct horse"  # the access code of a protected API

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:easel"


class Response(NamedTuple):
    """The response that API Gateway returns to the caller."""

    status: int
    headers: dict[str, str]
    body: str


class Instance(ThreadingHTTPServer):
    """One process of the function; starts on the first event, and again after it exits."""

    daemon_threads = True

    def __init__(self, package: Path, runtime: Path, environment: dict[str, str], seconds=28.0):
        super().__init__(("127.0.0.1", 0), RuntimeApi)
        self.package, self.runtime, self.environment = package, runtime, environment
        self.seconds = seconds
        self.memory = resource.RLIM_INFINITY  # bytes
        self.log = runtime.parent / f"{uuid.uuid4()}.log"
        self.events, self.outcomes = queue.Queue(), queue.Queue()
        self.process = None
        self.starts = 0

    def invoke(self, event: dict) -> dict | None:
        """The function's response; None if it failed, timed out, or a payload was too large."""
        if len(json.dumps(event)) > MAX_PAYLOAD_BYTES:
            return None
        if self.process is None or self.process.poll() is not None:
            self.start()
        deadline = time.time() + self.seconds
        self.events.put((str(uuid.uuid4()), event, deadline))
        while time.time() < deadline and self.process.poll() is None:
            with contextlib.suppress(queue.Empty):
                return self.outcomes.get(timeout=0.05)
        self.end()
        return None

    def start(self):
        self.starts += 1
        self.events, self.outcomes = queue.Queue(), queue.Queue()
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-S", "-m", "awslambdaric", "app.app"],
                cwd=self.package, env=self.variables(), stdout=log, stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (self.memory,) * 2),
            )  # fmt: skip

    def variables(self):
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.runtime),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "easel",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        } | self.environment

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the process was killed
            super().handle_error(request, client_address)

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def memory_bytes(self, kind: str) -> int:
        """VmHWM is the peak resident size; VmData is the size that `memory` limits."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(f"{kind}:")[2].split()[0]) * 1024


class RuntimeApi(BaseHTTPRequestHandler):
    """One connection from awslambdaric."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each response is delayed by 40 ms

    def do_GET(self):
        """Send the next event."""
        request_id, event, deadline = self.server.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            "Content-Type": "application/json",
        }
        self.respond(200, json.dumps(event).encode(), headers)

    def do_POST(self):
        """Receive the outcome of an event; None if the function raised an error."""
        content = self.read()
        if self.path.endswith("/response") and len(content) > MAX_PAYLOAD_BYTES:
            self.respond(413, b'{"errorType": "RequestEntityTooLarge"}')
            self.server.outcomes.put(None)
            return
        self.respond(202, b'{"status": "OK"}')
        if self.path.endswith("/response"):
            self.server.outcomes.put(json.loads(content))
        elif not self.path.endswith("/init/error"):
            self.server.outcomes.put(None)

    def read(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"]))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def respond(self, status, content, headers=None):
        self.send_response_only(status)
        for name, value in ((headers or {}) | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the process was killed meanwhile
            self.wfile.write(content)

    def log_message(self, *arguments):
        """Keep the test output quiet."""


class Gateway:
    """API Gateway in front of instances that each serve one request at a time."""

    @staticmethod
    def event(method, path):
        return event(method, path, None, (), False, {})

    def __init__(self, instances: list[Instance]):
        self.instances = instances
        self.idle = queue.Queue()
        for instance in instances:
            self.idle.put(instance)

    def ask(
        self, method="POST", path="/", body=None, query=(), base64=False, **headers
    ) -> Response:
        """`query` is a list of pairs; underscores in header names become hyphens."""
        instance = self.idle.get()
        try:
            outcome = instance.invoke(event(method, path, body, query, base64, headers))
        finally:
            self.idle.put(instance)
        if outcome is None:
            return Response(502, {}, '{"message": "Internal server error"}')
        multi_values = {
            name: ", ".join(each) for name, each in outcome["multiValueHeaders"].items()
        }
        return Response(outcome["statusCode"], outcome["headers"] | multi_values, outcome["body"])


def event(method, path, body, query, base64, headers):
    """The event of API Gateway's proxy integration (set-up-lambda-proxy-integrations.html)."""
    sent = {"Host": "api.example", "Accept": "*/*"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    values = {}
    for name, value in query:
        values.setdefault(name, []).append(value)
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": {name: each[-1] for name, each in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "httpMethod": method,
            "path": f"/api{path}",
            "stage": "api",
            "requestId": str(uuid.uuid4()),
            "identity": {"sourceIp": "203.0.113.9"},
        },
        "body": body,
        "isBase64Encoded": base64,
    }


def spent_microdollars(gateway: Gateway) -> int:
    """Today's spending, as GET /budget reports it."""
    return round(json.loads(gateway.ask("GET", "/budget").body)["spent_usd"] * 1e6)


def lay_out_runtime(folder: Path) -> Path:
    """Fill a folder with the packages of Lambda's runtime and nothing else."""
    folder.mkdir()
    for name in RUNTIME:
        found = Path(importlib.util.find_spec(name).origin)
        source = found.parent if found.name == "__init__.py" else found
        (folder / source.name).symlink_to(source)
    return folder


@contextlib.contextmanager
def running(package: Path, runtime: Path, number=1, seconds=28.0, **environment: str):
    """A gateway in front of `number` instances of the package."""
    with contextlib.ExitStack() as stack:
        instances = []
        for _ in range(number):
            instance = Instance(package, runtime, environment, seconds)
            stack.enter_context(serving(instance))
            stack.callback(instance.end)
            instances.append(instance)
        yield Gateway(instances)
