"""Synaptic vesicles: hollow spheres, crowded in boutons and drawn to the active zone, with a few loose ones elsewhere.

A bouton drops its vesicles one by one into its own cytoplasm, clear of membranes, mitochondria and each other; all other
nodes of a neurite may hold one. The spheres in which a node drops its vesicles never meet those of another node.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field

from shapes.membranes import near, probe
from shapes.mitochondria import Rods, rod_distance
from shapes.neurites import DENDRITE
from shapes.psd import Contacts
from shapes.spread import Params, Spread, draw
from shapes.streams import mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer, frame, voxel_range

CLUSTER_NM = 430.0
"""Largest distance of a vesicle from its bouton's middle; mitochondria are drawn that far around a window."""
_CLEAR_NM = 4.0
_BAND_NM = np.float32(20.0)


class Vesicles(Params):
    """How many vesicles a bouton holds, and how large they are: 35–50 nm across (Harris & Sultan 1995)."""

    radius_nm: Spread = Spread(mean=20.5, std=1.8)
    per_bouton: Spread = Spread(mean=330, std=130)
    cluster_nm: float = Field(default=260.0, gt=0)
    loose_chance: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True, eq=False)
class Spheres:
    """Vesicles that touch a window: ``centres_nm`` (n, 3), ``radii_nm`` (n,), ``owners`` (n,) and ``ids`` (n,)."""

    centres_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    missing: int


@njit(cache=True)
def _beyond(z, y, x, low, high, pad):  # type: ignore[no-untyped-def]
    return (
        z < low[0] - pad or z > high[0] + pad or y < low[1] - pad or y > high[1] + pad or x < low[2] - pad or x > high[2] + pad
    )


@njit(cache=True)
def _in_rod(rods, rod_owners, j, z, y, x, pad):  # type: ignore[no-untyped-def]
    for r in range(rods.shape[0]):
        if rod_owners[r] == j:
            d, _, _, _, _ = rod_distance(rods[r], z, y, x)
            if d < pad:
                return True
    return False


@njit(cache=True)
def _fill(key, j, centre, ball, want, pull, cluster, zone, has_zone, segments, owners, chosen, count, glia, glia_index, gap, fields, rods, rod_owners, radius, out, out_r):  # type: ignore[no-untyped-def]
    """Drop up to ``want`` vesicles around a node, in at most five tries each; returns how many stay."""
    n = 0
    widest = 0.0
    for attempt in range(5 * want):
        if n == want or n == out.shape[0]:
            break
        here = mix(key, 100 + attempt)
        q0, q1, q2 = normal(here, 0), normal(here, 1), normal(here, 2)
        scale = ball * uniform(here, 3) ** 0.3333 / (np.sqrt(q0 * q0 + q1 * q1 + q2 * q2) + 1e-9)
        z, y, x = centre[0] + scale * q0, centre[1] + scale * q1, centre[2] + scale * q2
        if has_zone and pull:
            away = np.sqrt((z - zone[0]) ** 2 + (y - zone[1]) ** 2 + (x - zone[2]) ** 2)
            if uniform(here, 4) > np.exp(-((away / cluster) ** 2)) + 0.04:
                continue
        r = draw(radius, uniform(here, 5), normal(here, 6))
        clash = False
        for k in range(n):
            dz, dy, dx = out[k, 0] - z, out[k, 1] - y, out[k, 2] - x
            if dz * dz + dy * dy + dx * dx < (r + out_r[k] + 1.0) ** 2:
                clash = True
                break
        if clash:
            continue
        own, _, d, _ = probe(segments, owners, chosen, count, z, y, x, r + gap, glia, glia_index, fields)
        if own != j or d < r + gap or _in_rod(rods, rod_owners, j, z, y, x, r + _CLEAR_NM):
            continue
        out[n, 0], out[n, 1], out[n, 2], out_r[n] = z, y, x, r
        widest = max(widest, r)
        n += 1
    return n


