"""Skeletons of the neurites that a scene shows, along the axes that they were grown on, spines included."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from shapes.core.warp import world_points
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, DENDRITE, GLIA, MYELINATED, SOMA
from shapes.neurites.tubes import AZ, DR, DZ, NODE, RA
from synthem.scene.scene import Scene

KINDS = {AXON: "axon", DENDRITE: "dendrite", MYELINATED: "myelinated axon", GLIA: "glia", SOMA: "soma"}
_SAME_NM = 1e-6  # both places are of one computation


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The axes of one neurite and its branches, as trees of nodes.

    Attributes
    ----------
    neurite : int
        Its id, as instance maps of ``neurite`` have it.
    kind : str
        ``"axon"``, ``"dendrite"``, ``"myelinated axon"``, ``"glia"`` or ``"soma"``; ``"neuron"`` where
        several of these are shown of one.
    nodes_nm : float64 (n, 3)
        Places (z, y, x) in the world.
    radii_nm : float64 (n,)
        Of the tube there.
    parents : int64 (n,)
        The node before each, which comes earlier; −1 where a tree begins.
    kinds : int8 (n,)
        What each node is of, as ``Neurites.kinds`` has it.
    """

    neurite: int
    kind: str
    nodes_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    parents: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int8]

    @property
    def length_nm(self) -> float:
        """Length of all edges together."""
        edges = self.parents >= 0
        steps = self.nodes_nm[edges] - self.nodes_nm[self.parents[edges]]
        return float(np.linalg.norm(steps, axis=1).sum())


def skeletons(scene: Scene) -> list[Skeleton]:
    """Return the skeleton of each neurite of which a scene shows a node, in the order of their ids.

    It has the nodes that lie in the window and there in the neurite's own tissue, as nearly all do; where a
    thicker neurite takes the place of a node, the tree is broken. A branch begins at the node of its stem, so
    that a neurite is one tree, or as many as the window's edges cut it into; what leaves a soma and the
    processes of a star of glia are trees of their own. A neurite of which the scene shows no node, but its
    flank alone, has none.
    """
    cells, grid = scene.neurites, scene.grid
    start, edges = np.array(grid.start_vx), np.array(grid.voxel_nm)
    shown = np.unique(scene.partition.index)
    numbers = cells.cells[shown[(shown >= 0) & (shown < len(cells.ids))]]
    out = []
    for cell in np.unique(numbers).tolist():
        rows = np.flatnonzero(cells.cells == cell)
        places, radii, parents, row = _joined([_tree(cells, n) for n in rows.tolist()])
        places = world_points(scene.seed, scene.anatomy.warp, places)
        at = np.floor(places / edges).astype(np.int64) - start
        kept = ((at >= 0) & (at < grid.shape)).all(1)
        kept[kept] = np.isin(scene.partition.index[tuple(at[kept].T)], rows)
        if not kept.any():
            continue
        number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
        kinds = cells.kinds[rows[row[kept]]]
        kind = KINDS[int(kinds[0])] if (kinds == kinds[0]).all() else "neuron"
        parts = (places[kept], radii[kept], number[parents[kept]], kinds)
        out.append(Skeleton(int(cells.ids[rows[0]]), kind, *parts))
    return sorted(out, key=lambda one: one.neurite)


class _Tree(NamedTuple):
    """Places in tissue space (n, 3), radii (n,) and parents (n,) of nodes; which node is the axis's first."""

    places: npt.NDArray[np.float64]
    radii: npt.NDArray[np.float64]
    parents: npt.NDArray[np.int64]
    root: int


def _joined(
    trees: list[_Tree],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Return the trees of a neurite's branches as one: each that begins at a node of another hangs on it.

    The last array says which tree each node is of. A branch comes after its stem, so that parents come first.
    """
    places = np.concatenate([tree.places for tree in trees])
    of = np.repeat(np.arange(len(trees)), [len(tree.places) for tree in trees])
    firsts = np.searchsorted(of, np.arange(len(trees)))
    inner = np.ones(len(places), np.bool_)
    inner[[first + tree.root for first, tree in zip(firsts, trees, strict=True) if tree.root >= 0]] = False
    stems = _stems(trees, places, np.flatnonzero(inner))

    def branchings(n: int) -> int:
        return 0 if stems[n] < 0 else 1 + branchings(int(of[stems[n]]))

    number, kept, parents, count = np.full(len(places) + 1, -1), [], [], 0
    for n in sorted(range(len(trees)), key=branchings):
        own = np.arange(len(trees[n].places))
        if stems[n] >= 0:
            # its first node is the stem's
            number[firsts[n] + trees[n].root] = number[stems[n]]
            own = own[own != trees[n].root]
        number[firsts[n] + own] = count + np.arange(len(own))
        count += len(own)
        before = trees[n].parents[own]
        parents.append(number[np.where(before >= 0, firsts[n] + before, -1)])
        kept.append(firsts[n] + own)
    order = np.concatenate(kept)
    radii = np.concatenate([tree.radii for tree in trees])
    return places[order], radii[order], np.concatenate(parents), of[order]


def _stems(
    trees: list[_Tree], places: npt.NDArray[np.float64], inner: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return which of all nodes each tree begins at, -1 where at none; ``inner`` are those that may be."""
    stems = np.full(len(trees), -1, np.intp)
    starts = [n for n, tree in enumerate(trees) if tree.root >= 0]
    if len(trees) > 1 and starts and len(inner):
        away, at = cKDTree(places[inner]).query([trees[n].places[trees[n].root] for n in starts])
        stems[starts] = np.where(away < _SAME_NM, inner[at], -1)
    return stems


def _tree(cells: Neurites, n: int) -> _Tree:
    """Return the nodes of a row of the neurites: its axis first, then spines."""
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
    root = 0 if there[0] else -1
    return _Tree(np.array(places).reshape(-1, 3), np.array(radii), np.array(parents, np.int64), root)
