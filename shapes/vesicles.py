"""Synaptic vesicles: hollow spheres, crowded in boutons and drawn to the active zone, a few loose elsewhere.

A bouton's vesicles sit on a jittered close-packed lattice of its own, which can be asked for any part of
itself; where two would touch, the one of lower rank gives way. They keep clear of membranes and mitochondria.
All other nodes of a neurite may have a few loose vesicles, each nearer to its own node than to the next.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field

from shapes.membranes import near, near_box, probe
from shapes.packing import (
    CLUSTER_NM,
    JITTER,
    bouton_ball,
    crowded_out,
    keeps_apart,
    lattice_site,
    loose_place,
    rotation,
)
from shapes.partition import Partition
from shapes.population import BOUTON
from shapes.psd import Contacts
from shapes.rods import Rods, rod_distance
from shapes.spread import Params, Spread, draw
from shapes.streams import cell_key, mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer, frame, voxel_range

_CLEAR_NM = 4.0
_CUBES = 6
_LOOSE_SITES = 6  # places around a node where a loose vesicle may be
_BAND_NM = np.float32(8.0)


class Vesicles(Params):
    """How large vesicles are, 35–50 nm across (Harris & Sultan 1995), and how densely they crowd.

    ``pitch_nm`` is the least distance of two sites of a bouton's lattice, of which a fraction ``density`` is
    taken near the active zone, and fewer beyond ``cluster_nm`` from it.
    """

    radius_nm: Spread = Spread(mean=20.5, std=1.8)
    pitch_nm: float = Field(default=52.0, gt=20)
    density: Spread = Spread(min=0.5, max=1.0)
    cluster_nm: float = Field(default=320.0, gt=0)
    loose_chance: float = Field(default=0.5, ge=0, le=1)


@dataclass(frozen=True, eq=False)
class Spheres:
    """Vesicles that touch a window: ``centres_nm`` (n, 3), and their radii, owners and ids, (n,)."""

    centres_nm: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    missing: int


@njit(cache=True)
def _beyond(z, y, x, low, high, pad):  # type: ignore[no-untyped-def]
    return (
        z < low[0] - pad
        or z > high[0] + pad
        or y < low[1] - pad
        or y > high[1] + pad
        or x < low[2] - pad
        or x > high[2] + pad
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
def _has_room(  # type: ignore[no-untyped-def]
    at, r, j, node, ball, segments, owners, chosen, count, few, few_count, glia, glia_index, gap, fields,
    rods, rod_owners,
):  # fmt: skip
    """Tell whether a vesicle fits at a place in its neurite; tubes are picked once for each small cube."""
    cube = 0
    centre = np.empty(3)
    for c in range(3):
        i = int((at[c] - node[c] + ball) / (2.0 * ball) * _CUBES)
        i = min(_CUBES - 1, max(0, i))
        cube = cube * _CUBES + i
        centre[c] = node[c] - ball + (i + 0.5) * 2.0 * ball / _CUBES
    if few_count[cube] < 0:
        half = ball / _CUBES * 1.7321
        few_count[cube] = near(
            segments, chosen[:count], centre[0], centre[1], centre[2], half, r + 6.0 + gap, glia, few[cube]
        )
    own, _, d, _ = probe(
        segments, owners, few[cube], few_count[cube], at[0], at[1], at[2], r + gap, glia, glia_index, fields
    )  # fmt: skip
    return own == j and d >= r + gap and not _in_rod(rods, rod_owners, j, at[0], at[1], at[2], r + _CLEAR_NM)


@njit(cache=True)
def _crowd(  # type: ignore[no-untyped-def]
    key, j, node, ball, pitch, density, pull, cluster, zone, segments, owners, chosen, count, few,
    few_count, glia, glia_index, gap, fields, rods, rod_owners, radius, widest, low, high, n, out, out_r,
    out_j, out_id,
):  # fmt: skip
    """Fill a bouton's lattice; returns the count of vesicles so far."""
    turn = rotation(mix(key, 7))
    few_count[:] = -1
    at, q = np.empty(3), np.empty(3)
    # a step along a lattice axis is √2 pitches long; the axes are 60° apart
    most = int(np.ceil(ball / pitch * 1.23)) + 1
    pad = widest + _BAND_NM + JITTER * pitch * 1.7321
    for i in range(-most, most + 1):
        for k in range(-most, most + 1):
            if pitch * pitch * (i * i + k * k + 0.5 * (i + k) ** 2) > (ball + JITTER * pitch * 1.7321) ** 2:
                continue
            # of a row of sites only those near the box are asked for
            first, last = -most, most
            for c in range(3):
                start = node[c] + pitch * (turn[c, 0] * k + turn[c, 1] * i + turn[c, 2] * (i + k))
                step = pitch * (turn[c, 0] + turn[c, 1])
                below, above = low[c] - pad - start, high[c] + pad - start
                if abs(step) > 1e-9:
                    first = max(first, int(np.floor(min(below / step, above / step))))
                    last = min(last, int(np.ceil(max(below / step, above / step))))
            for m in range(first, last + 1):
                here = cell_key(key, i, k, m)
                lattice_site(here, node, turn, pitch, i, k, m, at)
                if _beyond(at[0], at[1], at[2], low, high, widest + _BAND_NM):
                    continue
                if (at[0] - node[0]) ** 2 + (at[1] - node[1]) ** 2 + (at[2] - node[2]) ** 2 > ball * ball:
                    continue
                if uniform(here, 4) >= density:
                    continue
                away = np.sqrt((at[0] - zone[0]) ** 2 + (at[1] - zone[1]) ** 2 + (at[2] - zone[2]) ** 2)
                if pull and uniform(here, 7) > 0.15 + np.exp(-((away / cluster) ** 2)):
                    continue
                r = draw(radius, uniform(here, 5), normal(here, 6))
                if crowded_out(key, node, turn, pitch, i, k, m, at, r, radius, density, q):
                    continue
                if not _has_room(
                    at, r, j, node, ball, segments, owners, chosen, count, few, few_count, glia, glia_index,
                    gap, fields, rods, rod_owners,
                ):  # fmt: skip
                    continue
                if n < out.shape[0]:
                    out[n] = at
                    out_r[n], out_j[n], out_id[n] = r, j, object_id(here)
                n += 1
    return n


