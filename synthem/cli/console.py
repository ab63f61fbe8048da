"""What the command line says: results on the output stream, everything else beside them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.table import Table


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
