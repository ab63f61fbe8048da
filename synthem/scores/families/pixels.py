"""The family ``pixels``: counts of voxels by class, and with probabilities average precision."""

import numpy as np

from synthem.scores.case import Case
from synthem.scores.counts import Counts
from synthem.scores.curve import Curve, average_precision, curve_of, points
from synthem.scores.families.base import Lengths, judged
from synthem.scores.pixels import pixel_scores
from synthem.scores.slabs import slabs
from synthem.scores.values import Family, Values, family


class Pixels:
    """Counts voxels and probabilities."""

    def __init__(self, lengths: Lengths) -> None:
        self._counts: dict[str, Counts] = {}
        self._voxels: dict[str, int] = {}
        self._curves: dict[str, Curve] = {}

    def add(self, case: Case) -> None:
        """Count one section or volume."""
        for cls in judged(case):
            found, true = case.masks(cls)
            skipped = case.skipped(cls)
            tp = sum(int(np.count_nonzero(found[s] & true[s])) for s in slabs(true.shape))
            p, t = (sum(int(np.count_nonzero(m[s])) for s in slabs(m.shape)) for m in (found, true))
            counts = Counts(*(np.array([n], np.int64) for n in (tp, p - tp, t - tp)))
            self._counts[cls] = self._counts.get(cls, Counts.zero(1)) + counts
            blank = 0 if skipped is None else int(np.count_nonzero(skipped))
            self._voxels[cls] = self._voxels.get(cls, 0) + true.size - blank
            if case.probabilities is not None:
                given = case.probabilities[case.classes.index(cls)]
                self._curves[cls] = self._curves.get(cls, Curve.zero()) + curve_of(given, true, skipped)

    def family(self) -> Family:
        """Return the scores of all that was added."""
        rows: dict[str, Values] = {}
        for cls, counts in self._counts.items():
            (rows[cls],) = pixel_scores(counts, [self._voxels[cls]])
            if cls in self._curves:
                rows[cls]["average_precision"] = average_precision(self._curves[cls])
        return family(
            "Pixels, of the counts of all sections together",
            rows,
            {"support": "voxels", "found": "voxels"},
            tables={f"curve {cls}": list(points(curve)) for cls, curve in self._curves.items()},
        )
