"""Tubes: round cones from point to point, as rows of numbers that kernels can read.

A segment runs from ``a`` to ``b`` with radii ``ra`` and ``rb``. Its field is ``stiffness · (distance to the
axis − radius)``, negative inside; a stiff tube pushes softer ones out of its way. Inside, the field of a thin
tube falls faster, so that it is about ``-AXIS_NM`` on every axis: a thin neurite between thick ones becomes
thinner, and hardly ever vanishes. A flat tube counts distance less along its broad side, by a factor ``flat``
of at most one. The neurite's ruffles are added to the field. Outside no field changes faster than its
``STEEP``: its stiffness, a little more where the tube tapers, and what the ruffles add; inside, than its
``CORE_STEEP``.

Kernels take the table and a row's number: a view of the row would be counted by numba at every call.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.neurites.ruffles import WAVES, steepest, wave, wave_slope

AZ, AY, AX, DZ, DY, DX, INV, RA, DR, STIFF, RMAX, FLAT, BZ, BY, BX, HALF, SQUEEZE, STEEP, TAPER, LEAN = range(
    20
)
"""Columns of a segment: start, axis vector, 1 ÷ length², first radius, change of radius, stiffness, largest
extent, 1 − flat², broad direction, half the length, flat, bound on the slope,
taper ÷ length², broad direction along the axis ÷ length²."""
CORE, CORE_STEEP, SWELL = 20, 21, 22
"""Stiffness inside, bound on the slope there, and how far ruffles may move the field."""
NODE, PEAK, WAVE = 23, 24, 25
"""The neurite's node where the tube begins; peak of its ruffles, 0 without; then, wave by wave, cycles per nm
along (z, y, x), and phase."""
COLUMNS = WAVE + 4 * WAVES
AXIS_NM = 350.0
"""No axis has a field above about minus this."""
_THINNEST_NM = 30.0  # for the slope inside: it has to end
BLOCK = 8
"""Tubes that are bounded together."""
_ZERO, _ONE, _TINY = np.float32(0), np.float32(1), np.float32(1e-6)  # as narrow as either kind of row


@compiled
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
    tubes[i, TAPER] = tubes[i, DR] * tubes[i, INV]
    tubes[i, LEAN] = (
        tubes[i, DZ] * tubes[i, BZ] + tubes[i, DY] * tubes[i, BY] + tubes[i, DX] * tubes[i, BX]
    ) * tubes[i, INV]
    lean = np.sqrt(1.0 + tubes[i, DR] ** 2 * tubes[i, INV])
    tubes[i, STEEP] = stiffness * lean
    tubes[i, CORE] = max(stiffness, AXIS_NM / max(_THINNEST_NM, 0.5 * (ra + rb)))
    tubes[i, CORE_STEEP] = tubes[i, CORE] * lean
    tubes[i, SWELL:] = 0.0


@compiled
def ruffle_segment(tubes, i, waves, peak):  # type: ignore[no-untyped-def]
    """Give the tube in row ``i`` its neurite's ruffles, as ``ruffles.draw_waves`` drew them."""
    tubes[i, PEAK] = peak
    for w in range(WAVES):
        for c in range(4):
            tubes[i, WAVE + 4 * w + c] = waves[w, c]
    steep = steepest(waves, peak)
    tubes[i, STEEP] += steep
    tubes[i, CORE_STEEP] += steep
    tubes[i, SWELL] = WAVES * peak
    tubes[i, RMAX] += WAVES * peak / (tubes[i, STIFF] * tubes[i, SQUEEZE])


@compiled
def shift_segment(tubes, i, origin, out, j):  # type: ignore[no-untyped-def]
    """Write a tube as seen from ``origin`` into row ``j`` of ``out``, which may be single precision."""
    for c in range(COLUMNS):
        out[j, c] = tubes[i, c]
    for c in range(3):
        out[j, AZ + c] = tubes[i, AZ + c] - origin[c]
    for w in range(WAVE, COLUMNS, 4):
        cycles = tubes[i, w] * origin[0] + tubes[i, w + 1] * origin[1] + tubes[i, w + 2] * origin[2]
        cycles += tubes[i, w + 3]
        out[j, w + 3] = cycles - np.floor(cycles)


