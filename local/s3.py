"""Amazon S3 on a laptop: one bucket in memory, with AWS's paths, headers, checks and errors.

PutObject, GetObject, HeadObject and DeleteObject, from AWS's API reference and its pages
conditional-writes, conditional-deletes, checking-object-integrity and ErrorResponses in
docs.aws.amazon.com/AmazonS3/latest/, read on 2026-11-27. boto3 addresses a bucket at an IP address
by path: http://127.0.0.1:<port>/<bucket>/<key>.
"""

import base64
import hashlib
import io
import re
import sys
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import formatdate
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from local.bodies import BrokenBody, read_chunks

RETENTION_SECONDS = 24 * 60 * 60  # as the deployed bucket's lifecycle rule

MAX_METADATA_BYTES = 2_048  # names and values together (UsingMetadata)

CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[a-z0-9-]+/s3/aws4_request,")

# Headers that come back with the object.
KEPT_HEADERS = ("cache-control", "content-type")

# The checksums of Python's own library. boto3 sends CRC32 unless it is told otherwise.
CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {
    "x-amz-checksum-crc32": lambda content: zlib.crc32(content).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda content: hashlib.sha1(content, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda content: hashlib.sha256(content).digest(),
    "content-md5": lambda content: hashlib.md5(content, usedforsecurity=False).digest(),
}

# Each error's status and the beginning of its message.
ERRORS = {
    "AccessDenied": (403, "Access Denied"),
    "BadDigest": (400, "The checksum you specified did not match what we received"),
    "ConditionalRequestConflict": (409, "A conflicting operation occurred during this request"),
    "IncompleteBody": (400, "The request body does not have the length that its headers say"),
    "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
    "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NotImplemented": (501, "The request implies functionality that is not implemented"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "XAmzContentSHA256Mismatch": (400, "The x-amz-content-sha256 header is not the body's hash"),
}


class Refused(Exception):
    """One of S3's errors, by its code."""


@dataclass(frozen=True)
class Object:
    """A stored object. `modified` is in seconds since 1970."""

    content: bytes
    headers: dict[str, str]
    modified: float

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


class Objects:
    """The objects of a bucket by their keys. Each is gone after a day."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.lock = Lock()
        self.stored: dict[str, Object] = {}
        self.deletions: Counter[str] = Counter()

    def find(self, key: str) -> Object:
        """Raises: Refused."""
        with self.lock:
            self.expire()
            if key not in self.stored:
                raise Refused("NoSuchKey")
            return self.stored[key]

    def put(self, key: str, new: Object, if_absent: bool, deletions: int) -> None:
        """`deletions`: how many the key had when the upload began. Raises: Refused."""
        with self.lock:
            self.expire()
            if if_absent and key in self.stored:
                raise Refused("PreconditionFailed")
            if if_absent and self.deletions[key] != deletions:
                raise Refused("ConditionalRequestConflict")
            self.stored[key] = new

    def delete(self, key: str, etag: str | None) -> None:
        """Raises: Refused, if the object with this ETag is not there."""
        with self.lock:
            self.expire()
            if etag and key not in self.stored:
                raise Refused("NoSuchKey")
            if etag not in (None, "*") and self.stored[key].etag != etag:
                raise Refused("PreconditionFailed")
            self.deletions[key] += self.stored.pop(key, None) is not None

    def expire(self) -> None:
        oldest = self.clock() - RETENTION_SECONDS
        for key in [key for key, each in self.stored.items() if each.modified < oldest]:
            del self.stored[key]


class S3(ThreadingHTTPServer):
    """S3 at http://127.0.0.1:<port> with one bucket; port 0 picks a free port."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, port: int, bucket: str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.bucket = bucket
        self.objects = Objects(clock)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the client disconnected
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Connection(BaseHTTPRequestHandler):
    """One client's connection."""

    server: S3
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PUT(self) -> None:
        """Reads the whole body, even of a request that fails, so that the connection can stay."""
        self.request_id = uuid.uuid4().hex[:16].upper()
        bucket, _, self.key = unquote(urlsplit(self.path).path)[1:].partition("/")
        deletions = self.server.objects.deletions[self.key]
        try:
            content, headers = read_body(self.rfile, self.headers)
            check_request(self.headers, urlsplit(self.path).query)
            if bucket != self.server.bucket:
                raise Refused("NoSuchBucket")
            self.call(content, headers, deletions)
        except Refused as error:
            self.refuse(str(error))

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT

    def call(self, content: bytes, headers: dict[str, str], deletions: int) -> None:
        """Raises: Refused."""
        if not self.key or self.command == "POST":
            raise Refused("NotImplemented")
        if self.command == "PUT":
            self.put_object(content, headers, deletions)
        elif self.command == "DELETE":
            self.server.objects.delete(self.key, headers.get("if-match"))
            self.answer(204, {})
        else:
            self.get_object(headers)

    def put_object(self, content: bytes, headers: dict[str, str], deletions: int) -> None:
        condition = headers.get("if-none-match")
        if condition not in (None, "*") or "if-match" in headers:
            raise Refused("NotImplemented")
        sums = check_content(content, headers)
        kept = {name: headers[name] for name in headers if is_kept(name)} | sums
        new = Object(content, kept, self.server.objects.clock())
        self.server.objects.put(self.key, new, condition is not None, deletions)
        self.answer(200, {"ETag": new.etag} | sums)

    def get_object(self, headers: dict[str, str]) -> None:
        if {"if-match", "if-none-match", "if-modified-since", "range"} & set(headers):
            raise Refused("NotImplemented")
        found = self.server.objects.find(self.key)
        facts = {"ETag": found.etag, "Last-Modified": formatdate(found.modified, usegmt=True)}
        self.answer(200, facts | found.headers, found.content)

    def answer(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("x-amz-request-id", self.request_id)
        for name, text in headers.items():
            self.send_header(name, text)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, code: str) -> None:
        status, message = ERRORS[code]
        facts = {"Code": code, "Message": message, "Key": self.key, "RequestId": self.request_id}
        inside = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in facts.items())
        content = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inside}</Error>'.encode()
        if code in ("IncompleteBody", "MissingContentLength"):
            self.close_connection = True
        self.answer(status, {"Content-Type": "application/xml"}, content)

    def version_string(self) -> str:
        return "AmazonS3"

    def log_message(self, *arguments: object) -> None:
        """Logs nothing: the API logs what matters."""


