"""What objects that know no span tell of themselves: their middles, and whether these show."""

from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from shapes.core.span import Span
from shapes.mitochondria.rods import rod_distance
from shapes.partition.generator import Tissue
from shapes.partition.point import depth_at, scratch_for

_MEMBRANE_NM = 10.0


def span_of(things: Any) -> Span:
    """Return the span of things that are chains of balls, or tell their middles alone.

    Those without ids get one that their place decides.
    """
    parts = getattr(things, "chains", things)
    middles = things.centres_nm
    balls = getattr(parts, "points", None)
    if balls is None:
        radii = getattr(things, "radii_nm", np.ones(len(middles)))
        balls = np.column_stack([middles, radii])[:, None]
    own = getattr(parts, "ids", None)
    ids = [crc32(middle.tobytes()) >> 1 for middle in middles] if own is None else own
    return Span.of(balls, np.array(ids, np.int32))


def at_home(
    tissue: Tissue, things: Any, which: npt.NDArray[np.int64], among: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Tell of some of the things that have an owner whether their middles show.

    Clutter is drawn as if a neurite were a tube, and shown only where it is, beyond its membrane and clear of
    its mitochondria. Nor is a chain shown where it is interrupted.

    Parameters
    ----------
    tissue : Tissue
    things : objects of a generator
        What tells no owner is all taken to show.
    which : int64 (n,)
        Those that are meant.
    among : bool (n,)
        Which of these to look at; the others show none.
    """
    parts = getattr(things, "chains", things)
    owners, balls = getattr(parts, "owners", None), getattr(parts, "points", None)
    if owners is None:
        return among
    rods, rod_owners = getattr(parts, "obstacles", (None, np.zeros(0, np.int32)))
    cells, glia_nm = tissue.neurites, tissue.membranes.glia_nm
    room, every = scratch_for(cells.tubes), np.arange(len(cells.owners))
    out = np.zeros(len(which), np.bool_)
    for k in np.flatnonzero(among).tolist():
        n = int(which[k])
        if balls is not None and balls[n, balls.shape[1] // 2, 3] <= 0:
            continue
        z, y, x = things.centres_nm[n].tolist()
        own, depth = depth_at(cells.tubes, every, z, y, x, _MEMBRANE_NM, glia_nm, len(cells.ids), room)
        clear = all(rod_distance(rods, r, z, y, x) > 0 for r in np.flatnonzero(rod_owners == owners[n]))
        out[k] = own == owners[n] and depth >= _MEMBRANE_NM and clear
    return out
