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


def support(grid: Grid, spacing_nm: float, beside_nm: float = 0.0) -> Box:
    """Return first index and shape, (z, y, x), of the lattice points that a field on a grid needs.

    With ``beside_nm`` it is also known so far beside the grid.
    """
    first, shape = [], []
    for axis in range(3):
        centres = grid.centres_nm(axis)
        low = int(np.floor((centres[0] - beside_nm) / spacing_nm)) - 1
        first.append(low)
        shape.append(int(np.floor((centres[-1] + beside_nm) / spacing_nm)) + 2 - low + 1)
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
def _weights(start, count, voxel, spacing, first, weights, cells):  # type: ignore[no-untyped-def]
    """Write, for each voxel centre of an axis, its spline weights and the first lattice point they are of."""
    for j in range(count):
        at = (float(start + j) + 0.5) * voxel / spacing
        below = np.floor(at)
        weights[j, 0], weights[j, 1], weights[j, 2], weights[j, 3] = spline_weights(at - below)
        cells[j] = int(below) - 1 - first


@compiled
def _interpolate(values, first, start, voxel, spacing, out):  # type: ignore[no-untyped-def]
    """Contract z, then x, then y: the last is the longest, and its inner loop runs along whole rows."""
    nz, ny, nx = out.shape
    width = values.shape[2]
    wz, wy, wx = (
        np.empty((nz, 4), values.dtype),
        np.empty((ny, 4), values.dtype),
        np.empty((nx, 4), values.dtype),
    )
    kz, ky, kx = np.empty(nz, np.int64), np.empty(ny, np.int64), np.empty(nx, np.int64)
    _weights(start[0], nz, voxel[0], spacing, first[0], wz, kz)
    _weights(start[1], ny, voxel[1], spacing, first[1], wy, ky)
    _weights(start[2], nx, voxel[2], spacing, first[2], wx, kx)
    flat, rows = np.empty(width, values.dtype), np.empty((4, nx), values.dtype)
    for z in range(nz):
        k, w0, w1, w2, w3 = kz[z], wz[z, 0], wz[z, 1], wz[z, 2], wz[z, 3]
        done = 0  # so many rows of the lattice have been contracted along x; the last four are kept
        for y in range(ny):
            top = ky[y]
            for i in range(max(done, top), top + 4):
                for m in range(width):
                    flat[m] = (
                        w0 * values[k, i, m]
                        + w1 * values[k + 1, i, m]
                        + w2 * values[k + 2, i, m]
                        + w3 * values[k + 3, i, m]
                    )
                row = rows[i % 4]
                for x in range(nx):
                    m = kx[x]
                    row[x] = (
                        wx[x, 0] * flat[m]
                        + wx[x, 1] * flat[m + 1]
                        + wx[x, 2] * flat[m + 2]
                        + wx[x, 3] * flat[m + 3]
                    )
            done = top + 4
            r0, r1, r2, r3 = rows[top % 4], rows[(top + 1) % 4], rows[(top + 2) % 4], rows[(top + 3) % 4]
            v0, v1, v2, v3 = wy[y, 0], wy[y, 1], wy[y, 2], wy[y, 3]
            target = out[z, y]
            for x in range(nx):
                target[x] = v0 * r0[x] + v1 * r1[x] + v2 * r2[x] + v3 * r3[x]


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
    out = np.empty(grid.shape, values.dtype)
    _interpolate(values, first, grid.start_vx, grid.voxel_nm, float(spacing_nm), out)
    return out


def smooth_noise(key: np.uint64, spacing_nm: float, grid: Grid) -> npt.NDArray[np.float32]:
    """Return band-limited noise over a grid: mean 0, standard deviation 1.

    Its features are about two spacings across. Where the spacing is finer than the voxels, the field is white
    at the scale of the voxels.
    """
    first, shape = support(grid, spacing_nm)
    # a cubic B-spline of white noise has variance (151/315) an axis, averaged over the lattice cell
    white = white_noise(key, first, shape) * np.float32((315.0 / 151.0) ** 1.5)
    return interpolate(white, first, spacing_nm, grid)
