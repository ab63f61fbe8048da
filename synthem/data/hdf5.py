"""Datasets as immutable HDF5 shards beside a manifest; any tool that opens HDF5 can read them.

What a shard holds stands in ``synthem/data/hdf5_shard.py``.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, overload

import h5py
import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.data.hdf5_shard import encode, read_patch
from synthem.data.jobs import check_seen, crew
from synthem.data.manifest import Shard, make_manifest, opened, read_manifest
from synthem.data.memory import check_memory
from synthem.data.new_process import check_start
from synthem.data.plan import Plan, make_patch
from synthem.patch import Patch

SHARD_PATCHES = (8, 64)
"""Least and most patches of a shard, as long as they are small."""

SHARD_VOXELS = 2**22
"""A shard of several patches holds no more voxels than this."""

OPEN_FILES = 16
"""A dataset keeps at most this many shards open."""


class _Job(NamedTuple):
    plan: Plan
    path: Path


def write_dataset(
    plan: Plan,
    out: str | Path,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
    scheduler: str | None = None,
) -> Path:
    """Render a plan into HDF5 shards; run again after a kill, it goes on and ends with the same bytes.

    Parameters
    ----------
    plan : Plan
        What to render.
    out : str or Path
        A new or empty folder, or one that this same plan was being written to.
    workers : int
        Number of processes; fewer are used where memory is short. The bytes do not depend on it.
    progress : callable
        Told how many patches are complete, and of how many.
    scheduler : str, optional
        A Dask scheduler whose workers do it, in the same folder: see ``synthem.data.dask_jobs``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        Where the folder holds other content, the disk is full, a patch needs more memory than there is, or
        workers cannot be started from where this is called.
    """
    check_start(workers)
    workers = check_memory(plan.preset, plan.grid(0), workers)
    out = Path(out).absolute()  # workers elsewhere may be in another folder
    shards = _shards(plan)
    with opened(out, make_manifest(plan, "hdf5", shards)) as folder:
        left = [shard for shard in shards if not (folder / shard.file).exists()]
        made = len(plan.origins_nm) - sum(shard.count for shard in left)

        def done(count: int) -> None:
            nonlocal made
            made += count
            progress(made, len(plan.origins_nm))

        done(0)
        jobs = [_Job(plan.part(s.first, s.count), folder / s.file) for s in left]
        with crew(workers, scheduler if jobs else None) as run:
            run(_write_shard, jobs, done)
        check_seen(scheduler, (job.path for job in jobs))
    return folder


def is_dataset(path: str | Path) -> bool:
    """Tell whether a folder holds a dataset in HDF5; InputError where its manifest is damaged."""
    manifest = read_manifest(Path(path))
    return manifest is not None and manifest.layout == "hdf5"


class Dataset(Sequence[Patch]):
    """The patches of a dataset on disk, each read when it is asked for, in any process.

    Parameters
    ----------
    path : str or Path
        The folder that ``write_dataset`` wrote.
    instances : bool
        Whether to read object ids too; training can do without.

    Attributes
    ----------
    manifest : Manifest
        The configuration, its hash, the code's version and the shards.

    Raises
    ------
    InputError
        Where the folder holds no HDF5 dataset, or an unfinished one; on reading, where a shard is damaged.
    """

    def __init__(self, path: str | Path, *, instances: bool = True) -> None:
        self.path = Path(path)
        manifest = read_manifest(self.path) if is_dataset(path) else None
        if manifest is None:
            raise InputError(
                f"{path}: not a dataset in HDF5: it must be a folder with a manifest.json and shards"
            )
        self.manifest = manifest
        self._instances = instances
        missing = [shard.file for shard in manifest.shards if not (self.path / shard.file).is_file()]
        if missing:
            raise InputError(
                f"{path}: unfinished, {len(missing)} of {len(manifest.shards)} shards are missing; "
                "run the command that was writing it once more"
            )
        self._firsts = np.array([shard.first for shard in manifest.shards])
        self._files: OrderedDict[int, h5py.File] = OrderedDict()
        self._process = os.getpid()

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that its patches are labelled for."""
        return self.manifest.plan.request.classes

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.manifest.plan.origins_nm)

    @overload
    def __getitem__(self, index: int) -> Patch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Patch]: ...
    def __getitem__(self, index: int | slice) -> Patch | list[Patch]:
        """Read one patch, or a list of them."""
        if isinstance(index, slice):
            return [self._read(i) for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.path}: there are {len(self)} patches, none has index {index}")
        return self._read(index % len(self))

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind when pickled."""
        return {**self.__dict__, "_files": OrderedDict()}

    def _read(self, index: int) -> Patch:
        number = int(np.searchsorted(self._firsts, index, side="right")) - 1
        shard = self.manifest.shards[number]
        try:
            return read_patch(self._open(number), index - shard.first, self._instances)
        except InputError as error:
            raise InputError(f"{self.path / shard.file}: {error}") from None
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{self.path / shard.file}: not an HDF5 shard, or damaged: {reason}") from error

    def _open(self, number: int) -> h5py.File:
        """Open a shard, or find it open; files opened before a fork belong to the parent."""
        if self._process != os.getpid():
            self._files, self._process = OrderedDict(), os.getpid()
        if number not in self._files:
            if len(self._files) >= OPEN_FILES:
                self._files.popitem(last=False)[1].close()
            self._files[number] = h5py.File(self.path / self.manifest.shards[number].file, "r")
        self._files.move_to_end(number)
        return self._files[number]


def _shards(plan: Plan) -> tuple[Shard, ...]:
    """Cut a plan into shards of equal size; about sixteen of them, where the patches are few."""
    count, shape = len(plan.origins_nm), plan.request.shape
    least, most = SHARD_PATCHES
    size = min(
        max(least, min(most, -(-count // 16))), max(1, SHARD_VOXELS // (shape[0] * shape[1] * shape[2]))
    )
    return tuple(
        Shard(file=f"shard-{k:05d}.h5", first=first, count=min(size, count - first))
        for k, first in enumerate(range(0, count, size))
    )


def _write_shard(job: _Job) -> int:
    """Render the patches of one shard and write its file."""
    patches = [make_patch(job.plan, index) for index in range(len(job.plan.origins_nm))]
    write_whole(job.path, encode(patches))
    return len(patches)
