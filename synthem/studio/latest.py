"""One piece of work at a time, and of one client's pieces of a kind the newest alone."""

import asyncio
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from synthem.studio.errors import RefusedError, SupersededError

T = TypeVar("T")
MOST_WAITING = 256
"""So many pieces of work wait at most, one for each client and kind."""
_PAUSE_S = 0.005


class Ticket:
    """Tells a piece of work whether anybody still waits for it, and lets what is more urgent go first."""

    def __init__(self, busy: Callable[[], bool] = lambda: False) -> None:
        self._superseded = threading.Event()
        self._busy = busy

    def supersede(self) -> None:
        """Say that nobody waits any more."""
        self._superseded.set()

    def check(self) -> None:
        """Wait while what is more urgent is worked on; SupersededError where nobody waits any more."""
        while self._busy() and not self._superseded.is_set():
            time.sleep(_PAUSE_S)
        if self._superseded.is_set():
            raise SupersededError


@dataclass
class _Piece:
    work: Callable[[Ticket], Any]
    ticket: Ticket
    answer: "asyncio.Future[Any]" = field(repr=False)


class Lane:
    """Does one piece of work after the other in a thread.

    Where a client asks again for the same kind, the older request is answered by SupersededError at once: one
    that waits is never begun, one that is worked on ends at its next ``Ticket.check``. Clients take turns.

    Parameters
    ----------
    before : Lane, optional
        A lane whose work goes first.
    most : int
        So many clients and kinds may wait.
    """

    def __init__(self, before: "Lane | None" = None, most: int = MOST_WAITING) -> None:
        self._before, self._most = before, most
        self._waiting: dict[Hashable, _Piece] = {}
        self._now: tuple[Hashable, _Piece] | None = None
        self._runner: asyncio.Task[None] | None = None

    def busy(self) -> bool:
        """Tell whether anything is worked on, or waits."""
        return self._now is not None or bool(self._waiting)

    async def do(self, key: Hashable, work: Callable[[Ticket], T]) -> T:
        """Do a piece of work for a client and kind, and return what it gives.

        Raises
        ------
        SupersededError
            Where a newer one of the same key came.
        RefusedError
            Where too many others wait.
        """
        if key not in self._waiting and len(self._waiting) >= self._most:
            raise RefusedError(429, f"{self._most} requests wait already: try again in a moment")
        self.cancel(key)
        busy = self._before.busy if self._before is not None else lambda: False
        piece = _Piece(work, Ticket(busy), asyncio.get_running_loop().create_future())
        self._waiting[key] = piece  # one that waited keeps its turn
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        try:
            result: T = await piece.answer
        except asyncio.CancelledError:  # who asked has gone
            piece.ticket.supersede()
            raise
        return result

    def cancel(self, key: Hashable) -> None:
        """Supersede what a client has asked for of a kind."""
        older = [self._waiting.get(key)]
        if self._now is not None and self._now[0] == key:
            older.append(self._now[1])
        for piece in older:
            if piece is not None:
                piece.ticket.supersede()
                if not piece.answer.done():
                    piece.answer.set_exception(SupersededError())

    async def _run(self) -> None:
        while self._waiting:
            key = next(iter(self._waiting))
            piece = self._waiting.pop(key)
            if piece.answer.done():
                continue
            self._now = key, piece
            try:
                result = await asyncio.to_thread(_begun, piece)
            except BaseException as error:
                if not piece.answer.done():
                    piece.answer.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                if not piece.answer.done():
                    piece.answer.set_result(result)
            finally:
                self._now = None


def _begun(piece: _Piece) -> Any:
    piece.ticket.check()
    return piece.work(piece.ticket)
