"""Amazon Bedrock on a laptop: AWS's paths, headers, checks and errors, with any painter."""

import argparse
import contextlib
import logging
import re
import socket
import struct
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from PIL import Image

from local import converse, models
from local.automatic1111 import Automatic1111, PainterFailed
from local.faults import FAULTS, Failure, Faults, as_json, raise_if_error

logger = logging.getLogger("local.bedrock")

# The largest body of InvokeModel (botocore 1.44.5, bedrock-runtime/2023-09-30: shape Body).
MAX_BODY_BYTES = 25_000_000

ROUTES = (
    ("POST", re.compile(r"/model/([^/]+)/invoke"), "InvokeModel"),
    ("POST", re.compile(r"/model/([^/]+)/converse"), "Converse"),
    ("GET", re.compile(r"/foundation-models()"), "ListFoundationModels"),
    (
        "GET",
        re.compile(r"/foundation-model-availability/([^/]+)"),
        "GetFoundationModelAvailability",
    ),
)

CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/")

JSON = {"Content-Type": "application/json"}


class Bedrock(ThreadingHTTPServer):
    """Bedrock at http://127.0.0.1:<port>; port 0 picks a free port. `paint` makes the images.

    `summaries` and `availability` describe an account that may use every model; a test can replace
    them to describe another account.
    """

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, port: int, paint: Callable[..., Image.Image]) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.paint = paint
        self.faults = Faults()
        self.summaries = models.summaries
        self.availability = models.availability

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client disconnected
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@dataclass(frozen=True)
class Response:
    """An HTTP response. `delivery` and `seconds` say how it is sent if not all at once."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    delivery: str = ""  # see Fault.delivery
    seconds: float = 0.0


class Connection(BaseHTTPRequestHandler):
    """One client's connection."""

    server: Bedrock
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one call and log one line, without the prompt."""
        started = time.monotonic()
        content = self.read_body()
        operation, model_id = route(self.command, self.path)
        try:
            response = self.call(operation, model_id, content)
        except Failure as failure:
            response = error_response(failure)
        # The client chose the id, so it is quoted: a line break must not forge a log line.
        call = f"{operation} {quote(model_id, safe=':/')}".strip()
        seconds = time.monotonic() - started
        logger.info("%s %s %.2f s", call, response.delivery or response.status, seconds)
        self.send(response)

    do_DELETE = do_GET = do_OPTIONS = do_PATCH = do_PUT = do_POST

    def read_body(self) -> bytes:
        """The whole body, even of a request that fails: the connection stays open for the next."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))

    def call(self, operation: str, model_id: str, content: bytes) -> Response:
        """The operation's response. Raises: Failure."""
        if operation == "UnknownOperation":
            return Response(404, b"<UnknownOperationException/>\n", {})  # as AWS's front end does
        region = signed_region(self.headers.get("Authorization", ""))
        if operation in ("InvokeModel", "Converse"):
            check_request(self.headers.get("Content-Type"), len(content))
            call = self.invoke if operation == "InvokeModel" else self.converse
            return call(model_id, region, content)
        if operation == "ListFoundationModels":
            filters = dict(parse_qsl(urlsplit(self.path).query))
            return Response(
                200, as_json({"modelSummaries": self.server.summaries(region, filters)})
            )
        return Response(200, as_json(self.server.availability(model_id, region)))

    def invoke(self, model_id: str, region: str, content: bytes) -> Response:
        """InvokeModel, with checks in the order AWS appears to use. Raises: Failure."""
        started = time.monotonic()
        model = models.find(model_id, region)
        body = models.parse(content)
        models.check(body, model)
        painting = models.painting(body, model)
        fault, seconds, painting["prompt"] = self.server.faults.find(painting["prompt"])
        raise_if_error(fault, model.resource(region))
        if fault.delivery != "drip":
            time.sleep(seconds)
        image = self.paint(painting)
        answer = models.answer(body, model, painting["seed"], image, fault.finish_reason)
        content = fault.encode(answer)
        models.check_answer(len(content))
        milliseconds = round((time.monotonic() - started) * 1000)
        headers = JSON | {"X-Amzn-Bedrock-Invocation-Latency": str(milliseconds)}
        return Response(200, content, headers, fault.delivery, seconds)

    def converse(self, model_id: str, region: str, content: bytes) -> Response:
        """Converse. Raises: Failure."""
        model, body = converse.find(model_id, region), models.parse(content)
        fault, seconds, text = self.server.faults.find(converse.read(body, model))
        raise_if_error(fault, model.resource(region))
        if fault.delivery != "drip":
            time.sleep(seconds)
        answer = converse.answer(body, text, model, fault.finish_reason)
        return Response(200, fault.encode(answer), JSON, fault.delivery, seconds)

    def paint(self, painting: dict[str, Any]) -> Image.Image:
        try:
            return self.server.paint(**painting)
        except PainterFailed as error:
            logger.warning("The painter failed: %s", error)
            raise Failure(
                "ModelErrorException",
                f"The request failed due to an error while processing the model. {error}",
                originalStatusCode=500,
                resourceName="local painter",
            ) from error

    def send(self, response: Response) -> None:
        if response.delivery == "reset":
            self.reset_connection()
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.content)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.send_body(response)

    def send_body(self, response: Response) -> None:
        if response.delivery == "cut":
            self.wfile.write(response.content[: len(response.content) // 2])
            self.close_connection = True
        elif response.delivery == "drip":
            parts = 20
            for number in range(parts):
                time.sleep(response.seconds / parts)
                self.wfile.write(chunk(response.content, number, parts))
        else:
            self.wfile.write(response.content)

    def reset_connection(self) -> None:
        """Close with a TCP RST: with a linger time of zero, the socket closes without a FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
        self.close_connection = True

    def log_request(self, *arguments: Any) -> None:
        """Log nothing: `do_POST` logs the call."""


def chunk(content: bytes, number: int, parts: int) -> bytes:
    return content[len(content) * number // parts : len(content) * (number + 1) // parts]


def route(method: str, path: str) -> tuple[str, str]:
    """The operation, and the model's id if the path contains one.

    An id is one percent-encoded segment: boto3 sends the slashes of an ARN as %2F.
    """
    for allowed, pattern, operation in ROUTES:
        match = pattern.fullmatch(urlsplit(path).path)
        if match and method == allowed:
            return operation, unquote(match[1])
    return "UnknownOperation", ""


def signed_region(authorization: str) -> str:
    """The region of the call's signature. The signature itself is not checked: we have no key.

    Raises:
        Failure: the call is unsigned, signed for another service, or has an API key.
    """
    if not authorization:
        raise Failure("MissingAuthenticationTokenException", "Missing Authentication Token")
    credential = CREDENTIAL.match(authorization)
    if not credential:
        raise Failure(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    region, service = credential.groups()
    if service != "bedrock":
        raise Failure(
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'bedrock'.",
        )
    return region


def check_request(content_type: str | None, length: int) -> None:
    """Check length and type. boto3 sends no Content-Type by default, which AWS accepts.

    Raises: Failure.
    """
    if length > MAX_BODY_BYTES:
        raise Failure(
            "ValidationException",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member "
            f"must have length less than or equal to {MAX_BODY_BYTES}",
        )
    if content_type and content_type.partition(";")[0].strip().lower() != "application/json":
        raise Failure(
            "ValidationException",
            "The provided Content Type is invalid or not supported for this model",
        )


def error_response(failure: Failure) -> Response:
    kind = f"{failure.name}:http://internal.amazon.com/coral/com.amazon.bedrock/"
    return Response(failure.status, as_json(failure.body), JSON | {"x-amzn-ErrorType": kind})


def main() -> None:
    logging.basicConfig(format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    arguments = parse_arguments()
    server = Bedrock(arguments.port, choose_painter(arguments.painter))
    print(f"The local Bedrock listens at {server.url}. Ctrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


def parse_arguments() -> argparse.Namespace:
    faults = "\n".join(f"  !{name:<16} {fault.help}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m local.bedrock",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Start a prompt with one of these to simulate a fault:\n"
        f"{faults}\n\n`!throttled 2 a ship` fails the first 2 calls, then paints a ship.",
    )
    parser.add_argument(
        "--port", type=int, default=8081, help="port to listen on (default: %(default)s)"
    )
    parser.add_argument("--painter", help="URL of a server with AUTOMATIC1111's API")
    return parser.parse_args()


def choose_painter(url: str | None) -> Callable[..., Image.Image]:
    if url:
        return Automatic1111(url).paint
    from local.painter import paint  # imports numpy: half a second that another painter saves

    return paint


if __name__ == "__main__":
    main()
