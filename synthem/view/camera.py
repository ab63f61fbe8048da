"""A camera without perspective: which ray belongs to which pixel, and what the rays bring back."""

import math

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.grid import Triple
from synthem.view import rays

Floats = npt.NDArray[np.float64]
VIEW = (30.0, 25.0)
"""Degrees turned to the side and raised above, from looking straight along z with x to the right, y down."""
FINE = 2
"""Rays a pixel along either side."""


def axes(view: tuple[float, float] = VIEW) -> Floats:
    """Return the directions right, down and away of a view, a row each, as (z, y, x)."""
    turn, rise = np.deg2rad(view)
    right = np.array([math.sin(turn), 0.0, math.cos(turn)])
    level = np.array([math.cos(turn), 0.0, -math.sin(turn)])
    down = np.array([0.0, math.cos(rise), 0.0]) - math.sin(rise) * level
    away = np.array([0.0, math.sin(rise), 0.0]) + math.cos(rise) * level
    return np.stack([right, down, away])


def extent_nm(size_nm: Triple, view: tuple[float, float] = VIEW) -> tuple[float, float]:
    """Return the height and width in nm that a box of that size, (z, y, x), takes up in a view."""
    right, down, _ = np.abs(axes(view)) @ np.array(size_nm)
    return float(down), float(right)


class Camera:
    """Rays of one view through one volume, in nm from the volume's corner."""

    def __init__(
        self,
        shape: tuple[int, ...],
        voxel_nm: Triple,
        size_px: tuple[int, int],
        pixel_nm: float,
        view: tuple[float, float],
    ) -> None:
        self.shape = shape
        self.voxel_nm = np.array(voxel_nm, float)
        self.size_nm = np.array(shape) * self.voxel_nm
        self.axes = axes(view)
        self.fine_nm = pixel_nm / FINE
        self.rows, self.columns = (n * FINE for n in size_px)
        self.half_nm = float(np.linalg.norm(self.size_nm)) / 2

    @property
    def corner_nm(self) -> Floats:
        """Where the ray of the first pixel starts; all start before the volume."""
        right, down, away = self.axes
        y, x = (0.5 - self.rows / 2) * self.fine_nm, (0.5 - self.columns / 2) * self.fine_nm
        corner: Floats = self.size_nm / 2 + y * down + x * right - self.half_nm * away
        return corner

    def first_hits(
        self, ids: npt.NDArray[np.int32]
    ) -> tuple[Floats, npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Return the depth in nm (infinite where nothing is hit), the id and the normal of each pixel."""
        depth = np.full((self.rows, self.columns), np.inf)
        index = np.zeros(depth.shape, np.int32)
        normal = np.zeros((*depth.shape, 3), np.float32)
        rays.first_hits(
            ids, _room(ids), self.voxel_nm, self.corner_nm, self.axes, self.fine_nm, depth, index, normal
        )
        return depth, index, normal

    def film(self, ids: npt.NDArray[np.int32], colours: Floats, depth: Floats) -> tuple[Floats, Floats]:
        """Return the light that clear bodies add before ``depth``, and the share that they let pass."""
        light = np.zeros((*depth.shape, 3))
        passed = np.ones(depth.shape)
        rays.film(
            ids,
            _room(ids),
            self.voxel_nm,
            self.corner_nm,
            self.axes,
            self.fine_nm,
            depth,
            colours,
            light,
            passed,
        )
        return light, passed


def _room(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """Return how many voxels any way a ray may leap from each voxel without a change of object."""
    far = ndimage.distance_transform_cdt(rays.plain(ids), "chessboard")
    out: npt.NDArray[np.uint8] = np.minimum(far, 255, out=far).astype(np.uint8)
    return out
