"""Mitochondria of large cell bodies: short bent rods at the places of a lattice, lying any way.

Where the rods of two places come close, the one of lower rank is as thin as leaves both room, or not there.
Both are known from keys alone, so that no window sees it otherwise.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, uniform
from shapes.mitochondria.rods import ARM, MIDDLE, POINTS, ROW, SLACK_NM, rod_touches
from shapes.partition.cytoplasm import NOBODY, any_way, body_at, cells_within, place_in
from shapes.partition.point import near_box, scratch_for

FAR_NM = 2000.0
"""Rods of cell bodies are drawn this far around a window, for what lies around them or keeps off them."""
OFF_NUCLEUS_NM = 25.0
"""Between such a rod and the nucleus there is at least so much."""
_PLAY = 0.9  # a place lies within so much of an edge of its cell
_WIDER = 1.1
_BEND = 0.35  # a rod's middle lies off the line between its tips by up to so much of its half-length


@compiled
def _rod(key, cell, edge, p, points):  # type: ignore[no-untyped-def]
    """Write the rod of a place, with a radius at each of its points."""
    middle, way, side = np.empty(3), np.empty(3), np.empty(3)
    place_in(key, cell, edge, _PLAY, middle)
    any_way(key, 10, way)
    any_way(key, 20, side)
    thick = draw(p.radius_nm, uniform(key, 4), normal(key, 5))
    half = draw(p.half_length_nm, uniform(key, 6), normal(key, 7))
    bow = half * _BEND * (2.0 * uniform(key, 8) - 1.0)
    # as much thicker as thinner, as other rods
    uneven = min(0.2, max(0.0, np.log(p.radius_nm.highest / thick)))
    for i in range(POINTS):
        t = 2.0 * i / (POINTS - 1) - 1.0
        for c in range(3):
            points[i, c] = middle[c] + t * half * way[c] + (1.0 - t * t - 0.5) * bow * side[c]
        swell = min(uneven, max(-uneven, 0.1 * normal(key, 50 + i)))
        points[i, 3] = thick * (1.0 - 0.15 * abs(t) ** 3) * np.exp(swell)
    for i in range(ARM, ROW):
        points[i, :3], points[i, 3] = points[MIDDLE, :3], 0.0


@compiled
def _give_way(points, other):  # type: ignore[no-untyped-def]
    """Thin a rod where another of higher rank comes close."""
    for i in range(POINTS):
        for k in range(POINTS - 1):
            dot = norm = away = 0.0
            for c in range(3):
                d = other[k + 1, c] - other[k, c]
                dot += (points[i, c] - other[k, c]) * d
                norm += d * d
            t = min(1.0, max(0.0, dot / max(norm, 1e-9)))
            for c in range(3):
                away += (points[i, c] - other[k, c] - t * (other[k + 1, c] - other[k, c])) ** 2
            room = np.sqrt(away) - other[k, 3] - t * (other[k + 1, 3] - other[k, 3]) - SLACK_NM
            points[i, 3] = min(points[i, 3], room)


@compiled
def _settle(salt, key, z, y, x, edge, longest, p, points, other):  # type: ignore[no-untyped-def]
    """Thin a rod by those of the cells around; tells whether its middle is left."""
    around, cell = int(np.ceil((2.0 * longest + SLACK_NM) / edge)), np.empty(3)
    for dz in range(-around, around + 1):
        for dy in range(-around, around + 1):
            for dx in range(-around, around + 1):
                rival = cell_key(salt, z + dz, y + dy, x + dx)
                if rival <= key:  # its own, too; of two keys the higher one has its way
                    continue
                cell[0], cell[1], cell[2] = z + dz, y + dy, x + dx
                _rod(rival, cell, edge, p, other)
                _give_way(points, other)
                if points[MIDDLE, 3] < p.thinnest_nm:
                    return False
    # no waist: towards either tip it grows no thicker than this, however much room there is
    for i in range(1, MIDDLE + 1):
        for at, inner in ((MIDDLE - i, MIDDLE - i + 1), (MIDDLE + i, MIDDLE + i - 1)):
            points[at, 3] = min(points[at, 3], _WIDER * points[inner, 3])
    for i in range(POINTS):
        if points[i, 3] < p.thinnest_nm:
            points[i, 3] = 0.0
    return points[MIDDLE - 1, 3] > 0.0 or points[MIDDLE + 1, 3] > 0.0


@compiled
def scatter_rods(salt, edge, kinds, tubes, cores, p, longest, glia, gap, box, out, owners, rod_keys):  # type: ignore[no-untyped-def]
    """Draw every rod of a cell body that can come within ``FAR_NM`` of the box; returns how many."""
    low, high = box
    first, last, cell, n = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3), 0
    points, other = np.empty((ROW, 4)), np.empty((ROW, 4))
    scratch, close = scratch_for(tubes), np.empty(tubes.segments.shape[0], np.int64)
    cells_within(box, FAR_NM + longest, edge, first, last)
    pad = FAR_NM + longest + 2.0 * (p.thinnest_nm + gap) + glia
    some = scratch.close[: near_box(tubes.segments, tubes.blocks, low, high, pad, scratch.close)]
    for z in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            for x in range(first[2], last[2] + 1):
                key = cell_key(salt, z, y, x)
                cell[0], cell[1], cell[2] = z, y, x
                _rod(key, cell, edge, p, points)
                if not rod_touches(points, low, high, FAR_NM):
                    continue
                look, off = p.thinnest_nm + gap, points[MIDDLE, 3] + OFF_NUCLEUS_NM
                own, d = body_at(
                    tubes, kinds, cores, some, points[MIDDLE, :3], look, off, glia, scratch, close
                )
                if own == NOBODY or d < look - 1e-6:
                    continue
                if not _settle(salt, key, z, y, x, edge, longest, p, points, other):
                    continue
                if n < out.shape[0]:
                    out[n], owners[n], rod_keys[n] = points, own, mix(key, 1)
                n += 1
    return n


def far_nm(longest: float, thinnest: float, clearance: float) -> float:
    """Return how far from a window the surface of a cell body can lie that its rods depend on."""
    return FAR_NM + longest + 2.0 * (thinnest + clearance + 30.0)
