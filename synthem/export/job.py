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

from synthem.labels import CLASSES, channel, channels, to_bits
from synthem.patch import Patch, classes_of

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
    known : tuple of bool
        Which classes are labelled.
    blank : tuple of int
        Sections in which none is.
    counts : mapping of int to int
        Voxels by the set of classes that they belong to, bit k for the k-th of ``classes``, in the sections
        that are labelled.
    sha256 : str
        Of its image and labels.
    classes : tuple of str
        What the data can be labelled for: the same in all cases.
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
    classes: tuple[str, ...] = CLASSES

    @property
    def flat(self) -> bool:
        """Whether it is a single section."""
        return self.shape[0] == 1

    def labelled(self, classes: Sequence[str]) -> bool:
        """Tell whether every one of some classes is labelled."""
        return all(self.known[k] for k in channels(classes, self.classes))

    def voxels(self, name: str) -> int:
        """Return how many voxels are of a class."""
        k = channel(name, self.classes)
        return sum(n for bits, n in self.counts.items() if bits >> k & 1)


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
        """Read the patch of a case, in the channels of the job."""
        return (self.test if case.part == "test" else self.data)[case.index].of(self.channels)

    @property
    def channels(self) -> tuple[str, ...]:
        """What the data can be labelled for, in the order of the patches' channels."""
        return self.cases[0].classes


def look(data: Sequence[Patch], test: Sequence[Patch], tick: Callable[[int, int], None]) -> tuple[Case, ...]:
    """Read all data once, those for training and those for testing; ``tick`` takes this as the first half."""
    cases, taken, classes = list[Case](), set[str](), classes_of(data, test)
    for part, patches in (("train", data), ("test", test)):
        for index in range(len(patches)):
            patch = patches[index]
            name = _free(patch.name, index, taken)
            cases.append(_case(patch.of(classes), index, name, part))
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
    code = to_bits(patch.labels)
    told = np.delete(code, patch.unlabelled, axis=0)
    counts = np.bincount(told.ravel())
    more = () if patch.classes == CLASSES else (patch.classes,)
    digest = sha256(repr((patch.grid, patch.known, patch.unlabelled, *more)).encode())
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
        classes=patch.classes,
    )
