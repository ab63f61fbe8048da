"""The family ``morphology``: what biologists measure, with limits of agreement."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from synthem.scores.agreement import limits_of_agreement
from synthem.scores.case import Both, Case
from synthem.scores.detection import match_points
from synthem.scores.families.base import Lengths, judged
from synthem.scores.matching import overlaps
from synthem.scores.morphology import g_ratio, rings, vesicles_by_density
from synthem.scores.objects import Objects
from synthem.scores.partitions import contingency
from synthem.scores.values import Family, family

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

COUNTED = {"mitochondrion": "mitochondria", "psd": "densities", "vesicle": "vesicles", "sheath": "sheaths"}


class Morphology:
    """Gathers pairs of measurements: of objects that match, and of whole sections."""

    def __init__(self, lengths: Lengths) -> None:
        self._lengths = lengths
        self._pairs: dict[str, list[tuple[str, float, float]]] = {}

    def add(self, case: Case) -> None:
        """Measure one section or volume."""
        classes = judged(case)
        objects = {cls: case.objects(cls) for cls in COUNTED if cls in classes}
        where = "section" if case.flat else "volume"
        for cls, both in objects.items():
            numbers = [len(both.true.voxels)], [len(both.found.voxels)]
            self._pair(case, f"{COUNTED[cls]} per {where}", *numbers)
        if "mitochondrion" in classes:
            self._mitochondria(case, objects["mitochondrion"])
        if "psd" in classes:
            self._densities(case, objects["psd"], objects.get("vesicle"))
        if "sheath" in classes:
            self._sheaths(case)

    def _mitochondria(self, case: Case, both: Both) -> None:
        i, j = overlaps(both.table, both.true.voxels, both.found.voxels).matched()
        true, found = _figures(both.true, case), _figures(both.found, case)
        for name in true:
            self._pair(case, f"mitochondrion {name}", true[name][i - 1], found[name][j - 1])

    def _densities(self, case: Case, both: Both, vesicles: Both | None) -> None:
        within = self._lengths.distance_nm.get("psd", 100.0)
        i, j, _ = match_points(both.true.middle_nm, both.found.middle_nm, within)
        self._pair(case, "psd length, nm", both.true.axes_nm[i, -1], both.found.axes_nm[j, -1])
        if vesicles is not None:
            near = self._lengths.bouton_nm
            sides = ((both.true_ids, both.true, vesicles.true), (both.found_ids, both.found, vesicles.found))
            true, found = (
                vesicles_by_density(ids, len(own.voxels), ves.middle_nm, case.voxel_nm, near)
                for ids, own, ves in sides
            )
            self._pair(case, f"vesicles within {near:g} nm of a psd", true[i], found[j])

    def _sheaths(self, case: Case) -> None:
        for found, true in zip(*case.masks("sheath"), strict=True):
            (true_ids, *true_areas), (found_ids, *found_areas) = rings(true), rings(found)
            table = contingency(true_ids[None], found_ids[None])
            i, j = overlaps(
                table, *(np.bincount(ids.ravel(), minlength=len(a[0]) + 1)[1:] for ids, a in (
                    (true_ids, true_areas), (found_ids, found_areas)))
            ).matched()  # fmt: skip
            self._pair(case, "g-ratio of sheaths", g_ratio(*true_areas)[i - 1], g_ratio(*found_areas)[j - 1])

    def _pair(self, case: Case, name: str, true: Iterable[float], found: Iterable[float]) -> None:
        pairs = zip(map(float, true), map(float, found), strict=True)
        self._pairs.setdefault(name, []).extend((case.name, a, b) for a, b in pairs)

    def family(self) -> Family:
        """Return the scores of all that was added."""
        rows = {}
        for name, pairs in self._pairs.items():
            true, found = (np.array([pair[k] for pair in pairs], np.float64) for k in (1, 2))
            a = limits_of_agreement(true, found)
            rows[name] = {
                "pairs": a.number, "true mean": a.true, "found mean": a.found,
                "bias": a.bias, "sd": a.sd, "low": a.low, "high": a.high,
            }  # fmt: skip
        table = [
            {"measure": name, "name": where, "true": true, "found": found}
            for name, pairs in self._pairs.items()
            for where, true, found in pairs
        ]
        notes = (
            "bias: found − true; 95 % of differences lie from low to high (1.96 SD), if they are normal",
            "mitochondria and rings are paired above an IoU of .5, densities by their middles",
        )
        return family("Morphology, limits of agreement", rows, {}, notes, {"pairs": table})


def _figures(objects: Objects, case: Case) -> dict[str, Floats]:
    """Return size, diameter (of a circle or ball of that size) and axis ratio (of the ellipse) of objects."""
    z, y, x = case.voxel_nm
    if case.flat:
        area = objects.voxels * y * x
        size = {"area, µm²": area / 1e6, "diameter, nm": 2 * np.sqrt(area / np.pi)}
    else:
        volume = objects.voxels * z * y * x
        size = {"volume, µm³": volume / 1e9, "diameter, nm": np.cbrt(6 * volume / np.pi)}
    return size | {"axis ratio": objects.axes_nm[:, -1] / objects.axes_nm[:, 0]}
