"""PNG folders as the paper's own code reads them: ``slices/`` beside one folder of 0/255 masks a class.

What a preset's ``annotation.also`` names gets a folder of that name. A patch of several sections becomes one
PNG a section, with ``_z000`` and so on at the end of its name. A section without labels gets no masks, which
is how ``read_folder`` knows it. Voxels of which nobody said what they are have masks in ``ignored/``.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.data.files import SLICES, check_file_name, folder_of, is_vacant
from synthem.data.jobs import check_seen, crew
from synthem.data.manifest import make_manifest, opened
from synthem.data.memory import check_memory
from synthem.data.new_process import check_start
from synthem.data.plan import Plan, make_patch
from synthem.data.png_file import png_bytes
from synthem.data.real.told import IGNORED
from synthem.labels import CLASSES
from synthem.patch import Patch
from synthem.scene.annotate import NEURITE

JOB_PATCHES = 8
"""A worker renders this many patches at a time."""


class _Job(NamedTuple):
    plan: Plan
    folder: Path


def write_png(
    source: Plan | Iterable[Patch],
    out: str | Path,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, of: None,
    scheduler: str | None = None,
) -> Path:
    """Write patches as a folder that ``read_folder``, and the paper's own code, can read.

    Parameters
    ----------
    source : Plan or iterable of Patch
        A plan is rendered, by several workers, and goes on after a kill with the same bytes at the end.
        Patches are written as they come, into a new or empty folder; classes that are not labelled get no
        mask.
    out : str or Path
        The folder.
    workers : int
        Number of processes for a plan.
    progress : callable
        Told how many patches of a plan are complete, and of how many.
    scheduler : str, optional
        A Dask scheduler whose workers render a plan: see ``synthem.data.dask_jobs``.

    Raises
    ------
    InputError
        Where the folder holds other content, the disk is full, or a patch needs more memory than there is.
    """
    if not isinstance(source, Plan):
        return _write_patches(source, Path(out))
    plan, total, out = source, len(source.origins_nm), Path(out).absolute()
    check_start(workers)
    workers = check_memory(plan.preset, plan.grid(0), workers)
    with opened(out, make_manifest(plan, "png")) as folder:
        also = set(plan.request.preset["annotation"].get("also", ())) - set(plan.request.classes)
        for name in (SLICES[0], *map(folder_of, plan.request.classes), *also):
            (folder / name).mkdir(exist_ok=True)
        jobs = [_Job(plan.part(k, JOB_PATCHES), folder) for k in range(0, total, JOB_PATCHES)]
        jobs = [job for job in jobs if not all(_complete(job, i) for i in range(len(job.plan.origins_nm)))]
        made = total - sum(len(job.plan.origins_nm) for job in jobs)

        def done(count: int) -> None:
            nonlocal made
            made += count
            progress(made, total)

        done(0)
        with crew(workers, scheduler if jobs else None) as run:
            run(_write_some, jobs, done)
        depth = plan.request.shape[0]
        check_seen(scheduler, (_path(folder, SLICES[0], job.plan.name(0), 0, depth) for job in jobs))
    return folder


def _write_patches(patches: Iterable[Patch], out: Path) -> Path:
    if not is_vacant(out):
        raise InputError(f"{out}: exists already; give a new or an empty folder")
    names: set[str] = set()
    for number, patch in enumerate(patches):
        name = patch.name or "patch"
        if name in names or not patch.name:  # windows of one world are called alike
            name += f"-{number:06d}"
        names.add(name)
        write_patch(patch, out, name)
    return out


def _write_some(job: _Job) -> int:
    """Render and write the patches of one job that are not there yet."""
    for index in range(len(job.plan.origins_nm)):
        if not _complete(job, index):
            write_patch(make_patch(job.plan, index), job.folder, job.plan.name(index))
    return len(job.plan.origins_nm)


def write_patch(patch: Patch, folder: Path, name: str) -> None:
    """Write one patch into a folder: masks, then slices; it is complete when its last slice is there."""
    depth = patch.grid.shape[0]
    labelled = patch.labelled
    for k, cls in enumerate(patch.classes):
        for z in np.flatnonzero(labelled[k]).tolist():
            mask = patch.labels[k, z].astype(np.uint8) * 255
            write_whole(_path(folder, folder_of(cls), name, z, depth), png_bytes(mask))
    for kind in patch.instances.keys() - {*CLASSES, *patch.classes, NEURITE}:
        for z in np.flatnonzero(labelled.any(0)).tolist():
            mask = (patch.instances[kind][z] > 0).astype(np.uint8) * 255
            write_whole(_path(folder, kind, name, z, depth), png_bytes(mask))
    if patch.ignored is not None:
        for z, unsaid in enumerate(patch.ignored):
            write_whole(_path(folder, IGNORED, name, z, depth), png_bytes(unsaid.astype(np.uint8) * 255))
    for z in range(depth):
        write_whole(_path(folder, SLICES[0], name, z, depth), png_bytes(patch.image[z]))


def _complete(job: _Job, index: int) -> bool:
    depth = job.plan.request.shape[0]
    return _path(job.folder, SLICES[0], job.plan.name(index), depth - 1, depth).exists()


def _path(folder: Path, kind: str, name: str, z: int, depth: int) -> Path:
    check_file_name(name, "patch")
    path = (
        folder / check_file_name(kind, "structure") / (f"{name}_z{z:03d}.png" if depth > 1 else f"{name}.png")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
