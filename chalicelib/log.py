"""Log lines that never break an answer: a full disk or a closed pipe loses the line, no more."""

import contextlib
import logging

log = logging.getLogger(__name__)


def warn(message: str, *values: object) -> None:
    """Log a warning, as `logging.warning` does."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: the stream is closed
        log.warning(message, *values)


def write(line: str) -> None:
    """Print the line as it is: CloudWatch makes metrics of a line that is JSON."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)
