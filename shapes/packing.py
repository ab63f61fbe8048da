"""Where vesicles may lie so that no two touch: a bouton's close-packed lattice, and places for loose ones."""

import numpy as np
from numba import njit

from shapes.population import BOUTON
from shapes.spread import draw
from shapes.streams import cell_key, mix, normal, uniform

CLUSTER_NM = 430.0
"""Largest distance of a vesicle from its bouton's middle."""
JITTER = 0.11
"""How far a site is moved along each axis, as a part of the lattice's step."""


@njit(cache=True)
def lattice_site(here, centre, turn, pitch, i, j, k, out):  # type: ignore[no-untyped-def]
    """Write where the vesicle of one lattice site would lie: a face-centred lattice, turned and jittered."""
    u0 = pitch * (j + k) + JITTER * pitch * (2.0 * uniform(here, 0) - 1.0)
    u1 = pitch * (i + k) + JITTER * pitch * (2.0 * uniform(here, 1) - 1.0)
    u2 = pitch * (i + j) + JITTER * pitch * (2.0 * uniform(here, 2) - 1.0)
    for c in range(3):
        out[c] = centre[c] + turn[c, 0] * u0 + turn[c, 1] * u1 + turn[c, 2] * u2


@njit(cache=True)
def rotation(key):  # type: ignore[no-untyped-def]
    """Return a random rotation: two random directions made upright, and their cross product."""
    m = np.empty((3, 3))
    for c in range(3):
        m[c, 0], m[c, 1] = normal(key, c), normal(key, 3 + c)
    m[:, 0] /= np.sqrt((m[:, 0] ** 2).sum())
    m[:, 1] -= (m[:, 0] * m[:, 1]).sum() * m[:, 0]
    m[:, 1] /= np.sqrt((m[:, 1] ** 2).sum())
    m[0, 2] = m[1, 0] * m[2, 1] - m[2, 0] * m[1, 1]
    m[1, 2] = m[2, 0] * m[0, 1] - m[0, 0] * m[2, 1]
    m[2, 2] = m[0, 0] * m[1, 1] - m[1, 0] * m[0, 1]
    return m


@njit(cache=True)
def crowded_out(key, centre, turn, pitch, i, j, k, at, r, radius, occupied, q):  # type: ignore[no-untyped-def]
    """Tell whether a neighbouring site of higher rank holds a vesicle that this one would touch."""
    rank = uniform(cell_key(key, i, j, k), 3)
    for di in range(-1, 2):
        for dj in range(-1, 2):
            for dk in range(-1, 2):
                # the twelve nearest sites of a face-centred lattice; all others are too far to touch
                if abs(di + dj + dk) > 1 or (di == 0 and dj == 0 and dk == 0) or di * dj * dk != 0:
                    continue
                here = cell_key(key, i + di, j + dj, k + dk)
                if uniform(here, 3) <= rank or uniform(here, 4) >= occupied:
                    continue
                lattice_site(here, centre, turn, pitch, i + di, j + dj, k + dk, q)
                other = draw(radius, uniform(here, 5), normal(here, 6))
                if (q[0] - at[0]) ** 2 + (q[1] - at[1]) ** 2 + (q[2] - at[2]) ** 2 < (r + other + 1.0) ** 2:
                    return True
    return False


@njit(cache=True)
def bouton_ball(radius):  # type: ignore[no-untyped-def]
    """Return how far from a bouton's middle its vesicles may lie."""
    return min(CLUSTER_NM, 1.5 * radius)


@njit(cache=True)
def loose_place(key, attempt, node, ball, out):  # type: ignore[no-untyped-def]
    """Write where one of a node's loose vesicles would lie: anywhere in a ball around it."""
    here = mix(key, 100 + attempt)
    z, y, x = normal(here, 4), normal(here, 5), normal(here, 6)
    away = ball * uniform(here, 3) ** 0.3333 / (np.sqrt(z * z + y * y + x * x) + 1e-9)
    out[0], out[1], out[2] = node[0] + away * z, node[1] + away * y, node[2] + away * x


@njit(cache=True)
def keeps_apart(key, attempt, nodes, varicosity, k, node, ball, loose, widest, at, other):  # type: ignore[no-untyped-def]
    """Tell whether a loose vesicle is clear of its node's earlier ones, and nearest to its own node."""
    for earlier in range(attempt):
        if uniform(mix(key, 100 + earlier), 0) < loose:
            loose_place(key, earlier, node, ball, other)
            if ((other - at) ** 2).sum() < (2.0 * widest + 1.0) ** 2:
                return False
    mine = np.sqrt(((at - node[:3]) ** 2).sum())
    for m in range(max(0, k - 2), min(nodes.shape[0], k + 3)):
        theirs = np.sqrt(((at - nodes[m, :3]) ** 2).sum())
        # where each of two points is nearer to its own node by a diameter, they are a diameter apart
        if m != k and theirs - mine < 2.0 * widest + 1.0:
            return False
        if varicosity[m] == BOUTON and theirs < bouton_ball(nodes[m, 3]) + 2.0 * widest + 1.0:
            return False
    return True
