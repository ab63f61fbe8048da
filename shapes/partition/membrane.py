"""Owner, neighbour and distance to the membrane of many voxels at once, after ``voxels.rank``.

It is what ``point.probe`` says of one point. Single precision throughout; loops that compile to vector
instructions are functions of their own, for in a large function the compiler gives up on them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.neurites.ruffles import wave_slope
from shapes.neurites.tubes import (
    AX,
    AY,
    AZ,
    BX,
    BY,
    BZ,
    COLUMNS,
    CORE,
    CORE_STEEP,
    DR,
    DX,
    DY,
    DZ,
    FLAT,
    INV,
    LEAN,
    PEAK,
    RA,
    STEEP,
    STIFF,
    SWELL,
    TAPER,
    WAVE,
    most_within,
    steep_at,
    tube_slope,
    until,
)
from shapes.partition.point import NOBODY

_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-6)
_ROUNDING = np.float32(0.1)  # nm, of bounds in single precision
_FLATTEST = np.float32(0.05)  # slopes of fields that run together are taken as no less
_GLIA, _NONE = np.int32(-2), np.int32(-3)  # what lies beside a voxel, where it is no tube


class Shares(NamedTuple):
    """What becomes of n voxels: owner and neighbour int32, distance to the membrane and tilt float32 (n,)."""

    own: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    depth: npt.NDArray[np.float32]
    tilt: npt.NDArray[np.float32]


@compiled
def _slopes(tubes, count, n, pz, py, px, who, wanted, sz, sy, sx, ease):  # type: ignore[no-untyped-def]
    """Write the slope of each voxel's tube ``who``, as ``tube_slope`` does; 0 for glia.

    ``ease`` is the slope outside the tube in parts of this one.
    """
    for x in range(n):
        sz[x] = sy[x] = sx[x] = _ZERO
        ease[x] = _ONE
    for i in range(count):
        if not wanted[i]:
            continue
        az, ay, ax, inv = tubes[i, AZ], tubes[i, AY], tubes[i, AX], tubes[i, INV]
        dz, dy, dx, stiff = tubes[i, DZ], tubes[i, DY], tubes[i, DX], tubes[i, STIFF]
        bz, by, bx, flat = tubes[i, BZ], tubes[i, BY], tubes[i, BX], tubes[i, FLAT]
        taper, lean, core = tubes[i, TAPER], tubes[i, LEAN], tubes[i, CORE]
        ra, dr = tubes[i, RA], tubes[i, DR]
        for x in range(n):
            ez, ey, ex = pz[x] - az, py[x] - ay, px[x] - ax
            t = min(_ONE, max(_ZERO, (ez * dz + ey * dy + ex * dx) * inv))
            ez, ey, ex = ez - t * dz, ey - t * dy, ex - t * dx
            side = ez * bz + ey * by + ex * bx
            wide = np.sqrt(ez * ez + ey * ey + ex * ex - flat * side * side)
            here = stiff if wide - ra - t * dr > _ZERO else core
            scale = here / max(wide, _TINY)
            side *= flat
            k = (here * taper - scale * side * lean) if _ZERO < t < _ONE else _ZERO
            mine = who[x] == i
            sz[x] = (ez - side * bz) * scale - k * dz if mine else sz[x]
            sy[x] = (ey - side * by) * scale - k * dy if mine else sy[x]
            sx[x] = (ex - side * bx) * scale - k * dx if mine else sx[x]
            ease[x] = stiff / here if mine else ease[x]
        if tubes[i, PEAK] == _ZERO:
            continue
        for w in range(WAVE, COLUMNS, 4):
            peak, wz, wy, wx = tubes[i, PEAK], tubes[i, w], tubes[i, w + 1], tubes[i, w + 2]
            phase = tubes[i, w + 3]
            for x in range(n):
                rise = peak * wave_slope(wz * pz[x] + wy * py[x] + wx * px[x] + phase)
                rise = rise if who[x] == i else _ZERO
                sz[x] += rise * wz
                sy[x] += rise * wy
                sx[x] += rise * wx


@compiled
def _second(n, glia, best, rival, at, second, near, slopes, depth, tilt, rise, inner, beside):  # type: ignore[no-untyped-def]
    """Measure how far off glia is, and the cell with the second lowest field: mostly that is the neighbour.

    Written are also how far each voxel's field can ``rise`` within reach, and how far it lies ``inner``.
    """
    oz, oy, ox, rz, ry, rx, ease, _ = slopes
    for x in range(n):
        pace = max(_FLATTEST, np.sqrt(oz[x] * oz[x] + oy[x] * oy[x] + ox[x] * ox[x]))
        core = max(_ZERO, -best[x]) / pace if ease[x] < _ONE else _ZERO
        # how far its field can rise within reach
        rise[x] = pace * (min(depth[x], core) + ease[x] * max(_ZERO, depth[x] - core))
        # glia's field is level, so the gap to it closes at the owner's slope alone
        gap, eased = glia - best[x], max(_FLATTEST, ease[x] * pace)
        level = gap / pace if gap <= pace * core else core + (gap - pace * core) / eased
        upright = abs(oz[x]) / pace
        # the second lowest field mostly is the neighbour, and rules the others out
        dz, dy, dx = rz[x] - oz[x], ry[x] - oy[x], rx[x] - ox[x]
        closing = max(_FLATTEST, np.sqrt(dz * dz + dy * dy + dx * dx))
        gap = rival[x] - best[x]
        ez, ey, ex = rz[x] - ease[x] * oz[x], ry[x] - ease[x] * oy[x], rx[x] - ease[x] * ox[x]
        eased = max(_FLATTEST, np.sqrt(ez * ez + ey * ey + ex * ex))
        d = gap / closing if gap <= closing * core else core + (gap - closing * core) / eased
        nearer = near[x] > 0 and d < depth[x]
        nearest = d if nearer else depth[x]
        glial = near[x] > 0 and at[x] >= 0 and level < nearest
        depth[x] = level if glial else nearest
        tilt[x] = upright if glial else (abs(dz) / closing if nearer else _ZERO)
        beside[x] = _GLIA if glial else (second[x] if nearer else _NONE)
        inner[x] = core


@compiled
def _closer(tubes, i, n, field, who, best, second, kin, near, rise, depth, out):  # type: ignore[no-untyped-def]
    """Mark the voxels that tube ``i`` may bound at less than their depth; returns how many."""
    swell, core_steep, steep = tubes[i, SWELL], tubes[i, CORE_STEEP], tubes[i, STEEP]
    for x in range(n):
        bound = rise[x] + (core_steep if field[x] < swell else steep) * depth[x]
        hit = near[x] > 0 and field[x] - best[x] < bound and kin[x] != who and second[x] != i
        out[x] = 1 if hit else 0
    hits = 0
    for x in range(n):
        hits += out[x]
    return hits


@compiled
def measure(  # type: ignore[no-untyped-def]
    tubes, owners, cells, count, glia, glia_index, n, places, lows, ranking, reach, shares, slopes, wanted,
    state, names,
):  # fmt: skip
    """Find owner, neighbour, distance to the membrane and tilt of voxels after ``rank``.

    ``lows`` (count,) are bounds that no field is below, and ``reach`` is how deep in each owner the distance
    matters. Written are ``shares``; ``slopes`` (8, n),
    ``wanted`` (2, count), ``state`` float32 (2, n) and ``names`` int32 (4, n) are room to write in.
    """
    pz, py, px = places[0], places[1], places[2]
    fields, best, at, rival, second = ranking
    own, other, depth, tilt = shares
    rise, inner = state
    near, kin, beside, closer = names
    steep = core_steep = swell = _ZERO
    for i in range(count):
        steep, core_steep = max(steep, tubes[i, STEEP]), max(core_steep, tubes[i, CORE_STEEP])
        swell = max(swell, tubes[i, SWELL])
        wanted[0, i] = wanted[1, i] = False
    some = False
    for x in range(n):
        k = at[x]
        own[x] = glia_index if k < 0 else owners[k]
        kin[x] = -1 if k < 0 else cells[k]
        far = depth[x] = reach[own[x]]
        tilt[x] = _ZERO
        # how far its field can rise within reach, and another's fall: inside a tube faster
        rises = glia if k < 0 else most_within(tubes, k, best[x], far)
        falls = rival[x] - steep * far
        if falls < swell:
            start = min(rival[x], swell)
            falls = start - core_steep * (far - (rival[x] - start) / steep)
        near[x] = 1 if falls < rises or (k >= 0 and glia < rises) else 0
        if near[x]:
            some = True
            if k >= 0:
                wanted[0, k] = True
            if second[x] >= 0:
                wanted[1, second[x]] = True
    other[:n] = NOBODY
    if not some:
        return
    oz, oy, ox, rz, ry, rx, ease, unused = slopes
    _slopes(tubes, count, n, pz, py, px, second, wanted[1], rz, ry, rx, unused)
    _slopes(tubes, count, n, pz, py, px, at, wanted[0], oz, oy, ox, ease)
    _second(n, glia, best, rival, at, second, near, slopes, depth, tilt, rise, inner, beside)
    top, deepest = -np.inf, _ZERO
    for x in range(n):
        top, deepest = max(top, best[x] + rise[x]), max(deepest, depth[x])
    for i in range(count):
        # most tubes lie too far off to bound any of these voxels
        if lows[i] - steep_at(tubes, i, lows[i]) * deepest > top + _ROUNDING:
            continue
        field, who = fields[i], cells[i]
        hits = _closer(tubes, i, n, field, who, best, second, kin, near, rise, depth, closer)
        if hits == 0:
            continue
        for x in range(n):
            if closer[x] == 0:
                continue
            mz, my, mx = tube_slope(tubes, i, pz[x], py[x], px[x])
            dz, dy, dx = mz - oz[x], my - oy[x], mx - ox[x]
            closing = max(_FLATTEST, np.sqrt(dz * dz + dy * dy + dx * dx))
            ez, ey, ex = mz - ease[x] * oz[x], my - ease[x] * oy[x], mx - ease[x] * ox[x]
            eased = max(_FLATTEST, np.sqrt(ez * ez + ey * ey + ex * ex))
            d = until(field[x] - best[x], closing, eased, inner[x])
            if d < depth[x]:
                depth[x], beside[x], tilt[x] = d, i, abs(dz) / closing
    for x in range(n):
        if beside[x] >= 0:
            other[x] = owners[beside[x]]
        elif beside[x] != _NONE:
            other[x] = glia_index
