"""Formats measurements of rounds as medians and ratios in Markdown."""

from statistics import median, quantiles


def ratio(mine: list[float], base: list[float]) -> str:
    """Median and middle half of each round's ratio to the base in the same round."""
    ratios = [a / b for a, b in zip(mine, base, strict=True)]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def share(part: list[float], whole: list[float]) -> str:
    """Median of each round's part divided by its own whole."""
    return f"{median(a / b for a, b in zip(part, whole, strict=True)):.2f}"


def amount(times: list[float], unit: str) -> str:
    """The median, with one decimal below 10."""
    middle = median(times)
    return f"{middle:,.{1 if middle < 10 else 0}f} {unit}"


def compare(times: dict[str, list[float]], base: str, unit: str) -> dict[str, str]:
    """A cell per name: its ratio to the base, and its time."""
    return {
        name: amount(mine, unit)
        if name == base
        else f"{ratio(mine, times[base])}, {amount(mine, unit)}"
        for name, mine in times.items()
    }


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
