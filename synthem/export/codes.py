"""Label maps of integers: a code for each class, and one for each overlap of classes that data hold.

Where a boundary is part of its mitochondrion, that is no overlap; so of labels without others these are the
codes of ``synthem.labels.to_exclusive``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.export.job import Case
from synthem.labels import CLASSES, channels, exclusive, to_bits
from synthem.patch import Patch

MOST_CODES = 254
"""Codes of a label map of 8 bits; one more says that nobody knows, and one that it is to be ignored."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Which code stands for which set of classes.

    Attributes
    ----------
    classes : tuple of str
        In the order in which they lie over one another; the k-th has code k + 1 of its own.
    sets : tuple of tuple of str
        The classes that each code says, by code; the first, of background, says none.
    channels : tuple of str
        The classes of the patches, in their order.
    code_of : mapping of int to int
        The code of each set of ``classes`` that is found, bit k for the k-th of ``channels``.
    overlaps : mapping of int to int
        Voxels of each code beyond those of the classes.
    """

    classes: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    channels: tuple[str, ...]
    code_of: Mapping[int, int]
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
        mask = _mask(self.classes, self.channels)
        table = np.zeros(mask + 1, np.uint8)
        table[list(self.code_of)] = list(self.code_of.values())
        bits = to_bits(patch.labels_of(self.channels))
        code: npt.NDArray[np.uint8] = table[bits & bits.dtype.type(mask)]
        if patch.unlabelled:
            code[list(patch.unlabelled)] = self.unknown if unknown is None else unknown
        return code

    def rows(self) -> str:
        """Return a line of a Markdown table for each code: what it says."""
        said = (", ".join(names) or "background" for names in self.sets)
        return "\n".join(f"| {code} | {names} |" for code, names in enumerate(said))

    def decode(self, code: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Turn a label map back into bool (class, …) labels; what is unknown is of no class."""
        return np.stack([np.isin(code, self.region(cls)) for cls in self.channels])

    def of(self, bits: int) -> int:
        """Return the code of a set of classes."""
        return self.code_of.get(bits & _mask(self.classes, self.channels), 0)


def make_codes(classes: Iterable[str], cases: Iterable[Case], overlaps: bool = True) -> Codes:
    """Choose codes for classes and, if wanted, for each of their overlaps in these cases.

    Without codes of their own, overlaps get that of the last of their classes: of the topmost.

    Raises
    ------
    InputError
        Where there are more codes than 8 bits tell.
    """
    chosen, cases = exclusive(classes), list(cases)
    own = cases[0].classes if cases else CLASSES
    mask = _mask(chosen, own)
    counts: dict[int, int] = {}
    for case in cases:
        for bits, count in case.counts.items():
            counts[bits & mask] = counts.get(bits & mask, 0) + count
    code_of = {0: 0} | {_own(cls, own, mask): k + 1 for k, cls in enumerate(chosen)}
    others = sorted(set(counts) - set(code_of))
    beyond: dict[int, int] = {}
    sets = [_names(bits, own) for bits in code_of]
    for bits in others:
        last = max(k + 1 for k, cls in enumerate(chosen) if cls in _names(bits, own))
        code = len(sets) if overlaps else last
        beyond[code] = beyond.get(code, 0) + counts[bits]
        code_of[bits] = code
        if overlaps:
            sets.append(_names(bits, own))
    if len(sets) > MOST_CODES:
        raise InputError(
            f"export: the classes overlap in {len(sets) - 1 - len(chosen)} ways, and a label map of 8 bits "
            f"tells {MOST_CODES} codes in all; choose fewer classes with --classes"
        )
    return Codes(chosen, tuple(sets), own, code_of, beyond)


def _mask(classes: Iterable[str], channels_: Sequence[str]) -> int:
    return sum(1 << k for k in channels(classes, channels_))


def _own(cls: str, classes: Sequence[str], mask: int) -> int:
    """Return the bits of a voxel that is of a class and of no other, its mitochondrion aside."""
    wider = {"mito_boundary": ("mitochondrion",)}.get(cls, ())
    return _mask([cls], classes) | (_mask([name for name in wider if name in classes], classes) & mask)


def _names(bits: int, classes: Sequence[str]) -> tuple[str, ...]:
    return exclusive(cls for k, cls in enumerate(classes) if bits >> k & 1)
