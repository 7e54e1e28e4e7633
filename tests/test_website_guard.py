"""The laptop's website against other sites, odd requests and a terminal that closes."""

import fcntl
import http.client
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import termios
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from conftest import ROOT, Running, serving
from local.website import Website

SECRET = {"X-Easel-Secret": "of this run"}


class Api(BaseHTTPRequestHandler):
    """An API that answers 418 and keeps what it was asked."""

    requests: ClassVar[list] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.requests.append((self.command, self.path, dict(self.headers), body))
        self.send_response(418)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_OPTIONS = do_POST

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def private_site():
    """The website as with BEDROCK=aws."""
    with (
        serving(ThreadingHTTPServer(("127.0.0.1", 0), Api)) as api,
        serving(Website(0, api.server_port, api_headers=SECRET)) as website,
    ):
        website.is_private = True
        yield website


def ask(site, method="POST", path="/api/", body=b"a fox", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", site.server_port)
    connection.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def own(site):
    return f"http://127.0.0.1:{site.server_port}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},  # fetch, a form
        {"Origin": "null"},  # a sandboxed frame
        {"Sec_Fetch_Site": "cross-site"},  # a picture, a script
        {"Sec_Fetch_Site": "same-site"},  # another port of this machine
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},  # DNS rebinding
        {"Host": "evil.example", "Origin": "http://evil.example", "Sec_Fetch_Site": "same-origin"},
    ],
)
def test_no_other_site_spends_money(private_site, headers):
    Api.requests.clear()
    for method, path in [
        ("POST", "/api/"),
        ("POST", "/api/v1/images/generations"),
        ("GET", "/api"),
    ]:
        assert ask(private_site, method, path, **headers) == 403
    assert ask(private_site, "OPTIONS", "/api/", **headers) == 403
    assert Api.requests == []


def test_the_own_page_and_programs_are_served(private_site):
    Api.requests.clear()
    assert ask(private_site, Origin=own(private_site), Sec_Fetch_Site="same-origin") == 418
    assert ask(private_site, Host=f"localhost:{private_site.server_port}") == 418
    assert ask(private_site, X_Easel_Secret="another") == 418
    assert [headers["X-Easel-Secret"] for *_, headers, _ in Api.requests] == ["of this run"] * 3


def test_a_link_of_another_site_opens_the_page(private_site):
    assert (
        ask(private_site, "GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate") == 200
    )


def test_no_other_site_may_frame_the_page(private_site):
    connection = http.client.HTTPConnection("127.0.0.1", private_site.server_port)
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /api/?negative_prompt=caf\u00e9 HTTP/1.1\r\nHost: {host}\r\n\r\n", 418),
        ("GET /caf\u00e9 HTTP/1.1\r\nHost: {host}\r\n\r\n", 404),
        ("GET /form/ HTTP/1.1\r\nHost: {host}\r\n\r\n", 404),
        ("HEAD /form/ HTTP/1.1\r\nHost: {host}\r\n\r\n", 404),
        ("HEAD / HTTP/1.1\r\nHost: {host}\r\n\r\n", 200),
        ("HEAD /api/models HTTP/1.1\r\nHost: {host}\r\n\r\n", 418),
        ("GET /%00 HTTP/1.1\r\nHost: {host}\r\n\r\n", 404),
        ("GET / HTTP/1.1\r\n\r\n", 403),
        ("GET /\r\n\r\n", 403),
        ("GET  HTTP/1.1\r\nHost: {host}\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\nHost: {host}\r\n\r\n", 505),
        ("BREW /api/ HTTP/1.1\r\nHost: {host}\r\n\r\n", 501),
        ("GET /api/ HTTP/1.1\r\nHost: {host}\r\nX Y: z\r\n\r\n", 418),
        ("POST /api/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: \u0662\r\n\r\n", 411),
        ("POST /api/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: " + "9" * 30 + "\r\n\r\n", 411),
        ("GET /api/\x01 HTTP/1.1\r\nHost: {host}\r\n\r\n", 418),
    ],
)
def test_every_request_gets_an_answer(private_site, request_, status, capsys):
    text = request_.format(host=urlsplit(own(private_site)).netloc)
    with socket.create_connection(("127.0.0.1", private_site.server_port), 10) as caller:
        caller.sendall(text.encode())
        caller.shutdown(socket.SHUT_WR)
        answer = caller.makefile("rb").read()
    found = re.match(rb"HTTP/1\.[01] (\d+) |<!doctype html", answer, re.IGNORECASE)
    assert found and int(found[1] or status) == status, answer
    assert "Traceback" not in capsys.readouterr().err


