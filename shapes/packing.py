"""The close-packed lattice of a bouton's vesicles: turned, jittered, and thinned until no two touch."""

import numpy as np
from numba import njit

from shapes.spread import draw
from shapes.streams import cell_key, normal, uniform

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
