"""Found objects against true ones: AP at thresholds of IoU, panoptic quality, aggregated Jaccard."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from synthem.scores.partitions import Contingency
from synthem.scores.values import Value, Values, ratio

THRESHOLDS = tuple(round(0.5 + 0.05 * k, 2) for k in range(10))
NONE = "there is no object, neither true nor found"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a true and a found object that overlap: their numbers, shared voxels, and IoU."""

    true: npt.NDArray[np.int64]
    found: npt.NDArray[np.int64]
    shared: npt.NDArray[np.int64]
    iou: npt.NDArray[np.float64]

    def matched(self, above: float = 0.5) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the numbers of the true and found objects that match: of an IoU above a half or more."""
        use = self.iou > above
        return self.true[use], self.found[use]


def overlaps(
    table: Contingency, true_voxels: npt.NDArray[np.int64], found_voxels: npt.NDArray[np.int64]
) -> Pairs:
    """Return the pairs of objects that overlap, given how many voxels each object has, by number from 1."""
    use = (table.true > 0) & (table.found > 0)
    i, j, shared = table.true[use], table.found[use], table.voxels[use]
    return Pairs(i, j, shared, shared / (true_voxels[i - 1] + found_voxels[j - 1] - shared))


@dataclass(frozen=True)
class Matches:
    """Counts of objects and matches; pooled by adding.

    Attributes
    ----------
    true, found : int
        Objects.
    hits : tuple of int
        Pairs of an IoU above each of ``THRESHOLDS``.
    iou : float
        Sum of the IoU of the pairs above a half.
    shared, joint : int
        Intersections and unions that the aggregated Jaccard index divides.
    """

    true: int = 0
    found: int = 0
    hits: tuple[int, ...] = field(default=(0,) * len(THRESHOLDS))
    iou: float = 0.0
    shared: int = 0
    joint: int = 0

    def __add__(self, more: "Matches") -> "Matches":
        return Matches(
            self.true + more.true,
            self.found + more.found,
            tuple(a + b for a, b in zip(self.hits, more.hits, strict=True)),
            self.iou + more.iou,
            self.shared + more.shared,
            self.joint + more.joint,
        )


def matches(pairs: Pairs, true_voxels: npt.NDArray[np.int64], found_voxels: npt.NDArray[np.int64]) -> Matches:
    """Count matches. Above an IoU of a half no object can match twice, so nothing is to be assigned."""
    # of each true object the found one of the largest IoU; of equals, the first
    order = np.lexsort((pairs.found, -pairs.iou, pairs.true))
    best = order[np.unique(pairs.true[order], return_index=True)[1]]
    i, j, shared = pairs.true[best], pairs.found[best], pairs.shared[best]
    unions = true_voxels[i - 1] + found_voxels[j - 1] - shared
    alone = true_voxels.sum() - true_voxels[i - 1].sum()
    unused = found_voxels.sum() - found_voxels[np.unique(j) - 1].sum()
    return Matches(
        len(true_voxels),
        len(found_voxels),
        tuple(int((pairs.iou > t).sum()) for t in THRESHOLDS),
        float(pairs.iou[pairs.iou > 0.5].sum()),
        int(shared.sum()),
        int(unions.sum() + alone + unused),
    )


def average_precisions(m: Matches) -> list[Value]:
    """Return TP / (TP + FP + FN) of objects at each of ``THRESHOLDS``."""
    return [ratio(tp, m.true + m.found - tp, NONE) for tp in m.hits]


def match_scores(m: Matches) -> Values:
    """Return the scores of objects.

    A found object is right (TP) where its intersection over union with a true one is above the threshold.

    ===============  =====================================================================================
    ``ap_50, _75``   TP / (TP + FP + FN) at IoU .5 and .75: average precision as for cells and nuclei, where
                     objects have no confidence (Data Science Bowl 2018; Stringer et al. 2021)
    ``map``          its mean over IoU .5, .55, …, .95
    ``pq``           panoptic quality, SQ × RQ (Kirillov et al. 2019)
    ``sq``           mean IoU of the matches above .5
    ``rq``           2 TP / (2 TP + FP + FN) at .5
    ``aji``          aggregated Jaccard index (Kumar et al. 2017): each true object with the found one of the
                     largest IoU; Σ intersections / (Σ unions + voxels of found objects that none took)
    ===============  =====================================================================================
    """
    steps = average_precisions(m)
    tp = m.hits[0]
    numbers = [float(s) for s in steps if isinstance(s, int | float)]
    return {
        "true objects": m.true,
        "found objects": m.found,
        "ap_50": steps[0],
        "ap_75": steps[THRESHOLDS.index(0.75)],
        "map": float(np.mean(numbers)) if numbers else steps[0],
        "pq": ratio(2 * m.iou, m.true + m.found, NONE),
        "sq": ratio(m.iou, tp, NONE if not m.true + m.found else "no object matches above an IoU of .5"),
        "rq": ratio(2 * tp, m.true + m.found, NONE),
        "aji": ratio(m.shared, m.joint, NONE),
    }
