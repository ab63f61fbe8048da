"""The family ``instances``: objects that were found against true ones, by intersection over union."""

from synthem.scores.case import Case
from synthem.scores.families.base import Lengths, with_objects
from synthem.scores.matching import THRESHOLDS, Matches, average_precisions, match_scores, matches, overlaps
from synthem.scores.values import Family, Undefined, family


class Instances:
    """Counts matches of objects."""

    def __init__(self, lengths: Lengths) -> None:
        self._matches: dict[str, Matches] = {}

    def add(self, case: Case) -> None:
        """Match the objects of one section or volume."""
        for cls in with_objects(case):
            both = case.objects(cls)
            sizes = both.true.voxels, both.found.voxels
            own = matches(overlaps(both.table, *sizes), *sizes)
            self._matches[cls] = self._matches.get(cls, Matches()) + own

    def family(self) -> Family:
        """Return the scores of all that was added."""
        steps = [
            {"class": cls, "iou": t, "ap": None if isinstance(ap, Undefined) else ap}
            for cls, own in self._matches.items()
            for t, ap in zip(THRESHOLDS, average_precisions(own), strict=True)
        ]
        rows = {cls: match_scores(own) for cls, own in self._matches.items()}
        notes = ("mitochondria that touch are parted by a watershed; other objects are connected components",)
        return family("Objects, by intersection over union", rows, {}, notes, {"ap": steps})
