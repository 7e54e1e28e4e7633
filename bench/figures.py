"""Measurements of rounds taken in turn, as medians and ratios in Markdown."""

from statistics import median, quantiles


def ratio(mine: list[float], base: list[float]) -> str:
    """How many times the base: of each round with its own, the median and the middle half."""
    each_round = [a / b for a, b in zip(mine, base, strict=True)]
    low, middle, high = quantiles(each_round, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def share(part: list[float], whole: list[float]) -> str:
    """How much of the whole: the median of each round with its own."""
    return f"{median(a / b for a, b in zip(part, whole, strict=True)):.2f}"


def amount(times: list[float], unit: str) -> str:
    """The median, with a digit behind the point where it is small."""
    middle = median(times)
    return f"{middle:,.{1 if middle < 10 else 0}f} {unit}"


def beside(times: dict[str, list[float]], base: str, unit: str) -> dict[str, str]:
    """A cell for each name: its ratio to the base, and its time."""
    return {
        name: amount(mine, unit)
        if name == base
        else f"{ratio(mine, times[base])}, {amount(mine, unit)}"
        for name, mine in times.items()
    }


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