@njit(cache=True)
def _drop(  # type: ignore[no-untyped-def]
    salt, nodes, varicosity, keys, steps, walls, segments, owners, glia, gap, contacts, zones, rods,
    rod_owners, radius, widest, pitch, density, cluster, loose, low, high, out, out_r, out_j, out_id,
):  # fmt: skip
    """Drop all vesicles that touch the box; returns (vesicles, loose ones without room)."""
    n = missing = 0
    glia_index = keys.shape[0]
    # every vesicle that counts touches the box, so only the tubes around it can matter
    around = np.empty(segments.shape[0], np.int64)
    some = near_box(segments, low, high, glia + 2.0 * widest + 1.6 * (widest + gap), around)
    everything = around[:some]
    chosen, fields = np.empty(some, np.int64), np.empty(some)
    few, few_count = np.empty((_CUBES**3, some), np.int64), np.empty(_CUBES**3, np.int64)
    at, other, zone = np.empty(3), np.empty(3), np.zeros(3)
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            node = nodes[j, k]
            ball = bouton_ball(node[3]) if varicosity[j, k] == BOUTON else max(0.45 * steps[j], 1.1 * node[3])
            if np.isnan(node[3]) or _beyond(node[0], node[1], node[2], low, high, ball + widest):
                continue
            key = mix(mix(keys[j], salt), k)
            if varicosity[j, k] == BOUTON:
                pull = False
                for s in range(contacts.shape[0]):
                    if contacts[s, 0] == j and contacts[s, 1] == k:
                        pull = True
                        zone[:] = zones[s]
                count = near(
                    segments, everything, node[0], node[1], node[2], ball, widest + gap, glia, chosen
                )
                n = _crowd(
                    key, j, node, ball, pitch, draw(density, uniform(key, 1), normal(key, 2)), pull, cluster,
                    zone, segments, owners, chosen, count, few, few_count, glia, glia_index, gap, fields,
                    rods, rod_owners, radius, widest, low, high, n, out, out_r, out_j, out_id,
                )  # fmt: skip
                continue
            # loose vesicles keep to their own node, and away from the crowds of its neighbours
            if (k > 0 and varicosity[j, k - 1] == BOUTON) or (
                k + 1 < nodes.shape[1] and varicosity[j, k + 1] == BOUTON
            ):
                continue
            for attempt in range(_LOOSE_SITES):
                here = mix(key, 100 + attempt)
                if uniform(here, 0) >= loose:
                    continue
                loose_place(key, attempt, node, ball, at)
                r = draw(radius, uniform(here, 8), normal(here, 9))
                if _beyond(at[0], at[1], at[2], low, high, r + _BAND_NM):
                    continue
                if not keeps_apart(
                    key, attempt, nodes[j], varicosity[j], k, node, ball, loose, widest, at, other
                ):
                    continue
                away = np.sqrt((at[0] - node[0]) ** 2 + (at[1] - node[1]) ** 2 + (at[2] - node[2]) ** 2)
                if walls[j] > 0.0 and away > node[3] - walls[j] - r - _CLEAR_NM:
                    continue
                count = near(segments, everything, at[0], at[1], at[2], 0.0, r + gap, glia, chosen)
                own, _, d, _ = probe(
                    segments, owners, chosen, count, at[0], at[1], at[2], r + gap, glia, glia_index, fields
                )
                if (
                    own != j
                    or d < r + gap
                    or _in_rod(rods, rod_owners, j, at[0], at[1], at[2], r + _CLEAR_NM)
                ):
                    missing += 1
                    continue
                if n < out.shape[0]:
                    out[n] = at
                    out_r[n], out_j[n], out_id[n] = r, j, object_id(here)
                n += 1
    return n, missing


