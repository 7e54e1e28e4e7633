"""/files/ on the local website, what it tells the API of itself, and API Gateway's 29 seconds."""

import http.client
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import serving
from local.s3 import Object, Objects
from local.website import GATEWAY_TIMEOUT_SECONDS, Website


class Api(BaseHTTPRequestHandler):
    """Answers with the headers that it got; /slow after half a second."""

    def do_GET(self):
        time.sleep(0.5 * self.path.endswith("slow"))
        content = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def site():
    objects = Objects(lambda: 1_800_000_000.0)
    with (
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Api)) as api,
        serving(Website(0, api.server_port, objects)) as website,
    ):
        yield website


def fetch(website, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", website.server_port)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, response.headers, content


def test_serves_an_object_as_cloudfront_does(site):
    kept = {
        "content-type": "image/png",
        "cache-control": "no-store",
        "x-amz-meta-x-image-seed": "7",
    }
    site.objects.put("files/abc", Object(b"\x89PNG", kept, 1_800_000_000.0), True, 0)
    for path in ("/files/abc", "/files/abc?x=1"):
        status, headers, content = fetch(site, path)
        assert (status, content, headers["Content-Type"]) == (200, b"\x89PNG", "image/png")
        assert (headers["x-amz-meta-x-image-seed"], headers["Cache-Control"]) == ("7", "no-store")


@pytest.mark.parametrize("path", ["/files/other", "/files/", "/files/../index.html"])
def test_a_missing_file_is_s3s_403(site, path):
    status, headers, content = fetch(site, path)
    assert (status, headers["Content-Type"]) == (403, "application/xml")
    assert b"AccessDenied" in content


def test_files_cannot_be_written(site):
    assert fetch(site, "/files/abc", "PUT")[0] == 405


def test_tells_the_api_its_own_address(site):
    own = f"127.0.0.1:{site.server_port}"
    _, _, content = fetch(site, "/api/", **{"X-Forwarded-HOST": "other.example"})
    told = [
        text for name, text in json.loads(content).items() if name.lower() == "x-forwarded-host"
    ]
    assert told == [own]
    assert json.loads(content)["X-Forwarded-Proto"] == "http"


def test_ends_a_call_after_api_gateways_29_seconds(site):
    assert GATEWAY_TIMEOUT_SECONDS == 29
    site.gateway_timeout_seconds = 0.1
    status, headers, content = fetch(site, "/api/slow")
    assert (status, headers["Content-Type"]) == (504, "application/json")
    assert json.loads(content) == {"message": "Endpoint request timed out"}
