"""Skeletons of the neurites that a scene shows, along the axes that they were grown on, spines included."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapes.core.warp import world_points
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, DENDRITE, GLIA, MYELINATED, SOMA
from shapes.neurites.tubes import AZ, DR, DZ, NODE, RA
from synthem.scene.scene import Scene

KINDS = {AXON: "axon", DENDRITE: "dendrite", MYELINATED: "myelinated axon", GLIA: "glia", SOMA: "soma"}
_SAME_NM = 1e-6


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The axis of one neurite, as trees of nodes.

    Attributes
    ----------
    neurite : int
        Its id, as instance maps of ``neurite`` have it.
    kind : str
        ``"axon"``, ``"dendrite"``, ``"myelinated axon"``, ``"glia"`` or ``"soma"``.
    nodes_nm : float64 (n, 3)
        Places (z, y, x) in the world.
    radii_nm : float64 (n,)
        Of the tube there.
    parents : int64 (n,)
        The node before each, which comes earlier; −1 where a tree begins.
    """

    neurite: int
    kind: str
    nodes_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    parents: npt.NDArray[np.int64]

    @property
    def length_nm(self) -> float:
        """Length of all edges together."""
        edges = self.parents >= 0
        steps = self.nodes_nm[edges] - self.nodes_nm[self.parents[edges]]
        return float(np.linalg.norm(steps, axis=1).sum())


def skeletons(scene: Scene) -> list[Skeleton]:
    """Return the skeleton of each neurite of which a scene shows a node, in the order of their ids.

    It has the nodes that the scene shows in the neurite's own tissue: where tubes crowd, the axis of one can
    run through another, and its tree is broken there. A neurite of which the scene shows no node, but its
    flank alone, has none.
    """
    cells, grid = scene.neurites, scene.grid
    start, edges = np.array(grid.start_vx), np.array(grid.voxel_nm)
    shown = np.unique(scene.partition.index)
    out = []
    for n in shown[(shown >= 0) & (shown < len(cells.ids))].tolist():
        places, radii, parents = _tree(cells, n)
        places = world_points(scene.seed, scene.anatomy.warp, places)
        at = np.floor(places / edges).astype(np.int64) - start
        kept = ((at >= 0) & (at < grid.shape)).all(1)
        kept[kept] = scene.partition.index[tuple(at[kept].T)] == n
        if not kept.any():
            continue
        number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
        parts = (places[kept], radii[kept], number[parents[kept]])
        out.append(Skeleton(int(cells.ids[n]), KINDS[int(cells.kinds[n])], *parts))
    return sorted(out, key=lambda one: one.neurite)


def _tree(
    cells: Neurites, n: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return places in tissue space, radii and parents of a neurite's nodes: its axis first, then spines."""
    axis = cells.nodes_nm[n, : cells.counts[n]]
    at = np.full(len(axis), -1)
    there = ~np.isnan(axis[:, 3])
    at[there] = np.arange(there.sum())
    places, radii = list(axis[there, :3]), axis[there, 3].tolist()
    parents = [int(at[k - 1]) if k and there[k - 1] else -1 for k in np.flatnonzero(there)]
    tip = -1
    for tube in cells.segments[cells.owners == n]:
        k = int(tube[NODE])
        start, end = tube[AZ : AZ + 3], tube[AZ : AZ + 3] + tube[DZ : DZ + 3]
        if k + 1 < len(axis) and there[k + 1] and np.abs(end - axis[k + 1, :3]).max() < _SAME_NM:
            continue  # a stretch of the axis
        from_tip = tip >= 0 and np.abs(start - places[tip]).max() < _SAME_NM
        parents.append(tip if from_tip else int(at[k]))
        places.append(end)
        radii.append(float(tube[RA] + tube[DR]))
        tip = len(places) - 1
    return np.array(places).reshape(-1, 3), np.array(radii), np.array(parents, np.int64)
