"""What the command line says: results on the output stream, everything else beside them."""

import codecs
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.table import Table

_PLAIN = dict(zip("×–−…→≥≤±·σμ", ["x", "-", "-", "...", "->", ">=", "<=", "+-", ".", "s", "u"], strict=True))


def any_encoding() -> None:
    """Let both streams write letters that their encoding lacks as plain ones, ``×`` as ``x``."""
    codecs.register_error("synthem", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="synthem")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(letter: str) -> str:
    """Return plain letters for one that cannot be written; lines of tables become their kind of line."""
    name = unicodedata.name(letter, "")
    if name.startswith("BOX DRAWINGS"):
        return "-" if name.endswith("HORIZONTAL") else "|" if name.endswith("VERTICAL") else "+"
    letter = unicodedata.normalize("NFKD", letter)
    return _PLAIN.get(letter) or letter.encode("ascii", "ignore").decode() or "?"


def say(text: str) -> None:
    """Print a line of result."""
    typer.echo(text)


def warn(text: str) -> None:
    """Print a line beside the result, to the error stream."""
    typer.echo(f"synthem: {text}", err=True)


class Tick:
    """Shows how far a piece of work is; called with how much is done, and of how much."""

    def __init__(self, title: str) -> None:
        from rich.progress import Progress

        console = Console(stderr=True)
        self.bar = Progress(console=console, disable=not console.is_terminal, transient=True)
        self._task = self.bar.add_task(title, visible=False)

    def __call__(self, done: int, of: int) -> None:
        """Move the bar."""
        self.bar.update(self._task, completed=done, total=of, visible=True)


@contextmanager
def progress(title: str) -> Iterator[Tick]:
    """Show a bar on the terminal while a block runs; nothing where the error stream is no terminal."""
    tick = Tick(title)
    with tick.bar:
        yield tick


def show(table: Table) -> None:
    """Print a table, as wide as the terminal, or as it needs where the output goes elsewhere."""
    Console(width=None if sys.stdout.isatty() else 140).print(table)