def test_a_huge_body_is_not_kept(private_site):
    head = f"POST /api/ HTTP/1.1\r\nHost: {urlsplit(own(private_site)).netloc}\r\n"
    with socket.create_connection(("127.0.0.1", private_site.server_port), 10) as caller:
        caller.sendall(head.encode() + b"Content-Length: 600000000\r\n\r\n")
        caller.shutdown(socket.SHUT_WR)
        assert caller.makefile("rb").readline().startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
def test_the_apis_own_port_answers_only_the_website(site):
    port = int(re.search(r"--port (\d+)", children(site.process.pid))[1])
    for headers in ({}, {"X-Easel-Secret": "guessed"}):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/", "qwzx", {"Content-Type": "text/plain"} | headers)
        assert connection.getresponse().status == 403
        connection.close()


@pytest.mark.slow
def test_the_terminal_shows_no_words(site):
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc)
    connection.request(
        "POST", "/api/?negative_prompt=zebra&seed=-1", "giraffe", {"Content-Type": "text/plain"}
    )
    assert connection.getresponse().status == 400
    connection.close()
    site.wait_for(lambda: "POST / 400" in site.words())
    assert "zebra" not in site.words() and "giraffe" not in site.words()


@pytest.mark.slow
def test_bedrock_aws_has_a_budget(tmp_path):
    own = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "mine"}
    with Running(tmp_path / "log", PORT="0", BEDROCK="aws", DAILY_BUDGET_USD="0.05", **own) as run:
        run.wait_until_ready()
        assert "at most $0.05 a day in this run" in run.words()
        connection = http.client.HTTPConnection(urlsplit(run.url).netloc)
        for model, code in [
            ("stable-image-ultra", b"BudgetSpent"),
            ("stable-image-core", b"ModelUnavailable"),
        ]:
            connection.request(
                "POST", f"/api/?model={model}", "qwzx", {"Content-Type": "text/plain"}
            )
            assert code in connection.getresponse().read()
        connection.close()


@pytest.mark.slow
def test_a_closed_terminal_ends_every_process(tmp_path):
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT, env=os.environ | {"PORT": "0"}, start_new_session=True,
        stdin=end, stdout=end, stderr=end,
        preexec_fn=lambda: fcntl.ioctl(end, termios.TIOCSCTTY, 0),  # the controlling terminal
    )  # fmt: skip
    os.close(end)
    words = b""
    while b"Ctrl-C ends it." not in words:
        words += os.read(terminal, 4096)
    api = int(children(process.pid).split()[0])
    os.close(terminal)  # the kernel sends SIGHUP, and each write fails from now on
    assert process.wait(10) == -signal.SIGHUP
    deadline = time.monotonic() + 10
    while is_alive(api):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_closed_pipe_behind_the_output_breaks_no_answer():
    """As with `make run | head`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local"],
        cwd=ROOT, env=os.environ | {"PORT": "0"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    words = b""
    while b"Ctrl-C ends it." not in words:
        words += os.read(process.stdout.fileno(), 4096)
    process.stdout.close()
    connection = http.client.HTTPConnection("127.0.0.1", int(re.search(rb":(\d+)/\n", words)[1]))
    statuses = []
    for prompt in ("a fox", "!throttled a fox", "!internal a fox", "a fox"):
        connection.request("POST", "/api/", prompt, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    process.terminate()
    process.wait(10)
    assert statuses == [200, 429, 502, 200]


def children(pid):
    """The lines of `ps` on a process's children: process id and command."""
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)]
    return subprocess.check_output(command, text=True)


def is_alive(pid):
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(command, capture_output=True, text=True).stdout
    return bool(state) and not state.startswith("Z")
