"""Bodies of membrane in large cell bodies: at the places of a lattice, lying any way, where there is room."""

import numpy as np

from shapes.clutter.chains import OFF_MITOCHONDRIA_NM, touches
from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, normal, object_id, uniform
from shapes.mitochondria.rods import off_rods
from shapes.partition.cytoplasm import NOBODY, any_way, body_at, cells_within, place_in
from shapes.partition.point import near_box, scratch_for

AROUND_NM = 420.0
"""Bodies are drawn this far around a window: fusiform vesicles keep off them."""
OFF_NUCLEUS_NM = 25.0
DENSE_SIZE = 0.62
"""Dense bodies are so much smaller."""
_PLAY = 0.8


@compiled
def _body(key, z, y, x, edge, p, kinds_of, ends):  # type: ignore[no-untyped-def]
    """Write the two ends of the body of a place, with its radius; returns what it holds."""
    middle, way, cell = np.empty(3), np.empty(3), np.empty(3)
    cell[0], cell[1], cell[2] = z, y, x
    place_in(key, cell, edge, _PLAY, middle)
    any_way(key, 8, way)
    kind, r = kinds_of[0], draw(p.radius_nm, uniform(key, 3), normal(key, 4))
    if uniform(key, 5) < p.multivesicular:
        kind = kinds_of[1]
    elif uniform(key, 6) < p.dense:
        kind, r = kinds_of[2], DENSE_SIZE * r
    half = 0.5 * p.stretch * r * uniform(key, 7) if kind != kinds_of[2] else 0.1 * r
    for i in range(2):
        ends[i, 3] = r
        for c in range(3):
            ends[i, c] = middle[c] + (2 * i - 1) * half * way[c]
    return kind


@compiled
def _outranked(salt, key, z, y, x, edge, longest, p, kinds_of, ends, other):  # type: ignore[no-untyped-def]
    """Tell whether a body of a cell around, of a higher key, lies where this one would."""
    around = int(np.ceil(2.0 * longest / edge))
    for dz in range(-around, around + 1):
        for dy in range(-around, around + 1):
            for dx in range(-around, around + 1):
                rival = cell_key(salt, z + dz, y + dy, x + dx)
                if rival <= key:
                    continue
                _body(rival, z + dz, y + dy, x + dx, edge, p, kinds_of, other)
                apart = long = 0.0
                for i in range(2):
                    reach = 0.0
                    one = ends if i == 0 else other
                    for c in range(3):
                        reach += (0.5 * (one[1, c] - one[0, c])) ** 2
                    long += np.sqrt(reach) + one[0, 3]
                for c in range(3):
                    apart += (0.5 * (ends[0, c] + ends[1, c] - other[0, c] - other[1, c])) ** 2
                if apart < long * long:
                    return True
    return False


@compiled
def scatter_bodies(salt, edge, kinds, tubes, cores, p, longest, glia, gap, box, kinds_of, begin, out):  # type: ignore[no-untyped-def]
    """Write, from row ``begin`` on, the bodies near the box; returns how many rows are full, and the missing.

    ``kinds_of`` are the numbers by which ``out`` says what a body holds: nothing, vesicles, dark matter. The
    first result is -1 where there is no more room.
    """
    (low, high), points, obstacles, n, missing = box, out.chains.points, out.chains.obstacles, begin, 0
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    way, other = np.empty(3), np.empty((2, 4))
    scratch, close = scratch_for(tubes), np.empty(tubes.segments.shape[0], np.int64)
    highest = longest / (1.0 + p.stretch)
    around = AROUND_NM + longest
    pad = around + glia + 2.0 * (highest + gap) + 10.0
    some = scratch.close[: near_box(tubes.segments, tubes.blocks, low, high, pad, scratch.close)]
    cells_within(box, around, edge, first, last)
    for z in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            for x in range(first[2], last[2] + 1):
                here = cell_key(salt, z, y, x)
                if n >= points.shape[0]:
                    return -1, 0
                kind = _body(here, z, y, x, edge, p, kinds_of, points[n])
                r = points[n, 0, 3]
                points[n, :, 3] = r + AROUND_NM
                if not touches(points, n, low, high, 1.0):
                    continue
                points[n, :, 3] = r
                if _outranked(salt, here, z, y, x, edge, longest, p, kinds_of, points[n], other):
                    continue
                owner, least = NOBODY, r
                for i in range(2):
                    own, d = body_at(
                        tubes, kinds, cores, some, points[n, i, :3], r + gap, r + OFF_NUCLEUS_NM, glia,
                        scratch, close,
                    )  # fmt: skip
                    fits = own != NOBODY and (i == 0 or own == owner)
                    least, owner = min(least, d - gap if fits else 0.0), own if i == 0 else owner
                if owner == NOBODY:
                    continue  # it was no place for one
                for i in range(3):
                    for c in range(3):
                        way[c] = points[n, 0, c] + 0.5 * i * (points[n, 1, c] - points[n, 0, c])
                    least = min(least, off_rods(obstacles, owner, way, r + 20.0) - OFF_MITOCHONDRIA_NM)
                if least < p.smallest_nm:
                    missing += 1
                    continue
                points[n, 0, 3] = points[n, 1, 3] = least
                out.chains.owners[n], out.chains.ids[n] = owner, object_id(here)
                out.holds[n], out.keys[n] = kind, here
                n += 1
    return n, missing
