"""Mitochondria on the voxels of a window: distance to the surface, ids, cristae and granules."""

import numpy as np

from shapes.core.compiled import compiled
from shapes.core.touched import room_for, slabs, touched, voxels
from shapes.mitochondria.cristae import (
    GRANULE_NM,
    MOST_GRANULES,
    crista,
    cristae_wave,
    draw_granules,
    granule,
)
from shapes.mitochondria.rods import (
    APART_NM,
    ARM,
    BAND_NM,
    FILLET_NM,
    MIDDLE,
    POINTS,
    ROW,
    SLACK_NM,
    joined,
    rod_distance,
    stretch_distance,
)


@compiled
def _run(rods, r, out):  # type: ignore[no-untyped-def]
    """Write how far along a rod each of its points lies; its arm goes on from the middle."""
    length, out[:] = 0.0, 0.0
    for i in range(1, ROW):
        step = 0.0
        for c in range(3):
            step += (rods[r, i, c] - rods[r, i - 1, c]) ** 2
        if i < ARM:
            length += np.sqrt(step) / (POINTS - 1)
        elif i == ARM:
            out[ARM] = MIDDLE * length
        else:
            out[i] = out[i - 1] + np.sqrt(step)
    for i in range(POINTS):
        out[i] = i * length


@compiled
def _others(objects, balls, cells, r, low, high, others):  # type: ignore[no-untyped-def]
    """Write which rods of the same cell come near a rod's box: branches have no membrane between them."""
    (stretches, stretch_at, stretch_radius), count = balls, 0
    for m in range(stretches.shape[0]):
        q = stretches[m, 0]
        if q == r or cells[objects.owners[q]] != cells[objects.owners[r]]:
            continue
        near = count == 0 or others[count - 1] != q
        for c in range(3):
            wide = stretch_radius[m] + APART_NM
            near = near and low[c] - wide <= stretch_at[m, c] <= high[c] + wide
        if near:
            others[count] = q
            count += 1
    return count


@compiled
def draw_mitochondria(objects, balls, cells, p, gap, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
    """Write distances and ids of rods, and how far off the nearest crista or granule lies."""
    rods, owners, keys, ids = objects.fitted, objects.owners, objects.keys, objects.ids
    (stretches, stretch_at, stretch_radius), boundary = balls, p.boundary_nm
    index, depth, out_id, out_d = partition.index, partition.depth_nm, layer.ids, layer.distance_nm
    granules = np.empty((MOST_GRANULES, 4))
    wave, low, high, bounds, boxes = np.empty(11), np.empty(3), np.empty(3), slabs(tiles), room_for(tiles)
    cut, run, m = np.empty(3), np.empty(ROW), 0
    others = np.empty(rods.shape[0], np.int64)
    while m < stretches.shape[0]:
        r, first_m = stretches[m, 0], m
        # near a corner that is rounded off, both its sides count
        band = FILLET_NM if rods[r, ARM:, 3].max() > 0.0 else float(BAND_NM)
        low[:], high[:] = np.inf, -np.inf
        while m < stretches.shape[0] and stretches[m, 0] == r:
            for c in range(3):
                low[c] = min(low[c], stretch_at[m, c] - stretch_radius[m] - band)
                high[c] = max(high[c], stretch_at[m, c] + stretch_radius[m] + band)
            m += 1
        shown = touched(tiles, bounds, low, high, boxes)
        if shown == 0:
            continue
        rivals = _others(objects, balls, cells, r, low, high, others)
        _run(rods, r, run)
        cristae_wave(keys[r], p.crista_period_nm, wave)
        held = draw_granules(rods, r, keys[r], p.granule_chance, p.granule_radius_nm, p.thinnest_nm, granules)
        parted = ids[r, 0] != ids[r, 1]
        norm = 0.0
        for c in range(3):
            cut[c] = rods[r, MIDDLE + 1, c] - rods[r, MIDDLE - 1, c]
            norm += cut[c] ** 2
        cut /= np.sqrt(norm) + 1e-9
        for b in range(shown):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        if index[z, y, x] != owners[r]:
                            continue
                        d, along, half, oz, oy, ox = 1e4, 0.0, 0, 0.0, 0.0, 0.0
                        rod = arm = 1e4
                        pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                        for k in range(first_m, m):
                            ez, ey, ex = pz - stretch_at[k, 0], py - stretch_at[k, 1], px - stretch_at[k, 2]
                            if ez * ez + ey * ey + ex * ex < (stretch_radius[k] + band) ** 2:
                                i = stretches[k, 1]
                                nearer, t, ez, ey, ex = stretch_distance(rods, r, i, pz, py, px)
                                side = 0 if i < MIDDLE else 1
                                if parted:
                                    past = 0.0
                                    for c in range(3):
                                        past += (tissue[c, z, y, x] - rods[r, MIDDLE, c]) * cut[c]
                                    nearer = max(nearer, (past if side == 0 else -past) + 0.5 * SLACK_NM)
                                if nearer < d:
                                    d, half, oz, oy, ox = nearer, side, ez, ey, ex
                                    along = run[i] + (t - i) * (run[i + 1] - run[i])
                                rod = nearer if i < ARM and nearer < rod else rod
                                arm = nearer if i >= ARM and nearer < arm else arm
                        d = joined(rod, arm)
                        if d >= BAND_NM:
                            continue
                        if depth[z, y, x] < gap + boundary:
                            d = max(d, gap - depth[z, y, x])
                        for q in range(rivals):
                            away = rod_distance(rods, others[q], pz, py, px)
                            if away < APART_NM:
                                d = max(d, SLACK_NM - away)
                        if d < BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x] = d
                            out_id[z, y, x] = ids[r, half]
                            if d < 0.0:
                                wall = d + 0.6 * boundary
                                inside = crista(
                                    keys[r], wave, p.crista_thickness_nm, p.tubular, p.tube_nm, along,
                                    oz, oy, ox, wall,
                                )  # fmt: skip
                                if held > 0:
                                    grain = max(granule(granules, held, pz, py, px), wall)
                                    inside = GRANULE_NM + grain if grain < 0.0 else inside
                                layer.detail_nm[z, y, x] = inside
