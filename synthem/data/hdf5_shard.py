"""One HDF5 shard: the bytes that some patches make, and a patch read from an open file.

A shard holds, for n patches: ``image`` uint8 (n, z, y, x); ``labels`` uint8 (n, z, y, x), bit k for the
k-th class, or uint16 or uint32 where there are more than 8 or 16; ``instances/NAME`` int32 (n, z, y, x);
``origin_nm`` float64 (n, 3);
``name`` and ``trace`` (JSON); and, where a section of any of them has no labels, ``unlabelled`` bool (n, z).
Attributes hold ``voxel_nm`` and ``classes``, their names in this order. The image before beam and
detector is not stored: ``synthem.replay(trace)`` gives it.
"""

import json
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES, from_bits, to_bits
from synthem.patch import Patch


def encode(patches: Sequence[Patch]) -> bytes:
    """Return the bytes of a shard, without times and in one version of the format, so that bytes compare."""
    first = patches[0]
    # built in memory, so that a full disk meets one plain write and never HDF5's own machinery
    with h5py.File("shard", "w", driver="core", backing_store=False, libver=("earliest", "v110")) as file:
        file.attrs["classes"] = list(first.classes)
        file.attrs["voxel_nm"] = first.grid.voxel_nm
        # noise shrinks by a seventh at most, and gzip takes as long for it as for all labels
        _store(file, "image", [patch.image for patch in patches], squeezed=False)
        _store(file, "labels", [to_bits(patch.labels) for patch in patches])
        for name in sorted(first.instances):
            _store(file, f"instances/{name}", [patch.instances[name] for patch in patches])
        origins = np.array([patch.grid.origin_nm for patch in patches], np.float64)
        file.create_dataset("origin_nm", data=origins, track_times=False)
        file.flush()
        text = h5py.string_dtype()
        for key, lines in (
            ("name", [patch.name for patch in patches]),
            ("trace", [json.dumps(patch.trace, sort_keys=True) for patch in patches]),
        ):
            file.create_dataset(key, data=np.array(lines, object), dtype=text, track_times=False)
            file.flush()
        if any(patch.unlabelled for patch in patches):
            blank = np.array([~patch.labelled.any(0) for patch in patches])
            file.create_dataset("unlabelled", data=blank, track_times=False)
        file.flush()
        return bytes(file.id.get_file_image())


def _store(file: h5py.File, key: str, arrays: Sequence[npt.NDArray[Any]], squeezed: bool = True) -> None:
    """Store one array a patch, each in chunks of its own, so that one patch is read without the others.

    A patch of nothing but 0 takes neither room nor time. What is not ``squeezed`` has a checksum instead.
    """
    stack = np.stack(arrays)
    depth, height, width = stack.shape[1:]
    chunk = (1, min(depth, 16), min(height, 256), min(width, 256))
    how = (
        {"compression": "gzip", "compression_opts": 1, "shuffle": True} if squeezed else {"fletcher32": True}
    )
    data = file.create_dataset(
        key, shape=stack.shape, dtype=stack.dtype, chunks=chunk, fillvalue=0, track_times=False, **how
    )
    for row, values in enumerate(stack):
        if values.any():
            data[row] = values
    # else it is laid down when it is closed, which is late where a profiler, such as Dask's, holds on to it
    file.flush()


def _own(group: h5py.Group, key: str) -> h5py.Dataset:
    """Return a dataset whose values lie in this very file; InputError where it leads to another."""
    link = group.get(key, getlink=True)
    found = group[key] if isinstance(link, h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise InputError(f"{key} is a link or is stored in another file, which is not followed")
    return found


def _instances(file: h5py.File, row: int) -> dict[str, npt.NDArray[np.int32]]:
    if not isinstance(file.get("instances", getlink=True), h5py.HardLink):
        raise InputError("instances is a link or is stored in another file, which is not followed")
    group = file["instances"]
    return {name: _own(group, name)[row] for name in group}


def _unlabelled(file: h5py.File, row: int) -> tuple[int, ...]:
    return tuple(np.flatnonzero(_own(file, "unlabelled")[row]).tolist()) if "unlabelled" in file else ()


def read_patch(file: h5py.File, row: int, instances: bool) -> Patch:
    """Return one patch of an open shard; InputError where its values lie in another file."""
    code = _own(file, "labels")[row]
    classes = tuple(map(str, file.attrs.get("classes", CLASSES)))
    dz, dy, dx = map(float, file.attrs["voxel_nm"])
    z, y, x = map(float, _own(file, "origin_nm")[row])
    grid = Grid(code.shape, (dz, dy, dx), (z, y, x))
    return Patch(
        _own(file, "image")[row],
        from_bits(code, len(classes)),
        grid,
        name=_own(file, "name").asstr()[row],
        instances=_instances(file, row) if instances else {},
        trace=json.loads(_own(file, "trace")[row]),
        unlabelled=_unlabelled(file, row),
        classes=classes,
    )
