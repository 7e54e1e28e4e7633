"""Connections to Bedrock that break: what may have been charged is never a 500 or free."""

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import struct
from threading import Thread

import boto3
import pytest
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import app as easel
from chalicelib import bedrock, errors

MODEL = "stability.stable-image-core-v1:1"
BODY = {"prompt": "a fox"}
UNAVAILABLE, DENIED = errors.ModelUnavailable, errors.ModelAccessDenied
FAILED, TIMEOUT = errors.ModelFailed, errors.ModelTimeout
ANSWER = b'{"images": ["x"]}'
HEAD = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def failure(client):
    with pytest.raises(errors.Failure) as raised:
        bedrock.invoke(client, MODEL, BODY, 5)
    return type(raised.value)


def answer(status, content, length=None):
    return HEAD % (status, len(content) if length is None else length) + content


class Server:
    """Accepts connections one after the other; `received` holds each request that came whole."""

    def __init__(self, act, tls=None):
        self.act, self.tls, self.received = act, tls, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.answer(connection)

    def answer(self, connection):
        if self.tls:
            raw = socket.socket(fileno=socket.dup(connection.fileno()))
            with raw, self.tls.wrap_socket(connection, server_side=True) as secure:
                self.read(secure)
                self.act(secure, raw)
        else:
            self.read(connection)
            self.act(connection, connection)

    def read(self, stream):
        """Read a whole request."""
        request = b""
        while b"a fox" not in request:
            part = stream.recv(65_536)
            if not part:
                raise ConnectionError
            request += part
        self.received.append(request)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return file


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextlib.contextmanager
def client_of(url, verify=None, proxies=None):
    once = {"total_max_attempts": 1}
    config = Config(connect_timeout=1, read_timeout=1, retries=once, proxies=proxies or {})
    client = boto3.client(
        "bedrock-runtime", "us-west-2", endpoint_url=url, config=config, verify=verify
    )
    yield client
    client.close()


def break_record(*parts):
    """Send these parts by TLS, then bytes that are no TLS."""

    def act(secure, raw):
        for part in parts:
            secure.sendall(part)
        raw.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))

    return act


def drop(*parts):
    """Send these parts, then close TCP without TLS's goodbye."""

    def act(secure, raw):
        for part in parts:
            secure.sendall(part)
        raw.shutdown(socket.SHUT_RDWR)

    return act


def reset(stream, raw):
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def say(content):
    return lambda stream, raw: stream.sendall(content)


HALF = answer(200, ANSWER[:5], len(ANSWER))


@pytest.mark.parametrize(
    "act",
    [
        break_record(), break_record(b"HTTP/1.1 200"), break_record(HALF),
        break_record(answer(429, b"{", 99)), drop(), drop(b"HTTP/1.1 200 OK\r\n"), drop(HALF),
        reset,
    ],
)  # fmt: skip
def test_a_tls_fault_after_sending_may_be_charged(post, monkeypatch, tls, certificate, act):
    with (
        Server(act, tls) as server,
        client_of(f"https://127.0.0.1:{server.port}", str(certificate)) as client,
    ):
        monkeypatch.setattr(easel, "bedrock_client", client)
        response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (502, "ModelFailed")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert len(server.received) == 1


def test_an_untrusted_certificate_ends_before_sending(tls):
    with (
        Server(say(answer(200, ANSWER)), tls) as server,
        client_of(f"https://127.0.0.1:{server.port}") as client,
    ):
        assert failure(client) is UNAVAILABLE
    assert server.received == []


def test_an_answer_over_tls_arrives(tls, certificate):
    with (
        Server(say(answer(200, ANSWER)), tls) as server,
        client_of(f"https://127.0.0.1:{server.port}", str(certificate)) as client,
    ):
        assert bedrock.invoke(client, MODEL, BODY, 5) == json.loads(ANSWER)


@pytest.mark.parametrize("act", [reset, say(b""), say(b"HTTP/1.1 200"), say(HALF)])
def test_a_cut_behind_a_proxy_may_be_charged(act):
    """botocore calls the first two ProxyConnectionError, as if there had been no connection."""
    with (
        Server(act) as server,
        client_of(
            "http://bedrock.invalid", proxies={"http": f"http://127.0.0.1:{server.port}"}
        ) as client,
    ):
        assert failure(client) is FAILED
    assert len(server.received) == 1


ODD = {
    "no HTTP": b"hello\r\n\r\n",
    "an odd status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a huge header": b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
    "an odd length": b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n{}",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "a cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}",
    "broken gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "a redirect": b"HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 OK\r\n\r\n",
    "an error that is a list": answer(400, b"[]"),
    "an error that is a number": answer(500, b"7"),
    "an error that is null": answer(429, b"null"),
    "an error with an odd code": answer(400, b'{"__type": 7}'),
    "an error with an odd message": answer(503, b'{"message": {"a": 1}}'),
    "an error that is no UTF-8": answer(400, b"\xff"),
    "half an error": answer(429, b'{"mess', 99),
    "an error without an end": answer(503, b"[" * 100_000),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_answer_may_be_charged_and_is_never_a_500(post, monkeypatch, what):
    with Server(say(ODD[what])) as server, client_of(f"http://127.0.0.1:{server.port}") as client:
        monkeypatch.setattr(easel, "bedrock_client", client)
        response = post("a fox")
    assert (response.status_code, response.json_body["Code"]) == (502, "ModelFailed")
    assert len(server.received) == 1
