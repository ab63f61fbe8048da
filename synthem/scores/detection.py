"""Are small objects found, whatever their outline: one-to-one matches of their middles within a distance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from synthem.scores.values import Values, ratio

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Detections:
    """Objects in the truth, found, and matched; and the distances of the matches in all. Pooled by adding."""

    true: int = 0
    found: int = 0
    matched: int = 0
    nm: float = 0.0

    def __add__(self, more: "Detections") -> "Detections":
        return Detections(
            self.true + more.true, self.found + more.found, self.matched + more.matched, self.nm + more.nm
        )


def match_points(true: Floats, found: Floats, within_nm: float) -> tuple[Integers, Integers, Floats]:
    """Match points one to one: as many as can be within a distance, and of all such ways the nearest.

    Points that have no common neighbour, directly or through others, are matched apart
    (``scipy.optimize.linear_sum_assignment`` for each such neighbourhood), so the work grows with the number
    of points.

    Parameters
    ----------
    true, found : float64 (n, 3), (m, 3)
        In nanometres.
    within_nm : float
        No match is farther.

    Returns
    -------
    Indices of the true and of the found points that match, and their distances in nm.
    """
    none = np.zeros(0, np.int64)
    if not len(true) or not len(found):
        return none, none, np.zeros(0)
    near = cKDTree(true).query_ball_tree(cKDTree(found), within_nm * (1 + 1e-9))
    i = np.repeat(np.arange(len(true)), [len(own) for own in near])
    j = np.array([k for own in near for k in own], np.int64)
    both = len(true) + len(found)
    graph = sparse.coo_matrix((np.ones(len(i), np.int8), (i, j + len(true))), shape=(both, both))
    _, part = csgraph.connected_components(graph, directed=False)
    order = np.argsort(part[i], kind="stable")
    i, j = i[order], j[order]
    nm = np.linalg.norm(true[i] - found[j], axis=1)
    chosen: list[Integers] = []
    for edges in np.split(np.arange(len(i)), np.flatnonzero(np.diff(part[i])) + 1):
        if len(edges) < 2:
            chosen.append(edges)
            continue
        rows, row = np.unique(i[edges], return_inverse=True)
        columns, column = np.unique(j[edges], return_inverse=True)
        # one match more is worth any distance
        far = (min(len(rows), len(columns)) + 1) * (within_nm + 1.0)
        cost = np.full((len(rows), len(columns)), far)
        edge = np.full(cost.shape, -1)
        cost[row, column], edge[row, column] = nm[edges], edges
        taken = edge[linear_sum_assignment(cost)]
        chosen.append(taken[taken >= 0])
    all_chosen = np.concatenate(chosen)
    return i[all_chosen], j[all_chosen], nm[all_chosen]


def detection_scores(d: Detections) -> Values:
    """Return precision, TP / found; recall, TP / true; F1, 2 TP / (true + found); and mean distance, nm."""
    return {
        "true objects": d.true,
        "found objects": d.found,
        "matched": d.matched,
        "precision": ratio(d.matched, d.found, "nothing was found"),
        "recall": ratio(d.matched, d.true, "there is none in the truth"),
        "f1": ratio(2 * d.matched, d.true + d.found, "there is none, neither true nor found"),
        "distance": ratio(d.nm, d.matched, "nothing matches"),
    }
