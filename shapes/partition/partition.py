"""The partition of a window among its neurites: which cell each voxel belongs to, and how deep in it lies.

It is what ``point.py`` says of one point, for all voxels, tile by tile; each tile picks its tubes. Tiles
are aligned with the world and count from their own corner, so that single precision is enough and a voxel is
the same bit for bit in every window.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.tiles import TILE_VX
from shapes.core.warp import WarpedWindow
from shapes.neurites.neurites import Neurites
from shapes.neurites.tubes import COLUMNS, least_within, most_within, shift_segment, steep_at, tube_field
from shapes.partition.depths import Depths
from shapes.partition.membrane import Shares, measure
from shapes.partition.point import NOBODY, Membranes, near_box
from shapes.partition.voxels import Ranking, rank

_TILE_Z, _TILE_YX = TILE_VX[0], TILE_VX[1]
_PART = (4, 8, 8)  # voxels of a part of a tile, (z, y, x)
_PARTS_X = _TILE_YX // _PART[2]
_PARTS_YX = _TILE_YX // _PART[1] * _PARTS_X
_ROUNDING_NM = 0.05  # of single precision, amply
_BIG = 4  # tiles a side that pick their tubes together first


class Partition(NamedTuple):
    """Which cell each voxel belongs to, and how far it is from the membrane.

    ``index`` (int32) counts into the neurites, with ``len(neurites.ids)`` for glia; ``other`` is the nearest
    neighbour or ``NOBODY`` within reach; ``depth_nm`` (float32) is the distance to the middle of the gap, at
    most as far as was asked for; ``tilt`` (float32) is how obliquely the membrane is cut: 0 upright, 1 lying
    in the section.
    """

    index: npt.NDArray[np.int32]  # type: ignore[assignment]
    other: npt.NDArray[np.int32]
    depth_nm: npt.NDArray[np.float32]
    tilt: npt.NDArray[np.float32]


@compiled
def _ball(low, high, centre):  # type: ignore[no-untyped-def]
    """Write the centre of a ball around a box, and return its radius."""
    radius = 0.0
    for c in range(3):
        centre[c] = 0.5 * (low[c] + high[c])
        radius += (0.5 * (high[c] - low[c])) ** 2
    return np.sqrt(radius)


@compiled
def _ball_of(places, n, low, high, centre):  # type: ignore[no-untyped-def]
    """Write the centre of a ball around ``n`` places, and return its radius."""
    for c in range(3):
        least, most = places[c, 0], places[c, 0]
        for x in range(n):
            least, most = min(least, places[c, x]), max(most, places[c, x])
        low[c], high[c] = least, most
    return _ball(low, high, centre) + _ROUNDING_NM


@compiled
def _near_owners(  # type: ignore[no-untyped-def]
    segments, owners, among, centre, radius, reach, glia, fields, chosen,
):  # fmt: skip
    """Pick tubes for a tile as ``near`` does, as deep as its possible owners' reach."""
    best = glia
    for i in range(among.shape[0]):
        k = among[i]
        fields[i] = tube_field(segments, k, centre[0], centre[1], centre[2])
        best = min(best, most_within(segments, k, fields[i], radius))
    deepest, top = reach[-1], best
    for i in range(among.shape[0]):
        fields[i] = least_within(segments, among[i], fields[i], radius)
        if fields[i] <= best:
            deepest = max(deepest, reach[owners[among[i]]])
    for i in range(among.shape[0]):
        if fields[i] <= best:
            top = max(top, most_within(segments, among[i], best, deepest))
    count = 0
    for i in range(among.shape[0]):
        if fields[i] - steep_at(segments, among[i], fields[i]) * deepest <= top:
            chosen[count] = among[i]
            count += 1
    return count


@compiled
def _one_cell(segments, owners, chosen, count, centre, radius, reach, glia):  # type: ignore[no-untyped-def]
    """Tell whether a tile lies inside one neurite, deeper than its reach: nothing is to be computed then."""
    if count == 0:
        return False
    own, lowest, top = owners[chosen[0]], np.inf, -np.inf
    for i in range(count):
        if owners[chosen[i]] != own:
            return False
        field = tube_field(segments, chosen[i], centre[0], centre[1], centre[2])
        lowest = min(lowest, most_within(segments, chosen[i], field, radius))
    for i in range(count):
        top = max(top, most_within(segments, chosen[i], lowest, reach[own]))
    return top <= glia


