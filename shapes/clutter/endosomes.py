"""Endosomes: rings of membrane with small vesicles inside (multivesicular bodies), empty ones, dense bodies.

Between two nodes of a neurite a few places are tried; an endosome is as large as the room around it allows.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from shapes.clutter.chains import MEMBRANE_NM, Chains, axis_frame, lay, passes_by, touches
from shapes.clutter.scattered import AROUND_NM, DENSE_SIZE, scatter_bodies
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.mitochondria.rods import obstacles
from shapes.mitochondria.scatter import FAR_NM as RODS_NM
from shapes.neurites.population import AXON, BOUTON, SOMA
from shapes.partition.cytoplasm import edge_nm
from shapes.partition.depths import Depths
from shapes.partition.generator import FAR_NM, Layer, Tissue
from shapes.partition.partition import Partition
from shapes.partition.point import SURE, depth_at, near_box, scratch_for
from shapes.synapses.packing import bouton_ball

EMPTY, MULTIVESICULAR, DENSE = 0, 1, 2
"""What an endosome holds: nothing, small vesicles, or dark matter."""
_MOST_INSIDE = 7
LONGEST_IN_SOMATA_NM = 0.5 * (RODS_NM - AROUND_NM - 30.0)
"""No endosome of a cell body reaches farther from its middle."""


class Endosomes(Block):
    """How many endosomes, multivesicular and dense bodies there are, and their size.

    ``per_um3`` counts the places that are tried; an axon has one more between two nodes with ``axon_chance``.
    ``radius_nm`` is half the thickness; ``stretch`` how much longer than thick one is at most; a dense body
    is smaller by 0.62. Cell bodies have them along their axis, or, where ``somata_per_um3`` is given, all
    over their cytoplasm. Figures: multivesicular bodies 150–400 nm across with vesicles of 50 nm inside,
    early endosomes and lysosomes 80–200 nm (Cooney et al. 2002; Von Bartheld & Altick 2011).
    """

    per_um3: float = Field(default=2.5, ge=0, le=40)
    axon_chance: float = Field(default=0.1, ge=0, le=1)
    somata_per_um3: float = Field(default=0.0, ge=0, le=20)
    multivesicular: float = Field(default=0.35, ge=0, le=1)
    dense: float = Field(default=0.3, ge=0, le=1)
    radius_nm: Spread = Spread(median=58, ratio=1.35)
    smallest_nm: float = Field(default=24.0, gt=0)
    stretch: float = Field(default=1.2, ge=0, le=3)
    inner_radius_nm: Spread = Spread(mean=21, std=3)
    clearance_nm: float = Field(default=5.0, ge=0, le=50)

    @model_validator(mode="after")
    def _known_in_time(self) -> "Endosomes":
        if self.somata_per_um3 > 0 and self.longest_nm() > LONGEST_IN_SOMATA_NM:
            raise ValueError(
                "radius_nm and stretch: an endosome in a cell body may reach "
                f"{LONGEST_IN_SOMATA_NM:g} nm at most"
            )
        return self

    def longest_nm(self) -> float:
        """Return the largest distance from an endosome's middle to its far end."""
        return self.radius_nm.highest() * (1.0 + self.stretch)


