"""`python -m bench`: measures Easel beside what else people would use, and writes README.md.

Every figure is a median, of runs in turn, and every comparison a ratio within this one run.
"""

import platform
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from bench import page, scale
from bench.handlers import OURS, Handler, answer_of, lay_out
from bench.markers import rewrite
from bench.requests import LETTERS, request_costs
from bench.starts import import_times, memory, start_costs
from chalicelib.stability import is_base64

BARE = "bare function"
LARGE = 5_000_000  # letters of base64: near the largest picture that Lambda can send


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
        beside_the_peers(handlers, folder),
        of_ours(handlers, folder),
    ]


def beside_the_peers(handlers: dict[str, Handler], folder: Path) -> str:
    costs, starts = request_costs(handlers, folder), start_costs(handlers)
    held = {name: memory(handler, LARGE) for name, handler in handlers.items()}
    rows = [
        [
            name,
            *(ratio(costs, name, which, "us") for which in (0, 1)),
            *(ratio(starts, name, which, "ms") for which in (0, 1)),
            *(f"{held[name][which]:.0f} MB" for which in (0, 1)),
        ]
        for name in handlers
    ]
    head = ["", "handler", "with json.dumps", "ready", "first answer", "memory", "with 5 MB"]
    return table(head, rows)


def ratio(times: dict[str, tuple[float, float]], name: str, which: int, unit: str) -> str:
    mine, bare = times[name][which], times[BARE][which]
    return f"{mine / bare:.2f} ({mine:,.0f} {unit})"


def of_ours(handlers: dict[str, Handler], folder: Path) -> str:
    ready, picture = page.first_picture(folder)
    paint, one, four = page.visits(folder)
    free, kept = page.budget_costs(handlers[OURS])
    imports = import_times(handlers[OURS])
    size = (folder / "package/deployment.zip").stat().st_size / 1e3
    rows = [
        ["the package, zipped", f"{size:.0f} kB"],
        ["reading that every letter of a picture is base64", f"{check():,.0f} us"],
        *([f"import: {whose}", f"{spent:.0f} ms"] for whose, spent in imports.items()),
        ["a budget: a warm request with one, to one without", f"{kept / free:.2f} ({kept:.1f} ms)"],
        ["the page, all of it compressed", f"{page.weight():.1f} kB"],
        ["first paint on this machine", f"{paint:.0f} ms"],
        ["four pictures side by side, to one", f"{four / one:.2f} ({four:.1f} s)"],
        ["`make run` once installed: ready, first ship", f"{ready:.1f} s, {picture:.1f} s"],
    ]
    return table(["Easel itself", ""], rows)


def check() -> float:
    """Microseconds."""
    image = answer_of(LETTERS).decode().split('"')[-2]
    times = []
    for _ in range(30):
        began = perf_counter()
        assert is_base64(image)
        times.append(perf_counter() - began)
    return median(times) * 1e6


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
