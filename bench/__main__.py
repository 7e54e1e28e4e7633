"""`python -m bench`: measures Easel beside what else people would use, and writes README.md.

Every figure is a median of rounds, in each of which all are measured in turn.
"""

import platform
import tempfile
from pathlib import Path
from time import perf_counter

from bench import page, scale
from bench.figures import amount, beside, ratio, share, table
from bench.handlers import AGAIN, BARE, OURS, Handler, answer_of, lay_out
from bench.markers import rewrite
from bench.requests import LETTERS, request_costs
from bench.starts import import_costs, memory, start_costs
from chalicelib.stability import is_base64


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        figures = "\n\n".join(measure(Path(folder)))
    print(figures)
    rewrite("figures", figures)
    rewrite("scale", scale.tables())


def measure(folder: Path) -> list[str]:
    handlers = lay_out(folder)
    return [
        f"Python {platform.python_version()} on {platform.machine()}.",
        requests(handlers, folder),
        starts(handlers),
        room(handlers),
        imports(handlers),
        of_ours(handlers[OURS], folder),
    ]


def requests(handlers: dict[str, Handler], folder: Path) -> str:
    columns = [beside(times, BARE, "ms") for times in request_costs(handlers, folder)]
    return in_columns(["a request", "handler", "with json.dumps"], columns)


def starts(handlers: dict[str, Handler]) -> str:
    columns = [beside(times, BARE, "ms") for times in start_costs(handlers)]
    head = ["a cold start", "ready", "processor until then", "first answer"]
    return in_columns(head, columns)


def in_columns(head: list[str], columns: list[dict[str, str]]) -> str:
    return table(head, [[name, *(column[name] for column in columns)] for name in columns[0]])


def room(handlers: dict[str, Handler]) -> str:
    rows = [[name, *sizes(handler)] for name, handler in handlers.items() if name != AGAIN]
    return table(["room", "package", "memory, ready", "with 5 MB"], rows)


def sizes(handler: Handler) -> list[str]:
    ready, large = memory(handler)
    return [f"{handler.size() / 1e3:,.0f} kB", f"{ready / 1e6:.0f} MB", f"{large / 1e6:.0f} MB"]


def imports(handlers: dict[str, Handler]) -> str:
    costs = import_costs(handlers)
    whole = [sum(each_round) for each_round in zip(*costs[BARE].values(), strict=True)]
    rows = [[owner, *(share(costs[name][owner], whole) for name in costs)] for owner in costs[BARE]]
    return table(["an import, as parts of the bare function's", OURS, BARE], rows)


def of_ours(handler: Handler, folder: Path) -> str:
    ready, picture = page.first_pictures(folder)
    paints, one, four = page.visits(folder)
    free, kept = page.budget_costs(handler)
    rows = [
        ["reading that every letter of a picture is base64", amount(checks(), "ms")],
        [
            "a warm request with a budget, to one without",
            f"{ratio(kept, free)}, {amount(kept, 'ms')}",
        ],
        ["the page, all of it compressed", f"{page.weight():.1f} kB"],
        ["its first paint on this machine", amount(paints, "ms")],
        ["four pictures side by side, to one", f"{ratio(four, one)}, {amount(four, 's')}"],
        [
            "`make run`, once installed: ready, first ship",
            f"{amount(ready, 's')}, {amount(picture, 's')}",
        ],
    ]
    return table(["Easel itself", ""], rows)


def checks() -> list[float]:
    """Milliseconds."""
    image = answer_of(LETTERS).decode().split('"')[-2]
    times = []
    for _ in range(30):
        began = perf_counter()
        assert is_base64(image)
        times.append((perf_counter() - began) * 1e3)
    return times


if __name__ == "__main__":
    main()
