"""`chalice local`, in a process that ends when its parent does: `python -m local.api OPTIONS`."""

import logging
import os
import sys
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from socketserver import TCPServer
from threading import Thread


def main() -> None:
    Thread(target=end_with_parent, daemon=True).start()
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    # Chalice turns every library's log on: where botocore found each setting, and that twenty
    # people need more connections than Lambda, which serves one, would keep.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    TCPServer.request_queue_size = 128  # Chalice's 5 turns away some of twenty people at once
    (chalice,) = entry_points(group="console_scripts", name="chalice")
    # It also announces its own address, which is not the one to open.
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        sys.exit(chalice.load()())


def end_with_parent() -> None:
    """The parent holds the other end of our standard input; however it ends, that end closes."""
    os.read(sys.stdin.fileno(), 1)
    os.write(sys.stderr.fileno(), b"`python -m local` has ended, so `chalice local` ends too.\n")
    os._exit(1)


if __name__ == "__main__":
    main()
