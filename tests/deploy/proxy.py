"""An HTTPS proxy that forwards requests for the sites' domains to ministack."""

import contextlib
import datetime
import http.client
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DOMAINS = ("cloudfront.net", "execute-api.eu-central-1.amazonaws.com")


class Proxy(ThreadingHTTPServer):
    """Serves CloudFront's domains and one of API Gateway's, to programs that run with its
    `environment`."""

    daemon_threads = True

    def __init__(self, aws_port, folder):
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.aws_port = aws_port
        self.certificate = folder / "sites.pem"
        self.certificate.write_bytes(certificate([f"*.{domain}" for domain in DOMAINS]))
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
    """A client's connection: a plain CONNECT to the proxy, then TLS to a site."""

    server: Proxy

    def do_CONNECT(self):
        if not self.path.endswith(tuple(f".{domain}:443" for domain in DOMAINS)):
            self.send_error(502, f"{self.path} is not on this machine")
            return
        self.send_response(200)
        self.end_headers()
        with contextlib.closing(self.server.tls.wrap_socket(self.request, server_side=True)) as tls:
            self.rfile, self.wfile = tls.makefile("rb"), tls.makefile("wb")
            self.handle_one_request()
            self.rfile.close()

    def do_GET(self):
        """Forwards the request to ministack, marked as one over TLS, and returns its response."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = dict(self.headers) | {"X-Forwarded-Proto": "https"}
        path, (api, is_api, _) = self.path, self.headers["Host"].partition(".execute-api.")
        if is_api:  # ministack finds it by its path
            path, headers["Host"] = f"/_aws/execute-api/{api}{path}", "127.0.0.1"
        aws = http.client.HTTPConnection("127.0.0.1", self.server.aws_port, timeout=60)
        with contextlib.closing(aws):
            aws.request(self.command, path, body, headers)
            response = aws.getresponse()
            content = response.read()
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_OPTIONS = do_POST = do_GET

    def log_message(self, *_):
        """ministack logs requests."""


def certificate(names):
    """A self-signed certificate for the names, valid for a day, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Easel's tests")])
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
