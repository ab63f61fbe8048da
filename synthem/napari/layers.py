"""Patches as layers: one patch as it is, patches of one shape along a first axis, read as they are shown."""

from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthem.data.exported import ExportedFolder
from synthem.data.hdf5 import Dataset
from synthem.data.open import labelled_in
from synthem.data.real.folder import RealFolder
from synthem.napari.shown import Shown, all_shown, unlabelled
from synthem.napari.style import LayerData
from synthem.patch import Patch


class Size(NamedTuple):
    """Shape and voxel size (z, y, x); patches that share both lie in the same layers."""

    shape: tuple[int, int, int]
    voxel_nm: tuple[float, float, float]


def layers(patches: Sequence[Patch]) -> list[LayerData]:
    """Return patches as layers of napari: the image, a class each, and ids of objects, which are hidden.

    Parameters
    ----------
    patches : sequence of Patch
        What ``synthem.open_data`` returns, or any patches. Those of one shape and voxel size are put one
        after the other along a first axis, and a patch is read when it is shown; sections have no z.

    Returns
    -------
    list of (data, keywords, kind)
        As napari's ``Layer.create`` takes them. ``scale`` is the voxel size in nm. A class that is labelled
        nowhere has no layer; ``unlabelled`` is 1 where nobody said what a voxel is.
    """
    groups: dict[Size, list[int]] = {}
    for index, size in enumerate(_sizes(patches)):
        groups.setdefault(size, []).append(index)
    out: list[LayerData] = []
    for size, indices in groups.items():
        found = _one(patches[indices[0]]) if len(indices) == 1 else _many(patches, indices, size)
        if len(groups) > 1:  # a name that tells them apart
            times = " × ".join(map(str, size.shape[size.shape[0] == 1 :]))
            found = [(data, {**more, "name": f"{more['name']} {times}"}, kind) for data, more, kind in found]
        out += found
    return out


def _sizes(patches: Sequence[Patch]) -> list[Size]:
    """Return the sizes of patches, without reading them where files tell."""
    if isinstance(patches, RealFolder):
        return [Size(patches.shape(name), patches.voxel_nm) for name in patches.names]
    if isinstance(patches, Dataset):
        grids = map(patches.manifest.plan.grid, range(len(patches)))
        return [Size(grid.shape, grid.voxel_nm) for grid in grids]
    return [Size(patch.grid.shape, patch.grid.voxel_nm) for patch in patches]


def _names(patches: Sequence[Patch], indices: Sequence[int]) -> tuple[str, ...]:
    """Return what patches are called, without reading them where files tell."""
    if isinstance(patches, RealFolder):
        return tuple(patches.names[k] for k in indices)
    if isinstance(patches, Dataset):
        return tuple(map(patches.manifest.plan.name, indices))
    return tuple(patches[k].name for k in indices)


def _one(patch: Patch) -> list[LayerData]:
    """Return the layers of one patch, at its place in the world."""
    flat = int(patch.grid.shape[0] == 1)
    axes, scale, place = "zyx"[flat:], patch.grid.voxel_nm[flat:], patch.grid.origin_nm[flat:]
    more = {"translate": place, "metadata": {"patches": (patch.name,)}}
    blank = any(patch.known) and bool(unlabelled(patch).any())
    out = []
    for shown in all_shown(labelled_in([patch]), list(patch.instances), blank):
        values = shown.values(patch)
        out.append(shown.layer(values[0] if flat else values, axes, scale, **more))
    return out


def _many(patches: Sequence[Patch], indices: Sequence[int], size: Size) -> list[LayerData]:
    """Return the layers of patches of one size along a first axis."""
    import dask.array as da  # napari brings it

    flat = int(size.shape[0] == 1)
    # sections of real EM lie over one another, patches of a world anywhere
    over = flat and isinstance(patches, RealFolder) and not isinstance(patches, ExportedFolder)
    axes, first = ("zyx", size.voxel_nm[0]) if over else ("p" + "zyx"[flat:], 1.0)
    scale = (first, *size.voxel_nm[flat:])
    chunks = ((1,) * len(indices), *((n,) for n in size.shape[flat:]))
    known = labelled_in(patches if len(indices) == len(patches) else [patches[k] for k in indices])
    read = _Reader(patches, indices)
    more = {"metadata": {"patches": _names(patches, indices)}}
    out = []
    for shown in all_shown(known, list(read(0).instances), bool(known)):
        empty = np.empty((0,) * len(axes), shown.dtype)
        block = _Block(read, shown, flat)
        data = da.map_blocks(block, chunks=chunks, dtype=shown.dtype, meta=empty)  # type: ignore[no-untyped-call]
        out.append(shown.layer(data, axes, scale, **more))
    return out


class _Reader:
    """Reads patches from any thread, one at a time, and keeps the last, for all layers ask for the same."""

    def __init__(self, patches: Sequence[Patch], indices: Sequence[int]) -> None:
        self._patches, self._indices, self._lock = patches, tuple(indices), Lock()
        self._kept: tuple[int, Patch] | None = None

    def __call__(self, index: int) -> Patch:
        """Return a patch of the group."""
        with self._lock:
            if self._kept is None or self._kept[0] != index:
                self._kept = index, self._patches[self._indices[index]]
            return self._kept[1]


class _Block(NamedTuple):
    """A patch's part of a layer, as Dask asks for it."""

    read: _Reader
    shown: Shown
    flat: int

    def __call__(self, block_info: Any = None) -> npt.NDArray[Any]:
        """Return the values of the block that is asked for, with the first axis."""
        values = self.shown.values(self.read(block_info[None]["chunk-location"][0]))
        return values if self.flat else values[None]
