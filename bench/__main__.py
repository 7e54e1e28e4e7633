"""`python -m bench`: measures Easel and its alternatives, and writes the figures into README.md.

Every figure is a median over rounds. Each round measures all of them in turn.
"""

import os
import platform
import struct
import tempfile
from pathlib import Path
from time import perf_counter

from bench import page, scale
from bench.figures import amount, compare, ratio, share, table
from bench.handlers import AGAIN, BARE, OURS, Handler, bedrock_answer, build_handlers
from bench.markers import rewrite
from bench.requests import BASE64_LENGTH, request_costs
from bench.starts import import_costs, memory, start_costs
from chalicelib import catalogue, form_data, images
from chalicelib.stability import is_base64


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = "\n\n".join(measure(Path(folder)))
    print(figures)
    rewrite("figures", figures)
    rewrite("scale", scale.tables())


def measure(folder: Path) -> list[str]:
    handlers = build_handlers(folder)
    return [
        f"Python {platform.python_version()} on {platform.machine()}.",
        request_table(handlers, folder),
        start_table(handlers),
        size_table(handlers),
        import_table(handlers),
        easel_table(handlers[OURS], folder),
    ]


def request_table(handlers: dict[str, Handler], folder: Path) -> str:
    columns = [compare(times, BARE, "ms") for times in request_costs(handlers, folder)]
    return table_of_columns(["request", "handler", "with json.dumps"], columns)


def start_table(handlers: dict[str, Handler]) -> str:
    columns = [compare(times, BARE, "ms") for times in start_costs(handlers)]
    head = ["cold start", "ready", "CPU until ready", "first response"]
    return table_of_columns(head, columns)


def table_of_columns(head: list[str], columns: list[dict[str, str]]) -> str:
    return table(head, [[name, *(column[name] for column in columns)] for name in columns[0]])


def size_table(handlers: dict[str, Handler]) -> str:
    rows = [[name, *sizes(handler)] for name, handler in handlers.items() if name != AGAIN]
    return table(["size", "package", "memory when ready", "after 5 MB images"], rows)


def sizes(handler: Handler) -> list[str]:
    ready, large = memory(handler)
    return [f"{handler.size() / 1e3:,.0f} kB", f"{ready / 1e6:.0f} MB", f"{large / 1e6:.0f} MB"]


def import_table(handlers: dict[str, Handler]) -> str:
    costs = import_costs(handlers)
    whole = [sum(times) for times in zip(*costs[BARE].values(), strict=True)]
    rows = [[owner, *(share(costs[name][owner], whole) for name in costs)] for owner in costs[BARE]]
    return table(["import time, relative to the bare function's", OURS, BARE], rows)


def easel_table(handler: Handler, folder: Path) -> str:
    ready, image = page.first_images(folder)
    paints, one, four = page.visits(folder)
    alone, budgeted, keyed = page.service_costs(handler)
    rows = [
        ["checking that an image is valid base64", amount(check_times(), "ms")],
        ["reading a form with 4.5 MB, for Bedrock's request", amount(form_times(), "ms")],
        [
            "a warm request with a budget, relative to one without",
            f"{ratio(budgeted, alone)}, {amount(budgeted, 'ms')}",
        ],
        [
            "a warm request with an `Idempotency-Key`, relative to one without",
            f"{ratio(keyed, alone)}, {amount(keyed, 'ms')}",
        ],
        ["the whole page, compressed", f"{page.weight():.1f} kB"],
        ["the page's first paint on this machine", amount(paints, "ms")],
        ["four pictures in parallel, relative to one", f"{ratio(four, one)}, {amount(four, 's')}"],
        [
            "`make run`, once installed: ready, first picture",
            f"{amount(ready, 's')}, {amount(image, 's')}",
        ],
    ]
    return table(["Easel", ""], rows)


def check_times() -> list[float]:
    """Milliseconds."""
    image = bedrock_answer(BASE64_LENGTH).decode().split('"')[-2]
    times = []
    for _ in range(30):
        started = perf_counter()
        assert is_base64(image)
        times.append((perf_counter() - started) * 1e3)
    return times


def form_times() -> list[float]:
    """Milliseconds to parse, check and encode a form of 4.5 MB: what an image adds to a request."""
    model = catalogue.parse("stable-image-remove-background").models[0]
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 64, 64)
    head = b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n'
    body = head + picture + os.urandom(4_500_000) + images.PNG_END + b"\r\n--x--"
    times = []
    for _ in range(30):
        started = perf_counter()
        parts = form_data.parse("multipart/form-data; boundary=x", body)
        assert model.body(model.read(dict(parts)))["image"]
        times.append((perf_counter() - started) * 1e3)
    return times


if __name__ == "__main__":
    main()
