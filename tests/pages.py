"""The pages that people read, the README and all of docs/, and the blocks of code in them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
PAGES = [README, *sorted((REPOSITORY / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of one language, in the order of the page."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for name, text in found if name == language]


def name(page: Path) -> str:
    """Return what to call a page in a test's name."""
    return str(page.relative_to(REPOSITORY))


def without_code(page: Path) -> str:
    """Return the text of a page that is no block of code."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))
