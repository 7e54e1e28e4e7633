"""Replaces the generated sections of bench/README.md."""

import re
from pathlib import Path

README = Path(__file__).parent / "README.md"


def rewrite(name: str, content: str) -> None:
    """Replace the content between the two markers of that name in README.md."""
    README.write_text(replace_section(README.read_text(), name, content))


def replace_section(text: str, name: str, content: str) -> str:
    """The text with a new section. Raises: ValueError unless the markers appear exactly once."""
    pattern = rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)"
    found = re.findall(pattern, text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"markers of {name} must appear once, got {len(found)}")
    return re.sub(
        pattern, lambda match: match[1] + content + "\n" + match[2].lstrip(), text, flags=re.DOTALL
    )
