"""Cytoplasm of cell bodies: places in it for what large cells hold, and which of them are taken.

A neurite has its organelles along its axis; a cell body of many micrometres has them wherever there is room.
Places come from a lattice in tissue space, one to a cubic cell and jittered, each from the key of its cell
alone; which body owns one, and whether its nucleus lies there, is looked up.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.streams import normal, uniform
from shapes.neurites.population import SOMA
from shapes.partition.point import SURE, around, depth_at

NOBODY = -1
"""Owner of a place that no cell body owns, or that is too close to its membrane or nucleus."""


class Cores(NamedTuple):
    """What the nuclei around a window take up: ovoids, a row each.

    ``owners`` (n,) count into the neurites; ``centres_nm`` (n, 3), ``frames`` (n, 3, 3) and ``axes_nm``
    (n, 3) are middles, directions and half-lengths.
    """

    owners: npt.NDArray[np.int32]
    centres_nm: npt.NDArray[np.float64]
    frames: npt.NDArray[np.float64]
    axes_nm: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> "Cores":
        """Return no nuclei."""
        return cls(np.empty(0, np.int32), np.empty((0, 3)), np.empty((0, 3, 3)), np.empty((0, 3)))


def edge_nm(per_um3: float) -> float:
    """Return the edge of a lattice with so many cells to a cubic micrometre."""
    return float((1e9 / per_um3) ** (1 / 3))


@compiled
def cells_within(box, pad, edge, first, last):  # type: ignore[no-untyped-def]
    """Write the first and the last cell of the lattice, (z, y, x), that can reach into a padded box."""
    low, high = box
    for c in range(3):
        first[c] = int(np.floor((low[c] - pad) / edge))
        last[c] = int(np.floor((high[c] + pad) / edge))


@compiled
def place_in(key, cell, edge, play, out):  # type: ignore[no-untyped-def]
    """Write the place in a cell of the lattice, off its middle by up to half of ``play`` edges."""
    for c in range(3):
        out[c] = (cell[c] + 0.5 + play * (uniform(key, c) - 0.5)) * edge


@compiled
def any_way(key, k, out):  # type: ignore[no-untyped-def]
    """Write a direction, all equally likely, from numbers ``k`` to ``k + 2`` of a key."""
    norm = 0.0
    for c in range(3):
        out[c] = normal(key, k + c)
        norm += out[c] ** 2
    for c in range(3):
        out[c] /= np.sqrt(norm) + 1e-9


@compiled
def in_core(cores, owner, place, off):  # type: ignore[no-untyped-def]
    """Tell whether a place lies in the nucleus of its cell body, or within ``off`` of it."""
    for i in range(cores.owners.shape[0]):
        if cores.owners[i] != owner:
            continue
        q = 0.0
        for k in range(3):
            u = 0.0
            for c in range(3):
                u += (place[c] - cores.centres_nm[i, c]) * cores.frames[i, k, c]
            q += (u / (cores.axes_nm[i, k] + off)) ** 2
        if q < 1.0:
            return True
    return False


@compiled
def body_at(tubes, kinds, cores, among, place, look, off, glia, scratch, close):  # type: ignore[no-untyped-def]
    """Return which cell body owns a place that is ``off`` its nucleus, and how far the membrane is.

    The owner is ``NOBODY`` where it is no cell body; the distance is sure, and ``look`` at most. ``among``
    are the tubes to look at, of which those count that come near the place, whatever others are known.
    """
    z, y, x = place[0], place[1], place[2]
    few = around(tubes.segments, among, z, y, x, look / SURE, close)
    own, d = depth_at(tubes, close[:few], z, y, x, look / SURE, glia, kinds.shape[0], scratch)
    if own == kinds.shape[0] or kinds[own] != SOMA or in_core(cores, own, place, off):
        return NOBODY, 0.0
    return own, SURE * d
