"""The smooth displacement field that bends tissue.

Anatomy is defined in an undeformed *tissue space*; of each of its voxels a window computes which point of
that space it shows. So shapes stay simple formulas, and everything in them (membranes, mitochondria,
vesicles) bends together.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
import numpy.typing as npt
from noise import pnoise3
from pydantic import Field, model_validator

from shapes.core.compiled import compiled
from shapes.core.fields import interpolate, spline_weights, support
from shapes.core.frozen import Frozen
from shapes.core.grid import Grid
from shapes.core.streams import mix, stream_key
from shapes.core.tiles import Tiles, cut

_PERIOD = 1024  # of the noise package, in its own units
_POINTS_PER_UNIT = 4
_REPEAT = _PERIOD * _POINTS_PER_UNIT
BESIDE_NM = 60.0
"""So far around a window its lattice reaches: what is smaller may be drawn by where its middle lies in the
world."""
MOST_SHRINK = 1.7
"""No ball is wider in tissue space than in the world by a larger factor: see ``Warp.steepest``."""
FARTHEST = 5.0
"""No tissue is displaced by more than this many amplitudes along an axis (tested)."""
_UNIT = 6.5  # brings two octaves of Perlin noise, smoothed by the spline, to a standard deviation of one


class Warp(Frozen):
    """How far tissue is displaced along each axis (a standard deviation), and over what distance."""

    amplitude_nm: float = Field(default=36.0, ge=0)
    wavelength_nm: float = Field(default=1000.0, gt=0)

    @model_validator(mode="after")
    def _does_not_fold(self) -> "Warp":
        if self.steepest > MOST_SHRINK - 1.0:
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
    shrink : float
        A ball of radius r in the world lies within r · shrink of its centre in tissue space.
    """

    grid: Grid
    tissue_nm: npt.NDArray[np.float64]
    lattice_nm: npt.NDArray[np.float64]
    first: tuple[int, int, int]
    spacing_nm: float
    stretch: float
    shrink: float

    @cached_property
    def tiles(self) -> Tiles:
        """The window's tiles in tissue space."""
        return cut(self.tissue_nm, self.grid.start_vx)

    @cached_property
    def box_nm(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Lowest and highest tissue coordinates (z, y, x) that the window shows."""
        return self.tiles.low_nm.min((0, 1, 2)), self.tiles.high_nm.max((0, 1, 2))


def _lattice(
    seed: int, warp: Warp, first: tuple[int, int, int], needed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Displacements in nm at the needed lattice points, (3, z, y, x), by Perlin noise; else 0."""
    values = np.zeros((3, *needed.shape))
    # the field repeats, so that the noise's single precision never runs out
    axes = [(first[a] + np.arange(needed.shape[a])) % _REPEAT / _POINTS_PER_UNIT for a in range(3)]
    where = [axis[index] for axis, index in zip(axes, np.nonzero(needed), strict=True)]
    for component in range(3):
        key = stream_key(seed, f"warp/{component}")
        # Perlin noise vanishes at whole numbers: a fraction keeps our lattice off them
        z, y, x = (
            (at + (float(mix(key, k) % np.uint64(_PERIOD)) + 0.37)).tolist() for k, at in enumerate(where)
        )
        values[component, needed] = list(map(pnoise3, x, y, z, repeat(2)))
    return values * (_UNIT * warp.amplitude_nm)


def warp_window(seed: int, warp: Warp, grid: Grid) -> WarpedWindow:
    """Return the tissue coordinates of every voxel of a window of the world of ``seed``."""
    spacing = warp.wavelength_nm / _POINTS_PER_UNIT
    first, shape = support(grid, spacing, BESIDE_NM)
    lattice = _lattice(seed, warp, first, np.ones(shape, np.bool_))
    tissue = np.empty((3, *grid.shape))
    for axis in range(3):
        centres = grid.centres_nm(axis).reshape([-1 if a == axis else 1 for a in range(3)])
        np.add(interpolate(lattice[axis], first, spacing, grid), centres, out=tissue[axis])
    return WarpedWindow(
        grid, tissue, lattice, first, spacing, 1.0 / (1.0 - warp.steepest), 1.0 + warp.steepest
    )


@compiled
def to_world(lattice, first, spacing, tissue, within):  # type: ignore[no-untyped-def]
    """Return the world coordinates of a tissue point, ``within`` nm or so; the lattice must reach it.

    The iteration closes in on the point, as tissue never folds: see ``Warp.steepest``. Beyond the lattice the
    displacement of its rim is taken, which serves to tell that a point is outside.
    """
    world = tissue.copy()
    cell = np.empty(3, np.int64)
    weights = np.empty((3, 4))
    for _ in range(64):
        for a in range(3):
            at = min(max(world[a] / spacing, first[a] + 1.0), first[a] + lattice.shape[a + 1] - 2.001)
            cell[a] = int(np.floor(at)) - 1 - first[a]
            weights[a, 0], weights[a, 1], weights[a, 2], weights[a, 3] = spline_weights(at - np.floor(at))
        step = 0.0
        for c in range(3):
            total = 0.0
            for i in range(4):
                for j in range(4):
                    both = weights[0, i] * weights[1, j]
                    for k in range(4):
                        total += both * weights[2, k] * lattice[c, cell[0] + i, cell[1] + j, cell[2] + k]
            step = max(step, abs(tissue[c] - total - world[c]))
            world[c] = tissue[c] - total
        if step < within:
            break
    return world


def world_points(seed: int, warp: Warp, tissue: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the world coordinates of points (n, 3) of tissue space, (z, y, x) in nm, wherever they lie."""
    if len(tissue) == 0:
        return np.empty((0, 3))
    spacing = warp.wavelength_nm / _POINTS_PER_UNIT
    reach = FARTHEST * warp.amplitude_nm
    low = np.floor((tissue - reach) / spacing).astype(np.int64) - 1
    high = np.floor((tissue + reach) / spacing).astype(np.int64) + 3
    first = low.min(0)
    size = high.max(0) - first
    # the points may lie scattered over a large box: of its lattice only what is near them is worth drawing
    needed = np.zeros(size, np.bool_)
    for (z0, y0, x0), (z1, y1, x1) in zip(low - first, high - first, strict=True):
        needed[z0:z1, y0:y1, x0:x1] = True
    z, y, x = (int(k) for k in first)
    lattice = _lattice(seed, warp, (z, y, x), needed)
    return np.array([to_world(lattice, first, spacing, point, 1e-3) for point in tissue])
