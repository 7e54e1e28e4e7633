"""The laptop's website: it serves the page and forwards /api/* to the API."""

import contextlib
import gzip
import http.client
import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from conftest import serving
from local.bedrock import Bedrock
from local.website import FRONTEND, NOT_FOUND, Website


class Api(BaseHTTPRequestHandler):
    """Return the request as JSON, with status 418."""

    bodies: ClassVar[list[bytes]] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.bodies.append(body)
        request = {
            "method": self.command, "path": self.path, "headers": dict(self.headers),
            "body": body.decode("latin-1"),
        }  # fmt: skip
        content = json.dumps(request).encode()
        self.send_response(418)
        self.send_header("X-Image-Seed", "7")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_OPTIONS = do_POST

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def site():
    with (
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Api)) as api,
        serving(Website(0, api.server_port)) as website,
    ):
        yield website


def ask(site, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", site.server_port)
    try:
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/app.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_serves_the_pages_files_unchanged(site, path, type):
    status, headers, content = ask(site, "GET", path)
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, type, "no-cache")
    assert content == (FRONTEND / (path[1:] or "index.html")).read_bytes()
    status, headers, compressed = ask(site, "GET", path, Accept_Encoding="gzip, br")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, type, "no-cache")
    assert (headers["Content-Encoding"], gzip.decompress(compressed)) == ("gzip", content)


@pytest.mark.parametrize(
    "path", ["/nothing", "/form", "/form/", "/robots.txt", "/../app.py", "/%2e%2e/app.py", "/apis"]
)
def test_shows_a_plain_page_outside_the_frontend(site, path):
    status, headers, content = ask(site, "GET", path)
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert content == NOT_FOUND


@pytest.mark.parametrize(("path", "forwarded"), [("/api", "/"), ("/api?seed=7", "/?seed=7")])
def test_forwards_the_api_without_its_slash(site, path, forwarded):
    status, _, content = ask(site, "POST", path, b"a fox")
    assert (status, json.loads(content)["path"]) == (418, forwarded)


def test_rejects_a_url_over_8192_bytes_as_cloudfront_does(site):
    origin = f"http://127.0.0.1:{site.server_port}"
    path = "/api/?negative_prompt=".ljust(8_192 - len(origin), "x")
    assert ask(site, "POST", path, b"a fox")[0] == 418
    assert ask(site, "POST", f"{path}x", b"a fox")[0] == 414
    assert ask(site, "GET", "/api/models")[0] == 418


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_forwards_requests_to_the_api(site, method):
    status, headers, content = ask(
        site, method, "/api/?seed=7", "é".encode(), Content_Type="text/plain"
    )
    request = json.loads(content)
    assert (status, headers["X-Image-Seed"]) == (418, "7")
    assert (request["method"], request["path"]) == (method, "/?seed=7")
    assert request["body"].encode("latin-1") == "é".encode()
    assert request["headers"]["Content-Type"] == "text/plain"
    assert request["headers"]["Host"] != f"127.0.0.1:{site.server_port}"


@pytest.mark.parametrize("server", [Website, Bedrock])
def test_listens_on_the_loopback_interface_only(server):
    with server(0, None) as listening:
        assert listening.server_address[0] == "127.0.0.1"


def host(site):
    return f"127.0.0.1:{site.server_port}".encode()


def test_rejects_a_post_to_a_file(site):
    assert ask(site, "POST", "/index.html", b"x")[0] == 405


MULTIPART = "multipart/form-data; boundary=----x"


@pytest.mark.parametrize("content_type", ["text/plain", MULTIPART])
def test_rejects_over_10_mb_as_api_gateway_does(site, content_type):
    for body in (bytes(10_485_761), iter([bytes(10_485_761)])):  # with a length; chunked
        status, headers, content = ask(site, "POST", "/api/", body, Content_Type=content_type)
        assert (status, headers["Content-Type"]) == (413, "text; charset=utf-8")
        assert content == b"HTTP content length exceeded 10485760 bytes."


