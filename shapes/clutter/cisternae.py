"""Rough reticulum of large cell bodies: flat cisternae in stacks around mitochondria.

A cisterna is a level of the smooth distance to the mitochondria around: the first wraps each of them, and the
ones farther out run between several, side by side. Where there are any is a band-limited field of the world.
"""

import numpy as np
from scipy.special import ndtri

from shapes.clutter.chains import BAND_NM, OFF_MITOCHONDRIA_NM, RIM_NM
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.fields import smooth_noise
from shapes.core.streams import mix, object_id, stream_key
from shapes.mitochondria.rods import ARM, Obstacles, stretch_distance
from shapes.neurites.population import SOMA
from shapes.partition.generator import Layer, Tissue
from shapes.partition.partition import Partition

FARTHEST_NM = 650.0
"""No cisterna lies farther than this from all mitochondria."""
_FIRST_NM = 52.0  # from a mitochondrion to the middle of the cisterna that wraps it
_BLEND_NM = 45.0  # levels round off over so much, between two mitochondria
_SPREAD_NM, _GAPS_NM = 420.0, 110.0  # half the size of a field with cisternae, and of the gaps in one
_GAPS_PART = 0.5
_WANDER_NM, _WANDER = 300.0, 16.0  # levels sway by so much, over twice that length
_RISE = 0.45  # over so many of its spacings a field rises by one standard deviation


@compiled
def _rods_near(rods, owners, seen, low, high, some):  # type: ignore[no-untyped-def]
    """Pick the rods of a tile's cells whose box comes within ``FARTHEST_NM``; returns how many."""
    count = 0
    for r in range(rods.shape[0]):
        near = seen[owners[r]]
        for c in range(3):
            if near:
                least, most = np.inf, -np.inf
                for i in range(ARM):
                    least, most = min(least, rods[r, i, c]), max(most, rods[r, i, c])
                wide = rods[r, ARM // 2, 3] + FARTHEST_NM
                near = least - wide <= high[c] and most + wide >= low[c]
        if near:
            some[count] = r
            count += 1
    return count


@compiled
def _smooth_distance(rods, owners, some, own, z, y, x):  # type: ignore[no-untyped-def]
    """Return the smooth distance to the mitochondria of a cell, and how fast it changes."""
    total = gz = gy = gx = 0.0
    for m in range(some.shape[0]):
        r = some[m]
        if owners[r] != own:
            continue
        best, oz, oy, ox = FARTHEST_NM, 0.0, 0.0, 0.0
        for i in range(ARM - 1):
            if rods[r, i, 3] > 0.0 and rods[r, i + 1, 3] > 0.0:
                d, _, ez, ey, ex = stretch_distance(rods, r, i, z, y, x)
                if d < best:
                    best, oz, oy, ox = d, ez, ey, ex
        if best < FARTHEST_NM:
            weight = np.exp(-best / _BLEND_NM)
            wide = weight / max(1e-6, np.sqrt(oz * oz + oy * oy + ox * ox))
            total += weight
            gz, gy, gx = gz + wide * oz, gy + wide * oy, gx + wide * ox
    if total <= 0.0:
        return FARTHEST_NM, 1.0
    return -_BLEND_NM * np.log(total), np.sqrt(gz * gz + gy * gy + gx * gx) / total


@compiled
def _lay(obstacles, bodies, ids, p, least, gap, tissue, tiles, partition, fields, layer):  # type: ignore[no-untyped-def]
    (rods, owners), (cz, cy, cx), (spread, wander) = obstacles, tiles.cuts, fields
    index, depth, out_id, out_d = partition.index, partition.depth_nm, layer.ids, layer.distance_nm
    some, seen = np.empty(rods.shape[0], np.int64), np.zeros(bodies.shape[0], np.bool_)
    period, half = p.sheet_period_nm, 0.5 * p.sheet_nm
    for iz in range(cz.shape[0] - 1):
        for iy in range(cy.shape[0] - 1):
            for ix in range(cx.shape[0] - 1):
                z0, z1, y0, y1, x0, x1 = cz[iz], cz[iz + 1], cy[iy], cy[iy + 1], cx[ix], cx[ix + 1]
                seen[:] = False
                for z in range(z0, z1):
                    for y in range(y0, y1):
                        for x in range(x0, x1):
                            seen[index[z, y, x]] = bodies[index[z, y, x]]
                few = _rods_near(
                    rods, owners, seen, tiles.low_nm[iz, iy, ix], tiles.high_nm[iz, iy, ix], some
                )
                if few == 0:
                    continue
                for z in range(z0, z1):
                    for y in range(y0, y1):
                        for x in range(x0, x1):
                            own = index[z, y, x]
                            # where the field is low there is no cisterna
                            edge = _RISE * _GAPS_NM * (least - spread[z, y, x])
                            if not bodies[own] or edge >= BAND_NM:
                                continue
                            u, steep = _smooth_distance(
                                rods, owners, some[:few], own, tissue[0, z, y, x], tissue[1, z, y, x],
                                tissue[2, z, y, x],
                            )  # fmt: skip
                            if u >= FARTHEST_NM - period:
                                continue
                            level = (
                                u + _WANDER * wander[z, y, x] * min(1.0, u / FARTHEST_NM * 4.0) - _FIRST_NM
                            )
                            k = max(0.0, np.floor(level / period + 0.5))
                            d = max(abs(level - k * period) / max(0.15, steep) - half, edge)
                            d = max(d, OFF_MITOCHONDRIA_NM - u)
                            if depth[z, y, x] < gap + RIM_NM:
                                d = max(d, gap - depth[z, y, x])
                            if d < BAND_NM and d < out_d[z, y, x]:
                                out_d[z, y, x], out_id[z, y, x] = d, ids[own]


@compiled
def _names(salt, keys, out):  # type: ignore[no-untyped-def]
    for j in range(keys.shape[0]):
        out[j] = object_id(mix(keys[j], salt))


def lay_cisternae(
    layer: Layer,
    obstacles: Obstacles,
    tissue: Tissue,
    partition: Partition,
    params: Block,
    clearance_nm: float,
    part: float,
) -> None:
    """Write the cisternae of a window's cell bodies into the layer of its reticulum.

    ``params`` are those of the reticulum, and ``clearance_nm`` is what it keeps off the membrane; of the
    cytoplasm near mitochondria a ``part`` has cisternae.
    """
    cells, seed, grid = tissue.neurites, tissue.seed, tissue.window.grid
    bodies = np.append(cells.kinds == SOMA, False)
    if not bodies[partition.index].any():
        return
    ids = np.empty(len(bodies), np.int32)
    _names(stream_key(seed, "reticulum"), cells.keys, ids)
    broad = smooth_noise(stream_key(seed, "cisternae/spread"), _SPREAD_NM, grid)
    fine = smooth_noise(stream_key(seed, "cisternae/gaps"), _GAPS_NM, grid)
    spread = (broad + np.float32(_GAPS_PART) * fine) / np.float32(np.hypot(1.0, _GAPS_PART))
    wander = smooth_noise(stream_key(seed, "cisternae/wander"), _WANDER_NM, grid)
    _lay(
        obstacles, bodies, ids, params.row(), float(ndtri(1.0 - part)),
        tissue.membranes.half_width_nm + clearance_nm, tissue.window.tissue_nm, tissue.window.tiles,
        partition, (spread, wander), layer,
    )  # fmt: skip
