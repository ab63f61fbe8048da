"""What is to be exported: cases, each a patch with a name and a part, and what is known of them all.

All data are read once before anything is written, so that a format can decide on classes and codes; each
patch is read once more when it is written, so that no more than one is in memory.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.data.hdf5 import BITS
from synthem.labels import CLASSES, channels
from synthem.patch import Patch

PARTS = ("train", "val", "test")
"""What a case is for."""


@dataclass(frozen=True)
class Case:
    """What is known of a patch without holding it.

    Attributes
    ----------
    index : int
        Where it stands in the data, or in those for testing.
    name : str
        A plain file name, which no other case has.
    part : str
        One of ``PARTS``.
    shape, voxel_nm, origin_nm : tuple
        Of its grid, (z, y, x).
    known : tuple of 6 bool
        Which classes are labelled.
    blank : tuple of int
        Sections in which none is.
    counts : mapping of int to int
        Voxels by the set of classes that they belong to, bit k for the k-th of ``synthem.CLASSES``, in the
        sections that are labelled.
    sha256 : str
        Of its image and labels.
    """

    index: int
    name: str
    part: str
    shape: tuple[int, int, int]
    voxel_nm: tuple[float, float, float]
    origin_nm: tuple[float, float, float]
    known: tuple[bool, ...]
    blank: tuple[int, ...]
    counts: Mapping[int, int]
    sha256: str

    @property
    def flat(self) -> bool:
        """Whether it is a single section."""
        return self.shape[0] == 1

    def labelled(self, classes: Sequence[str]) -> bool:
        """Tell whether every one of some classes is labelled."""
        return all(self.known[k] for k in channels(classes))


@dataclass(frozen=True)
class Job:
    """What a format is to write.

    Attributes
    ----------
    data, test : sequence of Patch
        Where the cases are read from; the latter are for testing.
    cases : tuple of Case
    name : str
        What the data are called: letters, digits, ``-`` and ``_``.
    classes : tuple of str or None
        The classes that were asked for, None where all are meant.
    options : mapping
        What the format alone takes, by name; what was not given is missing.
    """

    data: Sequence[Patch]
    test: Sequence[Patch]
    cases: tuple[Case, ...]
    name: str
    classes: tuple[str, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def patch(self, case: Case) -> Patch:
        """Read the patch of a case."""
        return (self.test if case.part == "test" else self.data)[case.index]


def bits_of(labels: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Turn bool (6, z, y, x) labels into uint8 (z, y, x), bit k for the k-th class."""
    code: npt.NDArray[np.uint8] = (labels * BITS).sum(0, dtype=np.uint8)
    return code


def look(data: Sequence[Patch], test: Sequence[Patch], tick: Callable[[int, int], None]) -> tuple[Case, ...]:
    """Read all data once, those for training and those for testing; ``tick`` takes this as the first half."""
    cases, taken = list[Case](), set[str]()
    for part, patches in (("train", data), ("test", test)):
        for index in range(len(patches)):
            patch = patches[index]
            name = _free(patch.name, index, taken)
            cases.append(_case(patch, index, name, part))
            tick(len(cases), 2 * (len(data) + len(test)))
    return tuple(cases)


def _free(name: str, index: int, taken: set[str]) -> str:
    """Return a plain file name that is not taken, and take it."""
    name = plain(name)
    found = name or f"patch-{index:06d}"
    while found.casefold() in taken:  # windows of one world are called alike
        found = f"{name or 'patch'}-{index:06d}" if not found.endswith(f"-{index:06d}") else f"{found}-b"
    taken.add(found.casefold())
    return found


def plain(name: str) -> str:
    """Return a name in letters, digits, ``-`` and ``_`` alone."""
    return re.sub(r"[^0-9A-Za-z_-]+", "_", name).strip("_")


def _case(patch: Patch, index: int, name: str, part: str) -> Case:
    code = bits_of(patch.labels)
    told = np.delete(code, patch.unlabelled, axis=0)
    counts = np.bincount(told.ravel(), minlength=1 << len(CLASSES))
    digest = sha256(repr((patch.grid, patch.known, patch.unlabelled)).encode())
    for array in (patch.image, code):
        digest.update(np.ascontiguousarray(array).data)
    return Case(
        index=index,
        name=name,
        part=part,
        shape=patch.grid.shape,
        voxel_nm=patch.grid.voxel_nm,
        origin_nm=patch.grid.origin_nm,
        known=patch.known,
        blank=patch.unlabelled,
        counts={int(k): int(counts[k]) for k in np.flatnonzero(counts)},
        sha256=digest.hexdigest(),
    )
