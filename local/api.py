"""Runs `chalice local` in a process that exits when its parent does: `python -m local.api`.

It answers only requests with the header `X-Easel-Secret` of the environment's EASEL_SECRET, so
that no page in a browser can reach the API beside the website.
"""

import hmac
import logging
import os
import sys
from contextlib import redirect_stdout, suppress
from importlib.metadata import entry_points
from socketserver import TCPServer
from threading import Thread
from typing import Any

from chalice.local import ChaliceRequestHandler

SECRET_HEADER = "X-Easel-Secret"


def main() -> None:
    Thread(target=exit_with_parent, daemon=True).start()
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    # Chalice turns on every library's log. botocore then logs where it found each setting, and the
    # traceback of each failed refresh of credentials, which the API's own line reports; urllib3
    # warns when 20 requests at once need more connections than one Lambda instance keeps.
    logging.getLogger("botocore").setLevel(logging.ERROR)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    logging.raiseExceptions = False  # a full disk or a closed terminal must not break an answer
    restrict(ChaliceRequestHandler, os.environ["EASEL_SECRET"])
    TCPServer.request_queue_size = 128  # Chalice's 5 refuses some of 20 simultaneous connections
    (chalice,) = entry_points(group="console_scripts", name="chalice")
    # Chalice also prints the API's own address, but the website's is the one to open.
    with open(os.devnull, "w") as devnull, redirect_stdout(devnull):
        sys.exit(chalice.load()())


def restrict(handler: Any, secret: str) -> None:
    """Let the handler answer only requests with the secret, and log no query: it holds words."""
    parse_request = handler.parse_request

    def parse_secret_request(self: Any) -> bool:
        if not parse_request(self):
            return False
        if hmac.compare_digest(self.headers.get(SECRET_HEADER, ""), secret):
            return True
        self.close_connection = True
        self.send_error(403)
        return False

    def log_request(self: Any, code: object = "-", size: object = "-") -> None:
        logging.info("%s %s %s", self.command, self.path.partition("?")[0], code)

    handler.parse_request = parse_secret_request
    handler.log_request = log_request


def exit_with_parent() -> None:
    """Exit when standard input closes: the parent holds its other end, however it exits."""
    os.read(sys.stdin.fileno(), 1)
    with suppress(OSError):  # the terminal may have closed
        message = b"`python -m local` has exited, so `chalice local` stops too.\n"
        os.write(sys.stderr.fileno(), message)
    os._exit(1)


if __name__ == "__main__":
    main()
