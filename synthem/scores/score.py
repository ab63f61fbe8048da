"""All scores of masks: chosen families, case by case."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError, UnknownNameError
from shapes.core.frozen import Frozen
from synthem.labels import CLASSES
from synthem.scores.case import Case
from synthem.scores.families.base import Lengths, Scorer
from synthem.scores.families.detection import Detection
from synthem.scores.families.errors import ErrorPlaces
from synthem.scores.families.instances import Instances
from synthem.scores.families.morphology import Morphology
from synthem.scores.families.partitions import Partitions
from synthem.scores.families.pixels import Pixels
from synthem.scores.families.surfaces import Outlines
from synthem.scores.values import Family

FAMILIES: Mapping[str, Callable[[Lengths], Scorer]] = {
    "pixels": Pixels,
    "surfaces": Outlines,
    "partitions": Partitions,
    "instances": Instances,
    "detection": Detection,
    "morphology": Morphology,
    "errors": ErrorPlaces,
}
"""Every family of scores by the name that a person asks for it."""


class Sheet(Frozen):
    """Scores by family; as JSON by ``model_dump_json``."""

    families: dict[str, Family]
    cases: tuple[str, ...] = ()


class Scoring:
    """Scores sections or volumes one after the other, and holds none of them.

    Parameters
    ----------
    families : iterable of str
        Among ``FAMILIES``.
    lengths : Lengths
        Tolerances and distances in nanometres.
    """

    def __init__(self, families: Iterable[str] = tuple(FAMILIES), lengths: Lengths | None = None) -> None:
        chosen = family_names(families)
        self._scorers = {name: FAMILIES[name](lengths or Lengths()) for name in chosen}
        self._names: list[str] = []

    def add(self, case: Case) -> None:
        """Score one section or volume."""
        self._names.append(case.name)
        for scorer in self._scorers.values():
            scorer.add(case)

    def sheet(self) -> Sheet:
        """Return the scores of all that was added."""
        families = {name: scorer.family() for name, scorer in self._scorers.items()}
        return Sheet(families=families, cases=tuple(self._names))


def family_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return families, each once and in their order; ``all`` is every one.

    Raises
    ------
    UnknownNameError
        Where a name is of none.
    """
    asked = [name for part in names if (name := part.strip())]
    for name in asked:
        if name != "all" and name not in FAMILIES:
            raise UnknownNameError("family of scores", name, (*FAMILIES, "all"))
    if not asked:
        raise InputError(
            f"scores: name families, such as pixels,surfaces, or all; there are {', '.join(FAMILIES)}"
        )
    return tuple(name for name in FAMILIES if name in asked or "all" in asked)


def score_masks(
    predicted: npt.NDArray[np.bool_],
    true: npt.NDArray[np.bool_],
    voxel_nm: tuple[float, float, float],
    classes: Sequence[str] = CLASSES,
    probabilities: npt.NDArray[Any] | None = None,
    *,
    families: Iterable[str] = tuple(FAMILIES),
    ignored: npt.NDArray[np.bool_] | None = None,
    known: npt.NDArray[np.bool_] | None = None,
    lengths: Lengths | None = None,
) -> Sheet:
    """Score the masks of one section or volume: ``sheet.families["pixels"].scores["psd"]["recall"]``.

    For several, add a ``Case`` of each to a ``Scoring``.

    Parameters
    ----------
    predicted, true : bool (class, z, y, x)
        A depth of one is a section. ``numpy.memmap`` will do: volumes are looked at in slabs.
    voxel_nm : tuple of float
        Edges of a voxel (z, y, x), nm.
    classes : sequence of str
        Of the channels.
    probabilities : float (class, z, y, x), optional
        0–1; adds average precision and curves.
    families : iterable of str
        Among ``FAMILIES``.
    ignored : bool (z, y, x), optional
        Voxels that are left out.
    known : bool (class, z), optional
        Which classes are labelled in which sections.
    lengths : Lengths, optional
        Tolerances and distances.

    Returns
    -------
    Sheet
        A score that is undefined is None, and ``why`` says why.

    Raises
    ------
    InputError
        Where shapes do not fit.
    UnknownNameError
        Where there is no such family.
    """
    scoring = Scoring(families, lengths)
    scoring.add(Case(predicted, true, tuple(classes), voxel_nm, known, ignored, probabilities))
    return scoring.sheet()
