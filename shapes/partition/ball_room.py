"""Room for balls: which of many small balls around a point lie inside a neurite, clear of every neighbour."""

import numpy as np

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
    STEEP,
    STIFF,
    SWELL,
    WAVE,
    tube_field,
    tube_slope,
    until,
)

_ZERO, _ONE = np.float32(0), np.float32(1)


@compiled
def _axis_offsets(tubes, k, origin, n, pz, py, px, squared, thick):  # type: ignore[no-untyped-def]
    """Write each point's squared distance to a tube's axis, as its flatness counts it, and the radius there.

    Single precision is enough: points and tube are taken relative to one origin.
    """
    az, ay = np.float32(tubes[k, AZ] - origin[0]), np.float32(tubes[k, AY] - origin[1])
    ax, inv = np.float32(tubes[k, AX] - origin[2]), np.float32(tubes[k, INV])
    dz, dy, dx = np.float32(tubes[k, DZ]), np.float32(tubes[k, DY]), np.float32(tubes[k, DX])
    bz, by, bx = np.float32(tubes[k, BZ]), np.float32(tubes[k, BY]), np.float32(tubes[k, BX])
    ra, dr, flat = np.float32(tubes[k, RA]), np.float32(tubes[k, DR]), np.float32(tubes[k, FLAT])
    for i in range(n):
        ez, ey, ex = pz[i] - az, py[i] - ay, px[i] - ax
        t = min(_ONE, max(_ZERO, (ez * dz + ey * dy + ex * dx) * inv))
        ez, ey, ex = ez - t * dz, ey - t * dy, ex - t * dx
        side = ez * bz + ey * by + ex * bx
        squared[i] = ez * ez + ey * ey + ex * ex - flat * side * side
        thick[i] = ra + t * dr


@compiled
def _ruffles(tubes, k, origin, n, pz, py, px, out):  # type: ignore[no-untyped-def]
    """Write what ruffles add to a tube's field."""
    out[:n] = _ZERO
    if tubes[k, PEAK] == 0.0:
        return
    peak = np.float32(tubes[k, PEAK])
    for w in range(WAVE, COLUMNS, 4):
        cycles = tubes[k, w] * origin[0] + tubes[k, w + 1] * origin[1] + tubes[k, w + 2] * origin[2]
        cycles += tubes[k, w + 3]
        phase = np.float32(cycles - np.floor(cycles))
        wz, wy, wx = np.float32(tubes[k, w]), np.float32(tubes[k, w + 1]), np.float32(tubes[k, w + 2])
        for i in range(n):
            out[i] += peak * wave(wz * pz[i] + wy * py[i] + wx * px[i] + phase)


@compiled
def host_field(segments, owners, chosen, host, origin, n, places, glia, scratch, host_at):  # type: ignore[no-untyped-def]
    """Write the host's field at each of ``n`` places, and what follows from it, as float32 (6, n).

    That is: field, slope (3), how far its surface is, and the slope outside in parts of this one; no slope
    where the field is past glia's.

    ``places`` float32 (3, n) counts from ``origin``; ``scratch`` float32 (3, n) is room to write in.
    """
    pz, py, px, squared, thick = places[0], places[1], places[2], scratch[0], scratch[1]
    ripple = scratch[2]
    host_at[0, :n] = np.inf
    for k in chosen:
        if owners[k] != host:
            continue
        stiff, core = np.float32(segments[k, STIFF]), np.float32(segments[k, CORE])
        _axis_offsets(segments, k, origin, n, pz, py, px, squared, thick)
        _ruffles(segments, k, origin, n, pz, py, px, ripple)
        for i in range(n):
            off = np.sqrt(squared[i]) - thick[i]
            f = off * (stiff if off > _ZERO else core) + ripple[i]
            if f < host_at[0, i]:
                host_at[0, i] = f
                if f < glia:
                    z, y, x = pz[i] + origin[0], py[i] + origin[1], px[i] + origin[2]
                    nz, ny, nx = tube_slope(segments, k, z, y, x)
                    host_at[1, i], host_at[2, i], host_at[3, i] = nz, ny, nx
                    host_at[4, i], host_at[5, i] = _ZERO, _ONE
                    if off <= _ZERO:
                        host_at[4, i] = max(0.0, -f) / max(np.sqrt(nz * nz + ny * ny + nx * nx), 1e-6)
                        host_at[5, i] = stiff / core


