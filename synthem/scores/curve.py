"""Precision and recall at every threshold, and average precision, from histograms of probabilities."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from synthem.scores.slabs import slabs
from synthem.scores.values import Undefined, Value

LEVELS, STEPS = 1000, 40
"""Probabilities are told apart by their logit, in steps of a fortieth from −12.5 to 12.5, for networks
give most voxels probabilities near 0 or 1."""


@dataclass(frozen=True, eq=False)
class Curve:
    """How often each probability was given to voxels of a class, and to others; pooled by adding.

    Attributes
    ----------
    true, other : int64 (LEVELS + 1,)
        Voxels whose probability is that of their place: see ``threshold_of``.
    """

    true: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]

    def __add__(self, more: "Curve") -> "Curve":
        return Curve(self.true + more.true, self.other + more.other)

    @classmethod
    def zero(cls) -> "Curve":
        """Return a curve of no voxel."""
        return cls(np.zeros(LEVELS + 1, np.int64), np.zeros(LEVELS + 1, np.int64))


def curve_of(
    probability: npt.NDArray[np.floating[Any]],
    true: npt.NDArray[np.bool_],
    skipped: npt.NDArray[np.bool_] | None = None,
) -> Curve:
    """Count probabilities (z, y, x), 0–1, of one class, but for voxels that are skipped."""
    out = Curve.zero()
    for part in slabs(true.shape):
        logits = np.clip(logit(probability[part]) * STEPS, -LEVELS // 2, LEVELS // 2)
        level = (np.rint(logits) + LEVELS // 2).astype(np.int16)
        yes, no = true[part], ~true[part]
        if skipped is not None:
            yes, no = yes & ~skipped[part], no & ~skipped[part]
        out += Curve(*(np.bincount(level[of], minlength=LEVELS + 1) for of in (yes, no)))
    return out


def threshold_of(level: int) -> float:
    """Return the probability that a level stands for."""
    return float(expit((level - LEVELS // 2) / STEPS))


def points(curve: Curve) -> list[dict[str, float]]:
    """Return threshold, precision and recall wherever they change, from the highest threshold down.

    Found at a threshold are the voxels of at least that probability. Empty where the truth holds none.
    """
    total = int(curve.true.sum())
    tp, fp = (np.cumsum(a[::-1]) for a in (curve.true, curve.other))
    change = (curve.true + curve.other)[::-1] > 0
    if not total:
        return []
    return [
        {
            "threshold": threshold_of(LEVELS - int(k)),
            "precision": float(tp[k] / (tp[k] + fp[k])),
            "recall": float(tp[k] / total),
        }
        for k in np.flatnonzero(change)
    ]


def average_precision(curve: Curve) -> Value:
    """Return Σ (R_n − R_{n−1}) P_n over thresholds from high to low: the area under the curve, in steps.

    As ``sklearn.metrics.average_precision_score`` has it, of probabilities that are rounded so.
    """
    line = points(curve)
    if not line:
        return Undefined("there is none in the truth")
    recall = np.array([0.0, *(p["recall"] for p in line)])
    return float(np.sum(np.diff(recall) * [p["precision"] for p in line]))
