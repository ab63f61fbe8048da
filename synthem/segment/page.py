"""The report of a segmentation: one file of HTML that needs no other."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from synthem.measure.census import Census

STYLE = """
:root { color-scheme: light dark; --line: #c9ced6; --soft: #f3f5f8; --back: #fff; --text: #1c2430;
  --mark: #0b7a75 }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a434f; --soft: #1d232b; --back: #14181d; --text: #e3e7ec; --mark: #5cc8c0 } }
body { margin: 2rem auto; max-width: 66rem; padding: 0 1rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem; color: var(--mark) }
img { max-width: 100%; height: auto; border: 1px solid var(--line) }
table { border-collapse: collapse } div.wide { overflow-x: auto }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap }
th:first-child, td:first-child { text-align: left }
pre { background: var(--soft); border: 1px solid var(--line); padding: .8rem; overflow-x: auto;
  font-size: .85rem }
li { margin: .25rem 0 } footer { margin-top: 2.5rem; font-size: .85rem; opacity: .75 }
"""


class Page(NamedTuple):
    """What the report says."""

    title: str
    done: Sequence[str]
    """What was done, a sentence each."""
    warnings: Sequence[str]
    picture: bytes
    """PNG."""
    census: Census
    commands: str
    small_print: str


def html(page: Page) -> str:
    """Return the report as HTML; all that comes from outside is escaped."""
    picture = base64.b64encode(page.picture).decode()
    parts = [
        f"<h1>{escape(page.title)}</h1>",
        _list(page.done),
        f'<h2>What was found</h2><p>The middle of up to six sections, and the classes over it.</p><img alt="'
        f'Sections, and the classes that were found over them" src="data:image/png;base64,{picture}">',
        "<h2>What there is of it</h2>",
        _table(page.census),
        "<p>Masks of a network are not the truth: look at the picture, and correct a few sections before you "
        "count on these figures.</p>",
        f"<h2>What you should know</h2>{_list(page.warnings)}" if page.warnings else "",
        f"<h2>The same, step by step</h2><pre>{escape(page.commands)}</pre>",
        f"<footer>{escape(page.small_print)}</footer>",
    ]
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{STYLE}</style>"
    )
    body = "\n".join(filter(None, parts))
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'


def _list(sentences: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(_sentence(text))}</li>" for text in sentences) + "</ul>"


def _sentence(text: str) -> str:
    """Return a sentence with its full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _table(census: Census) -> str:
    """Return the rows of the census's own table, as the terminal shows them."""
    table = census.table()
    head = "".join(f"<th>{escape(str(column.header))}</th>" for column in table.columns)
    cells = zip(*(column.cells for column in table.columns), strict=True)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in cells
    )
    caption = f"<p>{escape(str(table.title))}; {escape(str(table.caption))}.</p>"
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{caption}'
    )
