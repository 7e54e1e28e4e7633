"""Where bench/README.md holds what the commands measured."""

import re
from pathlib import Path

README = Path(__file__).parent / "README.md"


def rewrite(name: str, content: str) -> None:
    """Put the content between the two markers of that name; the rest stays as it is."""
    README.write_text(between(README.read_text(), name, content))


def between(text: str, name: str, content: str) -> str:
    """Raises: ValueError where the markers are not there, once."""
    pattern = rf"(<!-- {name} -->\n).*?(\n?<!-- /{name} -->)"
    found = re.findall(pattern, text, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"markers of {name} must stand once, got {len(found)}")
    return re.sub(
        pattern, lambda match: match[1] + content + "\n" + match[2].lstrip(), text, flags=re.DOTALL
    )
