"""The family ``partitions``: neurites between membranes, and objects, as parts of space."""

import numpy as np

from synthem.scores.case import Case
from synthem.scores.families.base import Lengths, judged, sections, with_objects
from synthem.scores.instances import cells, grown
from synthem.scores.partitions import contingency, partition_scores
from synthem.scores.values import Family, Value, Values, family, mean_of, ratio
from synthem.scores.warping import warped


class Partitions:
    """Scores each section or volume on its own, and takes the mean of them, as ISBI 2012 does."""

    def __init__(self, lengths: Lengths) -> None:
        self._scores: dict[str, list[Values]] = {}
        self._wrong = self._pixels = 0
        self._flat = True

    def add(self, case: Case) -> None:
        """Score one section or volume."""
        self._flat &= case.flat
        if "membrane" in judged(case):
            found, true = case.masks("membrane")
            skipped = case.skipped("membrane")
            true_cells, _ = cells(true, skipped)
            table = contingency(true_cells, grown(cells(found, skipped)[0], skipped))
            self._scores.setdefault("neurites", []).append(partition_scores(table))
            for z in range(len(true)):
                blank = None if skipped is None else skipped[z]
                left = warped(~true[z], ~found[z], blank) != ~found[z]
                judged_here = np.ones(left.shape, bool) if blank is None else ~blank
                self._wrong += int((left & judged_here).sum())
                self._pixels += int(judged_here.sum())
        for cls in with_objects(case):
            self._scores.setdefault(cls, []).append(partition_scores(case.objects(cls).table))

    def family(self) -> Family:
        """Return the scores of all that was added."""
        rows: dict[str, Values] = {}
        for of, scores in self._scores.items():
            rows[of] = {name: mean_of([one[name] for one in scores], "") for name in scores[0]}
        if "neurites" in rows:
            error: Value = ratio(self._wrong, self._pixels, "nothing is judged")
            rows["neurites"]["warping_error"] = error
        number = max((len(scores) for scores in self._scores.values()), default=0)
        notes = (
            f"mean over those of {sections(self._flat, number)} that hold an object, of true objects' pixels",
            "neurites: what is between membranes; those that were found grow until they meet",
        )
        units = dict.fromkeys(("vi", "vi_split", "vi_merge"), "bits")
        return family("Partitions", rows, units, notes)
