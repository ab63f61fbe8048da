"""Neurites around a box of tissue: what is known of each, its axis from node to node, and its tubes."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.neurites.tubes import BLOCK, bound_blocks


class Axes(NamedTuple):
    """What kernels read of the neurites and their axes; the fields are those of ``Neurites``."""

    keys: npt.NDArray[np.uint64]
    kinds: npt.NDArray[np.int8]
    nodes_nm: npt.NDArray[np.float64]
    varicosity: npt.NDArray[np.uint8]
    steps_nm: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int32]


class Tubes(NamedTuple):
    """What kernels read of the tubes; the fields are those of ``Neurites``."""

    segments: npt.NDArray[np.float64]
    blocks: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Neurites:
    """All neurites that matter in a box of tissue space.

    Attributes
    ----------
    keys, ids, kinds, radii_nm : arrays (n,)
        Stream key, instance id, kind and typical radius of each neurite; branches have the id of their stem.
    cells : int32 (n,)
        Number of the cell that each belongs to: branches of one follow each other.
    nodes_nm : float64 (n, m, 4)
        Nodes along the axis: z, y, x and radius; rows of NaN beyond ``counts``, and too far away to matter.
    varicosity : uint8 (n, m)
        What each node is: ``SHAFT``, ``BOUTON`` or ``SWELLING``.
    steps_nm, counts : arrays (n,)
        Distance between nodes, and how many there are.
    segments : float64 (k, COLUMNS)
        Tubes near the box, see ``tubes.py``.
    owners : int32 (k,)
        Neurite of each tube; the tubes of a neurite follow each other.
    """

    keys: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    cells: npt.NDArray[np.int32]
    radii_nm: npt.NDArray[np.float64]
    nodes_nm: npt.NDArray[np.float64]
    varicosity: npt.NDArray[np.uint8]
    steps_nm: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int32]
    segments: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]

    @cached_property
    def blocks(self) -> npt.NDArray[np.float64]:
        """Boxes around every eight tubes, (k / 8, 7), by which most are ruled out at once."""
        out = np.empty((-(-len(self.segments) // BLOCK), 7))
        bound_blocks(self.segments, out)
        return out

    @cached_property
    def axes(self) -> Axes:
        """The axes as kernels read them."""
        return Axes(self.keys, self.kinds, self.nodes_nm, self.varicosity, self.steps_nm, self.counts)

    @cached_property
    def tubes(self) -> Tubes:
        """The tubes as kernels read them."""
        return Tubes(self.segments, self.blocks, self.owners)
