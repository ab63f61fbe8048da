"""The smooth displacement that turns straight tissue into grown tissue.

Anatomy lives in an undeformed *tissue space*; a window asks, for each of its voxels, which point of that
space it shows. So shapes stay simple formulas, and everything in them (membranes, mitochondria, vesicles)
bends together.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from noise import pnoise3
from numba import njit
from pydantic import Field, model_validator

from shapes.grid import Grid
from shapes.lattice import interpolate, spline_weights, support
from shapes.spread import Params
from shapes.streams import mix, stream_key

_PERIOD = 1024  # of the noise package, in its own units
_POINTS_PER_UNIT = 4
_REPEAT = _PERIOD * _POINTS_PER_UNIT
_UNIT = 6.5  # brings two octaves of Perlin noise, smoothed by the spline, to a standard deviation of one


class Warp(Params):
    """How far tissue is displaced along each axis (a standard deviation), and over what distance."""

    amplitude_nm: float = Field(default=36.0, ge=0)
    wavelength_nm: float = Field(default=1000.0, gt=0)

    @model_validator(mode="after")
    def _does_not_fold(self) -> "Warp":
        if self.steepest > 0.7:
            raise ValueError(
                "amplitude_nm must be at most 0.046 of wavelength_nm, or tissue would fold over itself"
            )
        return self

    @property
    def steepest(self) -> float:
        """Bound on how much two points are pulled apart: |D(p) − D(q)| ≤ steepest · |p − q|."""
        return 15.0 * self.amplitude_nm / self.wavelength_nm


@dataclass(frozen=True, eq=False)
class WarpedWindow:
    """A window's voxels in tissue space.

    Attributes
    ----------
    grid : Grid
        The window.
    tissue_nm : float64 (3, z, y, x)
        Tissue coordinates (z, y, x) of every voxel centre.
    lattice_nm : float64 (3, z, y, x)
        Displacements on the coarse lattice around the window.
    first, spacing_nm
        World index of the lattice's first point, and its step.
    stretch : float
        A ball of radius r in tissue space lies within r · stretch of its centre in the world.
    """

    grid: Grid
    tissue_nm: npt.NDArray[np.float64]
    lattice_nm: npt.NDArray[np.float64]
    first: tuple[int, int, int]
    spacing_nm: float
    stretch: float

    @property
    def box_nm(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Lowest and highest tissue coordinates (z, y, x) that the window shows."""
        flat = self.tissue_nm.reshape(3, -1)
        return flat.min(1), flat.max(1)


def _lattice(
    seed: int, warp: Warp, first: tuple[int, int, int], shape: tuple[int, int, int]
) -> npt.NDArray[np.float64]:
    """Displacements in nm at lattice points, (3, z, y, x), from Perlin noise of the ``noise`` package."""
    values = np.empty((3, *shape))
    axes = [[(first[a] + i) % _REPEAT / _POINTS_PER_UNIT for i in range(shape[a])] for a in range(3)]
    for component in range(3):
        key = stream_key(seed, f"warp/{component}")
        # Perlin noise vanishes at whole numbers: a fraction keeps our lattice off them
        oz, oy, ox = (float(mix(key, k) % np.uint64(_PERIOD)) + 0.37 for k in range(3))
        values[component] = [
            [[pnoise3(x + ox, y + oy, z + oz, 2) for x in axes[2]] for y in axes[1]] for z in axes[0]
        ]
    return values * (_UNIT * warp.amplitude_nm)


def warp_window(seed: int, warp: Warp, grid: Grid) -> WarpedWindow:
    """Return the tissue coordinates of every voxel of a window of the world of ``seed``."""
    spacing = warp.wavelength_nm / _POINTS_PER_UNIT
    first, shape = support(grid, spacing)
    lattice = _lattice(seed, warp, first, shape)
    tissue = np.stack([interpolate(lattice[c], first, spacing, grid) for c in range(3)])
    for axis in range(3):
        tissue[axis] += grid.centres_nm(axis).reshape([-1 if a == axis else 1 for a in range(3)])
    return WarpedWindow(grid, tissue, lattice, first, spacing, 1.0 / (1.0 - warp.steepest))


@njit(cache=True)
def to_world(lattice, first, spacing, tissue):  # type: ignore[no-untyped-def]
    """Return the world coordinates of a tissue point, by fixed-point iteration; the lattice must reach it.

    Beyond the lattice the displacement of its rim is taken, which serves to tell that a point is outside.
    """
    world = tissue.copy()
    for _ in range(6):
        cell = np.empty(3, np.int64)
        weights = np.empty((3, 4))
        for a in range(3):
            at = min(max(world[a] / spacing, first[a] + 1.0), first[a] + lattice.shape[a + 1] - 2.001)
            cell[a] = int(np.floor(at)) - 1 - first[a]
            weights[a, 0], weights[a, 1], weights[a, 2], weights[a, 3] = spline_weights(at - np.floor(at))
        for c in range(3):
            total = 0.0
            for i in range(4):
                for j in range(4):
                    for k in range(4):
                        total += (
                            weights[0, i]
                            * weights[1, j]
                            * weights[2, k]
                            * lattice[c, cell[0] + i, cell[1] + j, cell[2] + k]
                        )
            world[c] = tissue[c] - total
    return world


def world_point(seed: int, warp: Warp, tissue: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the world coordinates (z, y, x) of a point of tissue space, wherever it lies."""
    voxel = (10.0, 10.0, 10.0)
    reach = int(np.ceil(5.0 * warp.amplitude_nm / voxel[0])) + 1
    around = Grid((1, 1, 1), voxel, (float(tissue[0]), float(tissue[1]), float(tissue[2]))).padded(
        (reach,) * 3
    )
    spacing = warp.wavelength_nm / _POINTS_PER_UNIT
    first, shape = support(around, spacing)
    return np.asarray(to_world(_lattice(seed, warp, first, shape), np.array(first), spacing, tissue))
