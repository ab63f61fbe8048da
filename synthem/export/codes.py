"""Label maps of integers: a code for each class, and one for each overlap of classes that data hold.

Where a boundary is part of its mitochondrion, that is no overlap; so of labels without others these are the
codes of ``synthem.labels.to_exclusive``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthem.export.job import Case, bits_of
from synthem.labels import CLASSES, EXCLUSIVE_ORDER, channel
from synthem.patch import Patch


@dataclass(frozen=True, eq=False)
class Codes:
    """Which code stands for which set of classes.

    Attributes
    ----------
    classes : tuple of str
        In the order of ``EXCLUSIVE_ORDER``; the k-th has code k + 1 of its own.
    sets : tuple of tuple of str
        The classes that each code says, by code; the first, of background, says none.
    table : uint8 (64,)
        The code of each set of classes, bit k for the k-th of ``synthem.CLASSES``.
    overlaps : mapping of int to int
        Voxels of each code beyond those of the classes.
    """

    classes: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    table: npt.NDArray[np.uint8]
    overlaps: Mapping[int, int]

    @property
    def unknown(self) -> int:
        """The code of what is not labelled: one more than the last."""
        return len(self.sets)

    def region(self, cls: str) -> list[int]:
        """Return the codes that say a class."""
        return [code for code, said in enumerate(self.sets) if cls in said]

    def encode(self, patch: Patch, unknown: int | None = None) -> npt.NDArray[np.uint8]:
        """Return the label map of a patch, uint8 (z, y, x); ``unknown`` where sections are unlabelled."""
        code = self.table[bits_of(patch.labels)]
        if patch.unlabelled:
            code[list(patch.unlabelled)] = self.unknown if unknown is None else unknown
        return code

    def rows(self) -> str:
        """Return a line of a Markdown table for each code: what it says."""
        said = (", ".join(names) or "background" for names in self.sets)
        return "\n".join(f"| {code} | {names} |" for code, names in enumerate(said))

    def decode(self, code: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Turn a label map back into bool (6, …) labels; what is unknown is of no class."""
        return np.stack([np.isin(code, self.region(cls)) for cls in CLASSES])


def make_codes(classes: Iterable[str], cases: Iterable[Case], overlaps: bool = True) -> Codes:
    """Choose codes for classes and, if wanted, for each of their overlaps in these cases.

    Without codes of their own, overlaps get that of the last of their classes in ``EXCLUSIVE_ORDER``.
    """
    chosen = [cls for cls in EXCLUSIVE_ORDER if cls in set(classes)]
    mask = sum(1 << channel(cls) for cls in chosen)
    counts: dict[int, int] = {}
    for case in cases:
        for bits, count in case.counts.items():
            counts[bits & mask] = counts.get(bits & mask, 0) + count
    code_of = {0: 0} | {_own(cls, mask): k + 1 for k, cls in enumerate(chosen)}
    others = sorted(set(counts) - set(code_of))
    beyond: dict[int, int] = {}
    sets = [_names(bits) for bits in code_of]
    for bits in others:
        last = max(k + 1 for k, cls in enumerate(chosen) if cls in _names(bits))
        code = len(sets) if overlaps else last
        beyond[code] = beyond.get(code, 0) + counts[bits]
        code_of[bits] = code
        if overlaps:
            sets.append(_names(bits))
    table = np.array([code_of.get(bits & mask, 0) for bits in range(1 << len(CLASSES))], np.uint8)
    return Codes(tuple(chosen), tuple(sets), table, beyond)


def _own(cls: str, mask: int) -> int:
    """Return the bits of a voxel that is of a class and of no other, its mitochondrion aside."""
    bits = 1 << channel(cls)
    return bits | (1 << channel("mitochondrion") & mask if cls == "mito_boundary" else 0)


def _names(bits: int) -> tuple[str, ...]:
    return tuple(cls for cls in EXCLUSIVE_ORDER if bits >> channel(cls) & 1)
