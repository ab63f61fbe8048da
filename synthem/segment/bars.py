"""Progress as the command line shows it: a bar with a title, moved by how much is done and of how much."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Tick = Callable[[int, int], None]
Bars = Callable[[str], AbstractContextManager[Tick]]


@contextmanager
def no_bar(title: str) -> Iterator[Tick]:
    """Show nothing."""
    yield lambda done, of: None
