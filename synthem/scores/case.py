"""One image or volume to score: what was found beside what is true, and what of it is judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.labels import channel
from synthem.scores.instances import objects_of
from synthem.scores.objects import Objects, measured
from synthem.scores.partitions import Contingency, contingency
from synthem.scores.slabs import Ids

Bools = npt.NDArray[np.bool_]
Triple = tuple[float, float, float]

KEPT_VX = 2**25
"""Objects of images of no more voxels are kept while all families of scores ask for them."""


@dataclass(frozen=True, eq=False)
class Both:
    """The objects of one class, true and found, and how they overlap."""

    true_ids: Ids
    found_ids: Ids
    true: Objects
    found: Objects
    table: Contingency


@dataclass(frozen=True, eq=False)
class Case:
    """Masks that were found, and true ones.

    Attributes
    ----------
    found, true : bool (class, z, y, x)
        A depth of one is a section. Any array that is read by slices will do, such as ``numpy.memmap``.
    classes : tuple of str
        Of the channels.
    voxel_nm : tuple of float
        Edges of a voxel (z, y, x).
    known : bool (class, z), optional
        Which classes are labelled in which sections; all, if left out.
    ignored : bool (z, y, x), optional
        Voxels of which nobody said what they are.
    probabilities : float32 (class, z, y, x), optional
    image : uint8 (z, y, x), optional
        For maps of errors alone.
    name : str
    """

    found: Bools
    true: Bools
    classes: tuple[str, ...]
    voxel_nm: Triple
    known: Bools | None = None
    ignored: Bools | None = None
    probabilities: npt.NDArray[Any] | None = None
    image: npt.NDArray[np.uint8] | None = None
    name: str = ""
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        count, shape = len(self.classes), self.true.shape
        if len(shape) != 4 or shape[0] != count or self.found.shape != shape:
            raise InputError(
                f"scores{f' of {self.name}' if self.name else ''}: found and true masks must both be of "
                f"shape (class, z, y, x) with {count} classes, not {self.found.shape} and {shape}"
            )
        others: list[tuple[str, npt.NDArray[Any] | None, tuple[int, ...]]]
        others = [("ignored", self.ignored, shape[1:]), ("known", self.known, shape[:2])]
        others += [("probabilities", self.probabilities, shape), ("image", self.image, shape[1:])]
        for name, array, want in others:
            if array is not None and array.shape != want:
                raise InputError(f"scores: {name} must be of shape {want}, not {array.shape}")
        if not all(0 < edge < np.inf for edge in self.voxel_nm):
            raise InputError(f"scores: voxel edges must be above 0 nm, not {self.voxel_nm}")

    @property
    def flat(self) -> bool:
        """Whether this is a section."""
        return len(self.true[0]) == 1

    def knows(self, cls: str) -> bool:
        """Tell whether a class is labelled anywhere."""
        if cls not in self.classes:
            return False
        return self.known is None or bool(self.known[channel(cls, self.classes)].any())

    def skipped(self, cls: str) -> Bools | None:
        """Return the voxels in which nobody judges a class, bool (z, y, x); None where there are none."""
        known = None if self.known is None else self.known[channel(cls, self.classes)]
        if known is None or known.all():
            return self.ignored
        blank = np.broadcast_to(~known[:, None, None], self.true.shape[1:])
        return blank if self.ignored is None else blank | self.ignored

    def masks(self, cls: str) -> tuple[Bools, Bools]:
        """Return what was found of a class and what is true, bool (z, y, x); nothing where it is skipped."""
        k, skipped = channel(cls, self.classes), self.skipped(cls)
        if skipped is None:
            return self.found[k], self.true[k]
        return self.found[k] & ~skipped, self.true[k] & ~skipped

    def objects(self, cls: str) -> Both:
        """Return the objects of a class: see ``synthem.scores.instances``."""
        if cls in self._kept:
            kept: Both = self._kept[cls]
            return kept
        true_ids, n = objects_of(cls, self._reader(1), self.voxel_nm)
        found_ids, m = objects_of(cls, self._reader(0), self.voxel_nm)
        both = Both(
            true_ids,
            found_ids,
            measured(true_ids, n, self.voxel_nm),
            measured(found_ids, m, self.voxel_nm),
            contingency(true_ids, found_ids),
        )
        if prod(self.true.shape[1:]) <= KEPT_VX:
            self._kept[cls] = both
        return both

    def _reader(self, which: int) -> Callable[[str], Bools | None]:
        return lambda cls: self.masks(cls)[which] if self.knows(cls) else None
