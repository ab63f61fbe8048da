"""Fusiform vesicles of urothelial cells: flat discs with thick membranes, alone or a few in a stack.

Each cell of a lattice in tissue space may hold a stack. Of two discs that would touch the one of lower rank
is left out; both are known from keys alone, so that no window sees it otherwise.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.clutter.chains import OFF_MITOCHONDRIA_NM
from shapes.clutter.discs import disc_distance, draw_stack, meets, rim_of
from shapes.clutter.endosomes import Bodies
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.span import Span
from shapes.core.spread import Spread
from shapes.core.streams import cell_key, mix, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.rods import obstacles, off_rods
from shapes.partition.cytoplasm import NOBODY, body_at, cells_within, edge_nm
from shapes.partition.depths import Depths
from shapes.partition.generator import FAR_NM, Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.partition.point import near_box, scratch_for

WIDEST_NM = 200.0
"""No disc has a larger radius, so that endosomes are known as far around a window as discs reach."""
BAND_NM = 12.0
MEMBRANE_NM = 12.0
"""Thickness of the membrane, whose outer leaflet uroplakins thicken (Hicks 1965)."""
MOST = 5
"""A stack has no more discs."""
_OFF_NUCLEUS_NM = 40.0
_FIELD = 4  # lattice cells a side in which stacks are about as frequent


class FusiformVesicles(Block):
    """How many fusiform vesicles cell bodies hold, and their size.

    Stacks of ``stack`` discs are tried at ``per_um3`` places, fewer in some fields of the cytoplasm than in
    others. A disc has ``radius_nm`` and is ``thickness_nm`` thick in its middle; in a stack there are
    ``apart_nm`` between two. Figures, from memory: discs 0.2 to 0.5 µm wide or less, with a membrane of 12 nm
    (Hicks 1965; Hudoklin et al. 2012).
    """

    per_um3: float = Field(default=12.0, gt=0, le=60)
    stack: Spread = Spread(min=1, max=4)
    radius_nm: Spread = Spread(mean=110, std=28)
    thickness_nm: Spread = Spread(min=34, max=58)
    apart_nm: float = Field(default=22.0, ge=5, le=100)
    clearance_nm: float = Field(default=8.0, ge=0, le=50)

    def longest_nm(self) -> float:
        """Return how far from its place a stack reaches."""
        high = MOST * (self.thickness_nm.highest() + self.apart_nm)
        return float(np.hypot(0.5 * high, 1.3 * min(WIDEST_NM, self.radius_nm.highest())))


class Discs(NamedTuple):
    """Discs that touch a window.

    ``shapes`` (n, 8) are middle, direction across, radius and half the thickness; ``owners`` (n,) count into
    the neurites.
    """

    shapes: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the discs, (n, 3)."""
        return self.shapes[:, :3]

    @property
    def span(self) -> Span:
        """How far along z each disc may reach."""
        return Span.of(np.ascontiguousarray(self.shapes[:, None, [0, 1, 2, 6]]), self.ids)


@compiled
def _fits(disc, p, gap, tubes, kinds, cores, rods, bodies, some, glia, scratch, close, rim):  # type: ignore[no-untyped-def]
    """Return the cell body that has room for a disc: its middle and four places on its rim; or ``NOBODY``."""
    owner, far = NOBODY, p.clearance_nm + OFF_MITOCHONDRIA_NM
    for m in range(5):
        for c in range(3):
            rim[4, c] = disc[c] if m == 0 else rim[m - 1, c]
        look = gap + (disc[7] if m == 0 else 0.0)
        own, d = body_at(tubes, kinds, cores, some, rim[4], look, _OFF_NUCLEUS_NM, glia, scratch, close)
        if m == 0:
            owner = own
        if own == NOBODY or own != owner or d < look - 1e-6:
            return NOBODY
        if off_rods(rods, own, rim[4], disc[6]) < far + (disc[7] if m == 0 else 0.0):
            return NOBODY
        for b in range(bodies.shape[0]):
            dot = norm = away = 0.0
            for c in range(3):
                along = bodies[b, 1, c] - bodies[b, 0, c]
                dot += (rim[4, c] - bodies[b, 0, c]) * along
                norm += along * along
            t = min(1.0, max(0.0, dot / max(norm, 1e-9)))
            for c in range(3):
                away += (rim[4, c] - bodies[b, 0, c] - t * (bodies[b, 1, c] - bodies[b, 0, c])) ** 2
            if np.sqrt(away) < bodies[b, 0, 3] + far + (disc[7] if m == 0 else 0.0):
                return NOBODY
    return owner


