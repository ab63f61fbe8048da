"""Which voxels of a window a small object can touch: its tiles are looked through, not its voxels."""

import numpy as np

from shapes.core.compiled import compiled

_NEARLY_NM = 1e-6  # rounding of what is inside a ball


@compiled
def slabs(tiles):  # type: ignore[no-untyped-def]
    """Return bounds for ``touched``: (3, n) along z, y, x, of all tiles that share an index, low and high."""
    lows, highs = tiles.low_nm, tiles.high_nm
    down, height, width = lows.shape[0], lows.shape[1], lows.shape[2]
    longest = max(down, height, width)
    least, most = np.full((3, longest), np.inf), np.full((3, longest), -np.inf)
    for iz in range(down):
        for iy in range(height):
            for ix in range(width):
                for c, i in ((0, iz), (1, iy), (2, ix)):
                    least[c, i] = min(least[c, i], lows[iz, iy, ix, c])
                    most[c, i] = max(most[c, i], highs[iz, iy, ix, c])
    return least, most


@compiled
def touched(tiles, bounds, low, high, out):  # type: ignore[no-untyped-def]
    """Write the voxels of all tiles that may show a place within a box of tissue; returns how many tiles.

    Rows of ``out`` (n, 6), in the order of the tiles, are first and end along z, y and x. ``bounds`` are the
    window's ``slabs``, by which most tiles are left out unseen.
    """
    lows, highs, (cz, cy, cx), (least, most) = tiles.low_nm, tiles.high_nm, tiles.cuts, bounds
    z0, z1 = _meeting(least[0], most[0], lows.shape[0], low[0], high[0])
    y0, y1 = _meeting(least[1], most[1], lows.shape[1], low[1], high[1])
    x0, x1 = _meeting(least[2], most[2], lows.shape[2], low[2], high[2])
    n = 0
    for iz in range(z0, z1):
        for iy in range(y0, y1):
            for ix in range(x0, x1):
                meet = True
                for c in range(3):
                    meet = meet and lows[iz, iy, ix, c] <= high[c] and highs[iz, iy, ix, c] >= low[c]
                if meet:
                    out[n, 0], out[n, 1], out[n, 2] = cz[iz], cz[iz + 1], cy[iy]
                    out[n, 3], out[n, 4], out[n, 5] = cy[iy + 1], cx[ix], cx[ix + 1]
                    n += 1
    return n


@compiled
def around(tiles, bounds, centre, radius, out):  # type: ignore[no-untyped-def]
    """Write the voxels of all tiles that may show a place within a ball, as ``touched`` does."""
    low, high = np.empty(3), np.empty(3)
    for c in range(3):
        low[c], high[c] = centre[c] - radius - _NEARLY_NM, centre[c] + radius + _NEARLY_NM
    return touched(tiles, bounds, low, high, out)


@compiled
def room_for(tiles):  # type: ignore[no-untyped-def]
    """Return an array that ``touched`` can write to."""
    lows = tiles.low_nm
    return np.empty((lows.shape[0] * lows.shape[1] * lows.shape[2], 6), np.int64)


@compiled
def voxels(boxes, b):  # type: ignore[no-untyped-def]
    """Return first and end along z, y and x of a row that ``touched`` wrote."""
    return boxes[b, 0], boxes[b, 1], boxes[b, 2], boxes[b, 3], boxes[b, 4], boxes[b, 5]


@compiled
def _meeting(least, most, count, low, high):  # type: ignore[no-untyped-def]
    """Return from where to where slabs lie that reach into an interval."""
    first, end = 0, count
    while first < end and (least[first] > high or most[first] < low):
        first += 1
    while first < end and (least[end - 1] > high or most[end - 1] < low):
        end -= 1
    return first, end
