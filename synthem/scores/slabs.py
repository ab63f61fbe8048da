"""Volumes slab by slab along z, so that memory stays bounded; their connected components in slabs."""

import tempfile
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from shapes.core.errors import InputError
from synthem.measure.components import label_objects

SLAB_VX = 2**24
"""Voxels that are looked at together, at most, but for a single section."""

IN_MEMORY_VX = 2**29
"""Ids of more voxels (2 GiB) lie in a file without a name, in the folder for temporary files."""

Bools = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int32]
Read = Callable[[slice], Bools]
"""Gives the sections of a mask that are asked for, bool (z, y, x)."""


def slabs(shape: tuple[int, ...], most_vx: int = SLAB_VX) -> Iterator[slice]:
    """Cut a volume (z, y, x) along z into slabs of at most so many voxels, one section at least."""
    depth = max(1, most_vx // max(1, prod(shape[1:])))
    for z in range(0, shape[0], depth):
        yield slice(z, min(z + depth, shape[0]))


def room(shape: tuple[int, ...]) -> Ids:
    """Return int32 zeros of a shape: in memory, or in a file that goes when the array does."""
    if prod(shape) <= IN_MEMORY_VX:
        return np.zeros(shape, np.int32)
    with tempfile.TemporaryFile() as file:  # the mapping outlives the name
        return np.memmap(file, np.int32, "w+", shape=shape)


def components(mask: Bools) -> tuple[Ids, int]:
    """Return the face-connected components of a mask (z, y, x), numbered from 1, and how many they are."""
    return components_of(mask.shape, mask.__getitem__)


def components_of(shape: tuple[int, ...], read: Read, most_vx: int = SLAB_VX) -> tuple[Ids, int]:
    """Return the face-connected components of what ``read`` gives, as ``components`` does.

    Each slab is labelled on its own (``scipy.ndimage.label``; a single section by cv2); those that meet at
    the faces between slabs are united (``scipy.sparse.csgraph``), and ids written anew. A depth of one is a
    plane. Memory is that of the ids and of a slab.
    """
    ids = room(shape)
    offsets: list[tuple[slice, int]] = []
    pairs: list[npt.NDArray[np.int64]] = []
    total = 0
    last = np.zeros(shape[1:], np.int64)
    for part in slabs(shape, most_vx):
        own, count = label_objects(np.ascontiguousarray(read(part)))
        ids[part] = own
        first = np.where(own[0] > 0, own[0].astype(np.int64) + total, 0)
        touch = (last > 0) & (first > 0)
        if touch.any():
            pairs.append(np.unique(np.stack([last[touch], first[touch]], 1), axis=0))
        last = np.where(own[-1] > 0, own[-1].astype(np.int64) + total, 0)
        offsets.append((part, total))
        total += count
    if total >= np.iinfo(np.int32).max:
        raise InputError(f"scores: {total} components are more than can be numbered")
    if len(offsets) == 1:
        return ids, total
    met = np.concatenate(pairs) - 1 if pairs else np.zeros((0, 2), np.int64)
    graph = sparse.coo_matrix((np.ones(len(met), np.int8), (met[:, 0], met[:, 1])), shape=(total, total))
    count, united = csgraph.connected_components(graph, directed=False)
    names = np.concatenate([[0], united + 1]).astype(np.int32)
    for part, offset in offsets:
        own = ids[part]
        ids[part] = np.where(own > 0, names[own + np.int32(offset)], 0)
    return ids, int(count)


def boxes(ids: Ids) -> list[Any]:
    """Return the box of each object by its number less one, as slices (z, y, x); None where there is none."""
    return list(ndimage.find_objects(ids))
