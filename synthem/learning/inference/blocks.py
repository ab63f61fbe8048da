"""Probabilities of a volume of any size, block by block, in the images' own voxels."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, prod, sqrt

import numpy as np
import numpy.typing as npt

from synthem.data.mask_spool import STEP_PX
from synthem.learning.inference.resample import Axis, Span, axis
from synthem.learning.inference.seen import Index, Seen
from synthem.learning.inference.sliding import Read, Values

Slabs = Callable[[Read, tuple[int, ...], Sequence[Span]], Iterator[tuple[int, Values]]]

BLOCK_VX = 2**23
"""A row of windows with more voxels than this, in the model's or in the images' own, is cut into columns."""


def blocks(slabs: Slabs, window: tuple[int, ...], seen: Seen) -> Iterator[tuple[Index, Values]]:
    """Label a volume, a row of windows in memory at a time; the result does not depend on how it is cut.

    A 2D network labels each section on its own, from its upper rows to its lower ones, a 3D network the
    volume from its first section to its last. A row of windows that is too large is cut into columns along
    the other axes, and these come one after the other.

    Parameters
    ----------
    slabs : callable
        Labels a section or volume in the model's voxels: see ``SlidingWindow.slabs``.
    window : tuple of int
        In two or three dimensions.
    seen : Seen

    Yields
    ------
    The first voxel (z, y, x) of a block, along x at a multiple of ``STEP_PX``, and probabilities, float32
    (class, z, y, x). Together the blocks are the volume.
    """
    columns = list(columns_of(window, seen))
    if len(window) == 3:
        for column in columns:
            for z, found in _column(slabs, seen, column, None):
                yield (z, column[0][0], column[1][0]), found
        return
    for z in range(seen.own[0]):
        for (across,) in columns:
            for y, found in _column(slabs, seen, (across,), z):
                yield (z, y, across[0]), found[:, None]


def columns_of(window: tuple[int, ...], seen: Seen) -> Iterator[tuple[Span, ...]]:
    """Cut a volume's own voxels along all axes but that on which windows roll: y and x, or x alone."""
    dims = len(window)
    own, shape = seen.own[4 - dims :], seen.shape[4 - dims :]
    largest = [max(pair) for pair in zip(own, shape, strict=True)]
    if dims == 2:
        pieces = [ceil(prod(largest) * window[0] / BLOCK_VX)]
    else:
        edge = max(1.0, sqrt(BLOCK_VX / window[0]))
        whole = prod(largest) <= edge**2
        pieces = [1 if whole else ceil(n / edge) for n in largest]
    steps = [ceil(n / count / STEP_PX) * STEP_PX for n, count in zip(own, pieces, strict=True)]
    spans = [
        [(first, min(first + step, n)) for first in range(0, n, step)]
        for n, step in zip(own, steps, strict=True)
    ]
    if dims == 2:
        yield from ((x,) for x in spans[0])
    else:
        yield from ((y, x) for y in spans[0] for x in spans[1])


def row_voxels(window: tuple[int, ...], seen: Seen) -> int:
    """Return how many voxels the largest row of windows has that is in memory at once, in either voxels."""
    ratio = [own / shape for own, shape in zip(seen.own, seen.shape, strict=True)][-len(window) :]
    column = max(prod(high - low for low, high in part) for part in columns_of(window, seen))
    deep = window[0] * max(1.0, ratio[0])
    return ceil(deep * column * prod(max(1.0, 1 / r) for r in ratio[1:]))


def _column(
    slabs: Slabs, seen: Seen, column: tuple[Span, ...], z: int | None
) -> Iterator[tuple[int, Values]]:
    """Label a column of a volume, or of one of its sections: slabs (class, ...) along its first axis."""
    lead = 0 if z is None else 1

    def read(start: Sequence[int], size: Sequence[int]) -> npt.NDArray[np.uint8]:
        if z is None:
            return seen.box((start[0], start[1], start[2]), (size[0], size[1], size[2]))
        section: npt.NDArray[np.uint8] = seen.box((z, start[0], start[1]), (1, size[0], size[1]))[0]
        return section

    own, shape = seen.own[lead:], seen.shape[lead:]
    first, *rest = (axis(a, b, "linear") for a, b in zip(shape, own, strict=True))
    spans = [way.span(part) if way else part for way, part in zip(rest, column, strict=True)]
    parts = slabs(read, shape, spans)
    for at, found in _along(first, parts) if first else parts:
        for along, (way, part, span) in enumerate(zip(rest, column, spans, strict=True), 2):
            found = way.apply(found, along, part, span[0]) if way else found
        yield at, found


def _along(way: Axis, slabs: Iterator[tuple[int, Values]]) -> Iterator[tuple[int, Values]]:
    """Resample slabs along their first axis, each as far as what has come allows."""
    done, kept, first = 0, None, 0
    for at, found in slabs:
        kept = found if kept is None else np.concatenate([kept, found], axis=1)
        ready = way.ready(at + found.shape[1])
        if ready > done:
            yield done, way.apply(kept, 1, (done, ready), first)
            done = ready
        if done < len(way.index):
            needed = min(way.span((done, done + 1))[0], first + kept.shape[1])
            kept, first = kept[:, needed - first :].copy(), needed
