"""Jobs shared out among processes. Each writes its own files, so their number makes no difference."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from shapes.core.errors import InputError
from synthem.data.new_process import GUARD, check_start, ended_at_start, start_worker

Job = TypeVar("Job")
Result = TypeVar("Result")


def run_jobs(
    do: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    done: Callable[[Result], None],
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


class Crew(Protocol):
    """Does jobs, as ``run_jobs`` does."""

    def __call__(
        self, do: Callable[[Job], Result], jobs: Sequence[Job], done: Callable[[Result], None]
    ) -> None:
        """Do all jobs, and tell what each returned."""


@contextmanager
def crew(workers: int, scheduler: str | None = None) -> Iterator[Crew]:
    """Give, for the length of a block, who does jobs: processes here, or the workers of Dask.

    Parameters
    ----------
    workers : int
        Number of processes, or of the workers of a scheduler that is started here.
    scheduler : str, optional
        The address of a Dask scheduler, or ``"local"``: see ``synthem.data.dask_jobs``.
    """
    if scheduler is None:
        yield lambda do, jobs, done: run_jobs(do, jobs, workers, done)
        return
    from synthem.data.dask_jobs import connected

    with connected(scheduler, workers) as dask:
        yield dask


def check_seen(scheduler: str | None, files: Iterable[Path]) -> None:
    """Raise InputError where workers elsewhere have written files that cannot be seen from here."""
    for file in files if scheduler is not None else ():
        if not file.exists():
            raise InputError(
                f"{file}: was written by a worker of {scheduler}, and is not here: all must see one folder"
            )
