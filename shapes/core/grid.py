"""A window on the world: how many voxels, how large they are, and where they lie, in nanometres."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError

Triple = tuple[float, float, float]
MAX_WORLD_VX = 2**40
"""Voxel indices stay below this, so that index times voxel size is exact to a picometre in float64."""


def _finite(value: object) -> bool:
    """Tell whether something is a finite number."""
    return (
        isinstance(value, (int, float, np.integer, np.floating))
        and value is not True
        and math.isfinite(value)
    )


@dataclass(frozen=True)
class Grid:
    """A box of voxels in the world, axes in the order (z, y, x). This is the only place where nm meet voxels.

    Each parameter may be an array too, as attributes of HDF5 files are.

    Parameters
    ----------
    shape : tuple of int
        Number of voxels along (z, y, x). A 2D patch has a depth of one.
    voxel_nm : tuple of float
        Edge lengths of a voxel in nanometres, (z, y, x).
    origin_nm : tuple of float
        The corner of the first voxel in nanometres. It is moved to the nearest whole voxel, so that two
        windows of one voxel size always share one lattice and can be put side by side.

    Raises
    ------
    InputError
        Where a shape is not three positive whole numbers, or a size is not positive and finite.
    """

    shape: tuple[int, int, int]
    voxel_nm: Triple = (5.0, 5.0, 5.0)
    origin_nm: Triple = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        for name in ("shape", "voxel_nm", "origin_nm"):
            value = getattr(self, name)
            if isinstance(value, np.ndarray) and value.ndim == 1:
                object.__setattr__(self, name, value := tuple(value.tolist()))
            if not isinstance(value, (tuple, list)) or len(value) != 3:
                raise InputError(f"grid: {name} must be three numbers (z, y, x), not {value!r}")
        if not all(_finite(n) and n >= 1 and int(n) == n for n in self.shape):
            raise InputError(
                f"grid: shape must be three whole numbers of at least 1, not {tuple(self.shape)}"
            )
        if not all(_finite(v) and v > 0 for v in self.voxel_nm):
            raise InputError(f"grid: voxel_nm must be three positive lengths, not {tuple(self.voxel_nm)}")
        if not all(_finite(o) for o in self.origin_nm):
            raise InputError(f"grid: origin_nm must be three finite lengths, not {tuple(self.origin_nm)}")
        if any(abs(o) > MAX_WORLD_VX * v for o, v in zip(self.origin_nm, self.voxel_nm, strict=True)):
            raise InputError(
                f"grid: origin_nm {tuple(self.origin_nm)} is too far out; stay within ±{MAX_WORLD_VX} voxels"
            )
        start = [round(o / v) for o, v in zip(self.origin_nm, self.voxel_nm, strict=True)]
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "voxel_nm", tuple(float(v) for v in self.voxel_nm))
        object.__setattr__(
            self, "origin_nm", tuple(float(s * v) for s, v in zip(start, self.voxel_nm, strict=True))
        )

    @cached_property
    def start_vx(self) -> tuple[int, int, int]:
        """Index of the first voxel on the world's lattice of this voxel size, (z, y, x)."""
        z, y, x = (round(o / v) for o, v in zip(self.origin_nm, self.voxel_nm, strict=True))
        return z, y, x

    @property
    def size_nm(self) -> Triple:
        """Edge lengths of the box, (z, y, x)."""
        z, y, x = (n * v for n, v in zip(self.shape, self.voxel_nm, strict=True))
        return z, y, x

    @property
    def end_nm(self) -> Triple:
        """The corner opposite to the origin, (z, y, x)."""
        z, y, x = (o + s for o, s in zip(self.origin_nm, self.size_nm, strict=True))
        return z, y, x

    def centres_nm(self, axis: int) -> npt.NDArray[np.float64]:
        """World coordinates of the voxel centres along one axis: the same numbers in every window."""
        index = np.arange(self.start_vx[axis], self.start_vx[axis] + self.shape[axis], dtype=np.float64)
        return (index + 0.5) * self.voxel_nm[axis]

    def padded(self, margin_vx: tuple[int, int, int]) -> "Grid":
        """Return this grid, larger by a margin of whole voxels on each side."""
        shape = tuple(n + 2 * m for n, m in zip(self.shape, margin_vx, strict=True))
        origin = tuple((s - m) * v for s, m, v in zip(self.start_vx, margin_vx, self.voxel_nm, strict=True))
        return Grid(shape, self.voxel_nm, origin)  # type: ignore[arg-type]

    def split_sections(self, planes: int) -> "Grid":
        """Return the same box with each section cut into ``planes`` thinner ones."""
        z, y, x = self.shape
        vz, vy, vx = self.voxel_nm
        return Grid((z * planes, y, x), (vz / planes, vy, vx), self.origin_nm)

    def blocks(self, most_vx: int) -> "Iterator[tuple[tuple[int, int, int], Grid]]":
        """Cut the box into blocks of at most so many voxels: a block's longest edge is halved until it fits.

        Each comes with the voxel of this grid at its corner; none is larger than the first.
        """
        edges = list(self.shape)
        while math.prod(edges) > most_vx:
            longest = edges.index(max(edges))
            edges[longest] = -(-edges[longest] // 2)
        steps = (range(0, n, edge) for n, edge in zip(self.shape, edges, strict=True))
        for z, y, x in product(*steps):
            corner = (z, y, x)
            shape = tuple(min(e, n - c) for e, n, c in zip(edges, self.shape, corner, strict=True))
            origin = tuple((s + c) * v for s, c, v in zip(self.start_vx, corner, self.voxel_nm, strict=True))
            yield corner, Grid(shape, self.voxel_nm, origin)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, list[float]]:
        """Return a JSON-serialisable description; ``Grid(**description)`` is the grid again."""
        return {"shape": list(self.shape), "voxel_nm": list(self.voxel_nm), "origin_nm": list(self.origin_nm)}