@compiled
def _deepen(reach, deep, centre, radius, here):  # type: ignore[no-untyped-def]
    """Write the reach that counts in a ball."""
    deep_owner, deep_at, deep_radius, deep_nm = deep.owners, deep.centres_nm, deep.radii_nm, deep.depths_nm
    for m in range(deep_owner.shape[0]):
        here[deep_owner[m]] = reach[deep_owner[m]]
    for m in range(deep_owner.shape[0]):
        away = 0.0
        for c in range(3):
            away += (deep_at[m, c] - centre[c]) ** 2
        if away <= (deep_radius[m] + radius) ** 2:
            here[deep_owner[m]] = max(here[deep_owner[m]], deep_nm[m])


@compiled
def _partition(  # type: ignore[no-untyped-def]
    tissue, tiles, box, start, voxel, tubes, cells, reach, deep, glia, out,
):  # fmt: skip
    (cz, cy, cx), lows, highs = tiles.cuts, tiles.low_nm, tiles.high_nm
    segments, owners, deep_nm = tubes.segments, tubes.owners, deep.depths_nm
    index, other, depth, tilt = out.index, out.other, out.depth_nm, out.tilt
    n = segments.shape[0]
    everything, coarse, fine = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    marks = np.empty(n)
    here = reach.copy()
    # past the rim of the owner's reach nothing counts, and there no field is above glia's
    deepest = reach.max() if deep_nm.shape[0] == 0 else max(reach.max(), deep_nm.max())
    window = near_box(segments, tubes.blocks, box[0], box[1], glia + 1.6 * deepest, everything)
    plane = _PART[0] * _PART[1] * _PART[2]
    shifted, who = np.empty((n, COLUMNS), np.float32), np.empty(n, np.int32)
    close, whose_close = np.empty((n, COLUMNS), np.float32), np.empty(n, np.int32)
    kin, every, picked = np.empty(n, np.int32), np.arange(n), np.empty(n, np.int64)
    least_there, marked, low, high, spot = np.empty(n), np.empty(n), np.empty(3), np.empty(3), np.empty(3)
    places, fields = np.empty((3, plane), np.float32), np.empty((n, plane), np.float32)
    pz, py, px = places[0], places[1], places[2]
    state, found = np.empty((6, plane), np.float32), np.empty((9, plane), np.int32)
    lowest, best, rival, nearest, slope, ripple = state[0], state[1], state[2], state[3], state[4], state[5]
    lowest_at, at, second, own, neighbour, names = found[0], found[1], found[2], found[3], found[4], found[5:]
    ranking, shares = Ranking(fields, best, at, rival, second), Shares(own, neighbour, nearest, slope)
    slopes, wanted = np.empty((8, plane), np.float32), np.empty((2, n), np.bool_)
    rises = np.empty((2, plane), np.float32)
    corner = np.empty(3)
    glia_index, glia_field = reach.shape[0] - 1, np.float32(glia)
    least, most, c = np.empty(3), np.empty(3), np.empty(3)
    across = -(-(cx.shape[0] - 1) // _BIG)
    for iz in range(cz.shape[0] - 1):
        z0, z1 = cz[iz], cz[iz + 1]
        for big in range(-(-(cy.shape[0] - 1) // _BIG) * across):
            iy0, ix0 = _BIG * (big // across), _BIG * (big % across)
            iy1, ix1 = min(iy0 + _BIG, cy.shape[0] - 1), min(ix0 + _BIG, cx.shape[0] - 1)
            for k in range(3):
                least[k], most[k] = np.inf, -np.inf
                for iy in range(iy0, iy1):
                    for ix in range(ix0, ix1):
                        least[k] = min(least[k], lows[iz, iy, ix, k])
                        most[k] = max(most[k], highs[iz, iy, ix, k])
            r = _ball(least, most, c)
            _deepen(reach, deep, c, r, here)
            some = _near_owners(segments, owners, everything[:window], c, r, here, glia, marks, coarse)
            for iy in range(iy0, iy1):
                y0, y1 = cy[iy], cy[iy + 1]
                for ix in range(ix0, ix1):
                    x0, x1 = cx[ix], cx[ix + 1]
                    r = _ball(lows[iz, iy, ix], highs[iz, iy, ix], c)
                    _deepen(reach, deep, c, r, here)
                    few = _near_owners(segments, owners, coarse[:some], c, r, here, glia, marks, fine)
                    if _one_cell(segments, owners, fine, few, c, r, here, glia):
                        index[z0:z1, y0:y1, x0:x1] = owners[fine[0]]
                        other[z0:z1, y0:y1, x0:x1] = NOBODY
                        depth[z0:z1, y0:y1, x0:x1] = here[owners[fine[0]]]
                        tilt[z0:z1, y0:y1, x0:x1] = 0.0
                        continue
                    corner[0] = (start[0] + z0) // _TILE_Z * _TILE_Z * voxel[0]
                    corner[1] = (start[1] + y0) // _TILE_YX * _TILE_YX * voxel[1]
                    corner[2] = (start[2] + x0) // _TILE_YX * _TILE_YX * voxel[2]
                    for i in range(few):
                        who[i] = owners[fine[i]]
                        shift_segment(segments, fine[i], corner, shifted, i)
                    for part in range(-(-(z1 - z0) // _PART[0]) * _PARTS_YX):
                        # parts of a tile are small enough for few tubes, or for one cell alone
                        first_z = z0 + _PART[0] * (part // _PARTS_YX)
                        first_y = y0 + _PART[1] * (part % _PARTS_YX // _PARTS_X)
                        first_x = x0 + _PART[2] * (part % _PARTS_X)
                        end_z, end_y = min(first_z + _PART[0], z1), min(first_y + _PART[1], y1)
                        end_x = min(first_x + _PART[2], x1)
                        if first_y >= end_y or first_x >= end_x:
                            continue
                        v = 0
                        for z in range(first_z, end_z):
                            for y in range(first_y, end_y):
                                for x in range(first_x, end_x):
                                    pz[v] = tissue[0, z, y, x] - corner[0]
                                    py[v] = tissue[1, z, y, x] - corner[1]
                                    px[v] = tissue[2, z, y, x] - corner[2]
                                    v += 1
                        r = _ball_of(places, v, low, high, spot)
                        fewer = _near_owners(
                            shifted, who, every[:few], spot, r, here, glia_field, marked, picked
                        )
                        if _one_cell(shifted, who, picked, fewer, spot, r, here, glia_field):
                            whose = who[picked[0]]
                            index[first_z:end_z, first_y:end_y, first_x:end_x] = whose
                            other[first_z:end_z, first_y:end_y, first_x:end_x] = NOBODY
                            depth[first_z:end_z, first_y:end_y, first_x:end_x] = here[whose]
                            tilt[first_z:end_z, first_y:end_y, first_x:end_x] = 0.0
                            continue
                        for i in range(fewer):
                            whose_close[i] = who[picked[i]]
                            kin[i] = cells[whose_close[i]]
                            close[i], least_there[i] = shifted[picked[i]], marked[picked[i]]
                        rank(
                            close, whose_close, kin, fewer, glia_field, v, places, ranking, lowest, lowest_at,
                            ripple,
                        )  # fmt: skip
                        measure(
                            close, whose_close, kin, fewer, glia_field, glia_index, v, places, least_there,
                            ranking, here, shares, slopes, wanted, rises, names,
                        )  # fmt: skip
                        v = 0
                        for z in range(first_z, end_z):
                            for y in range(first_y, end_y):
                                for x in range(first_x, end_x):
                                    index[z, y, x], other[z, y, x] = own[v], neighbour[v]
                                    depth[z, y, x], tilt[z, y, x] = nearest[v], slope[v]
                                    v += 1


def partition(
    window: WarpedWindow,
    neurites: Neurites,
    params: Membranes,
    reach_nm: float,
    depths: Depths | None = None,
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
    reach_nm : float
        Up to which depth the distance to the membrane matters everywhere.
    depths : Depths, optional
        Where it matters farther in.
    """
    shape = window.grid.shape
    out = Partition(
        np.empty(shape, np.int32),
        np.empty(shape, np.int32),
        np.empty(shape, np.float32),
        np.empty(shape, np.float32),
    )
    _partition(
        window.tissue_nm, window.tiles, window.box_nm, np.array(window.grid.start_vx),
        np.array(window.grid.voxel_nm), neurites.tubes, neurites.cells,
        np.full(len(neurites.ids) + 1, reach_nm), depths or Depths.nowhere(), params.glia_nm, out,
    )  # fmt: skip
    return out