@compiled
def clear_of_glia(host_at, i, clear, glia):  # type: ignore[no-untyped-def]
    """Tell whether a ball of radius ``clear`` at the i-th place is clear of glia."""
    nz, ny, nx, core, ease = host_at[1, i], host_at[2, i], host_at[3, i], host_at[4, i], host_at[5, i]
    room, pace = glia - host_at[0, i], max(np.sqrt(nz * nz + ny * ny + nx * nx), 1e-6)
    return room > 0.0 and until(room, pace, ease * pace, core) >= clear


@compiled
def nearest_first(segments, chosen, z, y, x):  # type: ignore[no-untyped-def]
    """Return tubes in the order of their fields at a place."""
    fields = np.empty(chosen.shape[0])
    for i in range(chosen.shape[0]):
        fields[i] = tube_field(segments, chosen[i], z, y, x)
    return chosen[np.argsort(fields)]


@compiled
def have_room(segments, owners, chosen, host, origin, n, places, clear, host_at, which, scratch):  # type: ignore[no-untyped-def]
    """Keep of ``n`` balls those that lie in their host clear of every other neurite; returns how many.

    To first order, as ``point.probe`` measures. Most neighbours are ruled out by how fast their fields
    can change at most. ``clear`` float32 (n,) is how far each ball must be from the membrane; the columns of
    ``places``, ``clear``, ``host_at`` and ``which`` move up. It is fastest where ``chosen`` begins with the
    nearest tubes.
    """
    pz, py, px, squared, thick = places[0], places[1], places[2], scratch[0], scratch[1]
    field, nz, ny, nx, core, ease = host_at
    for k in chosen:
        if owners[k] == host:
            continue
        steep, soft = np.float32(segments[k, STEEP]), np.float32(1.0 / segments[k, STIFF])
        swell, inner = np.float32(segments[k, SWELL]), np.float32(segments[k, CORE] / segments[k, STIFF])
        _axis_offsets(segments, k, origin, n, pz, py, px, squared, thick)
        for i in range(n):
            pace = np.sqrt(nz[i] * nz[i] + ny[i] * ny[i] + nx[i] * nx[i])
            rise = pace * (min(clear[i], core[i]) + ease[i] * max(_ZERO, clear[i] - core[i]))
            least = (max(field[i] + rise + steep * clear[i], swell) + swell) * soft + thick[i]
            squared[i] -= least * abs(least)
        left = 0
        for i in range(n):
            if squared[i] < _ZERO:
                z, y, x = pz[i] + origin[0], py[i] + origin[1], px[i] + origin[2]
                theirs = tube_field(segments, k, z, y, x)
                gap = theirs - field[i]
                if gap <= 0.0:
                    continue
                mz, my, mx = tube_slope(segments, k, z, y, x)
                # inside, a thin neighbour's field falls faster: the membrane may lie there
                pace = np.sqrt(nz[i] * nz[i] + ny[i] * ny[i] + nx[i] * nx[i])
                theirs_pace = max(np.sqrt(mz * mz + my * my + mx * mx), 0.05)
                surface = max(theirs, 0.0) / theirs_pace
                below = -(field[i] + pace * surface)
                inside = theirs > 0.0 and below > 0.0
                if inside and surface + below / (theirs_pace * inner + pace) < clear[i]:
                    continue
                near = np.sqrt((mz - nz[i]) ** 2 + (my - ny[i]) ** 2 + (mx - nx[i]) ** 2)
                oz, oy, ox = ease[i] * nz[i], ease[i] * ny[i], ease[i] * nx[i]
                far = np.sqrt((mz - oz) ** 2 + (my - oy) ** 2 + (mx - ox) ** 2)
                if until(gap, max(near, 0.05), max(far, 0.05), core[i]) < clear[i]:
                    continue
            if left < i:
                pz[left], py[left], px[left], clear[left] = pz[i], py[i], px[i], clear[i]
                for c in range(6):
                    host_at[c, left] = host_at[c, i]
                which[left] = which[i]
            left += 1
        n = left
    return n
