"""The course of a neurite: where its nodes lie, how thick it is there, and which of them swell.

A line of the lattice strays slowly, a node a little beside it; thick neurites and boutons push it aside.
"""

import numpy as np

from shapes.core.compiled import compiled, inlined
from shapes.core.fields import spline_weights
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform
from shapes.neurites.giving_way import CARRY, NEED, OFF, PAST, SIDE, X, give_way
from shapes.neurites.lanes import typical_radius
from shapes.neurites.lattice import place_line, stretch_at
from shapes.neurites.population import (
    BOUTON,
    BOUTON_FLANK,
    SHAFT,
    SWELLING,
    SWELLING_FLANK,
    VARICOSITY_EVERY,
)

_KNOT = 8  # nodes from one knot of a line's straying to the next
_SWOLLEN = 0.25  # of the lattice's edge: a node that is thicker pushes the lines around it
_BETWEEN_NM = 40.0
PUSHED_NM = 150.0
"""A thicker neurite gives way as one of this radius."""


@inlined
def swelling(own, k, p):  # type: ignore[no-untyped-def]
    """Return what node ``k`` of a neurite is, and how thick it is at least."""
    # a swelling is as long as a mitochondrion: it takes in its neighbours, a bouton less so
    middle = k - k % VARICOSITY_EVERY + 1
    if abs(k - middle) > 1:
        return SHAFT, 0.0
    there = mix(own, 100 + middle)
    u = uniform(there, 20)
    if u >= p.bouton_chance + p.swelling_chance:
        return SHAFT, 0.0
    bouton = u < p.bouton_chance
    swollen = draw(
        p.bouton_radius_nm if bouton else p.swelling_radius_nm, uniform(there, 21), normal(there, 22)
    )
    if k != middle:
        return SHAFT, swollen * (BOUTON_FLANK if bouton else SWELLING_FLANK)
    return (BOUTON if bouton else SWELLING), swollen


@inlined
def shaft(own, k, p):  # type: ignore[no-untyped-def]
    """Return the radius of a neurite at node ``k``, swellings left out."""
    thick = typical_radius(own, p.radius_nm)
    return thick * np.exp(p.wobble * min(2.0, max(-2.0, normal(mix(own, 100 + k), 3))))


@inlined
def thickness(own, k, p):  # type: ignore[no-untyped-def]
    """Return what node ``k`` of a neurite is, and its radius."""
    what, least = swelling(own, k, p)
    return what, max(shaft(own, k, p), least)


@inlined
def stray(key, p, f, i, j, at):  # type: ignore[no-untyped-def]
    """Return by how much a line strays at a node, along the next two axes, whatever neurite it is there."""
    if p.lanes:
        return 0.0, 0.0
    line = cell_key(mix(key, 30 + f), 0, i, j)
    knot = at // _KNOT
    weights = spline_weights((at - knot * _KNOT) / _KNOT)
    a = b = 0.0
    for n in range(4):
        here = mix(line, knot - 1 + n)
        a += weights[n] * (2.0 * uniform(here, 1) - 1.0)
        b += weights[n] * (2.0 * uniform(here, 2) - 1.0)
    here, wide = mix(line, 1000003 + at), p.stray * p.cell_nm
    jitter = p.bend * p.step_nm / 2.45  # so that the direction changes by about ``bend`` at a node
    return (
        wide * a + jitter * min(2.0, max(-2.0, normal(here, 1))),
        wide * b + jitter * min(2.0, max(-2.0, normal(here, 2))),
    )


@compiled
def swollen_nm(p):  # type: ignore[no-untyped-def]
    """Return the most room that lines leave a swelling of their own population."""
    return 1.15 * max(p.bouton_radius_nm.highest, p.swelling_radius_nm.highest) + _BETWEEN_NM + PUSHED_NM


@compiled
def swellings_beside(key, p, f, i, j, line, low, high, out):  # type: ignore[no-untyped-def]
    """Write the swellings of lines that cross a line between two places, as rows of ``giving_way.py``.

    Returns how many.
    """
    edge, other, n, wide_nm = p.cell_nm, np.empty(3), 0, 2.0 * swollen_nm(p)
    shift = uniform(key, 40 + f)
    for turn in range(1, 3):
        g = (f + turn) % 3
        third = 3 - f - g
        near = int(np.rint(line[g] / p.step_nm))
        offset = shift + (0.5 if turn == 1 else 0.0)
        first_cross = int(np.ceil((low - wide_nm) / edge - offset))
        last_cross = int(np.floor((high + wide_nm) / edge - offset))
        for cross in range(first_cross, last_cross + 1):
            # the two lines of that family on either side, half an edge away
            for side in range(2):
                a, b = (j + side, cross) if turn == 1 else (cross, i - side)
                theirs, first, count, _ = stretch_at(key, p, g, a, b, near)
                if theirs == np.uint64(0):
                    continue
                place_line(key, p, g, a, b, other)
                for k in range(near - 1, near + 2):
                    if first <= k < first + count:
                        _, wide = swelling(theirs, k - first, p)
                        if wide >= _SWOLLEN * edge and n < out.shape[0]:
                            # along a swelling it is about as wide half-way to its next node
                            past = max(0.0, abs(k * p.step_nm - line[g]) - 0.4 * p.step_nm)
                            out[n, X], out[n, SIDE] = other[f], 0.0 if third == (f + 1) % 3 else 1.0
                            out[n, OFF] = line[third] - other[third]
                            out[n, NEED], out[n, PAST], out[n, CARRY:] = 1.15 * wide + _BETWEEN_NM, past, 0.0
                            n += 1
    return n


@compiled
def most_crossings(p, long):  # type: ignore[no-untyped-def]
    """Return how many rows ``swellings_beside`` can need for a line of some length."""
    return 12 * (int(np.ceil((long + 4.0 * swollen_nm(p)) / p.cell_nm)) + 2)


@inlined
def node_place(key, p, f, i, j, at, own, line, thick, crossing, n, parallel, m, out):  # type: ignore[no-untyped-def]
    """Write where a node lies on the lattice; ``line`` (3,) is where its line runs, across its axis.

    The first ``n`` rows of ``crossing`` and the first ``m`` of ``parallel`` are what the line may give way
    to, see ``giving_way.py``.
    """
    along = at * p.step_nm
    stray_a, stray_b = stray(key, p, f, i, j, at)
    move_a, move_b = give_way(thick, crossing, n, parallel, m, f, line, along, own)
    a, b = (f + 1) % 3, (f + 2) % 3
    out[a], out[b], out[f] = line[a] + stray_a + move_a, line[b] + stray_b + move_b, along
