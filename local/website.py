"""Serves frontend/ and forwards /api/* to the API on one origin, as CloudFront does on AWS."""

import gzip
import http.client
import io
import re
import string
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local.bodies import (
    EVENT_TOO_LARGE,
    MAX_EVENT_BYTES,
    MAX_REQUEST_BYTES,
    REQUEST_TOO_LARGE,
    BrokenBody,
    TooLarge,
    event_bytes,
    read_chunks,
)
from local.s3 import Objects, Refused

FRONTEND = Path(__file__).parent.parent / "frontend"

# API Gateway's limit for the API's response (its developer guide, page
# api-gateway-execution-service-limits-table). The function works on after it.
GATEWAY_TIMEOUT_SECONDS = 29.0

# CloudFront's limit for a URL (its developer guide, page cloudfront-limits).
MAX_URL_BYTES = 8_192

# What the site's CloudFront Function sends for an unknown path.
NOT_FOUND = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Easel</title>'
    b'<p>There is nothing at this address. <a href="/">Open Easel</a></p></html>'
)

# Headers of one connection, not of the message (RFC 9110, 7.6.1), and Host, which CloudFront
# replaces (its origin request policy AllViewerExceptHostHeader).
HOP_BY_HOP = ["connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"]


class Website(ThreadingHTTPServer):
    """The site at http://127.0.0.1:<port>/, with the API on `api_port`. Port 0 picks a free one.

    It serves `objects` under /files/, by their keys, as CloudFront does from the results bucket.
    `api_headers` go with each request to the API. Once `is_private`, the API answers only the
    site's own page and programs that are no browser, because each image costs money.
    """

    request_queue_size = 128
    daemon_threads = True

    gateway_timeout_seconds = GATEWAY_TIMEOUT_SECONDS
    is_private = False

    def __init__(
        self,
        port: int,
        api_port: int,
        objects: Objects | None = None,
        api_headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", port), Visit)
        self.api_port = api_port
        self.objects = objects
        self.api_headers = api_headers or {}
        self.hosts = [f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the visitor disconnected
            super().handle_error(request, client_address)


class Visit(SimpleHTTPRequestHandler):
    """One visitor's connection."""

    server: Website
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds without a byte from the visitor

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(FRONTEND))

    def parse_request(self) -> bool:
        """Read the request's head. Rejects a request that a page of another site makes."""
        if not super().parse_request():
            return False
        if self.headers.get("Host") in self.server.hosts and not self.is_foreign():
            return True
        self.close_connection = True  # the body stays unread
        self.send_error(HTTPStatus.FORBIDDEN, "This request comes from another site")
        return False

    def is_foreign(self) -> bool:
        """Whether a page of another site calls the API. Its links to the page are welcome."""
        if not self.server.is_private or not self.is_for_api():
            return False
        origin = self.headers.get("Origin", f"http://{self.headers['Host']}")
        is_same_site = self.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        return not is_same_site or origin != f"http://{self.headers['Host']}"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.is_for_api():
            self.forward()
        elif self.path.startswith("/files/") and self.server.objects:
            self.send_object(self.server.objects)
        elif self.is_file():
            super().do_HEAD() if self.command == "HEAD" else super().do_GET()
        else:
            self.answer(404, {"Content-Type": "text/html; charset=utf-8"}, NOT_FOUND)

    def is_for_api(self) -> bool:
        """Whether CloudFront forwards the path to the API; `/api` is as good as `/api/`."""
        return self.path.partition("?")[0] == "/api" or self.path.startswith("/api/")

    def is_file(self) -> bool:
        path = Path(self.translate_path(self.path))
        return path.is_file() or path == FRONTEND

    def send_object(self, objects: Objects) -> None:
        """An object; without one S3's 403, as CloudFront may not list the bucket."""
        try:
            found = objects.find(self.path.partition("?")[0][1:])
        except Refused:
            content = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            self.answer(403, {"Content-Type": "application/xml"}, content)
        else:
            self.answer(200, found.headers | {"ETag": found.etag}, found.content)

    def send_head(self) -> Any:
        """Open a file of the page, compressed if the browser accepts gzip, as CloudFront does."""
        path = Path(self.translate_path(self.path))
        file = path / "index.html" if path == FRONTEND else path
        accepts_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if not accepts_gzip or not file.is_file():
            return super().send_head()
        content = gzip.compress(file.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def do_POST(self) -> None:
        if self.is_for_api():
            self.forward()
        else:
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    do_DELETE = do_OPTIONS = do_PATCH = do_PUT = do_POST

    def forward(self) -> None:
        """Send the request to the API and return its response."""
        url = f"http://{self.headers.get('Host', '')}{self.path}"
        if len(url) > MAX_URL_BYTES:
            self.close_connection = True  # the body stays unread
            self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
            return
        try:
            body = self.read_body()
        except BrokenBody:
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_REQUEST, "The body is not as long as it says")
            return
        except TooLarge:
            self.close_connection = True
            self.answer(*REQUEST_TOO_LARGE)
            return
        if body is None:
            self.close_connection = True
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        if event_bytes(url, self.headers, body) > MAX_EVENT_BYTES:
            self.answer(*EVENT_TOO_LARGE)
            return
        seconds = self.server.gateway_timeout_seconds
        api = http.client.HTTPConnection("127.0.0.1", self.server.api_port, timeout=seconds)
        site = {"X-Forwarded-Host": self.headers.get("Host", ""), "X-Forwarded-Proto": "http"}
        own = site | self.server.api_headers
        headers = forwarded(self.headers, *own) | own
        try:
            path = self.path.removeprefix("/api")
            path = path if path.startswith("/") else f"/{path}"
            api.request(self.command, encoded(path), body, headers)
            response = api.getresponse()
            self.answer(response.status, forwarded(response.headers), response.read())
        except TimeoutError:
            content = b'{"message": "Endpoint request timed out"}'
            self.answer(504, {"Content-Type": "application/json"}, content)
        except ValueError:  # a header that HTTP does not allow
            self.send_error(HTTPStatus.BAD_REQUEST)
        except (OSError, http.client.HTTPException):
            self.send_error(HTTPStatus.BAD_GATEWAY, "The API is not running")
        finally:
            api.close()

    def read_body(self) -> bytes | None:
        """The whole body; None if the request does not say how long it is.

        Raises: BrokenBody, TooLarge.
        """
        length = self.headers.get("Content-Length", "0")
        coding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if coding == "chunked" and "Content-Length" not in self.headers:
            return read_chunks(self.rfile, MAX_REQUEST_BYTES)[0]
        if coding or not re.fullmatch("[0-9]{1,19}", length):
            return None
        if int(length) > MAX_REQUEST_BYTES:
            self.discard(int(length))
            raise TooLarge
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise BrokenBody
        return body

    def discard(self, length: int) -> None:
        """Read a body without keeping it, as some clients read the answer only after they sent it.

        Of an endless one, no more than ten times the limit.
        """
        left = min(length, 10 * MAX_REQUEST_BYTES)
        while left > 0 and (part := self.rfile.read(min(left, 65_536))):
            left -= len(part)

    def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        super().end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # an edited file appears on reload
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Log nothing: the API and Bedrock log their calls."""


def forwarded(headers: Any, *replaced: str) -> dict[str, str]:
    """The headers that a proxy passes on, without those that it replaces."""
    dropped = [*HOP_BY_HOP, *map(str.lower, replaced)]
    return {name: value for name, value in headers.items() if name.lower() not in dropped}


def encoded(path: str) -> str:
    """The path with its bytes beyond ASCII percent-encoded; http.server decodes them as Latin-1."""
    return quote(path, safe=string.punctuation, encoding="latin-1")