@compiled
def ruffle(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return what the ruffles add to a tube's field at a point."""
    total = _ZERO
    if tubes[i, PEAK] > _ZERO:
        for w in range(WAVE, COLUMNS, 4):
            total += wave(tubes[i, w] * z + tubes[i, w + 1] * y + tubes[i, w + 2] * x + tubes[i, w + 3])
    return total * tubes[i, PEAK]


@compiled
def bound_blocks(segments, out):  # type: ignore[no-untyped-def]
    """Write the box of every ``BLOCK`` tubes that follow each other, and the flattest of them: (b, 7)."""
    for b in range(out.shape[0]):
        out[b, :3], out[b, 3:6], out[b, 6] = np.inf, -np.inf, 1.0
        for i in range(b * BLOCK, min((b + 1) * BLOCK, segments.shape[0])):
            out[b, 6] = min(out[b, 6], segments[i, SQUEEZE])
            for c in range(3):
                a, d, wide = segments[i, AZ + c], segments[i, DZ + c], segments[i, RMAX]
                out[b, c] = min(out[b, c], a + min(d, 0.0) - wide)
                out[b, 3 + c] = max(out[b, 3 + c], a + max(d, 0.0) + wide)


@compiled
def axis_place(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return where along the axis, 0 … 1, the point (z, y, x) projects to."""
    t = (
        (z - tubes[i, AZ]) * tubes[i, DZ]
        + (y - tubes[i, AY]) * tubes[i, DY]
        + (x - tubes[i, AX]) * tubes[i, DX]
    ) * tubes[i, INV]
    return min(_ONE, max(_ZERO, t))


@compiled
def _offset(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the place along the axis, the offset (z, y, x) from there, and its part along the broad side."""
    t = axis_place(tubes, i, z, y, x)
    ez = z - tubes[i, AZ] - t * tubes[i, DZ]
    ey = y - tubes[i, AY] - t * tubes[i, DY]
    ex = x - tubes[i, AX] - t * tubes[i, DX]
    side = ez * tubes[i, BZ] + ey * tubes[i, BY] + ex * tubes[i, BX]
    return t, ez, ey, ex, side


@compiled
def tube_field(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the field of one segment at a point: nm for a stiffness of one, negative inside."""
    t, ez, ey, ex, side = _offset(tubes, i, z, y, x)
    off = (
        np.sqrt(ez * ez + ey * ey + ex * ex - tubes[i, FLAT] * side * side) - tubes[i, RA] - t * tubes[i, DR]
    )
    return off * (tubes[i, STIFF] if off > _ZERO else tubes[i, CORE]) + ruffle(tubes, i, z, y, x)


@compiled
def inside(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Tell whether a point lies inside a tube, its ruffles left out."""
    t, ez, ey, ex, side = _offset(tubes, i, z, y, x)
    wide = np.sqrt(ez * ez + ey * ey + ex * ex - tubes[i, FLAT] * side * side)
    return wide - tubes[i, RA] - t * tubes[i, DR] <= _ZERO


@compiled
def tube_slope(tubes, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the gradient of a tube's field at a point, (z, y, x)."""
    t, ez, ey, ex, side = _offset(tubes, i, z, y, x)
    wide = np.sqrt(ez * ez + ey * ey + ex * ex - tubes[i, FLAT] * side * side)
    stiff = tubes[i, STIFF] if wide - tubes[i, RA] - t * tubes[i, DR] > _ZERO else tubes[i, CORE]
    scale = stiff / max(wide, _TINY)
    side *= tubes[i, FLAT]
    gz = (ez - side * tubes[i, BZ]) * scale
    gy = (ey - side * tubes[i, BY]) * scale
    gx = (ex - side * tubes[i, BX]) * scale
    # the nearest point of the axis moves along, and with it the radius; a branch here would halve the speed
    k = (stiff * tubes[i, TAPER] - scale * side * tubes[i, LEAN]) * (_ONE if _ZERO < t < _ONE else _ZERO)
    gz, gy, gx = gz - k * tubes[i, DZ], gy - k * tubes[i, DY], gx - k * tubes[i, DX]
    if tubes[i, PEAK] > _ZERO:
        for w in range(WAVE, COLUMNS, 4):
            cycles = tubes[i, w] * z + tubes[i, w + 1] * y + tubes[i, w + 2] * x + tubes[i, w + 3]
            rise = tubes[i, PEAK] * wave_slope(cycles)
            gz, gy, gx = gz + rise * tubes[i, w], gy + rise * tubes[i, w + 1], gx + rise * tubes[i, w + 2]
    return gz, gy, gx


@compiled
def steep_at(tubes, i, field):  # type: ignore[no-untyped-def]
    """Return a bound on the slope of a tube's field where it has some value."""
    return tubes[i, CORE_STEEP] if field < tubes[i, SWELL] else tubes[i, STEEP]


@compiled
def least_within(tubes, i, field, far):  # type: ignore[no-untyped-def]
    """Return a lower bound of a tube's field ``far`` from a place where it has some value."""
    least = field - tubes[i, STEEP] * far
    if least >= tubes[i, SWELL]:
        return least
    start = min(field, tubes[i, SWELL])
    return start - tubes[i, CORE_STEEP] * (far - (field - start) / tubes[i, STEEP])


@compiled
def most_within(tubes, i, field, far):  # type: ignore[no-untyped-def]
    """Return an upper bound of a tube's field ``far`` from a place where it has some value."""
    if field >= tubes[i, SWELL]:
        return field + tubes[i, STEEP] * far
    inside = (tubes[i, SWELL] - field) / tubes[i, CORE_STEEP]
    if far <= inside:
        return field + tubes[i, CORE_STEEP] * far
    return tubes[i, SWELL] + tubes[i, STEEP] * (far - inside)


@compiled
def until(gap, near, far, core):  # type: ignore[no-untyped-def]
    """Return how far off two fields meet that are ``gap`` apart.

    The gap closes at the rate ``near`` for ``core`` nm, up to the surface of the tube, then at ``far``.
    """
    return gap / near if gap <= near * core else core + (gap - near * core) / far
