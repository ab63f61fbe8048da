"""Apposition: whether two cells face each other around a contact, and how wide a density has room there.

The membrane between two cells is where their fields are equal. It is looked for on four sides of a contact,
for boutons are round; there both cells must be found, with no third one between.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.streams import mix, normal
from shapes.neurites.tubes import tube_field
from shapes.partition.point import near, near_box, probe

FLANK_NM = 45.0
"""How far on either side of the membrane a contact's two cells must be there …"""
SAG_NM = 110.0
"""… and so far off the plane through the contact's middle the membrane itself may lie."""
AT_NM = 8.0
"""So near to the membrane, on either side, a polyadic contact must find its bouton and its first partner."""
FOUR, CORNERS = 4, 3
"""A partner is looked for on four sides; on so many of them it must be found."""
RIM, CORE = 0.8, 0.5
"""So far out, in parts of its radius, a polyadic contact must find its cells on three of four sides, and on
all, or its densities are smaller."""
SIDES = 8
"""On so many sides the room for any other density is measured …"""
_RINGS = (0.25, 0.4, 0.55, 0.7, 0.85, 1.0)  # … in steps of its radius …
_FLAT = 0.3  # … as far as the membrane lies off the plane by so much of the way at most
_LEAST, _MEAN = 0.4, 0.5  # less room than so much of its radius on one side, or all around, is none
_ROUND = 1.6  # … and no side has more than so many times as the side with the least …
_LOBED = 1.1  # … nor than so many times the mean of the two beside it
_MOST_SIDES = 5  # where the two cells face each other on fewer there is no contact to find the middle of
MOVED_NM = 90.0
"""So far at most a density lies from where the axes of its two cells meet: in the middle of its room."""
_SHRINK = (1.0, 0.8, 0.65)


class Site(NamedTuple):
    """Where a contact is looked for: its middle, the normal there, and places on either side of it."""

    middle: npt.NDArray[np.float64]
    up: npt.NDArray[np.float64]
    inside: npt.NDArray[np.float64]
    beyond: npt.NDArray[np.float64]


@compiled
def across(key, up, one, two):  # type: ignore[no-untyped-def]
    """Write two directions at right angles to each other and to ``up``."""
    dot = norm = 0.0
    for c in range(3):
        one[c] = normal(key, c)
        dot += one[c] * up[c]
    for c in range(3):
        one[c] -= dot * up[c]
        norm += one[c] * one[c]
    one /= np.sqrt(norm) + 1e-9
    for c in range(3):
        two[c] = up[c - 2] * one[c - 1] - up[c - 1] * one[c - 2]


@compiled
def lowest(segments, among, z, y, x):  # type: ignore[no-untyped-def]
    """Return the lowest field of some tubes at a point."""
    best = 1e9
    for i in among:
        best = min(best, tube_field(segments, i, z, y, x))
    return best


@compiled
def ahead(segments, pre, post, at):  # type: ignore[no-untyped-def]
    """Return a field that is negative in the bouton and positive in its partner."""
    return lowest(segments, pre, at[0], at[1], at[2]) - lowest(segments, post, at[0], at[1], at[2])


@compiled
def normal_at(segments, at, pre, post, out):  # type: ignore[no-untyped-def]
    """Write the unit normal, from ``pre`` to ``post``, of the membrane at a point, by central differences."""
    for c in range(3):
        q = at.copy()
        q[c] += 4.0
        out[c] = ahead(segments, pre, post, q)
        q[c] -= 8.0
        out[c] -= ahead(segments, pre, post, q)
    out /= np.sqrt((out * out).sum()) + 1e-12


@compiled
def _membrane_off(segments, pre, post, place, up, sag):  # type: ignore[no-untyped-def]
    """Return how far along ``up`` from a place the fields are equal; NaN if nowhere within ``sag``."""
    low, high = -sag, sag
    before = ahead(segments, pre, post, place + low * up)
    if not before < 0.0 < ahead(segments, pre, post, place + high * up):
        return np.nan
    for _ in range(6):
        half = 0.5 * (low + high)
        if ahead(segments, pre, post, place + half * up) < 0.0:
            low = half
        else:
            high = half
    return 0.5 * (low + high)


@compiled
def corners(segments, pre, post, site, away, key, sides, sag):  # type: ignore[no-untyped-def]
    """Write ``sides`` places ``away`` from a contact's middle on either side of its membrane.

    They are NaN where the two fields are not equal anywhere within ``sag`` of the plane.
    """
    middle, up, inside, beyond = site
    one, two = np.empty(3), np.empty(3)
    across(key, up, one, two)
    for corner in range(sides):
        turn = 2.0 * np.pi * corner / sides
        edge = middle + away * (np.cos(turn) * one + np.sin(turn) * two)
        at = _membrane_off(segments, pre, post, edge, up, sag)
        inside[corner] = edge + (at - FLANK_NM) * up
        beyond[corner] = edge + (at + FLANK_NM) * up