@njit(cache=True)
def _drop(salt, nodes, bouton, keys, kinds, steps, segments, owners, glia, gap, contacts, zones, rods, rod_owners, radius, widest, number, cluster, loose, low, high, out, out_r, out_j, out_id):  # type: ignore[no-untyped-def]
    """Drop all vesicles that touch the box; returns (vesicles, those that a bouton wanted and had no room for)."""
    n = missing = 0
    glia_index = keys.shape[0]
    everything = np.arange(segments.shape[0])
    chosen, fields = np.empty(segments.shape[0], np.int64), np.empty(segments.shape[0])
    spots, radii = np.empty((2000, 3)), np.empty(2000)
    zone = np.empty(3)
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            if np.isnan(nodes[j, k, 3]):
                continue
            key = mix(mix(keys[j], salt), k)
            full = bouton[j, k] == 1
            ball = CLUSTER_NM if full else 0.45 * steps[j]
            if not full:
                beside = (k > 0 and bouton[j, k - 1] == 1) or (k + 1 < nodes.shape[1] and bouton[j, k + 1] == 1)
                if beside or uniform(key, 0) >= loose:
                    continue
            if _beyond(nodes[j, k, 0], nodes[j, k, 1], nodes[j, k, 2], low, high, ball + widest):
                continue
            want = 1
            has_zone = False
            if full:
                want = min(2000, int(draw(number, uniform(key, 1), normal(key, 2))))
                ball = min(ball, 1.35 * nodes[j, k, 3])
                for s in range(contacts.shape[0]):
                    if contacts[s, 0] == j and contacts[s, 1] == k:
                        has_zone = True
                        zone[:] = zones[s]
            count = near(segments, everything, nodes[j, k, 0], nodes[j, k, 1], nodes[j, k, 2], ball, widest + gap, glia, chosen)
            got = _fill(
                key, j, nodes[j, k], ball, want, full, cluster, zone, has_zone, segments, owners, chosen, count, glia,
                glia_index, gap, fields, rods, rod_owners, radius, spots, radii,
            )  # fmt: skip
            missing += want - got
            for i in range(got):
                if not _beyond(spots[i, 0], spots[i, 1], spots[i, 2], low, high, radii[i] + _BAND_NM):
                    if n < out.shape[0]:
                        out[n] = spots[i]
                        out_r[n], out_j[n], out_id[n] = radii[i], j, object_id(mix(key, 5000 + i))
                    n += 1
    return n, missing


def reach_nm(params: Vesicles) -> float:
    """Return how far from the window the tissue around a vesicle's bouton can lie."""
    return 2.0 * CLUSTER_NM + params.radius_nm.highest()


def place(tissue: Tissue, params: Vesicles, placed: dict[str, object]) -> Spheres:
    """Drop the vesicles that touch a window, after its mitochondria and synapses were placed."""
    low, high = tissue.window.box_nm
    cells = tissue.neurites
    contacts, rods = placed.get("psd"), placed.get("mitochondrion")
    drawn, rod_owners = np.empty((0, 5, 4)), np.empty(0, np.int32)
    boutons, zones = np.empty((0, 2), np.int32), np.empty((0, 3))
    if isinstance(rods, Rods):
        drawn, rod_owners = rods.drawn, rods.owners
    if isinstance(contacts, Contacts):
        boutons, zones = contacts.boutons, contacts.middles_nm
    room = 2048
    while True:
        spots, radii = np.empty((room, 3)), np.empty(room)
        owners, ids = np.empty(room, np.int32), np.empty(room, np.int32)
        n, missing = _drop(
            stream_key(tissue.seed, "vesicle"), cells.nodes_nm, cells.bouton, cells.keys, cells.kinds, cells.steps_nm,
            cells.segments, cells.owners, tissue.membranes.glia_nm, tissue.membranes.half_width_nm + _CLEAR_NM,
            boutons, zones, drawn, rod_owners, params.radius_nm.row(), params.radius_nm.highest(),
            params.per_bouton.row(), params.cluster_nm, params.loose_chance, low, high, spots, radii, owners, ids,
        )  # fmt: skip
        if n <= room:
            return Spheres(spots[:n], radii[:n], owners[:n], ids[:n], missing)
        room = n


@njit(cache=True)
def _build(centres, radii, owners, ids, tissue, index, lattice, first, spacing, stretch, start, shape, voxel, out_id, out_d):  # type: ignore[no-untyped-def]
    for v in range(ids.shape[0]):
        box = voxel_range(lattice, first, spacing, stretch, start, shape, voxel, centres[v].copy(), radii[v] + _BAND_NM)
        for z in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for x in range(box[2, 0], box[2, 1]):
                    dz, dy, dx = tissue[0, z, y, x] - centres[v, 0], tissue[1, z, y, x] - centres[v, 1], tissue[2, z, y, x] - centres[v, 2]
                    d = np.sqrt(dz * dz + dy * dy + dx * dx) - radii[v]
                    if d < out_d[z, y, x] and d < _BAND_NM and index[z, y, x] == owners[v]:
                        out_d[z, y, x] = d
                        if d < 0.0:
                            out_id[z, y, x] = ids[v]


def build(objects: Spheres, tissue: Tissue, params: Vesicles) -> Layer:
    """Return vesicles on the window's voxels; the distance is to the outer face of their membrane."""
    layer = empty_layer(tissue.window.grid.shape)
    _build(
        objects.centres_nm, objects.radii_nm, objects.owners, objects.ids, tissue.window.tissue_nm, tissue.partition.index,
        *frame(tissue.window), layer.ids, layer.distance_nm,
    )  # fmt: skip
    return layer
