"""Mitochondria: bent rods along a neurite, with a boundary, and a matrix with cristae and dark granules.

An axon holds them in its varicosities; a dendrite is divided into slots along its axis, and a thick one into
three lanes around it, so that two mitochondria never meet. Each point of a rod is as thick as the cytoplasm
around it allows; where that leaves nothing the rod ends. A rod whose middle has no room is two mitochondria,
one on either side.
"""

import numpy as np
from numba import njit
from pydantic import Field

from shapes.cristae import GRANULE_NM, MOST_GRANULES, crista, cristae_wave, draw_granules, granule
from shapes.depths import Depths
from shapes.membranes import around, near, near_box, probe
from shapes.partition import Partition
from shapes.population import AXON, BOUTON, SHAFT, VARICOSITY_EVERY
from shapes.rods import MIDDLE, POINTS, Rods, rod_chain, rod_touches, stretch_distance, stretches
from shapes.spread import Params, Spread, draw
from shapes.streams import mix, normal, object_id, stream_key, uniform
from shapes.tissue import FAR_NM, Layer, Tissue, empty_layer, frame, voxel_range

AROUND_NM = 60.0
"""Mitochondria are drawn, unfitted, this far around a window: the window's vesicles keep clear of them."""
_SLACK_NM = 30.0  # free cytoplasm between the ends of two rods in neighbouring slots, or of one that parts
_BAND_NM = np.float32(16.0)  # how far outside a surface distances are still written


class Mitochondria(Params):
    """How many mitochondria a neurite holds, and their shape.

    An axon's swellings hold one each, its boutons with a chance; a dendrite has a chance per slot and lane,
    and a slot is about as long as the longest mitochondrion. Figures: 200–600 nm across, to 3 µm long,
    boundary band 35 nm as labelled in EPFL6, cristae 20–30 nm thick. Of the cristae ``tubular`` are rows of
    tubes of ``tube_nm`` across, the others lamellae. A part ``granule_chance`` of the mitochondria holds one
    to four dark granules in the matrix.
    """

    bouton_chance: float = Field(default=0.5, ge=0, le=1)
    dendrite_chance: float = Field(default=0.6, ge=0, le=1)
    clearance_nm: float = Field(default=18.0, ge=0)
    radius_nm: Spread = Spread(mean=160, std=28)
    half_length_nm: Spread = Spread(min=120, max=430)
    thinnest_nm: float = Field(default=55.0, gt=0)
    boundary_nm: float = Field(default=35.0, gt=0)
    crista_period_nm: Spread = Spread(min=50, max=85)
    crista_thickness_nm: float = Field(default=24.0, gt=0)
    tubular: float = Field(default=0.2, ge=0, le=1)
    tube_nm: float = Field(default=30.0, gt=0)
    granule_chance: float = Field(default=0.25, ge=0, le=1)
    granule_radius_nm: Spread = Spread(min=8, max=20)

    def longest_nm(self) -> float:
        """Return the largest distance from a mitochondrion's middle to its tip."""
        return self.half_length_nm.highest() + self.radius_nm.highest()