@compiled
def _taken(salt, key, z, y, x):  # type: ignore[no-untyped-def]
    """Tell whether a cell of the lattice holds a stack."""
    field = cell_key(mix(salt, 1), z // _FIELD, y // _FIELD, x // _FIELD)
    return uniform(key, 3) < 0.25 + 1.2 * uniform(field, 0)


@compiled
def _scatter(salt, edge, p, longest, kinds, tubes, cores, rods, bodies, glia, gap, box, out):  # type: ignore[no-untyped-def]
    """Write the discs that touch the box; returns how many there are, and how many found no room."""
    low, high = box
    first, last, n, missing = np.empty(3, np.int64), np.empty(3, np.int64), 0, 0
    own, other, rim = np.empty((MOST, 8)), np.empty((MOST, 8)), np.empty((5, 3))
    scratch, close = scratch_for(tubes), np.empty(tubes.segments.shape[0], np.int64)
    cells_within(box, longest + BAND_NM, edge, first, last)
    pad = glia + 2.0 * longest + 2.0 * (p.thickness_nm.highest + gap)
    some = scratch.close[: near_box(tubes.segments, tubes.blocks, low, high, pad, scratch.close)]
    beside = int(np.ceil(2.0 * longest / edge))
    for z in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            for x in range(first[2], last[2] + 1):
                key = cell_key(salt, z, y, x)
                if not _taken(salt, key, z, y, x):
                    continue
                for k in range(draw_stack(key, z, y, x, edge, p, own)):
                    shows = True
                    for c in range(3):
                        wide = own[k, 6] + BAND_NM
                        shows = shows and low[c] - wide <= own[k, c] <= high[c] + wide
                    if not shows:
                        continue
                    free = True
                    for dz in range(-beside, beside + 1):
                        for dy in range(-beside, beside + 1):
                            for dx in range(-beside, beside + 1):
                                if not free:
                                    continue
                                rival = cell_key(salt, z + dz, y + dy, x + dx)
                                if rival <= key or not _taken(salt, rival, z + dz, y + dy, x + dx):
                                    continue
                                for m in range(draw_stack(rival, z + dz, y + dy, x + dx, edge, p, other)):
                                    free = free and not meets(own[k], other[m], 0.5 * p.apart_nm, rim)
                    if not free:
                        continue
                    rim_of(own[k], rim)
                    owner = _fits(
                        own[k], p, gap, tubes, kinds, cores, rods, bodies, some, glia, scratch, close, rim
                    )
                    if owner == NOBODY:
                        missing += 1
                        continue
                    if n < out.ids.shape[0]:
                        out.shapes[n], out.owners[n], out.ids[n] = own[k], owner, object_id(mix(key, 100 + k))
                    n += 1
    return n, missing


@compiled
def _build(discs, gap, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
    shapes, owners, ids = discs.shapes, discs.owners, discs.ids
    index, out_id, out_d, inner = partition.index, layer.ids, layer.distance_nm, layer.detail_nm
    bounds, boxes = slabs(tiles), room_for(tiles)
    for n in range(ids.shape[0]):
        for b in range(around(tiles, bounds, shapes[n, :3], shapes[n, 6] + BAND_NM, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        if index[z, y, x] != owners[n]:
                            continue
                        d = disc_distance(
                            shapes[n], tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                        )
                        # its rim was measured at four places alone
                        if partition.depth_nm[z, y, x] < gap:
                            d = max(d, gap - partition.depth_nm[z, y, x])
                        if d < BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x], out_id[z, y, x] = d, ids[n]
                            inner[z, y, x] = min(FAR_NM, d + MEMBRANE_NM)


def reach_nm(params: FusiformVesicles, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a cell body can lie that its discs depend on."""
    return 2.0 * params.longest_nm() + 2.0 * (params.thickness_nm.highest() + params.clearance_nm + 30.0)


def place(tissue: Tissue, params: FusiformVesicles, placed: dict[str, object]) -> Discs:
    """Draw the discs that touch a window, and count those without room between what else there is."""
    cells, membranes, endosomes = tissue.neurites, tissue.membranes, placed.get("endosome")
    rods = obstacles(placed)
    bodies = endosomes.chains.points if isinstance(endosomes, Bodies) else np.empty((0, 2, 4))
    room = 512
    while True:
        out = Discs(np.empty((room, 8)), np.empty(room, np.int32), np.empty(room, np.int32))
        n, missing = _scatter(
            stream_key(tissue.seed, "fusiform"), edge_nm(params.per_um3), params.row(), params.longest_nm(),
            cells.kinds, cells.tubes, tissue.cores, rods, bodies, membranes.glia_nm,
            membranes.half_width_nm + params.clearance_nm, tissue.window.box_nm, out,
        )  # fmt: skip
        if n <= room:
            return rows(out, slice(n))._replace(missing=missing)
        room = n


def depths(objects: Discs, tissue: Tissue, params: FusiformVesicles) -> Depths:
    """Return none: room was measured around each disc."""
    return Depths.nowhere()


def build(objects: Discs, tissue: Tissue, partition: Partition, params: FusiformVesicles) -> Layer:
    """Return discs on the window's voxels; the detail is the distance to the lumen, negative in it."""
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    gap = tissue.membranes.half_width_nm + params.clearance_nm
    _build(objects, gap, tissue.window.tiles, tissue.window.tissue_nm, partition, layer)
    return layer
