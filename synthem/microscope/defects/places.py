"""Where defects lie: events scattered over each section, and fields that are smooth along chosen axes."""

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.grid import Grid, Triple
from shapes.core.streams import cell_key, mix, uniform

CELL_NM = 2000.0
"""Edge of the lattice cells of a section that events belong to."""
_MOST = 200  # of one cell
_AREA_NM2 = 1e8  # rates are per 100 µm²

Events = tuple[npt.NDArray[np.float64], npt.NDArray[np.uint64]]
"""Centres (n, 2), y and x in nm, and the keys that all else of an event is drawn from."""


@compiled
def _poisson(mean, u):  # type: ignore[no-untyped-def]
    """Return the Poisson number of a given mean at the quantile ``u``."""
    term = np.exp(-mean)
    total, count = term, 0
    while u > total and count < _MOST:
        count += 1
        term *= mean / count
        total += term
    return count


@compiled
def _scatter(key, mean, y0, y1, x0, x1, edge, reach, centres, keys):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(int(np.floor((y0 - reach) / edge)), int(np.floor((y1 + reach) / edge)) + 1):
        for j in range(int(np.floor((x0 - reach) / edge)), int(np.floor((x1 + reach) / edge)) + 1):
            cell = cell_key(key, 0, i, j)
            for k in range(_poisson(mean, uniform(cell, 0))):
                one = mix(cell, k + 1)
                y, x = (i + uniform(one, 0)) * edge, (j + uniform(one, 1)) * edge
                near = y0 - reach <= y <= y1 + reach and x0 - reach <= x <= x1 + reach
                if near and n < keys.shape[0]:
                    centres[n, 0], centres[n, 1], keys[n] = y, x, one
                if near:
                    n += 1
    return n


def scattered(key: np.uint64, per_100um2: float, reach_nm: float, grid: Grid, section: int) -> Events:
    """Return the events of one section that can touch a window, in an order that no window's edge changes.

    Parameters
    ----------
    key : uint64
        The defect's stream in its world.
    per_100um2 : float
        How many there are on 100 µm² of a section, on average (Poisson).
    reach_nm : float
        How far from its centre an event can be seen.
    grid : Grid
        The window.
    section : int
        World index of the section. Numbers 0 and 1 of an event's stream place it: draw others from 2 on.
    """
    (_, y0, x0), (_, y1, x1) = grid.origin_nm, grid.end_nm
    mean = per_100um2 * CELL_NM**2 / _AREA_NM2
    room = 64
    while True:
        centres, keys = np.empty((room, 2)), np.empty(room, np.uint64)
        args = (np.uint64(mix(key, section)), mean, y0, y1, x0, x1, CELL_NM, reach_nm, centres, keys)
        found = _scatter(*args)
        if found <= room:
            return centres[:found], keys[:found]
        room = found


def sections(grid: Grid) -> list[tuple[int, int]]:
    """Return each section of a window: its place in the window, and its world index."""
    return [(k, grid.start_vx[0] + k) for k in range(grid.shape[0])]


def streaky_noise(key: np.uint64, spacing_nm: Triple, grid: Grid) -> npt.NDArray[np.float32]:
    """Return band-limited noise, mean 0 and deviation 1, with its own spacing along each axis, (z, y, x).

    A spacing of 0 makes the noise white along that axis.
    """
    # four lattice steps a voxel: the splines of neighbours share no lattice point
    voxel = tuple(v / s if s > 0 else 4.0 for v, s in zip(grid.voxel_nm, spacing_nm, strict=True))
    z, y, x = (k * v for k, v in zip(grid.start_vx, voxel, strict=True))
    return smooth_noise(key, 1.0, Grid(grid.shape, voxel, (z, y, x)))  # type: ignore[arg-type]
