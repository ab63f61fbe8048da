"""Giving way: thin neurites run around thick ones, so that each keeps its axis to itself.

It happens on the lattice, where lines are straight and along the axes. One that crosses a thick neurite bends
aside along the one direction at right angles to both; one that runs beside it keeps off it. On which side it
passes is a matter of where the two lines lie, so that a line never jumps from one side to the other.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled, inlined

FAR = 2.5
"""Lines that pass by at so many times the room that is needed stay where they are."""
GAP_NM = 25.0
"""Between the surfaces of the two there is so much for their membranes."""


class Thick(NamedTuple):
    """Stretches of neurites that others give way to, a row each.

    ``families`` (n,), ``lines`` (n, 3) where each would run if it were straight, ``firsts`` (n,) the place of
    its first node on the line, ``steps_nm`` (n,), ``nodes`` (n, m, 4): how far it is from its line, and how
    thick, 0 where it is not known or not there, ``widest`` (n,): its largest radius, and ``keys`` (n,). The
    first ``somata`` are those.
    """

    families: npt.NDArray[np.int64]
    lines: npt.NDArray[np.float64]
    firsts: npt.NDArray[np.int64]
    steps_nm: npt.NDArray[np.float64]
    nodes: npt.NDArray[np.float64]
    widest: npt.NDArray[np.float64]
    keys: npt.NDArray[np.uint64]
    somata: int

    @classmethod
    def none(cls) -> "Thick":
        """Return no neurites."""
        return cls(
            np.empty(0, np.int64),
            np.empty((0, 3)),
            np.empty(0, np.int64),
            np.empty(0),
            np.empty((0, 1, 4)),
            np.empty(0),
            np.empty(0, np.uint64),
            0,
        )


@inlined
def bump(t):  # type: ignore[no-untyped-def]
    """Return 1 beside a thick neurite, falling to 0 at twice the room that it needs."""
    u = 1.0 - 0.25 * t * t
    return u * u if t < 2.0 else 0.0


@inlined
def aside(h, need):  # type: ignore[no-untyped-def]
    """Return how far a line at distance ``h`` moves off one that needs so much room, to lie outside."""
    t = h / need
    if t >= FAR:
        return 0.0
    return need * (np.sqrt(1.0 + t * t) - t - 0.1926 * t * t / 6.25)


X, SIDE, OFF, NEED, PAST, CARRY = 0, 1, 2, 3, 4, 5
"""Columns of what crosses a line along axis ``f``: where, along the line; whether it lies beside it along the
next axis, 0, or the one after that, 1; how far off, with a sign; the room that it needs beside the line's
own radius; how far from its own middle it crosses; and what it has strayed itself along these two axes."""
CROSSING = 7


@compiled
def _place_on(nodes, r, at):  # type: ignore[no-untyped-def]
    """Return node and part of the step to the next where a thick neurite is asked, and its radius there."""
    k = int(np.floor(at))
    if k < -1 or k >= nodes.shape[1]:
        return k, 0.0, 0.0
    t = at - k
    one = nodes[r, k, 3] if k >= 0 else 0.0
    two = nodes[r, k + 1, 3] if k + 1 < nodes.shape[1] else 0.0
    return k, t, (1.0 - t) * one + t * two


@compiled
def _strayed(nodes, r, k, t, c):  # type: ignore[no-untyped-def]
    """Return how far a thick neurite is from its line along one axis."""
    one = k >= 0 and nodes[r, k, 3] > 0.0
    two = k + 1 < nodes.shape[1] and nodes[r, k + 1, 3] > 0.0
    return (1.0 - t) * nodes[r, k if one else k + 1, c] + t * nodes[r, k + 1 if two else k, c]


@compiled
def beside_line(thick, f, line, own, soma, crossing, parallel):  # type: ignore[no-untyped-def]
    """Find the thick neurites that a line may give way to, but for its ``soma``, a key or 0.

    Written are those that cross it, as rows of ``crossing``, and the numbers of those ``parallel`` to it.
    Returns how many of either, and the most room that one needs, and that a soma does.
    """
    families, lines, firsts, steps, nodes, widest, keys, somata = thick
    n, m, most, body = 0, 0, 0.0, 0.0
    a, b = (f + 1) % 3, (f + 2) % 3
    for r in range(families.shape[0]):
        need, g = widest[r] + own + GAP_NM, families[r]
        if g == f:
            away = np.sqrt((line[a] - lines[r, a]) ** 2 + (line[b] - lines[r, b]) ** 2)
            if 1e-6 < away < FAR * need and keys[r] != soma:
                parallel[m] = r
                m += 1
                most, body = max(most, need), max(body, need if r < somata else 0.0)
            continue
        third = 3 - f - g
        h = line[third] - lines[r, third]
        if abs(h) >= FAR * need:
            continue
        k, t, radius = _place_on(nodes, r, line[g] / steps[r] - firsts[r])
        need = radius + own + GAP_NM
        if radius <= 0.0 or abs(h) >= FAR * need or keys[r] == soma:
            continue
        crossing[n, X], crossing[n, SIDE], crossing[n, OFF] = lines[r, f], 0.0 if third == a else 1.0, h
        crossing[n, NEED], crossing[n, PAST] = radius + GAP_NM, 0.0
        crossing[n, CARRY] = _strayed(nodes, r, k, t, a)
        crossing[n, CARRY + 1] = _strayed(nodes, r, k, t, b)
        n += 1
        most, body = max(most, need), max(body, need if r < somata else 0.0)
    return n, m, most, body


@inlined
def give_way(thick, crossing, n, parallel, m, f, line, along, own):  # type: ignore[no-untyped-def]
    """Return by how much a place on a line moves off what is beside it, in nm, along the next two axes.

    ``along`` is its place along its axis ``f``, ``own`` the radius there.
    """
    up_a = up_b = down_a = down_b = carried = carry_a = carry_b = 0.0
    for i in range(n):
        need = crossing[i, NEED] + own
        s = abs(along - crossing[i, X])
        if s >= 2.0 * need:
            continue
        s = np.sqrt(s * s + crossing[i, PAST] ** 2)
        h, beside = crossing[i, OFF], bump(s / need)
        off = aside(abs(h), need) * beside
        if crossing[i, SIDE] == 0.0:
            up_a, down_a = (max(up_a, off), down_a) if h >= 0.0 else (up_a, max(down_a, off))
        else:
            up_b, down_b = (max(up_b, off), down_b) if h >= 0.0 else (up_b, max(down_b, off))
        # what a thick neurite strays by, its neighbours stray by, too
        weight = beside * bump(abs(h) / need)
        if weight > carried:
            carried = weight
            carry_a, carry_b = weight * crossing[i, CARRY], weight * crossing[i, CARRY + 1]
    a, b = (f + 1) % 3, (f + 2) % 3
    for i in range(m):
        r = parallel[i]
        k, t, radius = _place_on(thick.nodes, r, along / thick.steps_nm[r] - thick.firsts[r])
        if radius <= 0.0:
            continue
        da, db = line[a] - thick.lines[r, a], line[b] - thick.lines[r, b]
        h, need = np.sqrt(da * da + db * db), radius + own + GAP_NM
        off = aside(h, need) / h
        up_a, down_a = max(up_a, off * da), max(down_a, -off * da)
        up_b, down_b = max(up_b, off * db), max(down_b, -off * db)
        weight = bump(h / need)
        if weight > carried:
            carried = weight
            carry_a = weight * _strayed(thick.nodes, r, k, t, a)
            carry_b = weight * _strayed(thick.nodes, r, k, t, b)
    return carry_a + up_a - down_a, carry_b + up_b - down_b
