"""Smooth fields from values on a coarse, world-aligned lattice, by cubic B-splines.

Values on the lattice are a function of their world index alone, and the sums run in one fixed order, so a
field is the same bit for bit in every window.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.streams import white_noise

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
Field = npt.NDArray[np.floating]


def support(grid: Grid, spacing_nm: float) -> Box:
    """Return first index and shape, (z, y, x), of the lattice points that a field on ``grid`` needs."""
    first, shape = [], []
    for axis in range(3):
        centres = grid.centres_nm(axis)
        low = int(np.floor(centres[0] / spacing_nm)) - 1
        first.append(low)
        shape.append(int(np.floor(centres[-1] / spacing_nm)) + 2 - low + 1)
    return (first[0], first[1], first[2]), (shape[0], shape[1], shape[2])


@compiled
def spline_weights(t):  # type: ignore[no-untyped-def]
    """Return the four weights of the uniform cubic B-spline at fraction ``t`` of a lattice step."""
    r = 1.0 - t
    return (
        r * r * r / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * r * r * r - 6.0 * r * r + 4.0) / 6.0,
        t * t * t / 6.0,
    )


@compiled
def _along(values, first, centres, spacing, out):  # type: ignore[no-untyped-def]
    """Contract the middle axis: values (a, lattice, b) become out (a, centres, b)."""
    count = centres.shape[0]
    weights, cells = np.empty((count, 4), values.dtype), np.empty(count, np.int64)
    for j in range(count):
        at = centres[j] / spacing
        weights[j, 0], weights[j, 1], weights[j, 2], weights[j, 3] = spline_weights(at - np.floor(at))
        cells[j] = int(np.floor(at)) - 1 - first
    for i in range(values.shape[0]):
        for j in range(count):
            w0, w1, w2, w3, k = weights[j, 0], weights[j, 1], weights[j, 2], weights[j, 3], cells[j]
            for m in range(values.shape[2]):
                out[i, j, m] = (
                    w0 * values[i, k, m]
                    + w1 * values[i, k + 1, m]
                    + w2 * values[i, k + 2, m]
                    + w3 * values[i, k + 3, m]
                )


def interpolate(values: Field, first: tuple[int, int, int], spacing_nm: float, grid: Grid) -> Field:
    """Interpolate lattice values (z, y, x) at the voxel centres of a grid.

    Parameters
    ----------
    values : float64 or float32 (z, y, x)
        Spline coefficients on the lattice points that ``support(grid, spacing_nm)`` names.
    first : tuple of int
        World index of ``values[0, 0, 0]``.
    spacing_nm : float
        Distance between lattice points.
    grid : Grid
        Where to interpolate.

    Returns
    -------
    array of the grid's shape, of the same kind
    """
    # the last step is the longest, and y is the axis whose inner loop runs along whole rows
    for axis in (0, 2, 1):
        centres = grid.centres_nm(axis)
        shape = values.shape
        before = int(np.prod(shape[:axis]))
        out = np.empty((before, len(centres), int(np.prod(shape[axis + 1 :]))), values.dtype)
        _along(values.reshape(before, shape[axis], -1), first[axis], centres, spacing_nm, out)
        values = out.reshape(*shape[:axis], len(centres), *shape[axis + 1 :])
    return values


def smooth_noise(key: np.uint64, spacing_nm: float, grid: Grid) -> npt.NDArray[np.float32]:
    """Return band-limited noise over a grid: mean 0, standard deviation 1.

    Its features are about two spacings across. Where the spacing is finer than the voxels, the field is white
    at the scale of the voxels.
    """
    first, shape = support(grid, spacing_nm)
    # a cubic B-spline of white noise has variance (151/315) an axis, averaged over the lattice cell
    white = white_noise(key, first, shape) * np.float32((315.0 / 151.0) ** 1.5)
    return interpolate(white, first, spacing_nm, grid)
