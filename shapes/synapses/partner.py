"""Which dendrite or spine a bouton faces: the nearest that lies before it, and where their membrane is."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.streams import mix
from shapes.neurites.tubes import AZ, DZ, axis_place, tube_field
from shapes.synapses.apposition import CORNERS, FOUR, SAG_NM, ahead, corners, lowest, normal_at

TRIES, POLYADIC_TRIES = 3, 8
EDGE = 0.6
"""At so much of a contact's radius its two cells must be there, on three of four sides."""
SPOT = 0.15
"""The same for the first of several partners, which need not be wide."""


@compiled
def _meet(segments, start, target, pre, post, look, middle):  # type: ignore[no-untyped-def]
    """Write where between two places the fields of two neurites are equal; returns whether it is there."""
    near_end, far_end = 0.0, 1.0
    for _ in range(12):
        half = 0.5 * (near_end + far_end)
        middle[:] = start + half * (target - start)
        if ahead(segments, pre, post, middle) < 0.0:
            near_end = half
        else:
            far_end = half
    return near_end > 0.0 and far_end < 1.0 and np.sqrt(((middle - start) ** 2).sum()) < look


@compiled
def tubes_of(among, count, owners, who, out):  # type: ignore[no-untyped-def]
    """Write the tubes of one neurite; returns how many."""
    n = 0
    for i in range(count):
        if owners[among[i]] == who:
            out[n] = among[i]
            n += 1
    return n


@compiled
def axis_away(segments, i, at):  # type: ignore[no-untyped-def]
    """Return the squared distance of a place from a tube's axis."""
    t = axis_place(segments, i, at[0], at[1], at[2])
    away = 0.0
    for c in range(3):
        away += (segments[i, AZ + c] + t * segments[i, DZ + c] - at[c]) ** 2
    return away


@compiled
def _company(segments, owners, seconds, pre, post, glia, beyond):  # type: ignore[no-untyped-def]
    """Tell whether a second cell faces the bouton at one of four places beside the first."""
    for i in range(4):
        z, y, x = beyond[i, 0], beyond[i, 1], beyond[i, 2]
        best, who = min(glia, lowest(segments, pre, z, y, x)), post
        for k in seconds:
            f = tube_field(segments, k, z, y, x)
            if f < best:
                best, who = f, owners[k]
        if who != post:
            return True
    return False


@compiled
def find_partner(  # type: ignore[no-untyped-def]
    tubes, pre, dendrites, count, seconds, glia, start, polyadic, look, wide, key, theirs, site,
):  # fmt: skip
    """Look for a dendrite or spine to contact: the nearest tubes first, a bounded number of them.

    Of a polyadic contact's first partner the axis counts, not the surface: thin ones are as likely as thick.
    """
    segments, owners, (middle, up, inside, beyond) = tubes.segments, tubes.owners, site
    target = np.empty(3)
    passed = -np.inf
    for _ in range(POLYADIC_TRIES if polyadic else TRIES):
        best, at = np.inf, -1
        for i in range(count):
            f = tube_field(segments, dendrites[i], start[0], start[1], start[2])
            if polyadic:
                f = axis_away(segments, dendrites[i], start)
            if passed < f < best:
                best, at = f, dendrites[i]
        if at < 0:
            return -1
        passed = best
        post = theirs[: tubes_of(dendrites, count, owners, owners[at], theirs)]
        t = axis_place(segments, at, start[0], start[1], start[2])
        for c in range(3):
            target[c] = segments[at, AZ + c] + t * segments[at, DZ + c]
        if not _meet(segments, start, target, pre, post, look, middle):
            continue
        normal_at(segments, middle, pre, post, up)
        corners(segments, pre, post, site, (SPOT if polyadic else EDGE) * wide, mix(key, 5), FOUR, SAG_NM)
        good = 0
        for i in range(4):
            a, b = inside[i], beyond[i]
            good += (
                ahead(segments, pre, post, a) < 0.0 < ahead(segments, pre, post, b)
                and lowest(segments, pre, a[0], a[1], a[2]) < glia
                and lowest(segments, post, b[0], b[1], b[2]) < glia
            )
        if good >= CORNERS:
            if polyadic:
                corners(segments, pre, post, site, EDGE * wide, mix(key, 5), FOUR, SAG_NM)
                if not _company(segments, owners, seconds, pre, owners[at], glia, beyond):
                    continue
            return owners[at]
    return -1
