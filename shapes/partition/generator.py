"""What a generator is given, and what it gives back: a window of tissue, and one layer of objects in it."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from shapes.core.warp import WarpedWindow
from shapes.neurites.neurites import Neurites
from shapes.partition.cytoplasm import Cores
from shapes.partition.depths import Depths
from shapes.partition.partition import Partition
from shapes.partition.point import Membranes

FAR_NM = np.float32(1e4)
"""Distance written where no object is near."""
_NO_DETAIL = np.empty((0, 0, 0), np.float32)
_NO_MIDDLE = np.zeros((0, 0, 0), np.bool_)


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
    cores : Cores
        The nuclei, which what else a cell body holds keeps clear of.
    """

    seed: int
    window: WarpedWindow
    neurites: Neurites
    membranes: Membranes
    wall_nm: npt.NDArray[np.float64]
    cores: Cores


class Layer(NamedTuple):
    """One kind of object in a window.

    Attributes
    ----------
    ids : int32 (z, y, x)
        Instance id of the nearest object wherever its distance is written, 0 elsewhere.
    distance_nm : float32 (z, y, x)
        Signed distance to the surface, negative inside, ``FAR_NM`` away from any object.
    detail_nm : float32 (z, y, x), or empty
        Signed distance to what lies inside: cristae of a mitochondrion, lamellae of a sheath. Of shape
        (0, 0, 0) where a kind has nothing inside.
    middle : bool (z, y, x), or empty
        Where a plane of voxels passes through the middle of the object, to within a tenth of a voxel.
        Vesicles alone have it.
    """

    ids: npt.NDArray[np.int32]
    distance_nm: npt.NDArray[np.float32]
    detail_nm: npt.NDArray[np.float32] = _NO_DETAIL
    middle: npt.NDArray[np.bool_] = _NO_MIDDLE


class Generator(Protocol):
    """A module of ``shapes`` that makes one kind of organelle. Placing takes a bounded time.

    One that strings objects along the nodes of a neurite also has ``nodes_nm(params, step_nm)``: how far from
    a window the nodes can lie that matter, which are ``step_nm`` apart; and ``IN_SWELLINGS`` may name the
    kinds of neurites that have them where they are swollen alone.
    """

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
        np.zeros(shape, np.int32), np.full(shape, FAR_NM), np.full(shape, FAR_NM) if detail else _NO_DETAIL
    )
