"""Mitochondria: bent rods along a neurite, with a boundary, and a matrix with cristae and dark granules.

``slots.py`` draws them, some with a side arm, and ``fit_to_room.py`` cuts each point to the room around it:
where that leaves nothing the rod or its arm ends. A rod whose middle has no room is two mitochondria, one on
either side, without an arm.
"""

import numpy as np
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread
from shapes.core.streams import mix, object_id, stream_key
from shapes.core.touched import room_for, slabs, touched, voxels
from shapes.mitochondria.cristae import (
    GRANULE_NM,
    MOST_GRANULES,
    crista,
    cristae_wave,
    draw_granules,
    granule,
)
from shapes.mitochondria.fit_to_room import fit_rods
from shapes.mitochondria.give_room import RIM_NM, give_room
from shapes.mitochondria.rods import (
    APART_NM,
    ARM,
    AROUND_NM,
    BAND_NM,
    FILLET_NM,
    MIDDLE,
    POINTS,
    ROW,
    SLACK_NM,
    Rods,
    joined,
    rod_distance,
    stretch_distance,
    stretches,
)
from shapes.mitochondria.scatter import FAR_NM, far_nm, scatter_rods
from shapes.mitochondria.slots import arm_step_nm, draw_rods
from shapes.neurites.population import AXON, SOMA
from shapes.partition.cytoplasm import edge_nm
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.partition.point import SURE


class Mitochondria(Block):
    """How many mitochondria a neurite holds, and their shape.

    An axon's swellings hold one each, its boutons with a chance; a dendrite has a chance per slot and lane,
    and a slot is about as long as the longest mitochondrion. Figures: 200–600 nm across, to 3 µm long,
    boundary band 35 nm as labelled in EPFL6, cristae 20–30 nm thick. ``radius_nm`` is that of a rod along its
    middle, where the neurite has room for it: it varies by a tenth from point to point, but not beyond the
    largest radius that can be drawn, and towards the tips falls to 78 %. Of the cristae ``tubular`` are rows
    of tubes of ``tube_nm`` across, the others lamellae. A part ``granule_chance`` of the mitochondria holds
    one to four dark granules in the matrix.

    A part ``branch_chance`` of a dendrite's slots hold one that branches, where there is room: in dendrites
    of the hippocampus there are branching filaments among the long rods, while in axons mitochondria are
    small discrete bodies (Popov et al. 2005; Delgado et al. 2019), which do not branch here.

    A neurite bulges around a mitochondrion that is up to ``bulge_nm`` thicker than there is room, and its
    neighbours give way: see ``give_room.py``.

    Cell bodies have a ring of them around the nucleus, in slots as dendrites have. Where ``somata_per_um3``
    is given, they have them all over their cytoplasm instead, lying any way: so many places are tried to a
    cubic micrometre, of which those stay that have room beside each other.
    """

    bouton_chance: float = Field(default=0.5, ge=0, le=1)
    dendrite_chance: float = Field(default=0.6, ge=0, le=1)
    clearance_nm: float = Field(default=18.0, ge=0)
    bulge_nm: float = Field(default=0.0, ge=0, le=60)
    radius_nm: Spread = Spread(mean=160, std=28)
    half_length_nm: Spread = Spread(min=120, max=430)
    thinnest_nm: float = Field(default=55.0, gt=0)
    boundary_nm: float = Field(default=35.0, gt=0)
    branch_chance: float = Field(default=0.15, ge=0, le=1)
    somata_per_um3: float = Field(default=0.0, ge=0, le=20)
    crista_period_nm: Spread = Spread(min=50, max=85)
    crista_thickness_nm: float = Field(default=24.0, gt=0)
    tubular: float = Field(default=0.2, ge=0, le=1)
    tube_nm: float = Field(default=30.0, gt=0)
    granule_chance: float = Field(default=0.25, ge=0, le=1)
    granule_radius_nm: Spread = Spread(min=8, max=20)

    def longest_nm(self) -> float:
        """Return the largest distance from a mitochondrion's middle to its tip."""
        return self.half_length_nm.highest() + self.radius_nm.highest()


