"""Jobs shared out among processes. Each writes its own files, so their number makes no difference."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TypeVar

from shapes.core.errors import InputError

Job = TypeVar("Job")
Result = TypeVar("Result")

UNGUARDED = 77
"""Exit status of a new process that found no main guard."""

GUARD = (
    "several workers need a script whose work stands under `if __name__ == '__main__':`, for each of them "
    "reads it; a script from the standard input can have one worker"
)

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_jobs(
    do: Callable[[Job], Result], jobs: Sequence[Job], workers: int, done: Callable[[Result], None]
) -> None:
    """Do all jobs, in this process or in several new ones of one thread each.

    Parameters
    ----------
    do : callable
        Does a job and returns what is to be told of it, such as how many patches that made; a function of a
        module, so that a new process can find it.
    jobs : sequence
        What to do; each can be pickled.
    workers : int
        Number of processes.
    done : callable
        Told what a job returned, after each, in the order in which they end.

    Raises
    ------
    InputError
        Where a worker was killed from outside, or could not start.
    """
    check_start(workers)
    if workers == 1 or len(jobs) <= 1:
        for job in jobs:
            done(do(job))
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), multiprocessing.get_context("spawn"), initializer=start_worker
    )
    started: set[Any] = set()
    try:
        futures = [pool.submit(do, job) for job in jobs]
        started = set(multiprocessing.active_children()) - before
        for future in as_completed(futures):
            done(future.result())
    except BrokenProcessPool as error:
        if ended_at_start(started):
            raise InputError(f"workers: {GUARD}") from error
        raise InputError(
            "a worker was killed, most likely for want of memory: the same command goes on from there; "
            "give it fewer workers"
        ) from error
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.kill()  # files are whole or not there, so nothing is lost
        raise
    finally:
        pool.shutdown(cancel_futures=True)


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
