"""Giving room: a neurite bulges around its mitochondria, and its neighbours give way.

Each rod claims what lies within a membrane and a rim of cytoplasm around it. What another cell had there
becomes the rod's own; where the claims of two cells overlap the membrane runs half-way between the two
mitochondria. So no membrane cuts a mitochondrion, but where two of them would overlap.
"""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.rods import Rods, stretch_distance, stretches
from shapes.partition.generator import Tissue
from shapes.partition.partition import Partition

RIM_NM = 4.0
"""So much cytoplasm, at least, is between a mitochondrion's clearance and the membrane."""
_FAR = np.float32(1e6)
_NEAR_NM = 36.0  # beside a claim the distance to the membrane changes no farther out


@compiled
def _claims(objects, balls, cells, far, tiles, tissue, nearest, second):  # type: ignore[no-untyped-def]
    """Write distance and number of the nearest rod, and of the nearest of another cell, within ``far``."""
    rods, owners, (which, at, radius) = objects.fitted, objects.owners, balls
    bounds, boxes = slabs(tiles), room_for(tiles)
    (first_d, first_r), (second_d, second_r) = nearest, second
    for m in range(which.shape[0]):
        r, i = which[m]
        for b in range(around(tiles, bounds, at[m], radius[m] + far, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                        ez, ey, ex = pz - at[m, 0], py - at[m, 1], px - at[m, 2]
                        if ez * ez + ey * ey + ex * ex >= (radius[m] + far) ** 2:
                            continue
                        d, _, _, _, _ = stretch_distance(rods, r, i, pz, py, px)
                        if d >= far:
                            continue
                        before = first_r[z, y, x]
                        kin = before >= 0 and cells[owners[before]] == cells[owners[r]]
                        if d < first_d[z, y, x]:
                            if before >= 0 and not kin:
                                second_d[z, y, x], second_r[z, y, x] = first_d[z, y, x], before
                            first_d[z, y, x], first_r[z, y, x] = d, r
                        elif not kin and d < second_d[z, y, x]:
                            second_d[z, y, x], second_r[z, y, x] = d, r


@compiled
def _share(objects, cells, clear, tissue, nearest, second, partition):  # type: ignore[no-untyped-def]
    rods, owners = objects.fitted, objects.owners
    index, other, depth, tilt = partition.index, partition.other, partition.depth_nm, partition.tilt
    (first_d, first_r), (second_d, second_r) = nearest, second
    nz, ny, nx = index.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                r = first_r[z, y, x]
                if r < 0:
                    continue
                d, who, own = first_d[z, y, x], owners[r], index[z, y, x]
                moved = False
                if own < cells.shape[0] and cells[own] == cells[who]:
                    depth[z, y, x] = max(depth[z, y, x], clear - d)
                elif d < clear:
                    index[z, y, x], other[z, y, x], depth[z, y, x] = who, own, clear - d
                    moved = True
                elif d - clear < depth[z, y, x]:
                    other[z, y, x], depth[z, y, x] = who, d - clear
                    moved = True
                if second_r[z, y, x] >= 0 and index[z, y, x] == who:
                    between = max(second_d[z, y, x] - clear, 0.5 * (second_d[z, y, x] - d))
                    if between < depth[z, y, x]:
                        other[z, y, x], depth[z, y, x] = owners[second_r[z, y, x]], between
                if moved:
                    # the membrane runs along the rod
                    tilt[z, y, x] = _upright(
                        rods, r, tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                    )


@compiled
def _upright(rods, r, z, y, x):  # type: ignore[no-untyped-def]
    """Return the part along z of the direction from a rod's axis to a place, 0 … 1."""
    best, part = np.inf, 0.0
    for i in range(rods.shape[1] - 1):
        if rods[r, i, 3] > 0.0 and rods[r, i + 1, 3] > 0.0:
            d, _, ez, ey, ex = stretch_distance(rods, r, i, z, y, x)
            if d < best:
                best, part = d, abs(ez) / (np.sqrt(ez * ez + ey * ey + ex * ex) + 1e-9)
    return part


def give_room(objects: Rods, tissue: Tissue, partition: Partition, clear_nm: float) -> None:
    """Let the cells of a window give way, ``clear_nm`` around each rod: changes the partition."""
    shape, window, cells = tissue.window.grid.shape, tissue.window, tissue.neurites.cells
    balls = stretches(objects.fitted)
    if not len(balls[0]):
        return
    nearest = np.full(shape, _FAR), np.full(shape, -1, np.int32)
    second = np.full(shape, _FAR), np.full(shape, -1, np.int32)
    _claims(objects, balls, cells, clear_nm + _NEAR_NM, window.tiles, window.tissue_nm, nearest, second)
    _share(objects, cells, clear_nm, window.tissue_nm, nearest, second, partition)