class Bodies(NamedTuple):
    """Endosomes that touch a window: as chains of two points, what each holds, and its key."""

    chains: Chains
    holds: npt.NDArray[np.int8]
    keys: npt.NDArray[np.uint64]
    missing: int

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the endosomes, (n, 3)."""
        points = self.chains.points
        return 0.5 * (points[:, 0, :3] + points[:, 1, :3])


@compiled
def _draw(salt, axes, tubes, p, longest, glia, gap, box, out):  # type: ignore[no-untyped-def]
    """Draw the endosomes that touch the box; returns how many, and how many have no room."""
    nodes, varicosity, keys = axes.nodes_nm, axes.varicosity, axes.keys
    points, owners, ids, (low, high) = out.chains.points, out.chains.owners, out.chains.ids, box
    n = missing = 0
    frame, way = np.empty((4, 3)), np.empty(3)
    scratch = scratch_for(tubes)
    highest = longest / (1.0 + p.stretch)
    pad = glia + longest + 1.6 * (highest + gap) / SURE + 10.0
    some = scratch.close[: near_box(tubes.segments, tubes.blocks, low, high, pad, scratch.close)]
    for j in range(keys.shape[0]):
        key = mix(keys[j], salt)
        if axes.kinds[j] == SOMA and p.somata_per_um3 > 0.0:
            continue  # they lie all over it: see scattered.py
        for k in range(axes.counts[j] - 1):
            if np.isnan(nodes[j, k, 3]) or np.isnan(nodes[j, k + 1, 3]):
                continue
            wide = max(nodes[j, k, 3], nodes[j, k + 1, 3]) + longest + 10.0
            if passes_by(nodes, j, k, wide, low, high):
                continue
            thick = 0.5 * (nodes[j, k, 3] + nodes[j, k + 1, 3])
            each = p.per_um3 * 3.1415927e-9 * thick**2 * axes.steps_nm[j]
            each += p.axon_chance if axes.kinds[j] == AXON else 0.0
            for m in range(int(each + uniform(mix(key, k), 0))):
                here = mix(mix(key, k), 1 + m)
                room = axis_frame(nodes, j, k + 0.999 * uniform(here, 0), key, frame)
                away, turn = 0.8 * room * np.sqrt(uniform(here, 1)), 6.2831853 * uniform(here, 2)
                r = draw(p.radius_nm, uniform(here, 3), normal(here, 4))
                kind = EMPTY
                if uniform(here, 5) < p.multivesicular:
                    kind = MULTIVESICULAR
                elif uniform(here, 6) < p.dense:
                    kind, r = DENSE, DENSE_SIZE * r
                half = 0.5 * p.stretch * r * uniform(here, 7) if kind != DENSE else 0.1 * r
                if n >= points.shape[0]:
                    return -1, 0
                for c in range(3):
                    # mostly along the neurite
                    way[c] = frame[3, c] + 0.6 * normal(here, 8 + c)
                long = np.sqrt((way**2).sum())
                in_bouton = False
                for i in range(2):
                    points[n, i, 3] = r
                    for c in range(3):
                        points[n, i, c] = frame[0, c] + (2 * i - 1) * half * way[c] / long
                        points[n, i, c] += away * (np.cos(turn) * frame[1, c] + np.sin(turn) * frame[2, c])
                for i in range(k, k + 2):
                    if varicosity[j, i] == BOUTON:
                        apart = 0.0
                        for c in range(3):
                            middle = 0.5 * (points[n, 0, c] + points[n, 1, c])
                            apart += (middle - nodes[j, i, c]) ** 2
                        in_bouton = in_bouton or np.sqrt(apart) < bouton_ball(nodes[j, i, 3]) + r + half
                if in_bouton or not touches(points, n, low, high, 1.0):
                    continue
                least, look = r, (r + gap) / SURE
                for i in range(2):
                    z, y, x = points[n, i, 0], points[n, i, 1], points[n, i, 2]
                    own, d = depth_at(tubes, some, z, y, x, look, glia, keys.shape[0], scratch)
                    least = min(least, SURE * d - gap if own == j else 0.0)
                if least < p.smallest_nm:
                    missing += 1
                    continue
                points[n, 0, 3] = points[n, 1, 3] = least
                owners[n], ids[n], out.holds[n], out.keys[n] = j, object_id(here), kind, here
                n += 1
    return n, missing


@compiled
def _fill(bodies, which, tissue, radius, d, detail):  # type: ignore[no-untyped-def]
    """Write the distance to the nearest inner vesicle of each multivesicular body, and -1 in dense ones."""
    points, holds, keys = bodies.chains.points, bodies.holds, bodies.keys
    nz, ny, nx = d.shape
    inner, last, count = np.empty((_MOST_INSIDE, 4)), -1, 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                if d[z, y, x] >= 0.0:
                    continue
                n = which[z, y, x]
                if holds[n] == DENSE:
                    detail[z, y, x] = -FAR_NM
                    continue
                if holds[n] == EMPTY:
                    continue
                if n != last:
                    last = n
                    count = inner_vesicles(points, n, keys[n], radius, inner)
                for m in range(count):
                    ez, ey, ex = (
                        tissue[0, z, y, x] - inner[m, 0],
                        tissue[1, z, y, x] - inner[m, 1],
                        tissue[2, z, y, x] - inner[m, 2],
                    )
                    away = np.sqrt(ez * ez + ey * ey + ex * ex) - inner[m, 3]
                    detail[z, y, x] = min(detail[z, y, x], away)


@compiled
def inner_vesicles(points, n, key, radius, out):  # type: ignore[no-untyped-def]
    """Write place and radius of the vesicles inside a body, all within its membrane; returns how many."""
    room = points[n, 0, 3] - MEMBRANE_NM - 2.0
    count = 0
    for m in range(int(2.0 + (_MOST_INSIDE - 1.0) * uniform(key, 50))):
        here = mix(key, 60 + m)
        r = draw(radius, uniform(here, 0), normal(here, 1))
        if r > room:
            continue
        t, spin = uniform(here, 2), np.empty(3)
        for c in range(3):
            spin[c] = normal(here, 3 + c)
        away = (room - r) * uniform(here, 6) ** 0.33 / np.sqrt((spin**2).sum())
        for c in range(3):
            out[count, c] = points[n, 0, c] + t * (points[n, 1, c] - points[n, 0, c]) + away * spin[c]
        out[count, 3] = r
        count += 1
    return count


def reach_nm(params: Endosomes, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its endosomes depend on."""
    thick = params.radius_nm.highest()
    around = AROUND_NM if kind == SOMA and params.somata_per_um3 > 0 else 0.0
    return around + params.longest_nm() + 10.0 + 1.6 * (thick + params.clearance_nm + 30.0) / SURE + rim_nm


