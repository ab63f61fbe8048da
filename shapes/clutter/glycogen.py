"""Glycogen: small dense granules, in clusters, in the cytoplasm of glia and here and there of a dendrite.

Each cell of a lattice in tissue space holds a cluster; of its granules those stay that lie in glia, and those
in a dendrite that stores any, where there is room.
"""

import numpy as np
from pydantic import Field

from shapes.clutter.chains import BAND_NM, OFF_MITOCHONDRIA_NM, RIM_NM
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread, draw
from shapes.core.streams import cell_key, mix, normal, object_id, stream_key, uniform
from shapes.core.table import Balls, rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.rods import obstacles, off_rods
from shapes.neurites.population import DENDRITE, GLIA, SOMA
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.partition.point import depth_at, near_box, scratch_for

MOST = 120
"""A cluster has no more granules."""
_APART_NM = 1.0


class Glycogen(Block):
    """How much glycogen there is, and its granules.

    ``per_um3`` clusters are drawn, of ``granules`` each within ``cluster_nm`` of their middle; a dendrite
    takes part in one with ``dendrite_chance``, a cell body with ``soma_chance``, glia always. Figures: β
    particles of 15–30 nm, single and in clusters, nearly all in astrocytes, a few in neurons (Peters, Palay &
    Webster 1991; Calì et al. 2016).
    """

    per_um3: float = Field(default=20.0, gt=0, le=200)
    granules: Spread = Spread(min=8, max=60)
    cluster_nm: Spread = Spread(min=60, max=200)
    radius_nm: Spread = Spread(min=7.5, max=15)
    dendrite_chance: float = Field(default=0.04, ge=0, le=1)
    soma_chance: float = Field(default=0.0, ge=0, le=1)
    clearance_nm: float = Field(default=3.0, ge=0, le=50)


@compiled
def cluster(key, count, spread, radius, out):  # type: ignore[no-untyped-def]
    """Write place and radius (m, 4) of a cluster's granules around (0, 0, 0), none touching; returns m."""
    wide, n = draw(spread, uniform(key, 3), normal(key, 4)), 0
    for k in range(min(MOST, int(draw(count, uniform(key, 5), normal(key, 6))))):
        here, norm = mix(key, 10 + k), 0.0
        for c in range(3):
            out[n, c] = normal(here, c)
            norm += out[n, c] ** 2
        # denser towards the middle
        away = wide * uniform(here, 3) ** 0.6 / (np.sqrt(norm) + 1e-9)
        for c in range(3):
            out[n, c] *= away
        out[n, 3] = draw(radius, uniform(here, 4), normal(here, 5))
        free = True
        for m in range(n):
            gap = 0.0
            for c in range(3):
                gap += (out[n, c] - out[m, c]) ** 2
            free = free and gap > (out[n, 3] + out[m, 3] + _APART_NM) ** 2
        n += free
    return n


@compiled
def _stores(kinds, walls, own, key, keys, p):  # type: ignore[no-untyped-def]
    """Tell whether a cell takes part in a cluster: glia does, and a dendrite with a chance."""
    if own == kinds.shape[0] or kinds[own] == GLIA:
        return True
    if kinds[own] == SOMA:
        return uniform(mix(key, keys[own]), 1) < p.soma_chance
    return (
        kinds[own] == DENDRITE and walls[own] == 0.0 and uniform(mix(key, keys[own]), 1) < p.dendrite_chance
    )


