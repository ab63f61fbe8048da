"""Writing a volume: shards of the finest level, then those of each coarser one, by any number of workers."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from synthem.data.atomic import written
from synthem.data.files import contents
from synthem.data.jobs import Crew, check_seen, crew
from synthem.data.memory import available_bytes, check_room
from synthem.data.new_process import check_start
from synthem.data.ome_zarr import IMAGE, OmeZarr
from synthem.data.ome_zarr.store import read_about
from synthem.volume.request import ABOUT, VolumeRequest
from synthem.volume.shard import ShardJob, ShrinkJob, render_shard, shard_bytes, shrink_shard
from synthem.world import check_world_version

PROCESS_BYTES = 300 * 2**20
"""What a process takes with all that it imports, and kernels."""


def write_volume(
    request: VolumeRequest,
    out: str | Path,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Path:
    """Render a volume into OME-Zarr; run again after a kill, it goes on and ends with the same bytes.

    Parameters
    ----------
    request : VolumeRequest
        What to render.
    out : str or Path
        A new or empty folder, by custom ``NAME.zarr``, or one that this same request was being written to.
    workers : int
        Number of processes; fewer are used where memory is short. The bytes do not depend on it.
    scheduler : str, optional
        A Dask scheduler whose workers do it: see ``synthem.data.dask_jobs``.
    progress : callable
        Told how many shards are complete, and of how many; those of coarser levels count too.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        Where the folder holds other content, the disk is full, a shard needs more memory than there is, or
        workers die.
    """
    out = Path(out).absolute()  # workers elsewhere may be in another folder
    check_start(workers)
    workers = _fitting(request, workers)
    store = request.store(out)
    if _stored(out, store.about):
        return out
    with written(out), crew(workers, scheduler) as run:
        store.begin()
        _render(request, store, run, scheduler, progress)
        store.finish()
    return out


def _render(
    request: VolumeRequest,
    store: OmeZarr,
    run: Crew,
    scheduler: str | None,
    progress: Callable[[int, int], None],
) -> None:
    """Write all shards that are not there yet, level by level."""
    first, *coarser = store.layout.levels
    count = len(list(first.shards)) + len(store.images) * sum(len(list(own.shards)) for own in coarser)
    made = 0

    def done(shards: int) -> None:
        nonlocal made
        made += shards
        progress(made, count)

    indices = list(first.shards)
    jobs = [ShardJob(request, store, index) for index in indices if not store.has(IMAGE, 0, index)]
    done(len(indices) - len(jobs))
    run(render_shard, jobs, done)
    check_seen(scheduler, (store.shard_path(IMAGE, 0, job.number) for job in jobs))
    for k, own in enumerate(coarser, start=1):
        shrinks = [ShrinkJob(store, image, k, index) for image in store.images for index in own.shards]
        left = [job for job in shrinks if not store.has(job.image, k, job.number)]
        done(len(shrinks) - len(left))
        run(shrink_shard, left, done)
        check_seen(scheduler, (store.shard_path(job.image, k, job.number) for job in left))


def _fitting(request: VolumeRequest, workers: int) -> int:
    """Return how many workers have room; InputError where not even one has."""
    need = PROCESS_BYTES + shard_bytes(request)
    check_room(need, f"a shard of {' × '.join(map(str, request.layout.levels[0].shard))} voxels")
    there_is = available_bytes()
    return workers if there_is is None else max(1, min(workers, there_is // need))


def _stored(out: Path, about: dict[str, Any]) -> bool:
    """Tell whether a folder holds the whole volume; InputError where it holds anything but its parts."""
    if not os.path.lexists(out):
        return False
    if not out.is_dir():
        raise InputError(f"{out}: exists and is no folder; give the name of a new one")
    there = read_about(out)
    kept = there.get(ABOUT)
    if not isinstance(kept, dict) or "volume" not in kept:
        if others := [p.name for p in contents(out)]:
            raise InputError(f"{out}: holds other files ({others[0]!r}, …); give a new or an empty folder")
        return False
    check_world_version(kept.get("world_version"), str(kept.get("synthem")), f"{out}: holds a volume, which")
    for name, new in about[ABOUT]["volume"].items():
        old = kept["volume"].get(name)
        if json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
            raise InputError(
                f"{out}: holds another volume ({_difference(name, old, new)}); give a new folder"
            )
    return "ome" in there


def _difference(name: str, old: Any, new: Any) -> str:
    """Say in words what sets a stored volume apart."""
    if name == "preset":
        names = [value.get("name") if isinstance(value, dict) else value for value in (old, new)]
        same = f"of another version of preset {names[1]!r}"
        return f"preset {names[0]}, not {names[1]}" if names[0] != names[1] else same
    if isinstance(old, dict) and isinstance(new, dict):
        key = next(key for key in new if old.get(key) != new[key])
        return f"{key} {old.get(key)}, not {new[key]}"
    return f"{name} {old}, not {new}"
