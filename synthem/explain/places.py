"""Pixels that are asked about: of each class, over all data, each in the middle of a window."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from synthem.patch import Patch


class Place(NamedTuple):
    """A voxel (z, y, x) of one patch."""

    patch: int
    voxel: tuple[int, int, int]


def places_of(name: str, data: Sequence[Patch], count: int, *, rng: np.random.Generator) -> list[Place]:
    """Draw voxels of a class, each of all data's as likely as any other; fewer where there are fewer."""
    there = [
        np.flatnonzero(patch.labels_of((name,))[0]) if name in patch.classes else np.empty(0, np.int64)
        for patch in data
    ]
    ends = np.cumsum([len(voxels) for voxels in there])
    total = int(ends[-1]) if len(ends) else 0
    places = []
    for drawn in np.sort(rng.choice(total, min(count, total), replace=False)):
        patch = int(np.searchsorted(ends, drawn, side="right"))
        flat = there[patch][drawn - (ends[patch - 1] if patch else 0)]
        z, y, x = np.unravel_index(flat, data[patch].grid.shape)
        places.append(Place(patch, (int(z), int(y), int(x))))
    return places


def window_around(
    image: npt.NDArray[np.uint8], voxel: Sequence[int], shape: Sequence[int]
) -> npt.NDArray[np.float32]:
    """Return the greys around a voxel, which lies in the middle; past its edges an image is mirrored."""
    axes = [
        _mirrored(np.arange(at - n // 2, at - n // 2 + n), size)
        for at, n, size in zip(voxel, shape, image.shape, strict=True)
    ]
    return image[np.ix_(*axes)].astype(np.float32)


def _mirrored(index: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
    """Fold indices back into an axis, its first and last values not repeated."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    folded = np.abs(index) % period
    out: npt.NDArray[np.int64] = np.minimum(folded, period - folded)
    return out