def is_kept(name: str) -> bool:
    return name in KEPT_HEADERS or name.startswith("x-amz-meta-")


def check_request(headers: "Message[str, str]", query: str) -> None:
    """Raises: Refused, for unsigned requests and operations that there are none of here."""
    if not CREDENTIAL.match(headers.get("Authorization", "")):
        raise Refused("AccessDenied")
    if re.sub("x-id=[A-Za-z]+", "", query):
        raise Refused("NotImplemented")
    metadata = {name: text for name, text in headers.items() if name.lower()[:11] == "x-amz-meta-"}
    if sum(len(name) - 11 + len(metadata[name]) for name in metadata) > MAX_METADATA_BYTES:
        raise Refused("MetadataTooLarge")


def check_content(content: bytes, headers: dict[str, str]) -> dict[str, str]:
    """The checksums that came with the content. Raises: Refused, if one is wrong."""
    sums = {}
    for name, text in headers.items():
        if name in CHECKSUMS and base64.b64encode(CHECKSUMS[name](content)).decode() != text:
            raise Refused("BadDigest")
        if name.startswith("x-amz-checksum-") and name not in CHECKSUMS:
            raise Refused("NotImplemented")
        if name.startswith("x-amz-checksum-"):
            sums[name] = text
    sha256 = headers.get("x-amz-content-sha256", "")
    if len(sha256) == 64 and hashlib.sha256(content).hexdigest() != sha256:
        raise Refused("XAmzContentSHA256Mismatch")
    return sums


def read_body(
    file: io.BufferedIOBase, headers: "Message[str, str]"
) -> tuple[bytes, dict[str, str]]:
    """The content, and the headers with the trailer of an aws-chunked body. Raises: Refused.

    Over TLS boto3 sends a body in chunks, with its checksum behind them (sigv4-streaming-trailers).
    """
    found = {name.lower(): text for name, text in headers.items()}
    length = found.get("content-length", "0")
    if not length.isdecimal():
        raise Refused("MissingContentLength")
    is_chunked = found.get("transfer-encoding", "").lower() == "chunked"
    try:
        content = read_chunks(file)[0] if is_chunked else file.read(int(length))
        if not is_chunked and len(content) < int(length):
            raise BrokenBody
        if "aws-chunked" not in found.get("content-encoding", ""):
            return content, found
        content, trailer = read_chunks(io.BytesIO(content))
    except BrokenBody:
        raise Refused("IncompleteBody") from None
    if len(content) != int(found.get("x-amz-decoded-content-length", "-1")):
        raise Refused("IncompleteBody")
    return content, found | trailer
