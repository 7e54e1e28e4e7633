"""The local S3, called by real boto3; and moto's S3 beside it as a second witness."""

import contextlib
import datetime
import http.client
import io
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from email.message import Message

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from conftest import serving
from local import bodies, s3

pytestmark = pytest.mark.slow

BUCKET = "easel-results"
OBJECT = {"Bucket": BUCKET, "Key": "files/a+b c/ü%41"}


def connect(url, **options):
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client("s3", "us-west-2", endpoint_url=url, config=once, **options)


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def local():
    with serving(s3.S3(0, BUCKET, Clock())) as server:
        yield server


@pytest.fixture(params=["local", "moto"])
def client(request):
    """A client of the local S3, and then of moto's."""
    url = request.getfixturevalue(request.param)
    with contextlib.closing(connect(url if request.param == "moto" else url.url)) as client:
        if request.param == "moto":
            client.create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
            )
        yield client
        if request.param == "moto":
            with contextlib.suppress(ClientError):
                client.delete_object(**OBJECT)
            client.delete_bucket(Bucket=BUCKET)


def refusal(call, *arguments, **parameters):
    """S3's error code and status."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **parameters)
    answer = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_returns_an_object_as_it_was_stored(client):
    put = client.put_object(
        **OBJECT, Body=b"\0\r\n" * 9, ContentType="image/png", CacheControl="no-store",
        Metadata={"X-Image-Seed": "7", "empty": ""},
    )  # fmt: skip
    found = client.get_object(**OBJECT)
    assert found["Body"].read() == b"\0\r\n" * 9
    assert (found["ContentType"], found["CacheControl"]) == ("image/png", "no-store")
    assert found["Metadata"] == {"x-image-seed": "7", "empty": ""}
    head = client.head_object(**OBJECT)
    assert found["ETag"] == put["ETag"] == head["ETag"] and len(put["ETag"]) == 34
    assert head["ContentLength"] == found["ContentLength"] == 27
    assert head["Metadata"] == found["Metadata"]


def test_creates_an_object_only_once_with_if_none_match(client):
    client.put_object(**OBJECT, Body=b"first", IfNoneMatch="*")
    again = refusal(client.put_object, **OBJECT, Body=b"second", IfNoneMatch="*")
    assert again == ("PreconditionFailed", 412)
    client.put_object(**OBJECT, Body=b"third")
    assert client.get_object(**OBJECT)["Body"].read() == b"third"


def test_deletes_an_object_and_does_not_mind_a_missing_one(client):
    client.put_object(**OBJECT, Body=b"x")
    client.delete_object(**OBJECT)
    client.delete_object(**OBJECT)
    assert refusal(client.get_object, **OBJECT) == ("NoSuchKey", 404)
    assert refusal(client.head_object, **OBJECT) == ("404", 404)
    client.put_object(**OBJECT, Body=b"x", IfNoneMatch="*")


def test_deletes_only_the_object_with_the_etag(local):
    with contextlib.closing(connect(local.url)) as client:  # moto ignores this condition
        old = client.put_object(**OBJECT, Body=b"old")["ETag"]
        new = client.put_object(**OBJECT, Body=b"new")["ETag"]
        late = refusal(client.delete_object, **OBJECT, IfMatch=old)
        assert late == ("PreconditionFailed", 412)
        assert client.get_object(**OBJECT)["Body"].read() == b"new"
        client.delete_object(**OBJECT, IfMatch=new)
        assert refusal(client.delete_object, **OBJECT, IfMatch=new) == ("NoSuchKey", 404)


def test_one_of_fifty_conditional_writes_wins(local):
    with contextlib.closing(connect(local.url)) as client, ThreadPoolExecutor(50) as pool:

        def create(number):
            with contextlib.suppress(ClientError):
                client.put_object(**OBJECT, Body=b"%d" % number, IfNoneMatch="*")
                return number

        winners = [number for number in pool.map(create, range(50)) if number is not None]
        assert len(winners) == 1
        assert client.get_object(**OBJECT)["Body"].read() == b"%d" % winners[0]


def test_a_deletion_during_an_upload_is_a_conflict(local):
    with contextlib.closing(connect(local.url)) as client:
        client.put_object(**OBJECT, Body=b"x")
        upload = http.client.HTTPConnection("127.0.0.1", local.server_port)
        upload.putrequest("PUT", f"/{BUCKET}/files/a+b%20c/%C3%BC%2541")
        for name, text in (SIGNED | {"If-None-Match": "*", "Content-Length": "1"}).items():
            upload.putheader(name, text)
        upload.putheader("Expect", "100-continue")
        upload.endheaders()
        upload.sock.recv(25)  # "100 Continue": S3 waits for the body
        client.delete_object(**OBJECT)
        upload.send(b"y")
        answer = upload.getresponse()
        assert (answer.status, b"ConditionalRequestConflict" in answer.read()) == (409, True)
        upload.close()


SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20261127/us-west-2/s3/aws4_request, x"}


def ask(local, method, path, body=b"", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", local.server_port)
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", f"/{BUCKET}/x", {"Authorization": ""}, 403, b"AccessDenied"),
        ("GET", f"/{BUCKET}/x", {"Authorization": "Bearer x"}, 403, b"AccessDenied"),
        ("GET", f"/{BUCKET}/<x>", {}, 404, b"<Key>&lt;x&gt;</Key>"),
        ("GET", "/other/x", {}, 404, b"NoSuchBucket"),
        ("GET", f"/{BUCKET}", {}, 501, b"NotImplemented"),
        ("GET", f"/{BUCKET}/x?acl", {}, 501, b"NotImplemented"),
        ("GET", f"/{BUCKET}/x", {"Range": "bytes=0-1"}, 501, b"NotImplemented"),
        ("POST", f"/{BUCKET}/x", {}, 501, b"NotImplemented"),
        ("PUT", f"/{BUCKET}/x", {"If-None-Match": '"x"'}, 501, b"NotImplemented"),
        ("PUT", f"/{BUCKET}/x", {"x-amz-checksum-crc64nvme": "x"}, 501, b"NotImplemented"),
        ("PUT", f"/{BUCKET}/x", {"x-amz-checksum-crc32": "AAAAAA=="}, 400, b"BadDigest"),
        ("PUT", f"/{BUCKET}/x", {"Content-MD5": "AAAA"}, 400, b"BadDigest"),
        ("PUT", f"/{BUCKET}/x", {"x-amz-content-sha256": "0" * 64}, 400, b"SHA256Mismatch"),
        ("PUT", f"/{BUCKET}/x", {"x-amz-meta-a": "x" * 2_048}, 400, b"MetadataTooLarge"),
        ("PUT", f"/{BUCKET}/x", {"Content-Length": "nine"}, 411, b"MissingContentLength"),
        ("PUT", f"/{BUCKET}/x", {"Content-Encoding": "aws-chunked"}, 400, b"IncompleteBody"),
    ],
)  # fmt: skip
def test_answers_with_s3s_errors(local, method, path, headers, status, code):
    body = b"body" if method == "PUT" else b""
    found, content = ask(local, method, path, body, **(SIGNED | headers))
    assert found == status and code in content, content
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')


def test_an_object_is_gone_after_a_day(local):
    with contextlib.closing(connect(local.url)) as client:
        client.put_object(**OBJECT, Body=b"x")
        local.objects.clock.now += s3.RETENTION_SECONDS
        assert client.get_object(**OBJECT)["Body"].read() == b"x"
        local.objects.clock.now += 1
        assert refusal(client.get_object, **OBJECT) == ("NoSuchKey", 404)
        assert not local.objects.stored


def test_reads_what_boto3_sends_over_tls(local, tmp_path):
    certificate = make_certificate(tmp_path / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    local.socket = context.wrap_socket(local.socket, server_side=True)
    url, content = local.url.replace("http:", "https:"), b"a picture" * 200_000
    with contextlib.closing(connect(url, verify=str(certificate))) as client:
        sent = {}
        client.meta.events.register(
            "before-send.s3", lambda request, **_: sent.update(request.headers)
        )
        client.put_object(**OBJECT, Body=content, Metadata={"a": "b"})
        assert sent["Content-Encoding"] == b"aws-chunked" and "X-Amz-Trailer" in sent
        found = client.get_object(**OBJECT)
        assert found["Body"].read() == content and "ContentEncoding" not in found
        assert found["ChecksumCRC32"]


def make_certificate(path):
    """A certificate for 127.0.0.1, and its key, that nobody else trusts."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local S3")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    plain = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(plain + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@given(st.binary(max_size=99), st.lists(st.integers(1, 40), max_size=9), st.booleans())
def test_chunks_of_any_size_are_one_body(content, sizes, is_signed):
    extension, chunks, rest = b";chunk-signature=00" * is_signed, b"", content
    for size in sizes:
        part, rest = rest[:size], rest[size:]
        chunks += b"%x%s\r\n%s\r\n" % (len(part), extension, part) if part else b""
    chunks += b"%x%s\r\n%s\r\n" % (len(rest), extension, rest) if rest else b""
    body = chunks + b"0%s\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n" % extension
    assert bodies.read_chunks(io.BytesIO(body)) == (content, {"x-amz-checksum-crc32": "AAAAAA=="})


@given(st.binary(max_size=99))
def test_any_bytes_are_a_body_or_refused(body):
    headers = Message()
    headers["Content-Length"], headers["Content-Encoding"] = str(len(body)), "aws-chunked"
    headers["x-amz-decoded-content-length"] = "0"
    with contextlib.suppress(s3.Refused):
        s3.read_body(io.BytesIO(body), headers)


def test_keeps_the_connection_after_an_error(local):
    threads = threading.active_count()
    connection = http.client.HTTPConnection("127.0.0.1", local.server_port)
    with contextlib.closing(connection):
        for _ in range(3):
            connection.request("PUT", "/other/x", b"x" * 100_000, SIGNED)
            answer = connection.getresponse()
            assert (answer.status, answer.read().count(b"NoSuchBucket")) == (404, 1)
    assert threading.active_count() <= threads + 1
