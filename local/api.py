"""Runs `chalice local` in a process that exits when its parent does: `python -m local.api`."""

import logging
import os
import sys
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from socketserver import TCPServer
from threading import Thread


def main() -> None:
    Thread(target=exit_with_parent, daemon=True).start()
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    # Chalice turns on every library's log. botocore then logs where it found each setting, and the
    # traceback of each failed refresh of credentials, which the API's own line reports; urllib3
    # warns when 20 requests at once need more connections than one Lambda instance keeps.
    logging.getLogger("botocore").setLevel(logging.ERROR)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    TCPServer.request_queue_size = 128  # Chalice's 5 refuses some of 20 simultaneous connections
    (chalice,) = entry_points(group="console_scripts", name="chalice")
    # Chalice also prints the API's own address, but the website's is the one to open.
    with open(os.devnull, "w") as devnull, redirect_stdout(devnull):
        sys.exit(chalice.load()())


def exit_with_parent() -> None:
    """Exit when standard input closes: the parent holds its other end, however it exits."""
    os.read(sys.stdin.fileno(), 1)
    os.write(sys.stderr.fileno(), b"`python -m local` has exited, so `chalice local` stops too.\n")
    os._exit(1)


if __name__ == "__main__":
    main()
