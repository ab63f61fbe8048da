"""Counts by contiguous block of each test section, and which blocks are one column of tissue.

What is resampled for an interval must be independent of the rest. Pixels are not, and sections that lie
over one another are near copies: a vesicle is 40 nm across, a PSD 200–500 nm, a mitochondrion more, and a
section 5 nm thick. So the unit is a column: the same block of all sections of a stack, as deep as the stack
is. Blocks of about 256 pixels, 1.3 µm at 5 nm, are larger than nearly all objects, so that few are in two.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise, product
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from synthem.scores.counts import Bools, Counts, count

EDGE_PX = 256
"""Edge of a block; a rest of less than half of it belongs to the last one."""

NEAR = 60
"""Sections whose numbers differ by no more belong to one stack: 300 nm at 5 nm a section, through which most
objects reach; with thicker sections it is more, and intervals become wider rather than too narrow."""


class Block(TypedDict):
    """Counts of one block, a number a class."""

    section: str
    block: list[int]
    """First row, end of rows, first column, end of columns."""
    tp: list[int]
    fp: list[int]
    fn: list[int]


def count_blocks(section: str, found: Bools, truth: Bools, known: npt.NDArray[np.bool_]) -> list[Block]:
    """Compare a prediction with its truth, block by block.

    Parameters
    ----------
    section : str
        Its name.
    found, truth : bool (class, z, y, x)
    known : bool (class, z)
        What is not labelled counts nothing.
    """
    height, width = truth.shape[2:]
    blocks = []
    for (top, bottom), (left, right) in product(pairwise(_cuts(height)), pairwise(_cuts(width))):
        box = (..., slice(top, bottom), slice(left, right))
        counts = count(found[box], truth[box], known)
        tp, fp, fn = (array.tolist() for array in (counts.tp, counts.fp, counts.fn))
        blocks.append(Block(section=section, block=[top, bottom, left, right], tp=tp, fp=fp, fn=fn))
    return blocks


def _cuts(size: int) -> list[int]:
    """Cut an axis at multiples of the edge, which are the same in sections of any size."""
    return [*range(0, max(size - EDGE_PX // 2, 0) + 1, EDGE_PX), size]


def pooled(blocks: Sequence[Block]) -> Counts:
    """Add the counts of all blocks."""
    tp, fp, fn = np.array([[b["tp"], b["fp"], b["fn"]] for b in blocks], np.int64).sum(0)
    return Counts(tp, fp, fn)


def by_column(blocks: Sequence[Block]) -> npt.NDArray[np.float64]:
    """Add the counts of each column of tissue: true and false positives and false negatives.

    Returns
    -------
    float64 (column, 3, class)
        The columns are in the order of their stacks and places, alike for all runs on the same sections.
    """
    stack = stacks_of(b["section"] for b in blocks)
    place = [(stack[b["section"]], b["block"][0], b["block"][2]) for b in blocks]
    number = {where: k for k, where in enumerate(sorted(set(place)))}
    out = np.zeros((len(number), 3, len(blocks[0]["tp"])))
    np.add.at(out, [number[where] for where in place], [[b["tp"], b["fp"], b["fn"]] for b in blocks])
    return out


def stacks_of(names: Iterable[str]) -> dict[str, int]:
    """Tell in which stack each section lies, by its name; stacks are numbered from nought.

    The last number in the names that is not the same in all is the section's. Sections of one stack are
    called alike up to it, ``training0024`` and ``training0025x``, and no gap between their numbers is wider
    than ``NEAR``. A section without a number is a stack of its own.
    """
    parts = {name: tuple(re.split(r"(\d+)", name)) for name in sorted(set(names))}
    kinds: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    for name, own in parts.items():
        alike = [other for other in parts.values() if len(other) == len(own)]
        varies = [k for k in range(1, len(own), 2) if len({int(other[k]) for other in alike}) > 1]
        at = (varies or [len(own) - 2])[-1]
        if len(own) == 1:
            kinds[own] = [(0, name)]
        else:
            kinds.setdefault((*own[:at], "", *own[at + 1 : -1]), []).append((int(own[at]), name))
    out: dict[str, int] = {}
    stacks = 0
    for members in kinds.values():
        last = None
        for number, name in sorted(members):
            if last is None or number - last > NEAR:
                stacks += 1
            out[name], last = stacks - 1, number
    return out
