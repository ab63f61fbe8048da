"""Synaptic vesicles: hollow spheres in the world, however the tissue around them is bent.

A bouton's vesicles are a crowd, most of it at the active zone. They sit on a jittered close-packed lattice
of its own, which can be asked for any part of itself; where two would overlap, the one of lower rank is
left out. They keep clear of membranes and mitochondria. All other nodes of a neurite may have a few loose
vesicles, each nearer to its own node than to the next.
"""

import numpy as np
from pydantic import Field, field_validator

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread
from shapes.core.streams import stream_key, uniform
from shapes.core.table import Balls, rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.core.warp import MOST_SHRINK, to_world
from shapes.mitochondria.rods import AROUND_NM, Obstacles, obstacles
from shapes.partition.depths import Depths
from shapes.partition.generator import FAR_NM, Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.synapses.contacts import Contacts, Zones
from shapes.synapses.crowd import BAND_NM, CLEAR_NM, drop_vesicles
from shapes.synapses.packing import CLUSTER_NM
from shapes.synapses.tbars import Bars

_MIDDLE = 0.5001  # of a voxel: no middle may fall between two planes
_WITHIN_NM, _FINEST_NM = 1e-8, 1e-3  # the world place of a middle is the same to the last bit in every window

LARGEST_NM = (AROUND_NM - MOST_SHRINK * float(BAND_NM) - CLEAR_NM) / (MOST_SHRINK + 1.0)
"""No vesicle has a larger radius: one whose rim a window shows may end just clear of a mitochondrion on its
other side."""


class Vesicles(Block):
    """How large vesicles are, 35–50 nm across (Harris & Sultan 1995), and how densely they crowd.

    ``pitch_nm`` is the least distance of two sites of a bouton's lattice, of which a fraction ``density``
    is taken in a crowd of radius ``cluster_nm``, which lies against the active zone, and few beyond. A part
    ``dense_chance`` has a dark core, ``core`` times as wide as the vesicle.
    """

    radius_nm: Spread = Spread(mean=20.5, std=1.8)
    pitch_nm: float = Field(default=52.0, gt=20)
    density: Spread = Spread(min=0.5, max=1.0)
    cluster_nm: Spread = Spread(min=320, max=320)
    loose_chance: float = Field(default=0.5, ge=0, le=1)
    dense_chance: float = Field(default=0.03, ge=0, le=1)
    core: float = Field(default=0.6, gt=0, lt=1)

    @field_validator("radius_nm")
    @classmethod
    def _know_their_rods(cls, radius: Spread) -> Spread:
        if radius.highest() > LARGEST_NM:
            raise ValueError(
                f"a vesicle's radius may be {LARGEST_NM:.3g} nm at most, not {radius.highest():g}"
            )
        return radius


def reach_nm(params: Vesicles, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its vesicles depend on."""
    widest = params.radius_nm.highest()
    shown = MOST_SHRINK * (widest + float(BAND_NM))
    return max(CLUSTER_NM + 2.0 * widest, widest + 60.0 + rim_nm) + shown


def place(tissue: Tissue, params: Vesicles, placed: dict[str, object]) -> Balls:
    """Drop the vesicles that touch a window, after its mitochondria and synapses were placed."""
    cells, membranes, window = tissue.neurites, tissue.membranes, tissue.window
    avoid, contacts = obstacles(placed), placed.get("psd")
    for name in ("t_bar", "ribbon"):
        if isinstance(bars := placed.get(name), Bars):
            owners = np.concatenate([avoid.owners, np.repeat(bars.owners, 2)])
            avoid = Obstacles(np.concatenate([avoid.rods, bars.rods]), owners)
    zones = Zones(np.empty((0, 2), np.int32), np.empty((0, 3)), np.empty((0, 3)))
    if isinstance(contacts, Contacts):
        zones = contacts.zones
    room = 2048
    while True:
        out = Balls.blank(room)
        n, missing = drop_vesicles(
            stream_key(tissue.seed, "vesicle"), cells.axes, tissue.wall_nm, cells.tubes, params.row(),
            membranes.glia_nm, membranes.half_width_nm + CLEAR_NM, zones, avoid, window.tiles.groups(),
            window.box_nm, window.shrink, out,
        )  # fmt: skip
        if n <= room:
            return rows(out, slice(n))._replace(missing=missing)
        room = n


@compiled
def _build(spheres, p, tiles, tissue, world, shrink, partition, deep_nm, layer):  # type: ignore[no-untyped-def]
    centres, radii, owners, ids = spheres.centres_nm, spheres.radii_nm, spheres.owners, spheres.ids
    index, out_d, out_id, core = partition.index, layer.distance_nm, layer.ids, p.core
    middle, detail = layer.middle, layer.detail_nm
    (wz, wy, wx), lattice, first, spacing = world
    bounds, boxes = slabs(tiles), room_for(tiles)
    for v in range(ids.shape[0]):
        radius, owner = radii[v], owners[v]
        far = radius + BAND_NM
        high = min(far, max(radius, _MIDDLE * deep_nm))  # a section past it shows no speck of its margin
        shown = around(tiles, bounds, centres[v], shrink * far, boxes)
        if shown == 0:
            continue
        cored = uniform(np.uint64(ids[v]), 5) < p.dense_chance
        at = to_world(lattice, first, spacing, centres[v], _WITHIN_NM)
        for c in range(3):
            at[c] = np.round(at[c] / _FINEST_NM) * _FINEST_NM
        for b in range(shown):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                dz = wz[z] - at[0]
                if abs(dz) >= high:
                    continue
                for y in range(y0, y1):
                    dy = wy[y] - at[1]
                    if abs(dy) >= far:
                        continue
                    for x in range(x0, x1):
                        if index[z, y, x] != owner:
                            continue
                        dx = wx[x] - at[2]
                        d = np.sqrt(dz * dz + dy * dy + dx * dx) - radius
                        if d < BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x], out_id[z, y, x] = d, ids[v]
                            middle[z, y, x] = abs(dz) <= _MIDDLE * deep_nm
                            detail[z, y, x] = d + (1.0 - core) * radius if cored else FAR_NM


def depths(objects: Balls, tissue: Tissue, params: Vesicles) -> Depths:
    """Return none: a vesicle is drawn by its own centre and radius."""
    return Depths.nowhere()


def build(objects: Balls, tissue: Tissue, partition: Partition, params: Vesicles) -> Layer:
    """Return vesicles on the window's voxels; distances are to the outer face of their membrane.

    The layer's detail is the distance to a dense core, where there is one.
    """
    window = tissue.window
    shape = window.grid.shape
    layer = empty_layer(shape, detail=True)._replace(middle=np.zeros(shape, np.bool_))
    deep_nm = window.grid.voxel_nm[0]
    axes = tuple(window.grid.centres_nm(axis) for axis in range(3))
    _build(
        objects, params.row(), window.tiles, window.tissue_nm,
        (axes, window.lattice_nm, window.first, window.spacing_nm), window.shrink, partition, deep_nm, layer,
    )  # fmt: skip
    return layer
