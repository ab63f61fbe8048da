"""Axon sheaths: compact myelin, wrapped in lamellae around one axon each.

A sheath is the outer shell of a myelinated neurite: its inner face is a tube as much thinner as the g-ratio
says, its outer face is the neurite's membrane. The neurite is stiff, so that all others begin outside it and
the two faces run together.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field

from shapes.depths import Depths
from shapes.neurites import Neurites
from shapes.partition import Partition
from shapes.population import MYELINATED
from shapes.spread import Params, Spread, draw
from shapes.streams import mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer
from shapes.tubes import tube_field, tube_slope

_BAND_NM = 25.0


class Sheaths(Params):
    """How thick myelin is: g-ratio 0.6–0.8 (inner over outer diameter), a lamella every 11–12 nm.

    ``outside_nm`` is the gap between the middle of the membrane to the neighbour and the outermost lamella.
    """

    g_ratio: Spread = Spread(min=0.62, max=0.8)
    thickest_nm: float = Field(default=220.0, gt=10)
    thinnest_nm: float = Field(default=35.0, gt=5)
    lamella_nm: float = Field(default=11.5, gt=4)
    outside_nm: float = Field(default=4.0, ge=0)


@dataclass(frozen=True, eq=False)
class Wraps:
    """Sheaths of a window: ``thickness_nm`` (n,) and ``ids`` (n,) by neurite, 0 for a neurite without."""

    thickness_nm: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int32]
    nodes_nm: npt.NDArray[np.float64]
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Nodes of the wrapped axons, (n, 3)."""
        nodes = self.nodes_nm[self.thickness_nm > 0].reshape(-1, 4)
        return nodes[~np.isnan(nodes[:, 3]), :3]


@njit(cache=True)
def _thicknesses(  # type: ignore[no-untyped-def]
    salt, keys, kinds, radii, g_ratio, thinnest, thickest, thick, ids,
):  # fmt: skip
    for j in range(keys.shape[0]):
        if kinds[j] == MYELINATED:
            key = mix(keys[j], salt)
            outer = radii[j]
            thick[j] = min(
                thickest, max(thinnest, outer * (1.0 - draw(g_ratio, uniform(key, 0), normal(key, 1))))
            )
            ids[j] = object_id(key)


def thicknesses(seed: int, cells: Neurites, params: Sheaths) -> Wraps:
    """Draw the thickness of each neurite's sheath; the g-ratio counts on the axon's typical radius."""
    thick, ids = np.zeros(len(cells.ids)), np.zeros(len(cells.ids), np.int32)
    _thicknesses(
        stream_key(seed, "sheath"), cells.keys, cells.kinds, cells.radii_nm, params.g_ratio.row(),
        params.thinnest_nm, params.thickest_nm, thick, ids,
    )  # fmt: skip
    return Wraps(thick, ids, cells.nodes_nm)


def reach_nm(params: Sheaths, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its sheaths depend on."""
    return params.outside_nm + _BAND_NM + rim_nm


def place(tissue: Tissue, params: Sheaths, placed: dict[str, object]) -> Wraps:
    """Draw the sheaths of the neurites of a window."""
    return thicknesses(tissue.seed, tissue.neurites, params)


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    tissue, index, depth, segments, owners, thick, ids, outside, lamella, out_id, out_d, out_detail,
):  # fmt: skip
    nz, ny, nx = index.shape
    mine = np.empty(segments.shape[0], np.int64)
    for j in range(thick.shape[0]):
        if thick[j] == 0.0:
            continue
        count = 0
        for i in range(segments.shape[0]):
            if owners[i] == j:
                mine[count] = i
                count += 1
        for z in range(nz):
            for y in range(ny):
                for x in range(nx):
                    if index[z, y, x] != j:
                        continue
                    pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                    best, at = np.inf, 0
                    for i in range(count):
                        f = tube_field(segments, mine[i], pz, py, px)
                        if f < best:
                            best, at = f, mine[i]
                    sz, sy, sx = tube_slope(segments, at, pz, py, px)
                    into = -best / max(1e-6, np.sqrt(sz * sz + sy * sy + sx * sx))
                    d = max(into - thick[j], outside - depth[z, y, x])
                    if d < _BAND_NM:
                        out_d[z, y, x] = d
                        turns = into / lamella
                        out_detail[z, y, x] = (abs(turns - np.floor(turns) - 0.5) - 0.25) * lamella
                        out_id[z, y, x] = ids[j]


def depths(objects: Wraps, tissue: Tissue, params: Sheaths) -> Depths:
    """Return the wrapped neurites, all along; only a sheath's outer face asks for the membrane."""
    owners = np.flatnonzero(objects.thickness_nm).astype(np.int32)
    n = len(owners)
    return Depths(owners, np.zeros((n, 3)), np.full(n, np.inf), np.full(n, params.outside_nm + _BAND_NM))


def build(objects: Wraps, tissue: Tissue, partition: Partition, params: Sheaths) -> Layer:
    """Return sheaths on the window's voxels; the detail is the distance to the dark lines in them."""
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    part, cells = partition, tissue.neurites
    here = np.zeros(len(objects.ids) + 1, np.bool_)
    here[part.index.ravel()] = True
    thick = np.where(here[:-1], objects.thickness_nm, 0.0)
    if thick.any():
        _build(
            tissue.window.tissue_nm, part.index, part.depth_nm, cells.segments, cells.owners, thick,
            objects.ids, params.outside_nm, params.lamella_nm, layer.ids, layer.distance_nm, layer.detail_nm,
        )  # fmt: skip
    return layer