@compiled
def _faced(tubes, chosen, count, pre, post, polyadic, site, i, glia, glia_index, fields):  # type: ignore[no-untyped-def]
    """Tell whether no third cell comes between the two on one side of their contact.

    In a polyadic contact any cell may lie opposite of the bouton.
    """
    segments, owners, a, b = tubes.segments, tubes.owners, site.inside[i], site.beyond[i]
    own, _, _, _ = probe(segments, owners, chosen, count, a[0], a[1], a[2], 1.0, glia, glia_index, fields)
    if own != pre:
        return False
    own, _, _, _ = probe(segments, owners, chosen, count, b[0], b[1], b[2], 1.0, glia, glia_index, fields)
    return own == post or (polyadic and own != pre)


@compiled
def _in_the_middle(tubes, chosen, count, pre, post, site, glia, glia_index, fields):  # type: ignore[no-untyped-def]
    """Tell whether the first partner of a polyadic contact faces the bouton in the middle."""
    for side in (-AT_NM, AT_NM):
        at = site.middle + side * site.up
        own, _, _, _ = probe(
            tubes.segments, tubes.owners, chosen, count, at[0], at[1], at[2], 1.0, glia, glia_index, fields
        )
        if own != (pre if side < 0.0 else post):
            return False
    return True


@compiled
def room_nm(wide):  # type: ignore[no-untyped-def]
    """Return how far around a contact's middle the tissue is looked at, for a density of this radius."""
    return np.sqrt((wide + MOVED_NM) ** 2 + (SAG_NM + FLANK_NM) ** 2)


@compiled
def _reaches(  # type: ignore[no-untyped-def]
    tubes, chosen, count, pre, post, mine, theirs, site, wide, frame, glia, glia_index, fields, rims,
):  # fmt: skip
    """Write how far from the middle two cells face each other on each side; tells whether they do on most."""
    rims[:] = 0.0
    before = 0.0
    for ring in _RINGS:
        away = ring * wide
        corners(tubes.segments, mine, theirs, site, away, frame, SIDES, _FLAT * away)
        for i in range(SIDES):
            if rims[i] == before and _faced(
                tubes, chosen, count, pre, post, False, site, i, glia, glia_index, fields
            ):
                rims[i] = away
        before = away
        if (rims > 0.0).sum() < _MOST_SIDES:
            return False
    return True


@compiled
def _recentre(segments, mine, theirs, site, frame, rims):  # type: ignore[no-untyped-def]
    """Move a contact to the middle of where its two cells face each other, and its normal with it."""
    middle, up = site.middle, site.up
    one, two, off = np.empty(3), np.empty(3), np.zeros(3)
    across(frame, up, one, two)
    area = 0.0
    for i in range(SIDES):
        turn = 2.0 * np.pi * i / SIDES
        off += rims[i] ** 3 * (np.cos(turn) * one + np.sin(turn) * two) / 1.5
        area += rims[i] ** 2
    off /= area
    off *= min(1.0, MOVED_NM / (np.sqrt((off * off).sum()) + 1e-9))
    edge = middle + off
    at = _membrane_off(segments, mine, theirs, edge, up, _FLAT * MOVED_NM)
    if np.isnan(at):
        return
    middle[:] = edge + at * up
    normal_at(segments, middle, mine, theirs, up)


@compiled
def room_at(  # type: ignore[no-untyped-def]
    tubes, pre, post, mine, theirs, polyadic, site, wide, key, frame, glia, glia_index, scratch, rims,
):  # fmt: skip
    """Write how wide a density can be on each of ``SIDES``; returns the widest, 0 without room.

    The first side is that of the first direction that ``across`` writes for the key ``frame``. But for
    polyadic ones the site is moved to the middle of where the two cells face each other.
    """
    segments, reach, (close, chosen, fields) = tubes.segments, room_nm(wide), scratch
    middle = site.middle
    few = near_box(segments, tubes.blocks, middle - reach, middle + reach, glia + 2.0, close)
    count = near(segments, close[:few], middle[0], middle[1], middle[2], reach, 1.0, glia, chosen)
    if polyadic:
        if not _in_the_middle(tubes, chosen, count, pre, post, site, glia, glia_index, fields):
            return 0.0
        for part in _SHRINK:
            fits = True
            for out, wanted in ((CORE, FOUR), (RIM, CORNERS)):
                corners(segments, mine, theirs, site, out * part * wide, mix(key, 5), FOUR, SAG_NM)
                good = 0
                for i in range(FOUR):
                    good += _faced(tubes, chosen, count, pre, post, True, site, i, glia, glia_index, fields)
                fits = fits and good >= wanted
            if fits:
                rims[:] = part * wide
                return part * wide
        return 0.0
    if _reaches(
        tubes, chosen, count, pre, post, mine, theirs, site, wide, frame, glia, glia_index, fields, rims
    ):
        _recentre(segments, mine, theirs, site, frame, rims)
        _reaches(
            tubes, chosen, count, pre, post, mine, theirs, site, wide, frame, glia, glia_index, fields, rims
        )
    if rims.min() < _LEAST * wide:
        return 0.0
    # no tongues
    np.minimum(rims, _ROUND * rims.min(), rims)
    for _ in range(2):
        before = rims[SIDES - 1]
        for i in range(SIDES):
            own = rims[i]
            rims[i] = min(own, _LOBED * 0.5 * (before + rims[(i + 1) % SIDES]))
            before = own
    return rims.max() if rims.mean() >= _MEAN * wide else 0.0