@njit(cache=True)
def _draw_rods(  # type: ignore[no-untyped-def]
    salt, nodes, varicosity, counts, steps, keys, kinds, walls, bouton, dendrite, radius, half, widest,
    longest, low, high, pad, out, owners, rod_keys,
):  # fmt: skip
    """Draw every rod that can come within ``pad`` of the box; returns how many."""
    n = 0
    points = np.empty((POINTS, 4))
    for j in range(keys.shape[0]):
        slot_nodes = int(np.ceil(2.0 * (longest + _SLACK_NM) / steps[j]))
        offset = int(uniform(mix(keys[j], salt), 0) * slot_nodes)
        for centre in range(counts[j]):
            room = nodes[j, centre, 3]
            if np.isnan(room):
                continue
            lanes = 1
            if kinds[j] == AXON:
                # an axon holds mitochondria where it is swollen
                if varicosity[j, centre] == SHAFT:
                    continue
                chance = bouton if varicosity[j, centre] == BOUTON else 1.0
            else:
                if centre % slot_nodes != offset:
                    continue
                chance = dendrite
                # all lanes of a slot lie around the axis, or one rod lies on it
                first = mix(mix(mix(keys[j], salt), centre), 0)
                if walls[j] == 0.0 and room > 2.4 * draw(radius, uniform(first, 1), normal(first, 2)):
                    lanes = 3
            for lane in range(lanes):
                key = mix(mix(mix(keys[j], salt), centre), lane)
                if uniform(key, 0) >= chance:
                    continue
                thick = draw(radius, uniform(key, 1), normal(key, 2))
                long = draw(half, uniform(key, 3), normal(key, 4))
                angle, away, most = 0.0, 0.0, widest
                if lanes == 3:
                    # the middles of two lanes are 0.55 √3 of the room apart
                    angle, away, most = 2.0943951 * lane, 0.55 * room, min(widest, 0.47 * room - 10.0)
                    thick = min(thick, 0.42 * room - 10.0)
                elif kinds[j] == AXON:
                    long = min(long, 0.5 * VARICOSITY_EVERY * steps[j] - thick - _SLACK_NM)
                if not rod_chain(
                    nodes[j], steps[j], counts[j], centre, long, thick, most, walls[j], angle, away,
                    mix(keys[j], salt), points,
                ):  # fmt: skip
                    continue
                if rod_touches(points, low, high, pad):
                    if n < out.shape[0]:
                        out[n] = points
                        owners[n] = j
                        rod_keys[n] = key
                    n += 1
    return n


@njit(cache=True)
def rod_sight_nm(points):  # type: ignore[no-untyped-def]
    """Return how far from a window a rod's points (5, 4) can lie that a stretch of it shows there."""
    longest = 0.0
    for i in range(1, POINTS):
        step = 0.0
        for c in range(3):
            step += (points[i, c] - points[i - 1, c]) ** 2
        longest = max(longest, np.sqrt(step))
    return longest + points[:, 3].max() + _BAND_NM


@njit(cache=True)
def _room(  # type: ignore[no-untyped-def]
    rods, r, i, look, owner, segments, segment_owners, some, glia, glia_index, close_by, chosen, fields,
):  # fmt: skip
    """Return how far a rod's point lies from the membrane of its neurite, at most ``look``; 0 outside."""
    z, y, x = rods[r, i, 0], rods[r, i, 1], rods[r, i, 2]
    # a cell farther off than this leaves room enough, or the partition has the last word
    few = around(segments, some, z, y, x, look, close_by)
    count = near(segments, close_by[:few], z, y, x, 0.0, look, glia, chosen)
    own, _, d, _ = probe(segments, segment_owners, chosen, count, z, y, x, look, glia, glia_index, fields)
    # far from a membrane, d is somewhat long
    return 0.95 * d if own == owner else 0.0


@njit(cache=True)
def _fit_rods(  # type: ignore[no-untyped-def]
    rods, owners, segments, blocks, segment_owners, glia, glia_index, gap, thinnest, low, high, whole,
):  # fmt: skip
    """Cut each point's radius to the room around it, and tell which rods have room in their middle.

    Returns how many rods have no room near the box, of those with a point within ``rod_sight_nm`` of it.
    Other points than the middle count only where their stretch of the rod touches the box, so that no window
    depends on a rod's far end.
    """
    boxed, close_by = np.empty(segments.shape[0], np.int64), np.empty(segments.shape[0], np.int64)
    chosen = np.empty(segments.shape[0], np.int64)
    fields = np.empty(segments.shape[0])
    least, most = np.empty(3), np.empty(3)
    missing = 0
    for r in range(rods.shape[0]):
        least[:], most[:] = np.inf, -np.inf
        thick = rods[r, :, 3].max()
        sight, none, middle = rod_sight_nm(rods[r]), True, rods[r, MIDDLE, 3]
        for i in range(POINTS):
            close = True
            for c in range(3):
                close = close and low[c] - sight <= rods[r, i, c] <= high[c] + sight
            none = none and not close
            if not close:
                rods[r, i, 3] = 0.0
            if close or i == MIDDLE:
                for c in range(3):
                    least[c], most[c] = min(least[c], rods[r, i, c]), max(most[c], rods[r, i, c])
        if none:
            continue
        some = boxed[: near_box(segments, blocks, least, most, thick + gap, boxed)]
        # who sees any part of a rod knows whether it has a middle: that far off only cells close to it count
        bare = _room(
            rods, r, MIDDLE, (thinnest + gap) / 0.95, owners[r], segments, segment_owners, some, glia,
            glia_index, close_by, chosen, fields,
        )  # fmt: skip
        whole[r] = middle >= thinnest and bare >= thinnest + gap - 1e-6
        fits = False
        for i in range(POINTS):
            wanted = rods[r, i, 3]
            if i == MIDDLE and not whole[r]:
                rods[r, i, 3] = 0.0
            elif wanted > 0.0:
                room = _room(
                    rods, r, i, wanted + gap, owners[r], segments, segment_owners, some, glia, glia_index,
                    close_by, chosen, fields,
                )  # fmt: skip
                room = min(wanted, room - gap)
                if i == MIDDLE:
                    room = max(room, thinnest)
                rods[r, i, 3] = room if room >= thinnest else 0.0
            fits = fits or (i > 0 and rods[r, i, 3] > 0.0 and rods[r, i - 1, 3] > 0.0)
        missing += not fits
    return missing


