"""Work on an experiment in this process or in several new ones, with the same result.

On a CPU a network learns otherwise, in the last digits, when torch adds up in another number of threads. So a
cell's number of threads follows from the machine and the experiment, never from how many cells are trained at
a time: as many as there are for each cell if all were trained at once. New processes read their data
themselves, one seed's synthetic patches at a time.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from synthem.data.jobs import run_jobs
from synthem.data.memory import available_bytes
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data, load_data
from synthem.experiment.synthesis import stored_patches, synthetic_folder

Task = TypeVar("Task")
Result = TypeVar("Result")

PROCESS_BYTES = 3 * 2**29
"""What a training is taken to need beside its data: that of ``quick`` on EPFL6 took 1.1 GiB at its
peak, libraries and all, in one thread; a larger network takes more."""


@dataclass(frozen=True)
class Home:
    """Where a process finds what an experiment is made of, and its data by seed."""

    out: Path
    config: ExperimentConfig = field(hash=False)

    def data(self, real: Data, seed: int) -> Data:
        """Read the synthetic patches of a seed beside the real sections, where an arm wants any."""
        if not self.config.needs_patches:
            return real
        return real.with_synthetic(self.config, stored_patches(synthetic_folder(self.out, seed)))


@dataclass(frozen=True)
class _Job(Generic[Task, Result]):
    do: Callable[[Task, Data], Result]
    task: Task
    seed: int
    home: Home
    threads: int | None


def share_out(
    do: Callable[[Task, Data], Result],
    tasks: Sequence[tuple[int, Task]],
    data_of: Callable[[int], Data],
    home: Home,
    *,
    jobs: int,
    threads: int | None,
    done: Callable[[Result], None],
) -> None:
    """Call ``do`` with each task and the data of its seed.

    Parameters
    ----------
    do : callable
        A function of a module, or a ``partial`` of one, where there are several jobs.
    tasks : sequence of (int, object)
        Seed and task; those of a seed are best together.
    data_of : callable
        Gives the data of a seed, in this process.
    home : Home
        Tells new processes where to read the data.
    jobs : int
        How many processes; 1 is this one.
    threads : int or None
        Of torch, for each task; None leaves it as it is.
    done : callable
        Told what ``do`` returned, in the order in which they end.

    Raises
    ------
    InputError
        As ``do`` does; where a process was killed, or could not start.
    """
    if jobs == 1 or len(tasks) <= 1:
        with _threads(threads):
            for seed, task in tasks:
                done(do(task, data_of(seed)))
        return
    run_jobs(_in_process, [_Job(do, task, seed, home, threads) for seed, task in tasks], jobs, done)


def cores() -> int:
    """Return how many threads torch would use."""
    import torch

    return torch.get_num_threads()


def uses_gpu(config: ExperimentConfig) -> bool:
    """Tell whether the experiment's networks would be trained on a GPU."""
    import torch

    there = torch.cuda.is_available() or torch.backends.mps.is_available()
    return there and config.training.accelerator != "cpu"


def threads_of_cell(config: ExperimentConfig, count: int) -> int | None:
    """Return the threads of torch for each of ``count`` cells; None where a GPU does the work."""
    return None if uses_gpu(config) else max(1, cores() // max(1, count))


def jobs_for(config: ExperimentConfig, real: Data, wanted: int | None) -> int:
    """Return how many cells to train at a time: as many as wanted, and as memory allows.

    ``wanted`` None is one for each core, and one alone on a GPU.
    """
    jobs = (1 if uses_gpu(config) else cores()) if wanted is None else wanted
    there_is = available_bytes()
    if there_is is None:
        return jobs
    voxels = sum(patch.image.size for patch in (*real.half, *real.test))
    voxels += config.synthetic.count * math.prod(config.synthetic.shape_vx)
    return max(1, min(jobs, there_is // (PROCESS_BYTES + voxels * (1 + len(config.classes)))))


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    try:
        if number is not None:
            torch.set_num_threads(number)
        yield
    finally:
        torch.set_num_threads(before)


def _in_process(job: _Job[Task, Result]) -> Result:
    with _threads(job.threads):
        return job.do(job.task, _data(job.home, job.seed))


@lru_cache(maxsize=1)
def _real(home: Home) -> Data:
    return load_data(home.config)


@lru_cache(maxsize=1)
def _data(home: Home, seed: int) -> Data:
    return home.data(_real(home), seed)
