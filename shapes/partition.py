"""The partition of a window among its neurites: which cell each voxel belongs to, and how deep in it lies.

It is what ``membranes.py`` says of one point, for all voxels, tile by tile; each tile picks its tubes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from shapes.membranes import NOBODY, Membranes, near_box
from shapes.neurites import Neurites
from shapes.tubes import (
    AX,
    AY,
    AZ,
    BX,
    BY,
    BZ,
    DR,
    DX,
    DY,
    DZ,
    FLAT,
    INV,
    RA,
    STEEP,
    STIFF,
    tube_field,
    tube_slope,
)
from shapes.warp import WarpedWindow

TILE_YX, TILE_Z = 16, 8
_ZERO, _ONE = np.float32(0), np.float32(1)


@dataclass(frozen=True, eq=False)
class Partition:
    """Which cell each voxel belongs to, and how far it is from the membrane.

    ``index`` (int32) counts into the neurites, with ``len(neurites.ids)`` for glia; ``other`` is the nearest
    neighbour or ``NOBODY`` within reach; ``depth_nm`` (float32) is the distance to the middle of the gap, at
    most the cell's reach; ``tilt`` (float32) is how obliquely the membrane is cut: 0 upright, 1 lying in the
    section.
    """

    index: npt.NDArray[np.int32]
    other: npt.NDArray[np.int32]
    depth_nm: npt.NDArray[np.float32]
    tilt: npt.NDArray[np.float32]


@njit(cache=True)
def _ball(tissue, z0, z1, y0, y1, x0, x1):  # type: ignore[no-untyped-def]
    """Return centre and radius of a ball around a tile's voxels in tissue space."""
    centre = np.empty(3)
    radius = 0.0
    for c in range(3):
        low = high = tissue[c, z0, y0, x0]
        for z in range(z0, z1):
            for y in range(y0, y1):
                row = tissue[c, z, y, x0:x1]
                for x in range(row.shape[0]):
                    low = row[x] if row[x] < low else low
                    high = row[x] if row[x] > high else high
        centre[c] = 0.5 * (low + high)
        radius += (0.5 * (high - low)) ** 2
    return centre, np.sqrt(radius)


@njit(cache=True)
def _row(  # type: ignore[no-untyped-def]
    pz, py, px, segments, owners, chosen, count, reach, glia, fields, best, rival, at, second, index, other,
    depth, tilt,
):  # fmt: skip
    """Do what ``probe`` does for a short row of voxels, in loops that compile to vector instructions."""
    n = px.shape[0]
    glia_index = reach.shape[0] - 1
    for x in range(n):
        best[x] = glia
        at[x] = -1
    for i in range(count):
        s = segments[chosen[i]]
        # offsets are exact in double precision, and single precision is enough for the rest
        az, ay, ax = s[AZ], s[AY], s[AX]
        dz, dy, dx, inv = np.float32(s[DZ]), np.float32(s[DY]), np.float32(s[DX]), np.float32(s[INV])
        ra, dr, stiff, flat = np.float32(s[RA]), np.float32(s[DR]), np.float32(s[STIFF]), np.float32(s[FLAT])
        bz, by, bx = np.float32(s[BZ]), np.float32(s[BY]), np.float32(s[BX])
        field = fields[i]
        for x in range(n):
            ez, ey, ex = np.float32(pz[x] - az), np.float32(py[x] - ay), np.float32(px[x] - ax)
            t = min(_ONE, max(_ZERO, (ez * dz + ey * dy + ex * dx) * inv))
            ez, ey, ex = ez - t * dz, ey - t * dy, ex - t * dx
            side = ez * bz + ey * by + ex * bx
            field[x] = stiff * (np.sqrt(ez * ez + ey * ey + ex * ex - flat * side * side) - ra - t * dr)
        for x in range(n):
            if field[x] < best[x]:
                best[x] = field[x]
                at[x] = i
    for x in range(n):
        index[x] = glia_index if at[x] < 0 else owners[chosen[at[x]]]
        rival[x] = np.inf
    steepest = 0.0
    for i in range(count):
        who, field = owners[chosen[i]], fields[i]
        steepest = max(steepest, segments[chosen[i], STEEP])
        for x in range(n):
            if who != index[x] and field[x] < rival[x]:
                rival[x] = field[x]
                second[x] = i
    for x in range(n):
        own = index[x]
        nearest, neighbour, slope = reach[own], NOBODY, 0.0
        if min(rival[x], glia if own != glia_index else np.inf) - best[x] < 2.0 * steepest * nearest:
            nz = ny = nx = own_steep = 0.0
            if at[x] >= 0:
                nz, ny, nx = tube_slope(segments[chosen[at[x]]], pz[x], py[x], px[x])
                own_steep = segments[chosen[at[x]], STEEP]
                steep = max(1e-6, np.sqrt(nz * nz + ny * ny + nx * nx))
                d = (glia - best[x]) / steep
                if d < nearest:
                    nearest, neighbour, slope = d, glia_index, abs(nz) / steep
            # the second lowest field comes first: it mostly is the neighbour, and rules the others out
            for i in range(-1, count):
                m = second[x] if i < 0 else i
                gap = rival[x] if i < 0 else fields[i, x]
                if gap - best[x] >= (own_steep + steepest) * nearest or (i >= 0 and m == second[x]):
                    continue
                k = chosen[m]
                if gap - best[x] < (own_steep + segments[k, STEEP]) * nearest and owners[k] != own:
                    mz, my, mx = tube_slope(segments[k], pz[x], py[x], px[x])
                    steep = max(0.05, np.sqrt((mz - nz) ** 2 + (my - ny) ** 2 + (mx - nx) ** 2))
                    d = (gap - best[x]) / steep
                    if d < nearest:
                        nearest, neighbour, slope = d, owners[k], abs(mz - nz) / steep
        other[x] = neighbour
        depth[x] = nearest
        tilt[x] = slope


