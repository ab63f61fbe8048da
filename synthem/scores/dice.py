"""Dice and Jaccard of pooled counts, with the support that says what they rest on."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from synthem.scores.counts import Counts

Scores = dict[str, dict[str, float | int | None]]
Floats = npt.NDArray[np.float64]


def dice(counts: Counts) -> Floats:
    """2 TP / (2 TP + FP + FN) per class; NaN where a class is in neither truth nor prediction."""
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def jaccard(counts: Counts) -> Floats:
    """TP / (TP + FP + FN) per class; NaN where a class is in neither truth nor prediction."""
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def mean_dice(counts: Counts) -> float:
    """Mean Dice over the classes that the truth holds; NaN if it holds none."""
    held = dice(counts)[counts.support > 0]
    return float(held.mean()) if len(held) else math.nan


def score_table(counts: Counts, classes: Sequence[str]) -> Scores:
    """Per class: ``dice``, ``jaccard``, ``support`` and ``predicted`` (voxels); plain numbers, None for NaN.

    JSON knows no NaN, so an undefined score is null there.
    """
    columns = (dice(counts), jaccard(counts))
    return {
        name: {
            "dice": _plain(columns[0][k]),
            "jaccard": _plain(columns[1][k]),
            "support": int(counts.support[k]),
            "predicted": int(counts.predicted[k]),
        }
        for k, name in enumerate(classes)
    }


def _ratio(above: npt.NDArray[np.int64], below: npt.NDArray[np.int64]) -> Floats:
    out = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
