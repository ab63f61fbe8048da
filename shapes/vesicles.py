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

from shapes.contacts import Contacts
from shapes.depths import Depths
from shapes.membranes import near, near_box
from shapes.packing import (
    CLUSTER_NM,
    bouton_ball,
    crowded_out,
    keeps_apart,
    lattice_sites,
    loose_place,
    most_sites,
    rotation,
)
from shapes.partition import Partition
from shapes.population import BOUTON
from shapes.rods import Rods, rod_distance
from shapes.room import clear_of_glia, have_room, host_field, nearest_first
from shapes.spread import Params, Spread, draw
from shapes.streams import cell_key, mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer, frame, voxel_range

_CLEAR_NM = 4.0
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
        if rod_owners[r] != j:
            continue
        if rod_distance(rods, r, z, y, x) < pad:
            return True
    return False


@njit(cache=True)
def _crowd(  # type: ignore[no-untyped-def]
    key, j, node, ball, pitch, density, pull, cluster, zone, segments, owners, chosen, glia, gap, rods,
    rod_owners, radius, least, widest, lows, highs, sites, spots, sizes, places, clear, host_at, which,
    scratch, n, out, out_r, out_j, out_id,
):  # fmt: skip
    """Fill a bouton's lattice; returns the count of vesicles so far."""
    turn = rotation(mix(key, 7))
    at, q = np.empty(3), np.empty(3)
    found = lattice_sites(key, node, turn, ball, pitch, density, lows, highs, widest + _BAND_NM, sites, spots)
    for s in range(found):
        for c in range(3):
            places[c, s] = spots[s, c] - node[c]
    host_field(segments, owners, chosen, j, node, found, places, glia, scratch, host_at)
    count = 0
    for s in range(found):
        if not clear_of_glia(host_at, s, least + gap, glia):
            continue
        here = cell_key(key, sites[s, 0], sites[s, 1], sites[s, 2])
        away2 = (spots[s, 0] - zone[0]) ** 2 + (spots[s, 1] - zone[1]) ** 2 + (spots[s, 2] - zone[2]) ** 2
        if pull and uniform(here, 7) > 0.15 + np.exp(-away2 / (cluster * cluster)):
            continue
        sizes[count] = draw(radius, uniform(here, 5), normal(here, 6))
        clear[count] = sizes[count] + gap
        if clear_of_glia(host_at, s, clear[count], glia):
            for c in range(3):
                sites[count, c], spots[count, c], places[c, count] = sites[s, c], spots[s, c], places[c, s]
            for c in range(4):
                host_at[c, count] = host_at[c, s]
            which[count] = count
            count += 1
    for left in range(
        have_room(segments, owners, chosen, j, node, count, places, clear, host_at, which, scratch)
    ):
        s = which[left]
        at[0], at[1], at[2] = spots[s, 0], spots[s, 1], spots[s, 2]
        if _in_rod(rods, rod_owners, j, at[0], at[1], at[2], sizes[s] + _CLEAR_NM):
            continue
        if crowded_out(
            key, node, turn, pitch, sites[s, 0], sites[s, 1], sites[s, 2], at, sizes[s], radius, density, q
        ):
            continue
        if n < out.shape[0]:
            out[n] = at
            out_r[n], out_j[n] = sizes[s], j
            out_id[n] = object_id(cell_key(key, sites[s, 0], sites[s, 1], sites[s, 2]))
        n += 1
    return n