def nodes_nm(params: Endosomes, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its endosomes are strung along."""
    return step_nm + params.longest_nm() + 10.0


def place(tissue: Tissue, params: Endosomes, placed: dict[str, object]) -> Bodies:
    """Draw the endosomes that touch a window, and count those without room."""
    cells, membranes, salt = tissue.neurites, tissue.membranes, stream_key(tissue.seed, "endosome")
    gap, row, longest = membranes.half_width_nm + params.clearance_nm, params.row(), params.longest_nm()
    box, holds = tissue.window.box_nm, (EMPTY, MULTIVESICULAR, DENSE)
    room = 128
    while True:
        chains = Chains(
            np.empty((room, 2, 4)),
            np.tile([1.0, 0.0, 0.0, 1.0], (room, 1)),
            np.empty(room, np.int32),
            np.empty(room, np.int32),
            obstacles(placed),
        )
        out = Bodies(chains, np.empty(room, np.int8), np.empty(room, np.uint64), 0)
        n, missing = _draw(salt, cells.axes, cells.tubes, row, longest, membranes.glia_nm, gap, box, out)
        if n >= 0 and params.somata_per_um3 > 0:
            n, more = scatter_bodies(
                salt, edge_nm(params.somata_per_um3), cells.kinds, cells.tubes, tissue.cores, row, longest,
                membranes.glia_nm, gap, box, holds, n, out,
            )  # fmt: skip
            missing += more
        if n >= 0:
            return Bodies(rows(chains, slice(n)), out.holds[:n], out.keys[:n], missing)
        room *= 2


def depths(objects: Bodies, tissue: Tissue, params: Endosomes) -> Depths:
    """Return none: room was measured at each endosome, and the rest is cut near the membrane alone."""
    return Depths.nowhere()


def build(objects: Bodies, tissue: Tissue, partition: Partition, params: Endosomes) -> Layer:
    """Return endosomes on the window's voxels; the detail is the distance to what lies inside."""
    layer, which = lay(objects.chains, tissue, partition, params.clearance_nm)
    layer = layer._replace(detail_nm=np.full_like(layer.distance_nm, FAR_NM))
    if len(objects.keys):
        _fill(
            objects, which, tissue.window.tissue_nm, params.inner_radius_nm.row(), layer.distance_nm,
            layer.detail_nm,
        )  # fmt: skip
    return layer