@pytest.mark.parametrize(
    ("content_type", "passes", "fails"),
    [
        ("text/plain", 6_288_000, 6_291_456),
        ("application/json", 6_288_000, 6_291_456),
        # Base64 adds a third.
        (MULTIPART, 4_710_000, 4_720_000),
        ("application/octet-stream", 4_710_000, 4_720_000),
        ("image/png", 4_710_000, 10_485_760),
    ],
)
def test_rejects_an_event_over_6_mb_as_lambda_does(site, content_type, passes, fails):
    assert ask(site, "POST", "/api/", b"x" * passes, Content_Type=content_type)[0] == 418
    answer = ask(site, "POST", "/api/", b"x" * fails, Content_Type=content_type)
    status, headers, content = answer
    assert (status, headers["Content-Type"]) == (413, "application/json")
    assert headers["x-amzn-errortype"] == "BadRequestException"
    assert content == b'{"message": "Request Too Long"}'


def test_counts_text_as_it_is_in_the_events_json(site):
    assert ask(site, "POST", "/api/", b"\n" * 3_200_000, Content_Type="text/plain")[0] == 413
    body = "\u00e9".encode() * 3_100_000
    assert ask(site, "POST", "/api/", body, Content_Type="text/plain")[0] == 418


@pytest.mark.parametrize("chunked", [False, True])
def test_passes_an_upload_byte_for_byte(site, chunked):
    upload = bytes(range(256)) * 400 + b"\r\n------x--\r\n"
    body = iter([upload[:7], upload[7:50_000], upload[50_000:]]) if chunked else upload
    status, _, content = ask(site, "POST", "/api/", body, Content_Type=MULTIPART)
    request = json.loads(content)
    assert (status, Api.bodies[-1]) == (418, upload)
    assert request["headers"]["Content-Type"] == MULTIPART
    assert request["headers"]["Content-Length"] == str(len(upload))
    assert "Transfer-Encoding" not in request["headers"]


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Transfer-Encoding: gzip, chunked", 411),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3", 411),
        (b"Content-Length: abc", 411),
        (b"Content-Length: -1", 411),
    ],
)
def test_rejects_a_body_without_a_valid_length(site, header, status):
    assert first_line(site, header, b"3\r\nabc\r\n0\r\n\r\n").startswith(b"HTTP/1.1 %d" % status)
    assert ask(site, "GET", "/api/models")[0] == 418


@pytest.mark.parametrize(
    "body", [b"x\r\nabc\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nab", b"-1\r\n", b"", b"9" * 2_000]
)
def test_rejects_broken_chunks(site, body):
    line = first_line(site, b"Transfer-Encoding: Chunked", body)
    assert line.startswith(b"HTTP/1.1 400")
    assert ask(site, "GET", "/api/models")[0] == 418
    assert Api.bodies[-1] == b""


def test_an_endless_chunked_body_is_not_kept(site):
    chunk = b"%x\r\n" % 1_000_000 + bytes(1_000_000) + b"\r\n"
    line = first_line(site, b"Transfer-Encoding: chunked", chunk * 106)
    assert line.startswith(b"HTTP/1.1 413")


def first_line(site, header, body):
    """The first line of the answer to a request of which nothing follows."""
    with socket.create_connection(("127.0.0.1", site.server_port)) as caller:
        caller.sendall(
            b"POST /api/ HTTP/1.1\r\nHost: " + host(site) + b"\r\n" + header + b"\r\n\r\n"
        )
        with contextlib.suppress(OSError):  # answered before the whole body was sent
            caller.sendall(body)
            caller.shutdown(socket.SHUT_WR)
        return caller.makefile("rb").readline()


def test_rejects_a_huge_header(site):
    assert ask(site, "POST", "/api/", b"a fox", X_Long="x" * 70_000)[0] == 431
    assert ask(site, "GET", "/api/models")[0] == 418


def test_ignores_a_truncated_body(site):
    with socket.create_connection(("127.0.0.1", site.server_port)) as caller:
        caller.sendall(
            b"POST /api/ HTTP/1.1\r\nHost: " + host(site) + b"\r\nContent-Length: 9\r\n\r\na hen"
        )
        caller.shutdown(socket.SHUT_WR)
        assert caller.makefile("rb").readline().startswith(b"HTTP/1.1 400")
    assert ask(site, "GET", "/api/models")[0] == 418
    assert b"a hen" not in Api.bodies


def test_returns_502_if_the_api_is_not_running():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening
        with serving(Website(0, taken.getsockname()[1])) as website:
            assert ask(website, "POST", "/api/", b"a fox")[0] == 502
