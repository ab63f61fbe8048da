"""The course of a neurite: where its nodes lie, how thick it is there, and which of them swell.

A line of the lattice strays slowly, a node a little beside it; thick neurites and boutons push it aside.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.fields import spline_weights
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform

from shapes.neurites.giving_way import aside, bump, give_way
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


@compiled
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
    swollen = draw(p.bouton_radius_nm if bouton else p.swelling_radius_nm, uniform(there, 21), normal(there, 22))
    if k != middle:
        return SHAFT, swollen * (BOUTON_FLANK if bouton else SWELLING_FLANK)
    return (BOUTON if bouton else SWELLING), swollen


@compiled
def thickness(own, k, p):  # type: ignore[no-untyped-def]
    """Return what node ``k`` of a neurite is, and its radius."""
    what, least = swelling(own, k, p)
    thick = typical_radius(own, p.radius_nm)
    thick *= np.exp(p.wobble * min(2.0, max(-2.0, normal(mix(own, 100 + k), 3))))
    return what, max(thick, least)


@compiled
def stray(key, p, f, i, j, at, out):  # type: ignore[no-untyped-def]
    """Write by how much a line strays at one of its nodes, whatever neurite it is there."""
    out[:] = 0.0
    if p.lanes:
        return
    line = cell_key(mix(key, 30 + f), 0, i, j)
    knot = at // _KNOT
    weights = spline_weights((at - knot * _KNOT) / _KNOT)
    for n in range(4):
        here = mix(line, knot - 1 + n)
        for c in range(1, 3):
            out[(f + c) % 3] += weights[n] * p.stray * p.cell_nm * (2.0 * uniform(here, c) - 1.0)
    here = mix(line, 1000003 + at)
    jitter = p.bend * p.step_nm / 2.45  # so that the direction changes by about ``bend`` at a node
    for c in range(1, 3):
        out[(f + c) % 3] += jitter * min(2.0, max(-2.0, normal(here, c)))


@compiled
def _off_swellings(key, p, f, i, j, at, line, own_radius, out):  # type: ignore[no-untyped-def]
    """Add what the swellings of lines around push a node by: they are of the same lattice, half an edge away."""
    edge, other, up, down = p.cell_nm, np.empty(3), np.zeros(3), np.zeros(3)
    along = at * p.step_nm
    for turn in range(1, 3):
        g = (f + turn) % 3
        third = 3 - f - g
        near = int(np.rint(line[g] / p.step_nm))
        # the two lines of that family on either side, wherever they cross this one within an edge
        for side in range(2):
            for cross in range(-1, 2):
                if turn == 1:
                    a = j + side
                    b = int(np.rint(along / edge - uniform(key, 40 + f) - 0.5)) + cross
                else:
                    a = int(np.rint(along / edge - uniform(key, 40 + f))) + cross
                    b = i - side
                place_line(key, p, g, a, b, other)
                s, h = abs(along - other[f]), line[third] - other[third]
                if s > 0.9 * edge:
                    continue
                theirs, first, count, _ = stretch_at(key, p, g, a, b, near)
                if theirs == np.uint64(0):
                    continue
                most = 0.0
                for k in range(near - 1, near + 2):
                    if not first <= k < first + count:
                        continue
                    _, wide = swelling(theirs, k - first, p)
                    if wide < _SWOLLEN * edge:
                        continue
                    need = 1.15 * wide + min(own_radius, 0.25 * edge) + _BETWEEN_NM
                    # along a swelling it is about as wide half-way to its next node
                    beside = max(0.0, abs(k * p.step_nm - line[g]) - 0.4 * p.step_nm)
                    apart = np.sqrt(s * s + beside * beside)
                    most = max(most, aside(abs(h), need) * bump(apart / need))
                if h >= 0.0:
                    up[third] = max(up[third], most)
                else:
                    down[third] = max(down[third], most)
    for c in range(3):
        out[c] += up[c] - down[c]


@compiled
def node_place(key, p, f, i, j, at, radius, line, thick, most, out):  # type: ignore[no-untyped-def]
    """Write where a node lies on the lattice; ``line`` (3,) is where its line runs, across its axis."""
    moved, along = np.empty(3), at * p.step_nm
    stray(key, p, f, i, j, at, out)
    if p.bouton_chance + p.swelling_chance > 0.0 and not p.lanes:
        _off_swellings(key, p, f, i, j, at, line, radius, out)
    give_way(thick, f, line, along, radius, most, moved)
    for c in range(3):
        out[c] += moved[c] + (along if c == f else line[c])