@njit(cache=True)
def _near_owners(  # type: ignore[no-untyped-def]
    segments, owners, among, centre, radius, reach, glia, fields, chosen,
):  # fmt: skip
    """Pick tubes for a tile as ``near`` does, as deep as its possible owners' reach."""
    best = glia
    for i in range(among.shape[0]):
        row = segments[among[i]]
        fields[i] = tube_field(row, centre[0], centre[1], centre[2])
        best = min(best, fields[i] + row[STEEP] * radius)
    deepest, steepest = reach[-1], 0.0
    for i in range(among.shape[0]):
        bound = segments[among[i], STEEP]
        if fields[i] - bound * radius <= best:
            deepest = max(deepest, reach[owners[among[i]]])
            steepest = max(steepest, bound)
    count = 0
    for i in range(among.shape[0]):
        bound = segments[among[i], STEEP]
        if fields[i] - bound * radius - (bound + steepest) * deepest <= best:
            chosen[count] = among[i]
            count += 1
    return count


@njit(cache=True)
def _one_cell(segments, owners, chosen, count, centre, radius, reach, glia):  # type: ignore[no-untyped-def]
    """Tell whether a tile lies inside one neurite, deeper than its reach: nothing is to be computed then."""
    if count == 0:
        return False
    own, lowest, steepest = owners[chosen[0]], np.inf, 0.0
    for i in range(count):
        if owners[chosen[i]] != own:
            return False
        row = segments[chosen[i]]
        field = tube_field(row, centre[0], centre[1], centre[2])
        lowest = min(lowest, field + row[STEEP] * radius)
        steepest = max(steepest, row[STEEP])
    return lowest + steepest * reach[own] <= glia


@njit(cache=True)
def _partition(  # type: ignore[no-untyped-def]
    tissue, segments, owners, reach, glia, index, other, depth, tilt,
):  # fmt: skip
    nz, ny, nx = index.shape
    n = segments.shape[0]
    everything, coarse, fine = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    marks = np.empty(n)
    low, high = np.empty(3), np.empty(3)
    for c in range(3):
        low[c], high[c] = tissue[c].min(), tissue[c].max()
    # past the rim of the owner's reach nothing counts, and there no field is above glia's
    window = near_box(segments, low, high, glia + 1.6 * reach.max(), everything)
    rows = np.empty((n, TILE_YX), np.float32)
    best, rival, at = (
        np.empty(TILE_YX, np.float32),
        np.empty(TILE_YX, np.float32),
        np.empty(TILE_YX, np.int32),
    )
    second = np.empty(TILE_YX, np.int32)
    big = 4 * TILE_YX
    for z0 in range(0, nz, TILE_Z):
        z1 = min(z0 + TILE_Z, nz)
        for by in range(0, ny, big):
            for bx in range(0, nx, big):
                c, r = _ball(tissue, z0, z1, by, min(by + big, ny), bx, min(bx + big, nx))
                some = _near_owners(segments, owners, everything[:window], c, r, reach, glia, marks, coarse)
                for y0 in range(by, min(by + big, ny), TILE_YX):
                    y1 = min(y0 + TILE_YX, ny)
                    for x0 in range(bx, min(bx + big, nx), TILE_YX):
                        x1 = min(x0 + TILE_YX, nx)
                        c, r = _ball(tissue, z0, z1, y0, y1, x0, x1)
                        few = _near_owners(segments, owners, coarse[:some], c, r, reach, glia, marks, fine)
                        if _one_cell(segments, owners, fine, few, c, r, reach, glia):
                            own = owners[fine[0]]
                            index[z0:z1, y0:y1, x0:x1] = own
                            other[z0:z1, y0:y1, x0:x1] = NOBODY
                            depth[z0:z1, y0:y1, x0:x1] = reach[own]
                            tilt[z0:z1, y0:y1, x0:x1] = 0.0
                            continue
                        for z in range(z0, z1):
                            for y in range(y0, y1):
                                _row(
                                    tissue[0, z, y, x0:x1], tissue[1, z, y, x0:x1], tissue[2, z, y, x0:x1],
                                    segments, owners, fine, few, reach, glia, rows, best, rival, at, second,
                                    index[z, y, x0:x1], other[z, y, x0:x1], depth[z, y, x0:x1],
                                    tilt[z, y, x0:x1],
                                )  # fmt: skip


def partition(
    window: WarpedWindow, neurites: Neurites, params: Membranes, reach_nm: npt.NDArray[np.float64]
) -> Partition:
    """Share out a window among its neurites and glia.

    Parameters
    ----------
    window : WarpedWindow
        Voxels in tissue space.
    neurites : Neurites
        All neurites with a tube within ``params.glia_nm`` plus twice the largest reach of the window.
    params : Membranes
        For ``glia_nm``.
    reach_nm : float64 (len(neurites.ids) + 1,)
        For each neurite, and last for glia, up to which depth the distance to its membrane matters.
    """
    shape = window.grid.shape
    out = Partition(
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
        np.empty(shape, np.float32),
        np.empty(shape, np.float32),
    )
    _partition(
        window.tissue_nm,
        neurites.segments,
        neurites.owners,
        reach_nm,
        params.glia_nm,
        out.index,
        out.other,
        out.depth_nm,
        out.tilt,
    )
    return out
