"""Synaptic vesicles: hollow spheres, crowded in boutons and drawn to the active zone, a few loose elsewhere.

A bouton's vesicles sit on a jittered close-packed lattice of its own, which can be asked for any part of
itself; where two would touch, the one of lower rank gives way. They keep clear of membranes and mitochondria.
All other nodes of a neurite may have a few loose vesicles, each nearer to its own node than to the next.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field, field_validator

from shapes.core.frozen import Frozen
from shapes.core.span import Span
from shapes.core.spread import Spread
from shapes.core.streams import stream_key, uniform
from shapes.mitochondria.rods import AROUND_NM, ROW, Rods
from shapes.partition.depths import Depths
from shapes.partition.generator import FAR_NM, Layer, Tissue, empty_layer, frame, voxel_range
from shapes.partition.partition import Partition
from shapes.synapses.contacts import Contacts
from shapes.synapses.crowd import BAND_NM, CLEAR_NM, drop_vesicles
from shapes.synapses.packing import CLUSTER_NM
from shapes.synapses.tbars import Bars


class Vesicles(Frozen):
    """How large vesicles are, 35–50 nm across (Harris & Sultan 1995), and how densely they crowd.

    ``pitch_nm`` is the least distance of two sites of a bouton's lattice, of which a fraction ``density`` is
    taken near the active zone, and fewer beyond ``cluster_nm`` from it. A part ``dense_chance`` has a dark
    core, ``core`` times as wide as the vesicle.
    """

    radius_nm: Spread = Spread(mean=20.5, std=1.8)
    pitch_nm: float = Field(default=52.0, gt=20)
    density: Spread = Spread(min=0.5, max=1.0)
    cluster_nm: float = Field(default=320.0, gt=0)
    loose_chance: float = Field(default=0.5, ge=0, le=1)
    dense_chance: float = Field(default=0.03, ge=0, le=1)
    core: float = Field(default=0.6, gt=0, lt=1)

    @field_validator("radius_nm")
    @classmethod
    def _know_their_rods(cls, radius: Spread) -> Spread:
        # one whose rim a window shows may end just clear of a mitochondrion on its other side
        most = (AROUND_NM - float(BAND_NM) - CLEAR_NM) / 2
        if radius.highest() > most:
            raise ValueError(f"a vesicle's radius may be {most:g} nm at most, not {radius.highest():g}")
        return radius


@dataclass(frozen=True, eq=False)
class Spheres:
    """Vesicles that touch a window: ``centres_nm`` (n, 3), and their radii, owners and ids, (n,)."""

    centres_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    missing: int

    @property
    def span(self) -> Span:
        """How far along z each vesicle reaches."""
        return Span.of(np.concatenate([self.centres_nm, self.radii_nm[:, None]], 1)[:, None], self.ids)


def reach_nm(params: Vesicles, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its vesicles depend on."""
    widest = params.radius_nm.highest()
    return max(CLUSTER_NM + widest, 2.0 * widest + 60.0 + rim_nm) + float(BAND_NM)


def place(tissue: Tissue, params: Vesicles, placed: dict[str, object]) -> Spheres:
    """Drop the vesicles that touch a window, after its mitochondria and synapses were placed."""
    low, high = tissue.window.box_nm
    cells = tissue.neurites
    contacts, rods = placed.get("psd"), placed.get("mitochondrion")
    drawn, rod_owners = np.empty((0, ROW, 4)), np.empty(0, np.int32)
    boutons, zones, facing = np.empty((0, 2), np.int32), np.empty((0, 3)), np.empty((0, 3))
    if isinstance(rods, Rods):
        drawn, rod_owners = rods.drawn, rods.owners
    if isinstance(bars := placed.get("t_bar"), Bars):
        drawn = np.concatenate([drawn, bars.rods])
        rod_owners = np.concatenate([rod_owners, np.repeat(bars.owners, 2)])
    if isinstance(contacts, Contacts):
        boutons, zones, facing = contacts.turned, contacts.zones_nm, contacts.facing
    room = 2048
    while True:
        spots, radii = np.empty((room, 3)), np.empty(room)
        owners, ids = np.empty(room, np.int32), np.empty(room, np.int32)
        n, missing = drop_vesicles(
            stream_key(tissue.seed, "vesicle"), cells.nodes_nm, cells.varicosity, cells.keys, cells.kinds,
            cells.steps_nm, tissue.wall_nm, cells.segments, cells.blocks, cells.owners,
            tissue.membranes.glia_nm, tissue.membranes.half_width_nm + CLEAR_NM, boutons, zones, facing,
            drawn, rod_owners,
            params.radius_nm.row(), params.radius_nm.lowest(), params.radius_nm.highest(),
            params.pitch_nm / 2**0.5, params.density.row(), params.cluster_nm, params.loose_chance,
            *tissue.window.tiles.groups(), low, high, spots, radii, owners, ids,
        )  # fmt: skip
        if n <= room:
            return Spheres(spots[:n], radii[:n], owners[:n], ids[:n], missing)
        room = n


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    centres, radii, owners, ids, dense, core, tissue, index, lattice, first, spacing, stretch, start, shape,
    voxel, out_id, out_d, out_core,
):  # fmt: skip
    at = np.empty(3)
    for v in range(ids.shape[0]):
        at[:] = centres[v]
        cored = uniform(np.uint64(ids[v]), 5) < dense
        box = voxel_range(lattice, first, spacing, stretch, start, shape, voxel, at, radii[v] + BAND_NM)
        for z in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for x in range(box[2, 0], box[2, 1]):
                    dz, dy, dx = (
                        tissue[0, z, y, x] - centres[v, 0],
                        tissue[1, z, y, x] - centres[v, 1],
                        tissue[2, z, y, x] - centres[v, 2],
                    )
                    d = np.sqrt(dz * dz + dy * dy + dx * dx) - radii[v]
                    if d < out_d[z, y, x] and d < BAND_NM and index[z, y, x] == owners[v]:
                        out_d[z, y, x] = d
                        out_id[z, y, x] = ids[v]
                        out_core[z, y, x] = d + (1.0 - core) * radii[v] if cored else FAR_NM


def depths(objects: Spheres, tissue: Tissue, params: Vesicles) -> Depths:
    """Return none: a vesicle is drawn by its own centre and radius."""
    return Depths.nowhere()


def build(objects: Spheres, tissue: Tissue, partition: Partition, params: Vesicles) -> Layer:
    """Return vesicles on the window's voxels; distances are to the outer face of their membrane.

    The layer's detail is the distance to a dense core, where there is one.
    """
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    _build(
        objects.centres_nm, objects.radii_nm, objects.owners, objects.ids, params.dense_chance, params.core,
        tissue.window.tissue_nm, partition.index, *frame(tissue.window), layer.ids, layer.distance_nm,
        layer.detail_nm,
    )  # fmt: skip
    return layer
