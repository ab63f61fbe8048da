"""What every family of scores offers, and the lengths that scores depend on."""

from typing import Protocol

from pydantic import Field, PositiveFloat

from shapes.core.frozen import Frozen
from synthem.scores.case import Case
from synthem.scores.surfaces import CAP_NM
from synthem.scores.values import Family

LINES = ("membrane", "mito_boundary")
"""Classes that are no objects."""


class Lengths(Frozen):
    """Lengths in nanometres that decide what counts as right.

    Attributes
    ----------
    tolerance_nm : float
        Outlines that are no farther apart agree (boundary Dice): two pixels of 5 nm, as annotators differ.
    cap_nm : float
        Outlines that are farther apart count as so far.
    distance_nm : dict of str to float
        Of which classes objects are matched by their middles, and within what distance: half the diameter
        of a vesicle (35–50 nm), and half of a short density (200 nm).
    bouton_nm : float
        Vesicles that are no farther from a density are of its bouton.
    """

    tolerance_nm: PositiveFloat = 10.0
    cap_nm: PositiveFloat = CAP_NM
    distance_nm: dict[str, PositiveFloat] = Field(default_factory=lambda: {"psd": 100.0, "vesicle": 20.0})
    bouton_nm: PositiveFloat = 300.0


class Scorer(Protocol):
    """Scores cases of one kind of score; what is counted is pooled, and divided at the end."""

    def add(self, case: Case) -> None:
        """Count one section or volume."""

    def family(self) -> Family:
        """Return the scores of all that was added."""


def judged(case: Case) -> tuple[str, ...]:
    """Return the classes of a case that are labelled."""
    return tuple(name for name in case.classes if case.knows(name))


def with_objects(case: Case) -> tuple[str, ...]:
    """Return those of them that are made of objects."""
    return tuple(name for name in judged(case) if name not in LINES)


def sections(flat: bool, number: int) -> str:
    """Say how many sections, or volumes, there are."""
    return f"{number} {'section' if flat else 'volume'}{'s' * (number != 1)}"