@compiled
def _scatter(salt, edge, p, axes, walls, tubes, obstacles, glia, gap, box, out):  # type: ignore[no-untyped-def]
    """Place the granules that touch the box; returns how many, and how many have no room in their cell."""
    keys, (low, high) = axes.keys, box
    widest, thickest = p.cluster_nm.highest, p.radius_nm.highest
    n = missing = 0
    touch = thickest + BAND_NM
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for c in range(3):
        first[c] = int(np.floor((low[c] - touch - widest) / edge))
        last[c] = int(np.floor((high[c] + touch + widest) / edge))
    scratch = scratch_for(tubes)
    pad = glia + touch + 1.6 * (thickest + gap)
    some = scratch.close[: near_box(tubes.segments, tubes.blocks, low, high, pad, scratch.close)]
    grains, middle, at = np.empty((MOST + 1, 4)), np.empty(3), np.empty(3)
    for z in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            for x in range(first[2], last[2] + 1):
                key = cell_key(salt, z, y, x)
                middle[0], middle[1], middle[2] = (
                    z + uniform(key, 0),
                    y + uniform(key, 1),
                    x + uniform(key, 2),
                )
                beyond = False
                for c in range(3):
                    middle[c] *= edge
                    off = widest + touch
                    beyond = beyond or middle[c] + off < low[c] or middle[c] - off > high[c]
                if beyond:
                    continue
                for k in range(cluster(key, p.granules, p.cluster_nm, p.radius_nm, grains)):
                    r, shows = grains[k, 3], True
                    for c in range(3):
                        at[c] = middle[c] + grains[k, c]
                        shows = shows and low[c] - r - BAND_NM <= at[c] <= high[c] + r + BAND_NM
                    if not shows:
                        continue
                    own, d = depth_at(tubes, some, at[0], at[1], at[2], r + gap, glia, keys.shape[0], scratch)
                    if not _stores(axes.kinds, walls, own, key, keys, p):
                        continue
                    clear = r + OFF_MITOCHONDRIA_NM
                    if d < r + gap or off_rods(obstacles, own, at, clear + 1.0) < clear:
                        missing += 1
                        continue
                    if n < out.ids.shape[0]:
                        out.centres_nm[n], out.radii_nm[n] = at, r
                        out.owners[n], out.ids[n] = own, object_id(mix(key, 500 + k))
                    n += 1
    return n, missing


@compiled
def _build(granules, tiles, tissue, partition, gap, layer):  # type: ignore[no-untyped-def]
    centres, radii, owners, ids = granules.centres_nm, granules.radii_nm, granules.owners, granules.ids
    index, depth, out_id, out_d = partition.index, partition.depth_nm, layer.ids, layer.distance_nm
    at, bounds, boxes = np.empty(3), slabs(tiles), room_for(tiles)
    for g in range(ids.shape[0]):
        at[:] = centres[g]
        for b in range(around(tiles, bounds, at, radii[g] + BAND_NM, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        if index[z, y, x] != owners[g]:
                            continue
                        away = 0.0
                        for c in range(3):
                            away += (tissue[c, z, y, x] - at[c]) ** 2
                        d = np.sqrt(away) - radii[g]
                        if depth[z, y, x] < gap + RIM_NM:
                            d = max(d, gap - depth[z, y, x])
                        if d < BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x], out_id[z, y, x] = d, ids[g]


def reach_nm(params: Glycogen, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its granules depend on."""
    thick = params.radius_nm.highest()
    return thick + float(BAND_NM) + 1.6 * (thick + params.clearance_nm + 30.0) + rim_nm


def place(tissue: Tissue, params: Glycogen, placed: dict[str, object]) -> Balls:
    """Scatter the granules that touch a window, and count those without room."""
    cells, membranes = tissue.neurites, tissue.membranes
    edge, gap = (1e9 / params.per_um3) ** (1 / 3), membranes.half_width_nm + params.clearance_nm
    room = 512
    while True:
        out = Balls.blank(room)
        n, missing = _scatter(
            stream_key(tissue.seed, "glycogen"), edge, params.row(), cells.axes, tissue.wall_nm, cells.tubes,
            obstacles(placed), membranes.glia_nm, gap, tissue.window.box_nm, out,
        )  # fmt: skip
        if n <= room:
            return rows(out, slice(n))._replace(missing=missing)
        room = n


def depths(objects: Balls, tissue: Tissue, params: Glycogen) -> Depths:
    """Return none: the scene asks for what clutter needs everywhere."""
    return Depths.nowhere()


def build(objects: Balls, tissue: Tissue, partition: Partition, params: Glycogen) -> Layer:
    """Return granules on the window's voxels, as balls."""
    window, gap = tissue.window, tissue.membranes.half_width_nm + params.clearance_nm
    layer = empty_layer(window.grid.shape)
    _build(objects, window.tiles, window.tissue_nm, partition, gap, layer)
    return layer
