"""The family ``detection``: small objects that are found within a distance of where they are."""

from synthem.scores.case import Case
from synthem.scores.detection import Detections, detection_scores, match_points
from synthem.scores.families.base import Lengths, with_objects
from synthem.scores.values import Family, family


class Detection:
    """Counts matches of objects' middles."""

    def __init__(self, lengths: Lengths) -> None:
        self._within = lengths.distance_nm
        self._counts: dict[str, Detections] = {}

    def add(self, case: Case) -> None:
        """Match the objects of one section or volume."""
        for cls in with_objects(case):
            if cls in self._within:
                both = case.objects(cls)
                *_, nm = match_points(both.true.middle_nm, both.found.middle_nm, self._within[cls])
                own = Detections(len(both.true.voxels), len(both.found.voxels), len(nm), float(nm.sum()))
                self._counts[cls] = self._counts.get(cls, Detections()) + own

    def family(self) -> Family:
        """Return the scores of all that was added."""
        rows = {cls: detection_scores(own) for cls, own in self._counts.items()}
        said = ", ".join(f"{cls} {self._within[cls]:g} nm" for cls in rows)
        notes = (f"an object is found where a middle lies within {said}",) if rows else ()
        return family("Detection, by distance", rows, {"distance": "nm"}, notes)
