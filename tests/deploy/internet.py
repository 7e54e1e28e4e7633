"""The internet, as far as CloudFront: an HTTPS proxy that takes its addresses to ministack."""

import contextlib
import datetime
import http.client
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Internet(ThreadingHTTPServer):
    """CloudFront and no more, for a program whose HTTPS_PROXY and SSL_CERT_FILE are ours."""

    daemon_threads = True

    def __init__(self, aws_port, folder):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.aws_port = aws_port
        self.certificate = folder / "cloudfront.pem"
        self.certificate.write_bytes(certificate("*.cloudfront.net"))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate)

    @property
    def environment(self):
        proxy = f"http://127.0.0.1:{self.server_port}"
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "SSL_CERT_FILE": str(self.certificate),
        }


class Tunnel(BaseHTTPRequestHandler):
    """One caller's connection: first in clear to the proxy, then in TLS to a distribution."""

    server: Internet

    def do_CONNECT(self):
        if not self.path.endswith(".cloudfront.net:443"):
            self.send_error(502, f"{self.path} is not on this machine")
            return
        self.send_response(200)
        self.end_headers()
        with contextlib.closing(self.server.tls.wrap_socket(self.request, server_side=True)) as tls:
            self.rfile, self.wfile = tls.makefile("rb"), tls.makefile("wb")
            self.handle_one_request()
            self.rfile.close()

    def do_GET(self):
        """Take the request to ministack, as one over TLS, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers) | {"X-Forwarded-Proto": "https"}
        aws = http.client.HTTPConnection("127.0.0.1", self.server.aws_port, timeout=60)
        with contextlib.closing(aws):
            aws.request(self.command, self.path, body, headers)
            answer = aws.getresponse()
            content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_OPTIONS = do_POST = do_GET

    def log_message(self, *_):
        """ministack has a log."""


def certificate(name):
    """A key and a certificate for it that lasts a day, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    itself = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Easel's tests")])
    signed = (
        x509.CertificateBuilder(itself, itself, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
