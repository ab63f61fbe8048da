"""Branches: a neurite may begin at another that its line crosses, and a glial process joins a star.

A branch begins at a node of a line of another family, half an edge away, and has its id. Where a glial
process crosses the middle of one of the first family, it is joined to it there, so that processes leave that
middle every way.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.streams import cell_key, mix, uniform
from shapes.neurites.bodies import body_of, leaves_body
from shapes.neurites.lattice import stretch_at
from shapes.neurites.population import GLIA

_LEVELS = 3  # a branch leaves a line of a lower level, so that no neurite is its own branch
_PARENT_TRIES = 2


@compiled
def _level(key, f, i, j):  # type: ignore[no-untyped-def]
    return int(uniform(cell_key(mix(key, 20 + f), 0, i, j), 0) * _LEVELS)


@compiled
def _crossing(key, p, f, i, j, at, side):  # type: ignore[no-untyped-def]
    """Return a line that another passes half an edge away at node ``at``: (family, i, j, node of its own).

    ``side`` is 0 or 1 for those of the next family, 2 or 3 for those of the one after that.
    """
    cell, shift = p.cell_nm, uniform(key, 40 + f)
    if side < 2:
        # beside it along the axis after that, at a half index along this line
        g = (f + 1) % 3
        a, b = j + side, int(np.rint(at * p.step_nm / cell - shift - 0.5))
        along = (i + uniform(key, 40 + g)) * cell
    else:
        g = (f + 2) % 3
        a, b = int(np.rint(at * p.step_nm / cell - shift)), i - (side - 2)
        along = (j + 0.5 + uniform(key, 40 + g)) * cell
    return g, a, b, int(np.rint(along / p.step_nm))


@compiled
def _star_of(key, p, own, f, i, j, first, count):  # type: ignore[no-untyped-def]
    """Return whose middle a glial process crosses, as ``parent_of`` does: the first along its line."""
    centre = 0
    while p.grain[centre] == 0.0:
        centre += 1
    if f == centre or uniform(own, 13) >= p.branch_chance:
        return np.uint64(0), 0, 0, 0, 0, 0
    two = 0 if centre == (f + 1) % 3 else 2
    offset = uniform(key, 40 + f) + (0.5 if two == 0 else 0.0)
    half = int(np.ceil(0.5 * p.cell_nm / p.step_nm))
    from_cross = int(np.ceil(first * p.step_nm / p.cell_nm - offset))
    to_cross = int(np.floor((first + count - 1) * p.step_nm / p.cell_nm - offset))
    for cross in range(from_cross, to_cross + 1):
        at = int(np.rint((cross + offset) * p.cell_nm / p.step_nm))
        for side in range(two, two + 2):
            g, a, b, there = _crossing(key, p, f, i, j, at, side)
            other, begin, nodes, _ = stretch_at(key, p, g, a, b, there)
            middle = begin + nodes // 2
            # of lines side by side the nearest alone
            if other != np.uint64(0) and -half <= middle - there < half and first <= at < first + count:
                return other, g, a, b, middle, at - first
    return np.uint64(0), 0, 0, 0, 0, 0


@compiled
def parent_of(bodies, key, p, own, f, i, j, first, count):  # type: ignore[no-untyped-def]
    """Return what a neurite branches from: (key, family, i, j, node), or key 0, and which of its nodes does.

    It is a line that it crosses there, one of another family, half an edge away. What leaves a soma is no
    branch.
    """
    nobody = (np.uint64(0), 0, 0, 0, 0, 0)
    if p.lanes or p.branch_chance == 0.0:
        return nobody
    if bodies.kind == GLIA:
        return _star_of(key, p, own, f, i, j, first, count)
    if uniform(own, 13) >= p.branch_chance or body_of(bodies, key, p, f, i, j, first, count)[0] != nobody[0]:
        return nobody
    level = _level(key, f, i, j)
    way = int(uniform(own, 14) * 4.0)
    for attempt in range(_PARENT_TRIES):
        g, a, b, node = _crossing(key, p, f, i, j, first, (way + attempt) % 4)
        if _level(key, g, a, b) >= level:
            continue
        other, begin, nodes, _ = stretch_at(key, p, g, a, b, node)
        if (
            other != np.uint64(0)
            and begin + 1 < node < begin + nodes - 1
            and leaves_body(bodies, key, p, g, a, b, begin, nodes, node)
        ):
            return other, g, a, b, node, 0
    return nobody


@compiled
def root_of(bodies, key, p, own, f, i, j, first, count):  # type: ignore[no-untyped-def]
    """Return the key of the soma or neurite that a neurite belongs to in the end: its own where to none."""
    for _ in range(_LEVELS):
        other, g, a, b, node, _ = parent_of(bodies, key, p, own, f, i, j, first, count)
        if other == np.uint64(0):
            break
        _, first, count, _ = stretch_at(key, p, g, a, b, node)
        own, f, i, j = other, g, a, b
    soma = body_of(bodies, key, p, f, i, j, first, count)[0]
    return own if soma == np.uint64(0) else soma
