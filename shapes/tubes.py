"""Tubes: round cones from point to point, as rows of numbers that kernels can read.

A segment runs from ``a`` to ``b`` with radii ``ra`` and ``rb``. Its field is ``stiffness · (distance to the
axis − radius)``, negative inside; a stiff tube pushes softer ones out of its way. A flat tube counts distance
less along its broad side, by a factor ``flat`` of at most one. No field changes faster than its
``STEEP``: its stiffness, and a little more where the tube tapers.
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


@njit(cache=True)
def set_segment(row, a, b, ra, rb, stiffness, flat, broad):  # type: ignore[no-untyped-def]
    """Write a segment from ``a`` to ``b``, ``1 / flat`` times as wide along ``broad``, into a row."""
    length2 = 0.0
    for c in range(3):
        row[AZ + c] = a[c]
        row[DZ + c] = b[c] - a[c]
        row[BZ + c] = broad[c]
        length2 += row[DZ + c] ** 2
    row[INV] = 1.0 / max(length2, 1e-9)
    row[RA] = ra
    row[DR] = rb - ra
    row[STIFF] = stiffness
    row[RMAX] = max(ra, rb) / flat
    row[FLAT] = 1.0 - flat * flat
    row[HALF] = 0.5 * np.sqrt(length2)
    row[SQUEEZE] = flat
    row[TAPER] = stiffness * row[DR] * row[INV]
    row[LEAN] = (row[DZ] * row[BZ] + row[DY] * row[BY] + row[DX] * row[BX]) * row[INV]
    row[STEEP] = stiffness * np.sqrt(1.0 + row[DR] ** 2 * row[INV])


@njit(cache=True)
def axis_place(row, z, y, x):  # type: ignore[no-untyped-def]
    """Return where along the axis, 0 … 1, the point (z, y, x) projects to."""
    t = ((z - row[AZ]) * row[DZ] + (y - row[AY]) * row[DY] + (x - row[AX]) * row[DX]) * row[INV]
    return min(1.0, max(0.0, t))


@njit(cache=True)
def tube_field(row, z, y, x):  # type: ignore[no-untyped-def]
    """Return the field of one segment at a point: nm for a stiffness of one, negative inside."""
    t = axis_place(row, z, y, x)
    ez = z - row[AZ] - t * row[DZ]
    ey = y - row[AY] - t * row[DY]
    ex = x - row[AX] - t * row[DX]
    side = ez * row[BZ] + ey * row[BY] + ex * row[BX]
    return row[STIFF] * (
        np.sqrt(ez * ez + ey * ey + ex * ex - row[FLAT] * side * side) - row[RA] - t * row[DR]
    )


@njit(cache=True)
def tube_slope(row, z, y, x):  # type: ignore[no-untyped-def]
    """Return the gradient of a tube's field at a point, (z, y, x)."""
    t = axis_place(row, z, y, x)
    ez = z - row[AZ] - t * row[DZ]
    ey = y - row[AY] - t * row[DY]
    ex = x - row[AX] - t * row[DX]
    side = ez * row[BZ] + ey * row[BY] + ex * row[BX]
    scale = row[STIFF] / max(np.sqrt(ez * ez + ey * ey + ex * ex - row[FLAT] * side * side), 1e-6)
    side *= row[FLAT]
    gz, gy, gx = (ez - side * row[BZ]) * scale, (ey - side * row[BY]) * scale, (ex - side * row[BX]) * scale
    # the nearest point of the axis moves along, and with it the radius; a branch here would halve the speed
    k = (row[TAPER] - scale * side * row[LEAN]) * (1.0 if 0.0 < t < 1.0 else 0.0)
    return gz - k * row[DZ], gy - k * row[DY], gx - k * row[DX]