def reach_nm(params: Vesicles) -> float:
    """Return how far from a window the surface of a tube can lie that its vesicles depend on."""
    return 2.0 * CLUSTER_NM + 4.0 * params.radius_nm.highest() + 40.0


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
            stream_key(tissue.seed, "vesicle"), cells.nodes_nm, cells.varicosity, cells.keys, cells.steps_nm,
            tissue.wall_nm, cells.segments, cells.owners, tissue.membranes.glia_nm,
            tissue.membranes.half_width_nm + _CLEAR_NM, boutons, zones, drawn, rod_owners,
            params.radius_nm.row(), params.radius_nm.highest(), params.pitch_nm / 2**0.5,
            params.density.row(), params.cluster_nm, params.loose_chance, low, high, spots, radii, owners,
            ids,
        )  # fmt: skip
        if n <= room:
            return Spheres(spots[:n], radii[:n], owners[:n], ids[:n], missing)
        room = n


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    centres, radii, owners, ids, tissue, index, lattice, first, spacing, stretch, start, shape, voxel,
    out_id, out_d,
):  # fmt: skip
    for v in range(ids.shape[0]):
        box = voxel_range(
            lattice, first, spacing, stretch, start, shape, voxel, centres[v].copy(), radii[v] + _BAND_NM
        )
        for z in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for x in range(box[2, 0], box[2, 1]):
                    dz, dy, dx = (
                        tissue[0, z, y, x] - centres[v, 0],
                        tissue[1, z, y, x] - centres[v, 1],
                        tissue[2, z, y, x] - centres[v, 2],
                    )
                    d = np.sqrt(dz * dz + dy * dy + dx * dx) - radii[v]
                    if d < out_d[z, y, x] and d < _BAND_NM and index[z, y, x] == owners[v]:
                        out_d[z, y, x] = d
                        out_id[z, y, x] = ids[v]


def depth_nm(objects: Spheres, params: Vesicles) -> tuple[npt.NDArray[np.int32], float]:
    """Return no neurite: a vesicle is drawn by its own centre and radius."""
    return np.empty(0, np.int32), 0.0


def build(objects: Spheres, tissue: Tissue, partition: Partition, params: Vesicles) -> Layer:
    """Return vesicles on the window's voxels; the distance is to the outer face of their membrane."""
    layer = empty_layer(tissue.window.grid.shape)
    _build(
        objects.centres_nm, objects.radii_nm, objects.owners, objects.ids, tissue.window.tissue_nm,
        partition.index, *frame(tissue.window), layer.ids, layer.distance_nm,
    )  # fmt: skip
    return layer
