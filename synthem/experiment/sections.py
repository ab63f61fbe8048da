"""Which of the real sections an arm may learn from, where it is to have but a few."""

from collections.abc import Sequence

from shapes.core.errors import InputError
from synthem.patch import Patch


def labelled_sections(half: Sequence[Patch]) -> list[Patch]:
    """Return the sections in which any class is labelled."""
    return [patch for patch in half if any(patch.known)]


def spread_sections(half: Sequence[Patch], number: int) -> list[Patch]:
    """Choose labelled sections that are spread evenly: the middle one of each of ``number`` equal parts.

    Neighbours are near copies of each other, so what is far apart says most. The sections of a number are
    among those of its odd multiples: those of 1 among those of 3, and these among those of 9.

    Parameters
    ----------
    half : sequence of Patch
        In the order in which they lie in the tissue.
    number : int
        At least 1.

    Raises
    ------
    InputError
        Where there are not so many.
    """
    labelled = labelled_sections(half)
    if number > len(labelled):
        there = f"the training half holds {len(labelled)} labelled ones"
        raise InputError(f"real_sections: {number} are asked for, and {there}")
    return [labelled[(2 * k + 1) * len(labelled) // (2 * number)] for k in range(number)]
