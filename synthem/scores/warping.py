"""Warping error: what differs in topology once borders may be moved."""

from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled

Bools = npt.NDArray[np.bool_]


def warped(true: Bools, found: Bools, skipped: Bools | None = None) -> Bools:
    """Move the borders of the true cells to the found ones wherever that merges, splits, makes or ends none.

    The true image is warped as in Jain et al. (2010): pixels in which the two differ are flipped one after
    the other, each only where it is simple, so that the number of cells and of membranes and how they lie
    in one another stay the same. Cells hold together by the sides of pixels, membranes by their corners too;
    what lies beyond the image's edge is membrane.

    What is simpler than there: pixels are flipped in the order in which they become simple, borders first
    (a queue), and none is flipped back. Which differences remain may depend on that order, so their number is
    an upper bound of the least that any warping leaves. A membrane moves as far as the pixels that differ
    lead: to a place that it does not touch it does not come, and both count.

    Parameters
    ----------
    true, found : bool (y, x)
        The inside of cells.
    skipped : bool (y, x), optional
        Pixels that nobody judges: they are never flipped.

    Returns
    -------
    bool (y, x)
        The true image, warped. Where it still differs from the found one a cell is split, merged, made up or
        missing.
    """
    differ = true != found
    if skipped is not None:
        differ &= ~skipped
    image = np.pad(true, 1).astype(np.uint8)
    _warp(image, np.pad(differ, 1), _SIMPLE)
    return image[1:-1, 1:-1].astype(np.bool_)


def _simple() -> npt.NDArray[np.bool_]:
    """Tell of all 256 neighbourhoods whether flipping the middle pixel keeps the topology (Yokoi's number).

    Bit k is the k-th neighbour, counted round from the right; cells are 4-connected.
    """
    out = np.zeros(256, np.bool_)
    for code in range(256):
        x = [(code >> k) & 1 for k in range(8)]
        out[code] = sum(x[k] - x[k] * x[k + 1] * x[(k + 2) % 8] for k in (0, 2, 4, 6)) == 1
    return out


_SIMPLE = _simple()


@compiled
def _warp(image: Any, differ: Any, simple: Any) -> None:
    """Flip, in place, the pixels that differ and are simple, until there are none; the rim stays."""
    height, width = image.shape
    dy, dx = (0, -1, -1, -1, 0, 1, 1, 1), (1, 1, 0, -1, -1, -1, 0, 1)
    queue = np.empty(image.size, np.int64)  # a ring: no pixel waits twice
    waits = np.zeros(image.shape, np.uint8)
    first = count = 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            if differ[y, x]:
                queue[count] = y * width + x
                waits[y, x] = 1
                count += 1
    while count:
        y, x = queue[first] // width, queue[first] % width
        first = (first + 1) % queue.size
        count -= 1
        waits[y, x] = 0
        code = 0
        for k in range(8):
            if image[y + dy[k], x + dx[k]]:
                code |= 1 << k
        if simple[code]:
            image[y, x] = 1 - image[y, x]
            differ[y, x] = False
            for k in range(8):
                b, a = y + dy[k], x + dx[k]
                if differ[b, a] and not waits[b, a]:
                    queue[(first + count) % queue.size] = b * width + a
                    waits[b, a] = 1
                    count += 1
