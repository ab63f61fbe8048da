"""What a generator is given, and what it gives back: a window of tissue, and one layer of objects in it."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from numba import njit

from shapes.core.warp import WarpedWindow, to_world
from shapes.neurites.grow import Neurites
from shapes.partition.depths import Depths
from shapes.partition.partition import Partition
from shapes.partition.point import Membranes

FAR_NM = np.float32(1e4)
"""Distance written where no object is near."""
_NEARLY_NM = 1.0  # a box of voxels need not be exact
Frame = tuple[Any, Any, Any, Any, Any, Any, Any]


@dataclass(frozen=True, eq=False)
class Tissue:
    """A window of the world with its neurites, ready to receive organelles.

    Attributes
    ----------
    seed : int
        The world.
    window : WarpedWindow
        The voxels, in tissue space.
    neurites : Neurites
        Every neurite within the reach of the window's organelles.
    membranes : Membranes
        Widths of the membrane.
    wall_nm : float64 (n,)
        How much of each neurite's rim its sheath takes, 0 where it has none.
    """

    seed: int
    window: WarpedWindow
    neurites: Neurites
    membranes: Membranes
    wall_nm: npt.NDArray[np.float64]


class Placed(Protocol):
    """The drawn objects of one kind that touch a window."""

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Places in tissue space, (n, 3)."""

    @property
    def missing(self) -> int:
        """How many objects were drawn but found no place."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One kind of object in a window.

    Attributes
    ----------
    ids : int32 (z, y, x)
        Instance id of the nearest object wherever its distance is written, 0 elsewhere.
    distance_nm : float32 (z, y, x)
        Signed distance to the surface, negative inside, ``FAR_NM`` away from any object.
    detail_nm : float32 (z, y, x) or None
        Signed distance to what lies inside: cristae of a mitochondrion, lamellae of a sheath.
    middle : bool (z, y, x) or None
        Where a plane of voxels passes through the middle of the object, to within a tenth of a voxel.
        Vesicles alone have it.
    """

    ids: npt.NDArray[np.int32]
    distance_nm: npt.NDArray[np.float32]
    detail_nm: npt.NDArray[np.float32] | None = None
    middle: npt.NDArray[np.bool_] | None = None


class Generator(Protocol):
    """A module of ``shapes`` that makes one kind of organelle. Placing never retries for ever."""

    def reach_nm(self, params: Any, kind: int, rim_nm: float) -> float:
        """Return how far from a window a tube's surface can lie that the window's objects depend on.

        That is for one kind of neurite; ``rim_nm`` is how far outside its surface a tube may own tissue.
        """

    def place(self, tissue: Tissue, params: Any, placed: dict[str, Any]) -> Any:
        """Draw the objects that touch the window, given those placed before."""

    def depths(self, objects: Any, tissue: Tissue, params: Any) -> Depths:
        """Return where the objects need the distance to the membrane, and up to which depth."""

    def build(self, objects: Any, tissue: Tissue, partition: Partition, params: Any) -> Layer:
        """Turn objects into distances and ids on the window's voxels."""


def empty_layer(shape: tuple[int, int, int], detail: bool = False) -> Layer:
    """Return a layer without objects."""
    return Layer(
        np.zeros(shape, np.int32), np.full(shape, FAR_NM), np.full(shape, FAR_NM) if detail else None
    )


@njit(cache=True)
def voxel_range(  # type: ignore[no-untyped-def]
    lattice, first, spacing, stretch, start, shape, voxel, tissue, radius,
):  # fmt: skip
    """Return the box of voxels, (3, 2), of a window that a ball of tissue can touch, which may be empty."""
    world = to_world(lattice, first, spacing, tissue, 0.2 * _NEARLY_NM)
    out = np.empty((3, 2), np.int64)
    wide = radius * stretch + _NEARLY_NM
    for a in range(3):
        out[a, 0] = max(0, int(np.floor((world[a] - wide) / voxel[a])) - start[a])
        out[a, 1] = min(shape[a], int(np.ceil((world[a] + wide) / voxel[a])) - start[a])
    return out


def frame(window: WarpedWindow) -> Frame:
    """Return a window's geometry as plain arrays, in the order that ``voxel_range`` takes."""
    grid = window.grid
    return (
        window.lattice_nm,
        np.array(window.first),
        window.spacing_nm,
        window.stretch,
        np.array(grid.start_vx),
        np.array(grid.shape),
        np.array(grid.voxel_nm),
    )
