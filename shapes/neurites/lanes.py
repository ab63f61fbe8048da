"""Lanes: the places of neurites that run side by side, as white matter's axons do.

A lane is a column of the population's lattice along z. The room between two lanes is shared out in proportion
to the thicknesses drawn for them, so that no two neurites overlap.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform

_LANE_TRIES = 24  # neurites drawn for a lane, of which the thickest that fits is taken


@compiled
def typical_radius(key, radius):  # type: ignore[no-untyped-def]
    """Return the typical radius of a neurite."""
    return draw(radius, uniform(key, 3), normal(key, 4))


@compiled
def lane_place(key, p, i, j):  # type: ignore[no-untyped-def]
    """Return where a lane runs, (y, x)."""
    lane = cell_key(mix(key, 2), 0, i, j)
    y = i + 0.5 + p.stray * (2.0 * uniform(lane, 0) - 1.0)
    x = j + 0.5 * (i % 2) + 0.5 + p.stray * (2.0 * uniform(lane, 1) - 1.0)
    return y * p.cell_nm, x * p.cell_nm


@compiled
def in_lane(key, p, m, i, j):  # type: ignore[no-untyped-def]
    """Return the key of a lane's ``m``-th neurite, or 0 where none has room between its neighbours.

    The room between two lanes is shared out in proportion to the thicknesses drawn for them.
    """
    y, x = lane_place(key, p, i, j)
    wish = typical_radius(cell_key(mix(key, 2), 0, i, j), p.radius_nm)
    room = np.inf
    for di in range(-2, 3):
        for dj in range(-2, 3):
            if di != 0 or dj != 0:
                v, u = lane_place(key, p, i + di, j + dj)
                other = typical_radius(cell_key(mix(key, 2), 0, i + di, j + dj), p.radius_nm)
                away = np.sqrt((v - y) ** 2 + (u - x) ** 2)
                room = min(room, away * wish / (wish + other))
    here, best, widest = mix(cell_key(mix(key, 2), 0, i, j), m), np.uint64(0), 0.0
    for attempt in range(_LANE_TRIES):
        k = mix(here, attempt)
        thick = typical_radius(k, p.radius_nm)
        if widest < thick <= room:
            best, widest = k, thick
    return best
