"""The six classes of the EPFL6 convention, and how they relate.

``mitochondrion`` includes its boundary, ``mito_boundary`` ⊂ ``mitochondrion``, and everything else is
exclusive: a PSD or a sheath takes its pixels from the membrane. So the target is multi-label: one channel a
class.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from shapes.core.errors import UnknownNameError

CLASSES = ("mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath")
"""Channel order of every label array."""

COLOURS = {
    "mitochondrion": (60, 180, 75),
    "mito_boundary": (200, 60, 200),
    "membrane": (220, 50, 47),
    "psd": (240, 220, 60),
    "vesicle": (50, 110, 230),
    "sheath": (245, 140, 40),
}
"""RGB colour of each class in every picture that synthem draws."""

EXCLUSIVE_ORDER = ("mitochondrion", "mito_boundary", "membrane", "psd", "vesicle", "sheath")
"""One integer a pixel: later names lie on top; 0 is background, k + 1 the k-th name (nnU-Net's regions)."""


ALIASES = {
    "mito": "mitochondrion",
    "mitochondria": "mitochondrion",
    "mitochondrial boundary": "mito_boundary",
    "mitochondrial boundaries": "mito_boundary",
    "membranes": "membrane",
    "boundaries": "membrane",
    "boundary": "membrane",
    "synapse": "psd",
    "postsynaptic density": "psd",
    "vesicles": "vesicle",
    "axon": "sheath",
    "axon sheath": "sheath",
    "myelin": "sheath",
    "myelin sheath": "sheath",
}
"""What people also call the classes, in lower case."""


def channel(name: str) -> int:
    """Return the index of a class in ``CLASSES``; UnknownNameError for a name that is no class."""
    if name not in CLASSES:
        raise UnknownNameError("class", name, CLASSES, ALIASES)
    return CLASSES.index(name)


def channels(names: Iterable[str]) -> list[int]:
    """Return the indices of several classes in ``CLASSES``."""
    return [channel(name) for name in names]


def to_exclusive(labels: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Turn bool (6, ...) labels into one uint8 code a voxel, as ``EXCLUSIVE_ORDER`` says; 0 is background."""
    code = np.zeros(labels.shape[1:], np.uint8)
    for k, name in enumerate(EXCLUSIVE_ORDER):
        code[labels[channel(name)]] = k + 1
    return code


def from_exclusive(code: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Turn codes of ``to_exclusive`` back into bool (6, ...) labels; a boundary is mitochondrion again."""
    labels = np.stack([code == EXCLUSIVE_ORDER.index(name) + 1 for name in CLASSES])
    labels[channel("mitochondrion")] |= labels[channel("mito_boundary")]
    return labels
