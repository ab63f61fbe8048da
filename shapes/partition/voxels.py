"""Owner, neighbour and distance to the membrane of many voxels at once, from the fields of a few tubes.

Single precision throughout, and loops that compile to vector instructions: this is where a patch's time goes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.neurites.ruffles import wave, wave_slope
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
    tube_slope,
    until,
)
from shapes.partition.point import NOBODY

_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-6)
_FLATTEST = np.float32(0.05)  # slopes of fields that run together are taken as no less


class Ranking(NamedTuple):
    """How tubes stand at each of n voxels.

    ``fields`` float32 (count, n); of these ``best`` is the lowest or glia's, ``rival`` the lowest of another
    cell (n,), and ``at`` and ``second`` int32 (n,) say whose they are: a tube, or -1 for glia.
    """

    fields: npt.NDArray[np.float32]
    best: npt.NDArray[np.float32]
    at: npt.NDArray[np.int32]
    rival: npt.NDArray[np.float32]
    second: npt.NDArray[np.int32]


class Shares(NamedTuple):
    """What becomes of n voxels: owner and neighbour int32, distance to the membrane and tilt float32 (n,)."""

    own: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    depth: npt.NDArray[np.float32]
    tilt: npt.NDArray[np.float32]


@compiled
def _ruffles(tubes, i, n, pz, py, px, out):  # type: ignore[no-untyped-def]
    """Write what a neurite's ruffles add to its tubes' fields."""
    out[:n] = _ZERO
    if tubes[i, PEAK] == _ZERO:
        return
    for w in range(WAVE, COLUMNS, 4):
        peak, wz, wy, wx, phase = (
            tubes[i, PEAK],
            tubes[i, w],
            tubes[i, w + 1],
            tubes[i, w + 2],
            tubes[i, w + 3],
        )
        for x in range(n):
            out[x] += peak * wave(wz * pz[x] + wy * py[x] + wx * px[x] + phase)


@compiled
def rank(tubes, owners, cells, count, glia, n, places, ranking, low, low_at, ripple):  # type: ignore[no-untyped-def]
    """Find for ``n`` voxels the lowest field of ``count`` tubes and glia, and the lowest of another cell.

    ``tubes`` float32 (count, COLUMNS) and ``places`` float32 (3, n) count from one origin; the tubes of one
    cell follow each other. Written is ``ranking``; ``low``, ``low_at`` and ``ripple`` are room to write in.
    """
    pz, py, px = places[0], places[1], places[2]
    fields, best, at, rival, second = ranking
    for x in range(n):
        best[x], rival[x] = glia, np.inf
        at[x] = second[x] = -1
    for i in range(count):
        az, ay, ax, inv = tubes[i, AZ], tubes[i, AY], tubes[i, AX], tubes[i, INV]
        dz, dy, dx, stiff = tubes[i, DZ], tubes[i, DY], tubes[i, DX], tubes[i, STIFF]
        bz, by, bx, flat = tubes[i, BZ], tubes[i, BY], tubes[i, BX], tubes[i, FLAT]
        ra, dr, core = tubes[i, RA], tubes[i, DR], tubes[i, CORE]
        field = fields[i]
        if i == 0 or owners[i - 1] != owners[i]:
            _ruffles(tubes, i, n, pz, py, px, ripple)
        for x in range(n):
            ez, ey, ex = pz[x] - az, py[x] - ay, px[x] - ax
            t = min(_ONE, max(_ZERO, (ez * dz + ey * dy + ex * dx) * inv))
            ez, ey, ex = ez - t * dz, ey - t * dy, ex - t * dx
            side = ez * bz + ey * by + ex * bx
            off = np.sqrt(ez * ez + ey * ey + ex * ex - flat * side * side) - ra - t * dr
            field[x] = off * (stiff if off > _ZERO else core) + ripple[x]
        if i == 0 or cells[i - 1] != cells[i]:
            for x in range(n):
                low[x] = field[x]
                low_at[x] = i
        else:
            for x in range(n):
                if field[x] < low[x]:
                    low[x] = field[x]
                    low_at[x] = i
        if i + 1 == count or cells[i + 1] != cells[i]:
            for x in range(n):
                wins, follows = low[x] < best[x], low[x] < rival[x]
                rival[x] = best[x] if wins else (low[x] if follows else rival[x])
                second[x] = at[x] if wins else (low_at[x] if follows else second[x])
                best[x] = low[x] if wins else best[x]
                at[x] = low_at[x] if wins else at[x]


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
def measure(  # type: ignore[no-untyped-def]
    tubes, owners, cells, count, glia, glia_index, n, places, ranking, reach, shares, slopes, wanted, state,
    names,
):  # fmt: skip
    """Find owner, neighbour, distance to the membrane and tilt of voxels after ``rank``.

    ``reach`` is how deep in each owner the distance matters. Written are ``shares``; ``places`` and
    ``ranking`` are written over: only voxels near a membrane are looked at further, and these move up.
    ``slopes`` (8, n), ``wanted`` (2, count), ``state`` float32 (4, n) and ``names`` int32 (3, n) are room to
    write in.
    """
    pz, py, px = places[0], places[1], places[2]
    fields, best, at, rival, second = ranking
    own, other, depth, tilt = shares
    rise, inner, nearest, lean = state
    which, kin, beside = names
    steep = core_steep = swell = _ZERO
    for i in range(count):
        steep, core_steep = max(steep, tubes[i, STEEP]), max(core_steep, tubes[i, CORE_STEEP])
        swell = max(swell, tubes[i, SWELL])
        wanted[0, i] = wanted[1, i] = False
    m = 0
    for x in range(n):
        own[x] = glia_index if at[x] < 0 else owners[at[x]]
        depth[x] = reach[own[x]]
        other[x] = NOBODY
        tilt[x] = _ZERO
        # how far the two fields can part or meet within reach: inside a tube faster, but not for long
        out = max(_ZERO, swell - best[x]) + steep * depth[x]
        parts = min(core_steep * depth[x], out) + (core_steep if rival[x] < swell else steep) * depth[x]
        if rival[x] - best[x] < parts or glia - best[x] < min(core_steep * depth[x], out):
            if at[x] >= 0:
                wanted[0, at[x]] = True
            if second[x] >= 0:
                wanted[1, second[x]] = True
            pz[m], py[m], px[m], nearest[m] = pz[x], py[x], px[x], depth[x]
            best[m], rival[m], at[m], second[m], which[m] = best[x], rival[x], at[x], second[x], x
            m += 1
    if m == 0:
        return
    oz, oy, ox, rz, ry, rx, ease, unused = slopes
    _slopes(tubes, count, m, pz, py, px, second, wanted[1], rz, ry, rx, unused)
    _slopes(tubes, count, m, pz, py, px, at, wanted[0], oz, oy, ox, ease)
    for x in range(m):
        kin[x] = cells[at[x]] if at[x] >= 0 else -1
        steep = max(_FLATTEST, np.sqrt(oz[x] * oz[x] + oy[x] * oy[x] + ox[x] * ox[x]))
        core = max(_ZERO, -best[x]) / steep if ease[x] < _ONE else _ZERO
        # how far its field can rise within reach
        rise[x] = steep * (min(nearest[x], core) + ease[x] * max(_ZERO, nearest[x] - core))
        # glia's field is level, so the gap to it closes at the owner's slope alone
        gap, eased = glia - best[x], max(_FLATTEST, ease[x] * steep)
        level = gap / steep if gap <= steep * core else core + (gap - steep * core) / eased
        upright = abs(oz[x]) / steep
        # the second lowest field mostly is the neighbour, and rules the others out
        dz, dy, dx = rz[x] - oz[x], ry[x] - oy[x], rx[x] - ox[x]
        steep = max(_FLATTEST, np.sqrt(dz * dz + dy * dy + dx * dx))
        gap = rival[x] - best[x]
        ez, ey, ex = rz[x] - ease[x] * oz[x], ry[x] - ease[x] * oy[x], rx[x] - ease[x] * ox[x]
        eased = max(_FLATTEST, np.sqrt(ez * ez + ey * ey + ex * ex))
        d = gap / steep if gap <= steep * core else core + (gap - steep * core) / eased
        nearer = d < nearest[x]
        nearest[x] = d if nearer else nearest[x]
        lean[x] = abs(dz) / steep if nearer else _ZERO
        glial = at[x] >= 0 and level < nearest[x]
        nearest[x] = level if glial else nearest[x]
        lean[x] = upright if glial else lean[x]
        beside[x] = -2 if glial else (second[x] if nearer else -3)
        inner[x] = core
    for i in range(count):
        field, who = fields[i], cells[i]
        swell, core_steep, steep = tubes[i, SWELL], tubes[i, CORE_STEEP], tubes[i, STEEP]
        for x in range(m):
            f = field[which[x]]
            bound = rise[x] + (core_steep if f < swell else steep) * nearest[x]
            if f - best[x] >= bound or kin[x] == who or second[x] == i:
                continue
            mz, my, mx = tube_slope(tubes, i, pz[x], py[x], px[x])
            dz, dy, dx = mz - oz[x], my - oy[x], mx - ox[x]
            closing = max(_FLATTEST, np.sqrt(dz * dz + dy * dy + dx * dx))
            ez, ey, ex = mz - ease[x] * oz[x], my - ease[x] * oy[x], mx - ease[x] * ox[x]
            eased = max(_FLATTEST, np.sqrt(ez * ez + ey * ey + ex * ex))
            d = until(f - best[x], closing, eased, inner[x])
            if d < nearest[x]:
                nearest[x], beside[x], lean[x] = d, i, abs(dz) / closing
    for x in range(m):
        k = which[x]
        depth[k], tilt[k] = nearest[x], lean[x]
        if beside[x] >= 0:
            other[k] = owners[beside[x]]
        elif beside[x] != -3:
            other[k] = glia_index
