"""A painter with AUTOMATIC1111's API that returns blank images at once."""

import base64
import functools
import io
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


class BlankPainter(ThreadingHTTPServer):
    """The painter at http://127.0.0.1:<port>."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Connection(BaseHTTPRequestHandler):
    def do_POST(self):
        settings = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = blank(settings["width"], settings["height"])
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@functools.cache
def blank(width, height):
    """The answer with a navy PNG of that size, in pixels."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, "PNG")
    return json.dumps({"images": [base64.b64encode(file.getvalue()).decode()]}).encode()