def reach_nm(params: Mitochondria, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its mitochondria depend on."""
    thick, half = params.radius_nm.highest(), params.half_length_nm.highest()
    if kind == SOMA and params.somata_per_um3 > 0:
        return far_nm(params.longest_nm(), params.thinnest_nm, params.clearance_nm) + APART_NM
    stretch = arm_step_nm(half, thick) if params.branch_chance else half / MIDDLE
    room = params.clearance_nm + 30.0
    middle = half + thick + (params.thinnest_nm + room) / SURE
    return max(stretch + thick + (thick + room) / SURE, middle) + APART_NM


IN_SWELLINGS = (AXON,)
"""Neurites of these kinds hold mitochondria where they are swollen, and nowhere else."""


def nodes_nm(params: Mitochondria, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its mitochondria are strung along."""
    around = FAR_NM if params.somata_per_um3 > 0 else AROUND_NM
    return around + params.longest_nm() + params.half_length_nm.highest() + step_nm


@compiled
def _name(keys, whole, out):  # type: ignore[no-untyped-def]
    """Write the ids of both halves of each rod: one, or two where it has no middle."""
    for r in range(keys.shape[0]):
        out[r, 0] = out[r, 1] = object_id(keys[r])
        if not whole[r]:
            out[r, 1] = object_id(mix(keys[r], 1))


def place(tissue: Tissue, params: Mitochondria, placed: dict[str, object]) -> Rods:
    """Draw the mitochondria that touch a window, and, unfitted, those within ``AROUND_NM`` of it."""
    cells, box, membranes = tissue.neurites, tissue.window.box_nm, tissue.membranes
    salt, longest = stream_key(tissue.seed, "mitochondrion"), params.longest_nm()
    gap = membranes.half_width_nm + params.clearance_nm - params.bulge_nm
    room = 256
    while True:
        drawn = np.empty((room, ROW, 4))
        owners, keys = np.empty(room, np.int32), np.empty(room, np.uint64)
        n = draw_rods(
            salt, cells.axes, tissue.wall_nm, params.row(), longest, box, AROUND_NM, drawn, owners, keys
        )
        if params.somata_per_um3 > 0:
            free = min(n, room)
            n += scatter_rods(
                salt, edge_nm(params.somata_per_um3), cells.kinds, cells.tubes, tissue.cores, params.row(),
                longest, membranes.glia_nm, gap, box, drawn[free:], owners[free:], keys[free:],
            )  # fmt: skip
        if n <= room:
            break
        room = n
    drawn, owners, keys = drawn[:n], owners[:n], keys[:n]
    fitted, whole = drawn.copy(), np.zeros(n, np.bool_)
    missing = fit_rods(
        fitted, owners, cells.tubes, membranes.glia_nm, len(cells.ids), gap, params.thinnest_nm, box, whole
    )  # fmt: skip
    ids = np.empty((n, 2), np.int32)
    _name(keys, whole, ids)
    return Rods(drawn, fitted, owners, keys, ids, int(missing), params.row())


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
def _build(objects, balls, cells, p, gap, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
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


def depths(objects: Rods, tissue: Tissue, params: Mitochondria) -> Depths:
    """Return none: cells give way to mitochondria, which are drawn by their own points and radii."""
    return Depths.nowhere()


def give_way(objects: Rods, tissue: Tissue, partition: Partition, params: Mitochondria) -> None:
    """Let the cells of a window give way to its mitochondria: changes the partition."""
    give_room(objects, tissue, partition, _gap_nm(tissue, params) + RIM_NM)


def _gap_nm(tissue: Tissue, params: Mitochondria) -> float:
    """Return how far from the middle of a membrane the surface of a mitochondrion lies at least."""
    return tissue.membranes.half_width_nm + params.clearance_nm / 2


def build(objects: Rods, tissue: Tissue, partition: Partition, params: Mitochondria) -> Layer:
    """Return mitochondria on the window's voxels; the detail is the distance to the nearest crista.

    Inside a granule it is the distance to its surface plus ``GRANULE_NM``, which is lower than any other.
    """
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    window = tissue.window
    _build(
        objects, stretches(objects.fitted), tissue.neurites.cells, params.row(), _gap_nm(tissue, params),
        window.tiles, window.tissue_nm, partition, layer,
    )  # fmt: skip
    return layer
