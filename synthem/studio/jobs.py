"""A long piece of work in a process of its own, one at a time: how far it is, and an end before its time."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal

from shapes.core.errors import InputError
from synthem.studio.errors import RefusedError

Work = Callable[..., Any]
State = Literal["idle", "running", "stopping", "done", "stopped", "failed"]
_MOST_NOTES = 40
_GRACE_S = 15.0


class Job:
    """Runs a function ``work(tell, tick, *arguments)`` in a new process.

    Parameters
    ----------
    what : str
        What it is called in a sentence.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._process: Any = None
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.state: State = "idle"
        self.done, self.of = 0, 0
        self.notes: list[str] = []
        self.result: Any = None
        self.begun = self.ended = 0.0

    @property
    def running(self) -> bool:
        """Whether it is under way."""
        return self.state in ("running", "stopping")

    def start(self, work: Work, *arguments: Any) -> None:
        """Begin; RefusedError where one is under way."""
        with self._lock:
            if self.running:
                raise RefusedError(409, f"a {self._what} is under way: stop it first")
            self._clear()
            context = multiprocessing.get_context("spawn")
            mine, theirs = context.Pipe(duplex=False)
            self._process = context.Process(target=_worked, args=(theirs, work, arguments))
            self.state, self.begun = "running", time.time()
            self._process.start()
            theirs.close()
            threading.Thread(target=self._listen, args=(mine, self._process), daemon=True).start()

    def stop(self) -> None:
        """Interrupt it: it gives what is best so far, where there is such a thing."""
        with self._lock:
            if self.state == "running":
                self.state = "stopping"
                _interrupt(self._process)

    def end(self) -> None:
        """Interrupt it and wait; what does not end in good time is killed."""
        self.stop()
        if self._process is not None:
            self._process.join(_GRACE_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()

    def told(self) -> dict[str, Any]:
        """Return what the page shows of it."""
        until = time.time() if self.running else self.ended
        return {
            "state": self.state, "done": self.done, "of": self.of, "notes": self.notes,
            "seconds": round(max(0.0, until - self.begun), 1), "result": self.result,
        }  # fmt: skip

    def _listen(self, messages: Connection, process: Any) -> None:
        outcome: tuple[str, Any] | None = None
        while True:
            try:
                kind, *content = messages.recv()
            except (EOFError, OSError):
                break
            if kind == "tick":
                self.done, self.of = content
            elif kind == "tell":
                self.notes = [*self.notes, content[0]][-_MOST_NOTES:]
            else:
                outcome = kind, content[0]
        process.join()
        self.ended = time.time()
        stopped = self.state == "stopping"
        if outcome is None:
            outcome = ("stopped", None) if stopped else ("failed", f"the {self._what} was killed")
        kind, self.result = outcome
        self.state = "stopped" if kind == "done" and stopped else kind  # type: ignore[assignment]


def _interrupt(process: Any) -> None:
    if process is not None and process.is_alive() and process.pid:
        if os.name == "nt":  # which knows no such signal for a process
            process.terminate()
        else:
            os.kill(process.pid, signal.SIGINT)


def _worked(messages: Connection, work: Work, arguments: tuple[Any, ...]) -> None:
    """Do the work, in the new process, and tell what comes of it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    last = 0.0

    def tick(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1 or done >= of:
            last = now
            messages.send(("tick", done, of))

    try:
        messages.send(("done", work(lambda text: messages.send(("tell", str(text))), tick, *arguments)))
    except KeyboardInterrupt:
        messages.send(("stopped", None))
    except (InputError, OSError, MemoryError) as error:
        messages.send(("failed", str(error) or "out of memory"))
    except Exception as error:  # whatever it is, the page says so
        messages.send(("failed", f"{type(error).__name__}: {error}"))
    finally:
        messages.close()