def reach_nm(params: Mitochondria, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its mitochondria depend on."""
    thick, half = params.radius_nm.highest(), params.half_length_nm.highest()
    stretch = 2.0 * half / (POINTS - 1)
    room = params.clearance_nm + 30.0
    middle = half + thick + params.thinnest_nm / 0.95 + room
    return max(stretch + thick + (thick + room), middle) + float(_BAND_NM)


def nodes_nm(params: Mitochondria, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its mitochondria are strung along."""
    return AROUND_NM + params.longest_nm() + params.half_length_nm.highest() + step_nm


@njit(cache=True)
def _name(keys, whole, out):  # type: ignore[no-untyped-def]
    """Write the ids of both halves of each rod: one, or two where it has no middle."""
    for r in range(keys.shape[0]):
        out[r, 0] = out[r, 1] = object_id(keys[r])
        if not whole[r]:
            out[r, 1] = object_id(mix(keys[r], 1))


def place(tissue: Tissue, params: Mitochondria, placed: dict[str, object]) -> Rods:
    """Draw the mitochondria that touch a window, and, unfitted, those within ``AROUND_NM`` of it."""
    low, high = tissue.window.box_nm
    cells = tissue.neurites
    room = 256
    while True:
        drawn = np.empty((room, POINTS, 4))
        owners, keys = np.empty(room, np.int32), np.empty(room, np.uint64)
        n = _draw_rods(
            stream_key(tissue.seed, "mitochondrion"), cells.nodes_nm, cells.varicosity, cells.counts,
            cells.steps_nm, cells.keys, cells.kinds, tissue.wall_nm, params.bouton_chance,
            params.dendrite_chance, params.radius_nm.row(), params.half_length_nm.row(),
            params.radius_nm.highest(), params.longest_nm(), low, high, AROUND_NM, drawn, owners, keys,
        )  # fmt: skip
        if n <= room:
            break
        room = n
    drawn, owners, keys = drawn[:n], owners[:n], keys[:n]
    fitted, whole = drawn.copy(), np.zeros(n, np.bool_)
    missing = _fit_rods(
        fitted, owners, cells.segments, cells.blocks, cells.owners, tissue.membranes.glia_nm, len(cells.ids),
        tissue.membranes.half_width_nm + params.clearance_nm, params.thinnest_nm, low, high, whole,
    )  # fmt: skip
    ids = np.empty((n, 2), np.int32)
    _name(keys, whole, ids)
    return Rods(drawn, fitted, owners, keys, ids, int(missing))


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    rods, owners, keys, ids, stretches, stretch_at, stretch_radius, tissue, index, depth, gap, boundary,
    period, thickness, tubular, tube, granule_chance, granule_radius, thinnest, lattice, first, spacing,
    stretch, start, shape, voxel, out_id, out_d, out_crista,
):  # fmt: skip
    granules = np.empty((MOST_GRANULES, 4))
    wave, at, box = np.empty(11), np.empty(3), np.empty((3, 2), np.int64)
    cut, m = np.empty(3), 0
    while m < stretches.shape[0]:
        r, first_m = stretches[m, 0], m
        box[:, 0], box[:, 1] = shape, 0
        while m < stretches.shape[0] and stretches[m, 0] == r:
            at[:] = stretch_at[m]
            part = voxel_range(
                lattice, first, spacing, stretch, start, shape, voxel, at, stretch_radius[m] + _BAND_NM
            )
            for c in range(3):
                box[c, 0], box[c, 1] = min(box[c, 0], part[c, 0]), max(box[c, 1], part[c, 1])
            m += 1
        length = 0.0
        for i in range(1, POINTS):
            step = 0.0
            for c in range(3):
                step += (rods[r, i, c] - rods[r, i - 1, c]) ** 2
            length += np.sqrt(step) / (POINTS - 1)
        cristae_wave(keys[r], period, wave)
        held = draw_granules(rods, r, keys[r], granule_chance, granule_radius, thinnest, granules)
        parted = ids[r, 0] != ids[r, 1]
        norm = 0.0
        for c in range(3):
            cut[c] = rods[r, MIDDLE + 1, c] - rods[r, MIDDLE - 1, c]
            norm += cut[c] ** 2
        cut /= np.sqrt(norm) + 1e-9
        for z in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for x in range(box[2, 0], box[2, 1]):
                    if index[z, y, x] != owners[r]:
                        continue
                    d, along, half, oz, oy, ox = FAR_NM, 0.0, 0, 0.0, 0.0, 0.0
                    pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                    for k in range(first_m, m):
                        ez, ey, ex = pz - stretch_at[k, 0], py - stretch_at[k, 1], px - stretch_at[k, 2]
                        if ez * ez + ey * ey + ex * ex < (stretch_radius[k] + _BAND_NM) ** 2:
                            nearer, t, ez, ey, ex = stretch_distance(rods, r, stretches[k, 1], pz, py, px)
                            side = 0 if stretches[k, 1] < MIDDLE else 1
                            if parted:
                                past = 0.0
                                for c in range(3):
                                    past += (tissue[c, z, y, x] - rods[r, MIDDLE, c]) * cut[c]
                                nearer = max(nearer, (past if side == 0 else -past) + 0.5 * _SLACK_NM)
                            if nearer < d:
                                d, along, half, oz, oy, ox = nearer, t, side, ez, ey, ex
                    if d >= _BAND_NM:
                        continue
                    if depth[z, y, x] < gap + boundary:
                        d = max(d, gap - depth[z, y, x])
                    if d < _BAND_NM and d < out_d[z, y, x]:
                        out_d[z, y, x] = d
                        out_id[z, y, x] = ids[r, half]
                        if d < 0.0:
                            wall = d + 0.6 * boundary
                            inside = crista(
                                keys[r], wave, thickness, tubular, tube, along * length, oz, oy, ox, wall
                            )
                            if held > 0:
                                grain = max(granule(granules, held, pz, py, px), wall)
                                inside = GRANULE_NM + grain if grain < 0.0 else inside
                            out_crista[z, y, x] = inside


