"""Jobs on the workers of Dask, on one machine or many: scheduling is all its own.

The workers must have synthem, the same release, and see the folder that is written to under the same path.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from shapes.core.errors import InputError
from synthem.data.new_process import GUARD, THREADS, check_start

Job = TypeVar("Job")
Result = TypeVar("Result")

LOCAL = "local"
"""In place of an address: a scheduler and workers on this machine, for as long as the work takes."""

WAITING = 3
"""For each thread of the workers this many jobs are handed over; the others follow as these end."""

REACH_S = 20


class Dask:
    """The workers of a scheduler, which do jobs as ``synthem.data.jobs.run_jobs`` has them done here.

    Made by ``connected``.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(
        self, do: Callable[[Job], Result], jobs: Sequence[Job], done: Callable[[Result], None]
    ) -> None:
        """Do all jobs; InputError where the scheduler goes away, or workers die."""
        distributed, client = _library(), self._client
        threads = max(1, sum(client.nthreads().values()))
        left = iter(jobs)
        # a job may be done twice where a worker is lost, which makes no difference: its files are the same
        first = [client.submit(do, job, pure=False) for job in islice(left, WAITING * threads)]
        running = distributed.as_completed(first, loop=client.loop)
        try:
            for future in running:
                done(future.result())
                running.update([client.submit(do, job, pure=False) for job in islice(left, 1)])
        except distributed.KilledWorker as error:
            raise InputError(
                "several workers of Dask died over the same piece of work, most likely for want of memory: "
                "the same command goes on from there"
            ) from error
        except (distributed.CancelledError, distributed.comm.CommClosedError) as error:
            raise InputError(
                "Dask's scheduler is gone; what is complete stays, and the same command goes on"
            ) from error


@contextmanager
def connected(scheduler: str, workers: int) -> Iterator[Dask]:
    """Connect to a scheduler, or start one with its workers, for the length of a block.

    Parameters
    ----------
    scheduler : str
        Its address, such as ``tcp://host:8786``, or ``"local"``.
    workers : int
        How many to start, where the scheduler is ``"local"``.

    Raises
    ------
    InputError
        Where the library is missing, or the scheduler cannot be reached.
    """
    distributed = _library()
    import dask

    # what goes wrong is told in one sentence; its own account of it is long
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler != LOCAL:
        try:
            client = distributed.Client(scheduler, timeout=REACH_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise InputError(
                f"{scheduler}: no Dask scheduler answers there; write its address, such as tcp://host:8786, "
                f"or {LOCAL}"
            ) from error
        with client:
            yield Dask(client)
        return
    check_start(max(2, workers))
    with dask.config.set({"distributed.nanny.pre-spawn-environ": dict.fromkeys(THREADS, 1)}):
        try:
            cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
            )
        except (RuntimeError, OSError) as error:
            raise InputError(f"Dask's workers did not start: {GUARD}") from error
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield Dask(client)


def _library() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            f"Dask is needed to share work out among machines, and {error.name} is not installed: "
            "pip install 'synthem[volumes]'"
        ) from None
    return distributed
