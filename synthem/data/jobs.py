"""Jobs shared out among processes. Each writes its own files, so their number makes no difference."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import Any, TypeVar

from shapes.core.errors import InputError

Job = TypeVar("Job")

THREADS = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_jobs(
    do: Callable[[Job], int], jobs: Sequence[Job], workers: int, done: Callable[[int], None]
) -> None:
    """Do all jobs, in this process or in several new ones of one thread each.

    Parameters
    ----------
    do : callable
        Does a job and returns how many patches that made; a function of a module, so that a new process
        can find it.
    jobs : sequence
        What to do; each can be pickled.
    workers : int
        Number of processes.
    done : callable
        Told the number of patches made, after each job.

    Raises
    ------
    InputError
        Where a worker was killed from outside.
    """
    if workers < 1:
        raise InputError(f"workers: there must be at least one, not {workers}")
    if workers == 1 or len(jobs) <= 1:
        for job in jobs:
            done(do(job))
        return
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)), multiprocessing.get_context("spawn"), initializer=start_worker
    )
    try:
        for future in as_completed([pool.submit(do, job) for job in jobs]):
            done(future.result())
    except BrokenProcessPool as error:
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
