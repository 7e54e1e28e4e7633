"""Amazon Bedrock on a laptop: its paths, headers, checks and errors over HTTP, for any painter."""

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

from local import models
from local.automatic1111 import Automatic1111, PainterFailed
from local.faults import FAULTS, Failure, Faults, as_json, raise_error

logger = logging.getLogger("local.bedrock")

# InvokeModel's body in bytes (botocore 1.44.5, bedrock-runtime/2023-09-30: shape Body).
LARGEST_BODY = 25_000_000

ROUTES = (
    ("POST", re.compile(r"/model/([^/]+)/invoke"), "InvokeModel"),
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
    """Bedrock at http://127.0.0.1:<port>, painting with `paint`; port 0 is any free one.

    `summaries` and `availability` answer for an account that may use all there is; a test puts
    another account in their place.
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
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a caller who left is no error
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@dataclass(frozen=True)
class Reply:
    """What is sent back; `wire` and `seconds` say how, when it is not all at once."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    wire: str = ""
    seconds: float = 0.0


class Connection(BaseHTTPRequestHandler):
    """One caller's connection."""

    server: Bedrock
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one call and log it in one line, in which the prompt has no place."""
        started = time.monotonic()
        content = self.read_content()
        operation, model_id = route(self.command, self.path)
        try:
            reply = self.reply(operation, model_id, content)
        except Failure as failure:
            reply = refused(failure)
        # The caller chose the id, so it is quoted: a line break must not forge a second line.
        call = f"{operation} {quote(model_id, safe=':/')}".strip()
        seconds = time.monotonic() - started
        logger.info("%s %s %.2f s", call, reply.wire or reply.status, seconds)
        self.send(reply)

    do_DELETE = do_GET = do_OPTIONS = do_PATCH = do_PUT = do_POST

    def read_content(self) -> bytes:
        """The whole body, also when it will be refused: the connection is kept for the next."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return b""
        return self.rfile.read(int(length))

    def reply(self, operation: str, model_id: str, content: bytes) -> Reply:
        """Raises: Failure."""
        if operation == "UnknownOperation":
            return Reply(404, b"<UnknownOperationException/>\n", {})  # as AWS's front end says it
        region = signed_region(self.headers.get("Authorization", ""))
        if operation == "InvokeModel":
            return self.invoke(model_id, region, content)
        if operation == "ListFoundationModels":
            wanted = dict(parse_qsl(urlsplit(self.path).query))
            return Reply(200, as_json({"modelSummaries": self.server.summaries(region, wanted)}))
        return Reply(200, as_json(self.server.availability(model_id, region)))

    def invoke(self, model_id: str, region: str, content: bytes) -> Reply:
        """InvokeModel, in the order in which AWS seems to check. Raises: Failure."""
        started = time.monotonic()
        check_message(self.headers.get("Content-Type"), len(content))
        model = models.find(model_id, region)
        body = models.parse(content)
        models.check(body, model)
        painting = models.painting(body, model)
        fault, seconds, painting["prompt"] = self.server.faults.of(painting["prompt"])
        raise_error(fault, models.arn(model.id, region))
        if fault.wire != "drip":
            time.sleep(seconds)
        picture = self.paint(painting)
        answer = models.answer(body, model, painting["seed"], picture, fault.finish_reason)
        milliseconds = round((time.monotonic() - started) * 1000)
        headers = JSON | {"X-Amzn-Bedrock-Invocation-Latency": str(milliseconds)}
        return Reply(200, fault.spoil(answer), headers, fault.wire, seconds)

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

    def send(self, reply: Reply) -> None:
        if reply.wire == "reset":
            self.reset()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.content)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.send_content(reply)

    def send_content(self, reply: Reply) -> None:
        if reply.wire == "cut":
            self.wfile.write(reply.content[: len(reply.content) // 2])
            self.close_connection = True
        elif reply.wire == "drip":
            drops = 20
            for number in range(drops):
                time.sleep(reply.seconds / drops)
                self.wfile.write(part(reply.content, number, drops))
        else:
            self.wfile.write(reply.content)

    def reset(self) -> None:
        """Close with TCP's RST: what lingers zero seconds is dropped, not said goodbye to."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
        self.close_connection = True

    def log_request(self, *arguments: Any) -> None:
        """Our own line says more."""


def part(content: bytes, number: int, parts: int) -> bytes:
    return content[len(content) * number // parts : len(content) * (number + 1) // parts]


def route(method: str, path: str) -> tuple[str, str]:
    """The operation, and the model's id if it names one.

    An id is one segment, percent-encoded: boto3 sends an ARN's slashes as %2F.
    """
    for wanted, pattern, operation in ROUTES:
        match = pattern.fullmatch(urlsplit(path).path)
        if match and method == wanted:
            return operation, unquote(match[1])
    return "UnknownOperation", ""


def signed_region(authorization: str) -> str:
    """The region that the call is signed for. The signature itself is not checked: we have no key.

    Raises:
        Failure: unsigned, signed for another service, or with an API key, of which AWS knows none.
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


def check_message(content_type: str | None, length: int) -> None:
    """boto3 leaves Content-Type out unless it is told, and AWS takes that. Raises: Failure."""
    if length > LARGEST_BODY:
        raise Failure(
            "ValidationException",
            "1 validation error detected: Value at 'body' failed to satisfy constraint: Member "
            f"must have length less than or equal to {LARGEST_BODY}",
        )
    if content_type and content_type.partition(";")[0].strip().lower() != "application/json":
        raise Failure(
            "ValidationException",
            "The provided Content Type is invalid or not supported for this model",
        )


def refused(failure: Failure) -> Reply:
    kind = f"{failure.name}:http://internal.amazon.com/coral/com.amazon.bedrock/"
    return Reply(failure.status, as_json(failure.body), JSON | {"x-amzn-ErrorType": kind})


def main() -> None:
    logging.basicConfig(format="%(asctime)s  %(message)s", datefmt="%H:%M:%S", level=logging.INFO)
    options = read_options()
    server = Bedrock(options.port, painter(options.painter))
    print(f"Bedrock is at {server.url}; Ctrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


def read_options() -> argparse.Namespace:
    faults = "\n".join(f"  !{name:<16} {fault.help}" for name, fault in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m local.bedrock",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A prompt that begins with one of these plays a fault:\n"
        f"{faults}\n\n`!throttled 2 a ship` plays it for the first 2 calls, then paints a ship.",
    )
    parser.add_argument("--port", type=int, default=8081, help="(default: %(default)s)")
    parser.add_argument("--painter", help="the address of a server with AUTOMATIC1111's API")
    return parser.parse_args()


def painter(url: str | None) -> Callable[..., Image.Image]:
    if url:
        return Automatic1111(url).paint
    from local.painter import paint  # half a second of numpy, and not needed beside another painter

    return paint


if __name__ == "__main__":
    main()
