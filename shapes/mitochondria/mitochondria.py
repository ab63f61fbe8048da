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
from shapes.mitochondria.fit_to_room import fit_rods
from shapes.mitochondria.give_room import RIM_NM, give_room
from shapes.mitochondria.rods import (
    APART_NM,
    AROUND_NM,
    MIDDLE,
    ROW,
    Rods,
    stretches,
)
from shapes.mitochondria.scatter import FAR_NM, far_nm, scatter_rods
from shapes.mitochondria.slots import arm_step_nm, draw_rods
from shapes.mitochondria.voxels import draw_mitochondria
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
    draw_mitochondria(
        objects, stretches(objects.fitted), tissue.neurites.cells, params.row(), _gap_nm(tissue, params),
        window.tiles, window.tissue_nm, partition, layer,
    )  # fmt: skip
    return layer
