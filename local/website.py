"""Serves frontend/ and forwards /api/* to the API on one origin, as CloudFront does on AWS."""

import gzip
import http.client
import io
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from local.s3 import Objects, Refused

FRONTEND = Path(__file__).parent.parent / "frontend"

# API Gateway's request limit, 10 MB (its developer guide, page
# api-gateway-execution-service-limits-table, read on 2026-11-22).
MAX_REQUEST_BYTES = 10 * 1024 * 1024

# API Gateway's limit for the API's response (the same page). The function works on after it.
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
    """

    request_queue_size = 128
    daemon_threads = True

    gateway_timeout_seconds = GATEWAY_TIMEOUT_SECONDS

    def __init__(self, port: int, api_port: int, objects: Objects | None = None) -> None:
        super().__init__(("127.0.0.1", port), Visit)
        self.api_port = api_port
        self.objects = objects

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the visitor disconnected
            super().handle_error(request, client_address)


class Visit(SimpleHTTPRequestHandler):
    """One visitor's connection."""

    server: Website
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments, directory=str(FRONTEND))

    def do_GET(self) -> None:
        if self.is_for_api():
            self.forward()
        elif self.path.startswith("/files/") and self.server.objects:
            self.send_object(self.server.objects)
        elif self.is_file():
            super().do_GET()
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
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the client disconnected
            self.close_connection = True
            return
        if len(body) > MAX_REQUEST_BYTES:
            self.answer(
                413, {"Content-Type": "application/json"}, b'{"message":"Request Too Long"}'
            )
            return
        seconds = self.server.gateway_timeout_seconds
        api = http.client.HTTPConnection("127.0.0.1", self.server.api_port, timeout=seconds)
        site = {"X-Forwarded-Host": self.headers.get("Host", ""), "X-Forwarded-Proto": "http"}
        headers = forwarded(self.headers, *site) | site
        try:
            path = self.path.removeprefix("/api")
            path = path if path.startswith("/") else f"/{path}"
            api.request(self.command, path, body, headers)
            response = api.getresponse()
            self.answer(response.status, forwarded(response.headers), response.read())
        except TimeoutError:
            content = b'{"message": "Endpoint request timed out"}'
            self.answer(504, {"Content-Type": "application/json"}, content)
        except (ConnectionRefusedError, http.client.HTTPException):
            self.send_error(HTTPStatus.BAD_GATEWAY, "The API is not running")
        finally:
            api.close()

    def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        super().end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # an edited file appears on reload
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Log nothing: the API and Bedrock log their calls."""


def forwarded(headers: Any, *replaced: str) -> dict[str, str]:
    """The headers that a proxy passes on, without those that it replaces."""
    dropped = [*HOP_BY_HOP, *map(str.lower, replaced)]
    return {name: value for name, value in headers.items() if name.lower() not in dropped}
