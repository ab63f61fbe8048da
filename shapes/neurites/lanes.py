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
def _lane_middle(key, p, cy, cx):  # type: ignore[no-untyped-def]
    """Return where a lane runs, (y, x), and the thickness drawn for it."""
    lane = cell_key(mix(key, 2), 0, cy, cx)
    y = cy + 0.5 + p.stray * (2.0 * uniform(lane, 0) - 1.0)
    x = cx + 0.5 * (cy % 2) + 0.5 + p.stray * (2.0 * uniform(lane, 1) - 1.0)
    return y * p.cell_nm, x * p.cell_nm, typical_radius(lane, p.radius_nm)


@compiled
def in_lane(key, p, cz, cy, cx, middle):  # type: ignore[no-untyped-def]
    """Write the middle of a lane's neurite; returns its key, or 0 where none has room between its neighbours.

    The room between two lanes is shared out in proportion to the thicknesses drawn for them.
    """
    middle[1], middle[2], wish = _lane_middle(key, p, cy, cx)
    room = np.inf
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            if dy != 0 or dx != 0:
                y, x, other = _lane_middle(key, p, cy + dy, cx + dx)
                away = np.sqrt((y - middle[1]) ** 2 + (x - middle[2]) ** 2)
                room = min(room, away * wish / (wish + other))
    lane = cell_key(mix(key, 2), 0, cy, cx)
    middle[0] = (cz + uniform(lane, 2)) * 2.0 * p.nodes * p.step_nm
    here, best, widest = mix(lane, cz), np.uint64(0), 0.0
    for attempt in range(_LANE_TRIES):
        k = mix(here, attempt)
        thick = typical_radius(k, p.radius_nm)
        if widest < thick <= room:
            best, widest = k, thick
    return best
