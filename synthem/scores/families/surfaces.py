"""The family ``surfaces``: outlines in nanometres, and centre lines of membranes."""

from synthem.scores.case import Case
from synthem.scores.centreline import CentreLines, centre_lines, centreline_dice
from synthem.scores.families.base import Lengths, judged
from synthem.scores.surfaces import Surfaces, average_distance, boundary_dice, hausdorff95, surface_distances
from synthem.scores.values import Family, Values, family

LINED = "membrane"


class Outlines:
    """Gathers distances between outlines, and centre lines."""

    def __init__(self, lengths: Lengths) -> None:
        self._lengths = lengths
        self._surfaces: dict[str, Surfaces] = {}
        self._lines: CentreLines | None = None

    def add(self, case: Case) -> None:
        """Measure one section or volume."""
        for cls in judged(case):
            found, true = case.masks(cls)
            own = surface_distances(
                found, true, case.voxel_nm, skipped=case.skipped(cls), cap_nm=self._lengths.cap_nm
            )
            self._surfaces[cls] = self._surfaces.get(cls, Surfaces.none()) + own
            if cls == LINED:
                self._lines = (self._lines or CentreLines()) + centre_lines(found, true)

    def family(self) -> Family:
        """Return the scores of all that was added."""
        lengths, rows = self._lengths, dict[str, Values]()
        for cls, own in self._surfaces.items():
            rows[cls] = {
                "boundary_dice": boundary_dice(own, lengths.tolerance_nm),
                "hausdorff_95": hausdorff95(own, lengths.cap_nm),
                "average_distance": average_distance(own),
            }
            if cls == LINED and self._lines is not None:
                rows[cls]["centreline_dice"] = centreline_dice(self._lines)
        notes = (
            f"boundary Dice: outlines that are at most {lengths.tolerance_nm:g} nm apart agree",
            f"distances beyond {lengths.cap_nm:g} nm count as that",
        )
        return family("Outlines", rows, {"hausdorff_95": "nm", "average_distance": "nm"}, notes)
