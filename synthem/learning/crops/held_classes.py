"""Which classes a set of patches holds, and which a network can learn from it.

A class that patches are labelled for, but hold no more of than a few stray pixels, is absent from them. In a
mixture it can be unlabelled in the crops of that source, for from crops that are silent about a class a new
network learns to tell the two sources apart, and to find the class in the other one alone. A network that
knows the class before keeps it by a second source that shows it, and learns from silence where it is not:
it took a quarter as many real pixels for sheath (the trials in ``docs/measured.md``).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.patch import Patch, classes_of

Absent = Literal["unlabelled", "silent"]

STRAY_SHARE = 1e-5
"""A class is absent where it fills at most this share of the pixels that are labelled for it. In the training
half of EPFL6's split ``rare``, 15 stray pixels of sheath are 5e-7; one PSD of median size, 574 pixels, would
be 2e-5 there."""

SPARED = 0.1
"""Weight, in crops of a second source, of a class that the first one teaches. With a weight of 1 synthetic
PSDs blunted what real ones taught: see the trials in ``docs/measured.md``."""


def held_pixels(
    patches: Sequence[Patch], classes: Sequence[str]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count the voxels of each class, and those that are labelled for it, each int64 (class,)."""
    held, labelled = (np.zeros(len(classes), np.int64) for _ in range(2))
    for patch in patches:
        for k, name in enumerate(classes):
            if patch.knows(name):
                held[k] += int(patch.mask(name).sum())
                labelled[k] += patch.image.size
    return held, labelled


def without_absent(patches: Sequence[Patch]) -> list[Patch]:
    """Mark the classes that are absent from all of the patches as unlabelled."""
    classes = classes_of(patches)
    every = _absent(*held_pixels(patches, classes))
    absent = {name for name, gone in zip(classes, every, strict=True) if gone}
    return [
        replace(p, known=tuple(k and name not in absent for name, k in zip(p.classes, p.known, strict=True)))
        for p in patches
    ]


def spared_weights(patches: Sequence[Patch]) -> dict[str, float]:
    """Return what classes weigh in crops of a second source, where these patches are the first.

    A class that they hold weighs ``SPARED``; one that is absent or unlabelled there is left out: it weighs 1.
    """
    classes = classes_of(patches)
    held, labelled = held_pixels(patches, classes)
    absent = _absent(held, labelled)
    return {name: SPARED for name, n, gone in zip(classes, labelled, absent, strict=True) if n and not gone}


def absence_notes(patches: Sequence[Patch], what: str) -> list[str]:
    """Say for each class that the patches are labelled for, but do not hold, how much there is of it."""
    classes = classes_of(patches)
    held, labelled = held_pixels(patches, classes)
    return [
        f"{name}: absent from the {what}, which hold "
        + (f"{n} stray pixels" if n else "none")
        + f" in {of:,} labelled ones (at most {STRAY_SHARE:g} of them counts as absent)"
        for name, n, of, absent in zip(classes, held, labelled, _absent(held, labelled), strict=True)
        if absent
    ]


def learned_classes(patches: Sequence[Patch], classes: Sequence[str]) -> tuple[str, ...]:
    """Return those of the classes that any patch to train on is labelled for.

    Raises
    ------
    InputError
        Where none is, or no voxel of any of them is there to learn from.
    """
    held, labelled = held_pixels(patches, classes)
    if not held.any():
        why = "hold no voxel of it" if labelled.any() else "are labelled for none of it"
        raise InputError(
            f"training: there is nothing to learn: {len(patches)} patches to train on {why} "
            f"({', '.join(classes)})"
        )
    return tuple(name for name, n in zip(classes, labelled, strict=True) if n)


def blank_dice(validation: Sequence[Patch], classes: Sequence[str]) -> str:
    """Say of which classes a validation holds no labelled voxel: their Dice is blank; "" if of none."""
    held = held_pixels(validation, classes)[0]
    blank = [name for name, n in zip(classes, held, strict=True) if not n]
    if not blank:
        return ""
    every = " The last model is kept, for none can be called the best." if len(blank) == len(classes) else ""
    return (
        f"what is held out for validation ({', '.join(p.name or 'a part' for p in validation[:3])}"
        f"{', …' if len(validation) > 3 else ''}) holds no labelled voxel of {', '.join(blank)}: "
        f"its Dice stays blank.{every}"
    )


def _absent(held: npt.NDArray[np.int64], labelled: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell which classes are labelled, but held by no more than stray pixels."""
    absent: npt.NDArray[np.bool_] = (labelled > 0) & (held <= STRAY_SHARE * labelled)
    return absent
