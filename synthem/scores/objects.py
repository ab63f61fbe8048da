"""Objects of a map of ids, measured slab by slab: size, middle, axes of the ellipse of moments."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.scores.slabs import slabs

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects that are numbered from 1, in their order.

    Attributes
    ----------
    voxels : int64 (n,)
    middle_nm : float64 (n, 3)
        Mean of the voxels' middles (z, y, x), from the middle of the first voxel.
    axes_nm : float64 (n, 2 or 3)
        Axes of the ellipse, or ellipsoid, with the same second moments, the longest last; a map of one
        section has two.
    """

    voxels: npt.NDArray[np.int64]
    middle_nm: Floats
    axes_nm: Floats


def measured(ids: npt.NDArray[np.integer[Any]], count: int, voxel_nm: tuple[float, float, float]) -> Objects:
    """Measure the objects of a map (z, y, x) that are numbered from 1 to ``count``."""
    voxels = np.zeros(count, np.int64)
    first, second = np.zeros((count, 3)), np.zeros((count, 3, 3))
    for part in slabs(ids.shape):
        place = np.flatnonzero(own := ids[part])
        if not len(place):
            continue
        of = own.ravel()[place] - 1
        voxels += np.bincount(of, minlength=count)
        index = np.unravel_index(place, own.shape)
        at = [(i + (part.start if k == 0 else 0)) * voxel_nm[k] for k, i in enumerate(index)]
        for i in range(3):
            first[:, i] += np.bincount(of, at[i], count)
            for j in range(i + 1):
                second[:, i, j] += np.bincount(of, at[i] * at[j], count)
    held = np.maximum(voxels, 1)
    middle = first / held[:, None]
    flat = ids.shape[0] == 1
    axes = (1, 2) if flat else (0, 1, 2)
    spread = np.empty((count, len(axes), len(axes)))
    for i, a in enumerate(axes):
        for j, b in enumerate(axes[: i + 1]):
            moment = second[:, a, b] / held - middle[:, a] * middle[:, b]
            spread[:, i, j] = spread[:, j, i] = moment + (voxel_nm[a] ** 2 / 12 if i == j else 0)
    deviation = np.sqrt(np.maximum(np.linalg.eigvalsh(spread), 0))
    # from standard deviation to axis, of an ellipse or an ellipsoid
    return Objects(voxels, middle, (4.0 if flat else 2 * np.sqrt(5.0)) * deviation)
