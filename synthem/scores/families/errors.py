"""The family ``errors``: how near to true boundaries the wrong voxels lie."""

from synthem.scores.case import Case
from synthem.scores.error_places import Errors, count_errors, error_scores
from synthem.scores.families.base import Lengths, judged
from synthem.scores.values import Family, family


class ErrorPlaces:
    """Counts errors by their distance from a boundary."""

    def __init__(self, lengths: Lengths) -> None:
        self._errors: dict[str, Errors] = {}

    def add(self, case: Case) -> None:
        """Count those of one section or volume."""
        for cls in judged(case):
            own = count_errors(*case.masks(cls), case.skipped(cls))
            self._errors[cls] = self._errors.get(cls, Errors()) + own

    def family(self) -> Family:
        """Return the scores of all that was added."""
        rows = {cls: error_scores(own) for cls, own in self._errors.items()}
        units = dict.fromkeys(("false positives", "false negatives"), "voxels")
        return family("Errors, and the share of them near a true boundary", rows, units)
