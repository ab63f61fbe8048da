"""Which cells of a few have the lowest fields, for many voxels at once.

Single precision throughout, and loops that compile to vector instructions: this is where a patch's time goes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.neurites.ruffles import wave
from shapes.neurites.tubes import (
    AX,
    AY,
    AZ,
    BX,
    BY,
    BZ,
    COLUMNS,
    CORE,
    DR,
    DX,
    DY,
    DZ,
    FLAT,
    INV,
    PEAK,
    RA,
    STIFF,
    WAVE,
)

_ZERO, _ONE = np.float32(0), np.float32(1)


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
