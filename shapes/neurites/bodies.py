"""Cell bodies: which dendrites and which axon leave a soma.

Of each family of lines the dendrite that passes nearest to a soma's middle belongs to it, as two primary
dendrites, and of one family the axon that does: it begins there. That is a matter of keys along its
whole stretch, so that all windows agree, whatever they know. One that meets two somata belongs to the first.
"""

from typing import Any, NamedTuple

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.streams import uniform
from shapes.neurites.course import stray
from shapes.neurites.drift import into_tissue
from shapes.neurites.lanes import typical_radius
from shapes.neurites.lattice import LONGER, lines_within, place_line, stretch_at
from shapes.neurites.population import AXON, DENDRITE

NEAR = 0.5
"""Of a soma's radius: so near to its middle a line passes that can belong to it."""
WIDER = 2.5
"""Times as thick as elsewhere a neurite is where it leaves its soma."""
_CONE_NM = 4000.0  # over which it thins to what it is elsewhere
_BARE_NM = 3000.0  # from a soma no axon swells
_WIDEST = 0.4  # of a soma's radius: no neurite that leaves it is thicker
_CLEAR = 1.5  # of a soma's radius: no neurite branches nearer to its middle


class Bodies(NamedTuple):
    """The somata that neurites of one population leave: whether there are any, stream key and parameters.

    ``kind`` is that of the neurites.
    """

    some: bool
    key: np.uint64
    p: Any
    kind: int


@compiled
def _middle(bodies, e, a, b, at, out):  # type: ignore[no-untyped-def]
    """Write where a node of a soma lies on the lattice."""
    place_line(bodies.key, bodies.p, e, a, b, out)
    one, two = stray(bodies.key, bodies.p, e, a, b, at)
    out[e] = at * bodies.p.step_nm
    out[(e + 1) % 3] += one
    out[(e + 2) % 3] += two


@compiled
def _nearest(kind, key, p, f, centre, radius):  # type: ignore[no-untyped-def]
    """Return the line of a family that belongs to a soma: whether there is one, and its two numbers."""
    reach, at = min(NEAR * radius, 1.5 * p.cell_nm), int(np.rint(centre[f] / p.step_nm))
    line, found = np.empty(3), (False, 0, 0)
    g, h = (f + 1) % 3, (f + 2) % 3
    i0, i1, j0, j1 = lines_within(key, p, f, centre - reach, centre + reach)
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            place_line(key, p, f, i, j, line)
            away = np.sqrt((line[g] - centre[g]) ** 2 + (line[h] - centre[h]) ** 2)
            if away >= reach:
                continue
            own, first, count, _ = stretch_at(key, p, f, i, j, at)
            if own == np.uint64(0) or not first <= at < first + count:
                continue
            # of an axon what comes after its soma is left
            if kind == AXON and at - first > count // 2:
                continue
            reach, found = away, (True, i, j)
    return found


@compiled
def _belongs(bodies, key, p, f, i, j, soma, centre, radius):  # type: ignore[no-untyped-def]
    """Tell whether a line is the one of its family that leaves a soma."""
    if bodies.kind == DENDRITE:
        found, a, b = _nearest(bodies.kind, key, p, f, centre, radius)
        return found and a == i and b == j
    turn = int(3.0 * uniform(soma, 60))
    for t in range(3):
        g = (turn + t) % 3
        found, a, b = _nearest(bodies.kind, key, p, g, centre, radius)
        if found:
            return g == f and a == i and b == j
    return False


@compiled
def body_of(bodies, key, p, f, i, j, first, count):  # type: ignore[no-untyped-def]
    """Return the soma that a stretch of a line leaves: (key, family, i, j, its middle node), or key 0.

    The last number is the node of the stretch in that soma's middle.
    """
    best = (np.uint64(0), 0, 0, 0, 0, 0)
    if not bodies.some or p.lanes:
        return best
    s, end = bodies.p, first + count
    line, centre = np.empty(3), np.empty(3)
    place_line(key, p, f, i, j, line)
    wide = NEAR * s.radius_nm.highest + s.stray * s.cell_nm + s.bend * s.step_nm
    low, high = line - wide, line + wide
    low[f], high[f] = first * p.step_nm - wide, end * p.step_nm + wide
    for e in range(3):
        if s.grain[e] == 0.0:
            continue
        a0, a1, b0, b1 = lines_within(bodies.key, s, e, low, high)
        from_node, to_node = int(np.floor(low[e] / s.step_nm)), int(np.ceil(high[e] / s.step_nm))
        for a in range(a0, a1 + 1):
            for b in range(b0, b1 + 1):
                at = from_node
                while at <= to_node:
                    soma, begin, nodes, at = stretch_at(bodies.key, s, e, a, b, at)
                    middle = begin + nodes // 2
                    if soma == np.uint64(0) or not from_node <= middle <= to_node:
                        continue
                    radius = typical_radius(soma, s.radius_nm)
                    _middle(bodies, e, a, b, middle, centre)
                    here = int(np.rint(centre[f] / p.step_nm))
                    # one that is thinner than a step is long would be passed by
                    if not first <= here < end or NEAR * radius < LONGER * p.step_nm:
                        continue
                    if _belongs(bodies, key, p, f, i, j, soma, centre, radius):
                        best, end = (soma, e, a, b, middle, here), here
    return best


@compiled
def leaves_body(bodies, key, p, f, i, j, first, count, at):  # type: ignore[no-untyped-def]
    """Tell whether a node of a stretch lies well outside the soma that it leaves, if any."""
    soma, _, _, _, _, here = body_of(bodies, key, p, f, i, j, first, count)
    if soma == np.uint64(0):
        return True
    away = (at - here) * p.step_nm
    return (away if bodies.kind == AXON else abs(away)) > _CLEAR * typical_radius(soma, bodies.p.radius_nm)


@compiled
def body_axis(bodies, drift, body, out):  # type: ignore[no-untyped-def]
    """Write where a soma's first, middle and last node lie in tissue space, (3, 3); returns its radius."""
    soma, e, a, b, middle, _ = body
    _, first, count, _ = stretch_at(bodies.key, bodies.p, e, a, b, middle)
    q = np.empty(3)
    for n, at in enumerate((first, middle, first + count - 1)):
        _middle(bodies, e, a, b, at, q)
        into_tissue(drift, q, out[n])
    return typical_radius(soma, bodies.p.radius_nm)


@compiled
def outside_body(axis, radius, at):  # type: ignore[no-untyped-def]
    """Return how far outside a soma a place lies, negative inside."""
    nearest = np.inf
    for n in range(2):
        dot = length = away = 0.0
        for c in range(3):
            way = axis[n + 1, c] - axis[n, c]
            dot += way * (at[c] - axis[n, c])
            length += way * way
        t = min(1.0, max(0.0, dot / max(length, 1e-9)))
        for c in range(3):
            away += (at[c] - axis[n, c] - t * (axis[n + 1, c] - axis[n, c])) ** 2
        nearest = min(nearest, away)
    return np.sqrt(nearest) - radius


@compiled
def is_bare(away):  # type: ignore[no-untyped-def]
    """Tell whether an axon is too near to its soma to swell."""
    return away < _BARE_NM


@compiled
def widened(thick, away, radius):  # type: ignore[no-untyped-def]
    """Return how thick a neurite is at some distance from its soma, given how thick it is elsewhere."""
    near = max(0.0, 1.0 - max(0.0, away) / _CONE_NM)
    return max(thick, min(thick * (1.0 + (WIDER - 1.0) * near * near), _WIDEST * radius))
