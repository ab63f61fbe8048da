"""How new processes start: of a script with a main guard, one thread each, no longer than their parent."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError

UNGUARDED = 77
"""Exit status of a new process that found no main guard."""

GUARD = (
    "several workers need a script whose work stands under `if __name__ == '__main__':`, for each of them "
    "reads it; a script from the standard input can have one worker"
)

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def check_start(workers: int) -> None:
    """Refuse a number of workers that cannot be, and several where new processes could not begin.

    A new process reads the script that started it. A script without a main guard comes here again while it
    is being read: such a process ends at once, and its parent says why.

    Raises
    ------
    InputError
        Where there is less than one worker, or the script came from the standard input.
    """
    if workers < 1:
        raise InputError(f"workers: there must be at least one, not {workers}")
    if workers == 1:
        return
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        os._exit(UNGUARDED)
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is not None and not Path(script).exists():
        raise InputError(f"workers: {GUARD}")


def ended_at_start(processes: Iterable[Any]) -> bool:
    """Tell whether one of the processes ended because the script that started it has no main guard."""
    for process in processes:
        process.join(5.0)
    return any(process.exitcode == UNGUARDED for process in processes)


def start_worker() -> None:
    """Set a new process up: one thread, signals left to its parent, and an end when the parent ends."""
    os.environ.update(dict.fromkeys(THREADS, "1"))  # before numba and BLAS are imported
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent: Any = multiprocessing.parent_process()

    def end_with_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(1)
