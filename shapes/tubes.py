"""Tubes: round cones from point to point, as rows of numbers that kernels can read.

A segment runs from ``a`` to ``b`` with radii ``ra`` and ``rb``. Its field is ``stiffness · (distance to the
axis − radius)``, negative inside; a stiff tube pushes softer ones out of its way. A flat tube counts distance
less along its broad side, by a factor ``flat`` of at most one. No field changes faster than its
``STEEP``: its stiffness, and a little more where the tube tapers.

Kernels take the table and a row's number: a view of the row would be counted by numba at every call.
"""

import numpy as np
from numba import njit

AZ, AY, AX, DZ, DY, DX, INV, RA, DR, STIFF, RMAX, FLAT, BZ, BY, BX, HALF, SQUEEZE, STEEP, TAPER, LEAN = range(
    20
)
"""Columns of a segment: start, axis vector, 1 ÷ length², first radius, change of radius, stiffness, largest
extent, 1 − flat², broad direction, half the length, flat, bound on the slope,
stiffness · taper ÷ length², broad direction along the axis ÷ length²."""
COLUMNS = 20
_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-6)  # as narrow as either kind of row


@njit(cache=True)
def set_segment(tubes, i, a, b, ra, rb, stiffness, flat, broad):  # type: ignore[no-untyped-def]
    """Write a segment from ``a`` to ``b``, ``1 / flat`` times as wide along ``broad``, into row ``i``."""
    length2 = 0.0
    for c in range(3):
        tubes[i, AZ + c] = a[c]
        tubes[i, DZ + c] = b[c] - a[c]
        tubes[i, BZ + c] = broad[c]
        length2 += tubes[i, DZ + c] ** 2
    tubes[i, INV] = 1.0 / max(length2, 1e-9)
    tubes[i, RA] = ra
    tubes[i, DR] = rb - ra
    tubes[i, STIFF] = stiffness
    tubes[i, RMAX] = max(ra, rb) / flat
    tubes[i, FLAT] = 1.0 - flat * flat
    tubes[i, HALF] = 0.5 * np.sqrt(length2)
    tubes[i, SQUEEZE] = flat
    tubes[i, TAPER] = stiffness * tubes[i, DR] * tubes[i, INV]
    tubes[i, LEAN] = (
        tubes[i, DZ] * tubes[i, BZ] + tubes[i, DY] * tubes[i, BY] + tubes[i, DX] * tubes[i, BX]
    ) * tubes[i, INV]
    tubes[i, STEEP] = stiffness * np.sqrt(1.0 + tubes[i, DR] ** 2 * tubes[i, INV])


@njit(cache=True)
def axis_place(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return where along the axis, 0 … 1, the point (z, y, x) projects to."""
    t = (
        (z - tubes[i, AZ]) * tubes[i, DZ]
        + (y - tubes[i, AY]) * tubes[i, DY]
        + (x - tubes[i, AX]) * tubes[i, DX]
    ) * tubes[i, INV]
    return min(_ONE, max(_ZERO, t))


@njit(cache=True)
def _offset(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the place along the axis, the offset (z, y, x) from there, and its part along the broad side."""
    t = axis_place(tubes, i, z, y, x)
    ez = z - tubes[i, AZ] - t * tubes[i, DZ]
    ey = y - tubes[i, AY] - t * tubes[i, DY]
    ex = x - tubes[i, AX] - t * tubes[i, DX]
    side = ez * tubes[i, BZ] + ey * tubes[i, BY] + ex * tubes[i, BX]
    return t, ez, ey, ex, side


@njit(cache=True)
def tube_field(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the field of one segment at a point: nm for a stiffness of one, negative inside."""
    t, ez, ey, ex, side = _offset(tubes, i, z, y, x)
    return tubes[i, STIFF] * (
        np.sqrt(ez * ez + ey * ey + ex * ex - tubes[i, FLAT] * side * side) - tubes[i, RA] - t * tubes[i, DR]
    )


@njit(cache=True)
def tube_slope(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the gradient of a tube's field at a point, (z, y, x)."""
    t, ez, ey, ex, side = _offset(tubes, i, z, y, x)
    scale = tubes[i, STIFF] / max(np.sqrt(ez * ez + ey * ey + ex * ex - tubes[i, FLAT] * side * side), _TINY)
    side *= tubes[i, FLAT]
    gz = (ez - side * tubes[i, BZ]) * scale
    gy = (ey - side * tubes[i, BY]) * scale
    gx = (ex - side * tubes[i, BX]) * scale
    # the nearest point of the axis moves along, and with it the radius; a branch here would halve the speed
    k = (tubes[i, TAPER] - scale * side * tubes[i, LEAN]) * (_ONE if _ZERO < t < _ONE else _ZERO)
    return gz - k * tubes[i, DZ], gy - k * tubes[i, DY], gx - k * tubes[i, DX]