@njit(cache=True)
def _drop(  # type: ignore[no-untyped-def]
    salt, nodes, varicosity, keys, steps, walls, segments, owners, glia, gap, contacts, zones, rods,
    rod_owners, radius, least, widest, pitch, density, cluster, loose, lows, highs, low, high, out, out_r,
    out_j, out_id,
):  # fmt: skip
    """Drop all vesicles that touch the box; returns (vesicles, loose ones without room)."""
    n = missing = 0
    # every vesicle that counts touches the box, so only the tubes around it can matter
    around = np.empty(segments.shape[0], np.int64)
    some = near_box(segments, low, high, glia + 2.0 * widest + gap + _BAND_NM, around)
    everything, chosen = around[:some], np.empty(some, np.int64)
    near_low, near_high = np.empty_like(lows), np.empty_like(highs)
    most = most_sites(pitch)
    sites, spots, sizes = np.empty((most, 3), np.int64), np.empty((most, 3)), np.empty(most)
    places, clear = np.empty((3, most), np.float32), np.empty(most, np.float32)
    scratch, host_at = np.empty((2, most), np.float32), np.empty((4, most), np.float32)
    which = np.empty(most, np.int64)
    at, other, zone = np.empty(3), np.empty(3), np.zeros(3)
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            ball = max(0.45 * steps[j], 1.1 * nodes[j, k, 3])
            if varicosity[j, k] == BOUTON:
                ball = bouton_ball(nodes[j, k, 3])
            if np.isnan(nodes[j, k, 3]) or _beyond(
                nodes[j, k, 0], nodes[j, k, 1], nodes[j, k, 2], low, high, ball + widest
            ):
                continue
            node = nodes[j, k]
            key = mix(mix(keys[j], salt), k)
            if varicosity[j, k] == BOUTON:
                pull = False
                for s in range(contacts.shape[0]):
                    if contacts[s, 0] == j and contacts[s, 1] == k:
                        pull = True
                        zone[:] = zones[s]
                # of the ball only what lies near the window is asked for
                few = 0
                for b in range(lows.shape[0]):
                    away2 = 0.0
                    for c in range(3):
                        away2 += max(0.0, lows[b, c] - node[c], node[c] - highs[b, c]) ** 2
                    if away2 <= (ball + widest + _BAND_NM) ** 2:
                        near_low[few], near_high[few] = lows[b], highs[b]
                        few += 1
                if few == 0:
                    continue
                away2 = 0.0
                for c in range(3):
                    at[c] = min(max(node[c], near_low[:few, c].min()), near_high[:few, c].max())
                    away2 += (at[c] - node[c]) ** 2
                part = np.sqrt(max(0.0, ball * ball - away2)) + widest + _BAND_NM
                count = near(segments, everything, at[0], at[1], at[2], part, widest + gap, glia, chosen)
                tubes = nearest_first(segments, chosen[:count], at[0], at[1], at[2])
                n = _crowd(
                    key, j, node[:3], ball, pitch, draw(density, uniform(key, 1), normal(key, 2)), pull,
                    cluster, zone, segments, owners, tubes, glia, gap, rods, rod_owners, radius, least,
                    widest, near_low[:few], near_high[:few], sites, spots, sizes, places, clear, host_at,
                    which, scratch, n, out, out_r, out_j, out_id,
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
                places[:, 0], clear[0] = 0.0, r + gap
                host_field(segments, owners, chosen[:count], j, at, 1, places, glia, scratch, host_at)
                fits = (
                    clear_of_glia(host_at, 0, r + gap, glia)
                    and have_room(
                        segments, owners, chosen[:count], j, at, 1, places, clear, host_at, which, scratch
                    )
                    == 1
                )
                if not fits or _in_rod(rods, rod_owners, j, at[0], at[1], at[2], r + _CLEAR_NM):
                    missing += 1
                    continue
                if n < out.shape[0]:
                    out[n] = at
                    out_r[n], out_j[n], out_id[n] = r, j, object_id(here)
                n += 1
    return n, missing


def reach_nm(params: Vesicles, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its vesicles depend on."""
    widest = params.radius_nm.highest()
    return max(CLUSTER_NM + widest, 2.0 * widest + 60.0 + rim_nm) + float(_BAND_NM)


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
        boutons, zones = contacts.turned, contacts.zones_nm
    room = 2048
    while True:
        spots, radii = np.empty((room, 3)), np.empty(room)
        owners, ids = np.empty(room, np.int32), np.empty(room, np.int32)
        n, missing = _drop(
            stream_key(tissue.seed, "vesicle"), cells.nodes_nm, cells.varicosity, cells.keys, cells.steps_nm,
            tissue.wall_nm, cells.segments, cells.owners, tissue.membranes.glia_nm,
            tissue.membranes.half_width_nm + _CLEAR_NM, boutons, zones, drawn, rod_owners,
            params.radius_nm.row(), params.radius_nm.lowest(), params.radius_nm.highest(),
            params.pitch_nm / 2**0.5,
            params.density.row(), params.cluster_nm, params.loose_chance, *tissue.window.tiles.groups(),
            low, high, spots, radii, owners, ids,
        )  # fmt: skip
        if n <= room:
            return Spheres(spots[:n], radii[:n], owners[:n], ids[:n], missing)
        room = n


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    centres, radii, owners, ids, tissue, index, lattice, first, spacing, stretch, start, shape, voxel,
    out_id, out_d,
):  # fmt: skip
    at = np.empty(3)
    for v in range(ids.shape[0]):
        at[:] = centres[v]
        box = voxel_range(lattice, first, spacing, stretch, start, shape, voxel, at, radii[v] + _BAND_NM)
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


def depths(objects: Spheres, tissue: Tissue, params: Vesicles) -> Depths:
    """Return none: a vesicle is drawn by its own centre and radius."""
    return Depths.nowhere()


def build(objects: Spheres, tissue: Tissue, partition: Partition, params: Vesicles) -> Layer:
    """Return vesicles on the window's voxels; the distance is to the outer face of their membrane."""
    layer = empty_layer(tissue.window.grid.shape)
    _build(
        objects.centres_nm, objects.radii_nm, objects.owners, objects.ids, tissue.window.tissue_nm,
        partition.index, *frame(tissue.window), layer.ids, layer.distance_nm,
    )  # fmt: skip
    return layer