def depths(objects: Rods, tissue: Tissue, params: Mitochondria) -> Depths:
    """Return the neurites around each mitochondrion: there the boundary may run along the membrane."""
    rods, centres, radii = stretches(objects.fitted)
    gap = tissue.membranes.half_width_nm + params.clearance_nm / 2
    return Depths(
        objects.owners[rods[:, 0]],
        centres,
        radii + float(_BAND_NM),
        np.full(len(rods), gap + params.boundary_nm),
    )


def build(objects: Rods, tissue: Tissue, partition: Partition, params: Mitochondria) -> Layer:
    """Return mitochondria on the window's voxels; the detail is the distance to the nearest crista.

    Inside a granule it is the distance to its surface plus ``GRANULE_NM``, which is lower than any other.
    """
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    gap = tissue.membranes.half_width_nm + params.clearance_nm / 2
    _build(
        objects.fitted, objects.owners, objects.keys, objects.ids, *stretches(objects.fitted),
        tissue.window.tissue_nm,
        partition.index, partition.depth_nm, gap, params.boundary_nm,
        params.crista_period_nm.row(), params.crista_thickness_nm, params.tubular, params.tube_nm,
        params.granule_chance, params.granule_radius_nm.row(), params.thinnest_nm, *frame(tissue.window),
        layer.ids, layer.distance_nm, layer.detail_nm,
    )  # fmt: skip
    return layer
