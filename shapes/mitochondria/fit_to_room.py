"""Fitting rods to their room: how thick each point may be in its neurite, and whether the middle has room."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.mitochondria.rods import ARM, ARM_PART, MIDDLE, ROW, rod_sight_nm
from shapes.partition.point import SURE, around, depth_at, near_box, scratch_for


@compiled
def _room(rods, r, i, look, owner, tubes, some, glia, glia_index, close_by, scratch):  # type: ignore[no-untyped-def]
    """Return how far a rod's point lies from the membrane of its neurite, at most ``look``; 0 outside."""
    z, y, x = rods[r, i, 0], rods[r, i, 1], rods[r, i, 2]
    look /= SURE
    # a cell farther off than this leaves room enough, or the partition has the last word
    few = around(tubes.segments, some, z, y, x, look, close_by)
    own, d = depth_at(tubes, close_by[:few], z, y, x, look, glia, glia_index, scratch)
    return SURE * d if own == owner else 0.0


@compiled
def fit_rods(rods, owners, tubes, glia, glia_index, gap, thinnest, box, whole):  # type: ignore[no-untyped-def]
    """Cut each point's radius to the room around it, and tell which rods have room in their middle.

    Returns how many rods have no room near the box, of those with a point within ``rod_sight_nm`` of it.
    Other points than the middle count only where their stretch of the rod touches the box, so that no window
    depends on a rod's far end.
    """
    scratch, close_by, (low, high) = scratch_for(tubes), np.empty(tubes.segments.shape[0], np.int64), box
    boxed = scratch.close
    least, most = np.empty(3), np.empty(3)
    missing = 0
    for r in range(rods.shape[0]):
        least[:], most[:] = np.inf, -np.inf
        thick, branches = rods[r, :, 3].max(), rods[r, ARM, 3] > 0.0
        sight, none, middle = rod_sight_nm(rods[r]), True, rods[r, MIDDLE, 3]
        for i in range(ROW):
            close = True
            for c in range(3):
                close = close and low[c] - sight <= rods[r, i, c] <= high[c] + sight
            none = none and not close
            if not close:
                rods[r, i, 3] = 0.0
            if close or i == MIDDLE:
                for c in range(3):
                    least[c], most[c] = min(least[c], rods[r, i, c]), max(most[c], rods[r, i, c])
        if none:
            continue
        some = boxed[: near_box(tubes.segments, tubes.blocks, least, most, (thick + gap) / SURE, boxed)]
        # who sees any part of a rod knows whether it has a middle: that far off only cells close to it count
        bare = _room(
            rods, r, MIDDLE, thinnest + gap, owners[r], tubes, some, glia, glia_index, close_by,
            scratch,
        )  # fmt: skip
        whole[r] = middle >= thinnest and bare >= thinnest + gap - 1e-6
        fits = False
        for i in range(ROW):
            wanted = rods[r, i, 3]
            if not whole[r] and (i == MIDDLE or i >= ARM):
                rods[r, i, 3] = 0.0
            elif i == ARM:
                rods[r, i, 3] = min(wanted, rods[r, MIDDLE, 3])
            elif wanted > 0.0:
                room = _room(
                    rods, r, i, wanted + gap, owners[r], tubes, some, glia, glia_index, close_by, scratch
                )
                room = min(wanted, room - gap)
                if i == MIDDLE:
                    room = max(room, thinnest)
                rods[r, i, 3] = (
                    room if room >= (ARM_PART if branches and i > MIDDLE else 1.0) * thinnest else 0.0
                )
            fits = fits or (i > 0 and i != ARM and rods[r, i, 3] > 0.0 and rods[r, i - 1, 3] > 0.0)
        missing += not fits
    return missing
