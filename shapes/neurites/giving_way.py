"""Giving way: thin neurites run around thick ones, so that each keeps its axis to itself.

It happens on the lattice, where lines are straight and along the axes. One that crosses a thick neurite bends
aside along the one direction at right angles to both; one that runs beside it keeps off it. On which side it
passes is a matter of where the two lines lie, so that a line never jumps from one side to the other.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled

FAR = 3.0
"""Lines that pass by at so many times the room that is needed stay where they are."""
GAP_NM = 25.0
"""Between the surfaces of the two there is so much for their membranes."""


class Thick(NamedTuple):
    """Stretches of neurites that others give way to, a row each.

    ``families`` (n,), ``lines`` (n, 3) where each would run if it were straight, ``firsts`` (n,) number of its
    first node, ``steps_nm`` (n,), and ``nodes`` (n, m, 4): how far it is from its line, and how thick, 0 where
    it is not known or not there.
    """

    families: npt.NDArray[np.int64]
    lines: npt.NDArray[np.float64]
    firsts: npt.NDArray[np.int64]
    steps_nm: npt.NDArray[np.float64]
    nodes: npt.NDArray[np.float64]
    widest: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> "Thick":
        """Return no neurites."""
        return cls(
            np.empty(0, np.int64), np.empty((0, 3)), np.empty(0, np.int64), np.empty(0), np.empty((0, 1, 4)), np.empty(0)
        )


@compiled
def bump(t):  # type: ignore[no-untyped-def]
    """Return 1 beside a thick neurite, falling to 0 at twice the room that it needs."""
    u = 1.0 - 0.25 * t * t
    return u * u if t < 2.0 else 0.0


@compiled
def aside(h, need):  # type: ignore[no-untyped-def]
    """Return how far a line at distance ``h`` moves off one that needs so much room: it comes to lie outside."""
    t = h / need
    if t >= FAR:
        return 0.0
    return need * (np.sqrt(1.0 + t * t) - t - 0.1623 * t * t / 9.0)


@compiled
def beside_line(thick, f, line, own, some):  # type: ignore[no-untyped-def]
    """Pick the thick neurites that a line may give way to; returns how many, and the most room that one needs."""
    families, lines, widest = thick.families, thick.lines, thick.widest
    count, most = 0, 0.0
    a, b = (f + 1) % 3, (f + 2) % 3
    for r in range(families.shape[0]):
        need = widest[r] + own + GAP_NM
        g = families[r]
        if g != f:
            away = abs(line[3 - f - g] - lines[r, 3 - f - g])
        else:
            away = np.sqrt((line[a] - lines[r, a]) ** 2 + (line[b] - lines[r, b]) ** 2)
        if away < FAR * need:
            some[count] = r
            count += 1
            most = max(most, need)
    return count, most


@compiled
def give_way(thick, some, f, line, along, own, most, out):  # type: ignore[no-untyped-def]
    """Write by how much a place on a line, ``along`` its axis ``f``, moves off thick neurites: (3,) in nm.

    ``some`` are those that ``beside_line`` picked, ``own`` is the radius there; ``most`` bounds the move along
    each axis.
    """
    families, lines, firsts, steps, nodes, widest = thick
    up, down, carried = np.zeros(3), np.zeros(3), 0.0
    out[:] = 0.0
    a, b = (f + 1) % 3, (f + 2) % 3
    for r in some:
        g = families[r]
        third = 3 - f - g
        da = db = s = 0.0
        if g != f:
            s, h = abs(along - lines[r, f]), line[third] - lines[r, third]
            if s >= 2.0 * (widest[r] + own + GAP_NM):
                continue
            at = line[g] / steps[r] - firsts[r]
        else:
            da, db = line[a] - lines[r, a], line[b] - lines[r, b]
            h = np.sqrt(da * da + db * db)
            if h < 1e-6:
                continue
            at = along / steps[r] - firsts[r]
        k = int(np.floor(at))
        if k < -1 or k >= nodes.shape[1]:
            continue
        t = at - k
        one = nodes[r, k, 3] if k >= 0 else 0.0
        two = nodes[r, k + 1, 3] if k + 1 < nodes.shape[1] else 0.0
        radius = (1.0 - t) * one + t * two
        if radius <= 0.0:
            continue
        need = radius + own + GAP_NM
        beside = bump(s / need)
        off = aside(abs(h), need) * beside
        if g == f:
            up[a], down[a] = max(up[a], off * da / h), max(down[a], -off * da / h)
            up[b], down[b] = max(up[b], off * db / h), max(down[b], -off * db / h)
        elif h >= 0.0:
            up[third] = max(up[third], off)
        else:
            down[third] = max(down[third], off)
        # what a thick neurite strays by, its neighbours stray by, too
        weight = beside * bump(abs(h) / need)
        if weight > carried:
            carried = weight
            for c in range(3):
                first = nodes[r, k, c] if one > 0.0 else nodes[r, k + 1, c]
                second = nodes[r, k + 1, c] if two > 0.0 else nodes[r, k, c]
                out[c] = weight * ((1.0 - t) * first + t * second)
    for c in range(3):
        out[c] = min(most, max(-most, out[c] + up[c] - down[c]))
    out[f] = 0.0
