"""Crowds of vesicles: each bouton's from its own lattice, and the loose ones node by node."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, object_id, uniform
from shapes.mitochondria.rods import rod_distance
from shapes.neurites.population import BOUTON, GLIA, SOMA
from shapes.partition.ball_room import clear_of_glia, have_room, host_field, nearest_first
from shapes.partition.point import near, near_box
from shapes.synapses.packing import (
    Lattice,
    beside_another,
    bouton_ball,
    crowded_out,
    face_zone,
    keeps_apart,
    lattice_sites,
    loose_place,
    most_sites,
    rotation,
)

CLEAR_NM = 4.0
"""Between a vesicle and a membrane or a mitochondrion there is at least so much."""
BAND_NM = np.float32(16.0)
"""How far outside a vesicle distances are still written."""
DOCK_NM = 16.0
"""A layer of vesicles that lies closer would cover the density, or jitter push it into the membrane."""
BEHIND = 0.7
"""Of its radius: so far behind an active zone lies the middle of a crowd."""
_LOOSE_SITES = 10  # places around a node where a loose vesicle may be


class _Surroundings(NamedTuple):
    """What vesicles must have room between: the tubes near the window, by number, and what lies in them."""

    tubes: Any
    near: npt.NDArray[np.int64]
    glia: float
    gap: float
    obstacles: Any


class _Bouton(NamedTuple):
    """A neurite's number and nodes; of the bouton number, key and ball; tubes and any active zone."""

    neurite: int
    nodes: npt.NDArray[np.float64]
    varicosity: npt.NDArray[np.uint8]
    number: int
    key: np.uint64
    ball: float
    own: npt.NDArray[np.int64]
    pull: bool
    zone: npt.NDArray[np.float64]
    facing: npt.NDArray[np.float64]
    shrink: float


class _Work(NamedTuple):
    """Room to write in, for each site of a lattice, and for tubes: see ``ball_room.py``."""

    sites: npt.NDArray[np.int64]
    spots: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.float64]
    places: npt.NDArray[np.float32]
    clear: npt.NDArray[np.float32]
    host_at: npt.NDArray[np.float32]
    which: npt.NDArray[np.int64]
    scratch: npt.NDArray[np.float32]
    chosen: npt.NDArray[np.int64]


@compiled
def _beyond(z, y, x, low, high, pad):  # type: ignore[no-untyped-def]
    return (
        z < low[0] - pad
        or z > high[0] + pad
        or y < low[1] - pad
        or y > high[1] + pad
        or x < low[2] - pad
        or x > high[2] + pad
    )


@compiled
def _in_rod(obstacles, j, z, y, x, pad):  # type: ignore[no-untyped-def]
    rods, rod_owners = obstacles
    for r in range(rods.shape[0]):
        if rod_owners[r] != j:
            continue
        if rod_distance(rods, r, z, y, x) < pad:
            return True
    return False


@compiled
def fill(key, density, pull):  # type: ignore[no-untyped-def]
    """Return how much of a crowd's lattice is taken: at a synapse as much as in two."""
    full = draw(density, uniform(key, 1), normal(key, 2))
    return 1.0 - (1.0 - full) * (1.0 - draw(density, uniform(key, 13), normal(key, 14))) if pull else full


@compiled
def crowd_nm(key, cluster, pull):  # type: ignore[no-untyped-def]
    """Return the radius of a bouton's crowd: at a synapse the larger of two."""
    wide = draw(cluster, uniform(key, 15), normal(key, 16))
    return max(wide, draw(cluster, uniform(key, 17), normal(key, 18))) if pull else wide


@compiled
def _crowd(bouton, p, pitch, around, boxes, work, n, out):  # type: ignore[no-untyped-def]
    """Fill a bouton's lattice; returns the count of vesicles so far."""
    j, nodes, varicosity, number, key, ball, own, pull, zone, facing, shrink = bouton
    node = nodes[number, :3]
    (segments, _, owners), everything, glia, gap, obstacles = around
    sites, spots, sizes, places, clear, host_at, which, scratch, chosen = work
    radius, least, widest = p.radius_nm, p.radius_nm.lowest, p.radius_nm.highest
    turn = rotation(mix(key, 7))
    at, q, centre = np.empty(3), np.empty(3), node.copy()
    if pull:
        # vesicles are docked: a layer of them lies along the active zone
        face_zone(turn, node, zone, facing, pitch, 0.5 * (least + widest) + gap + DOCK_NM, centre)
        ball -= 0.5 * pitch
    wide, heart = crowd_nm(key, p.cluster_nm, pull), node.copy()
    if pull:
        # the crowd lies against the active zone
        for c in range(3):
            heart[c] = zone[c] - BEHIND * wide * facing[c]
    lattice = Lattice(key, centre, turn, pitch, fill(key, p.density, pull), pull, zone, heart, wide)
    found = lattice_sites(lattice, ball, boxes, shrink * (widest + BAND_NM), sites, spots)
    for s in range(found):
        for c in range(3):
            places[c, s] = spots[s, c] - node[c]
    host_field(segments, owners, own, j, node, found, places, glia, scratch, host_at)
    count = 0
    for s in range(found):
        if not clear_of_glia(host_at, s, least + gap, glia):
            continue
        here = cell_key(key, sites[s, 0], sites[s, 1], sites[s, 2])
        sizes[count] = draw(radius, uniform(here, 5), normal(here, 6))
        clear[count] = sizes[count] + gap
        if clear_of_glia(host_at, s, clear[count], glia):
            for c in range(3):
                sites[count, c], spots[count, c], places[c, count] = sites[s, c], spots[s, c], places[c, s]
            for c in range(6):
                host_at[c, count] = host_at[c, s]
            which[count] = count
            count += 1
    if count == 0:
        return n
    # only tubes around those that are left can crowd them
    reach = 0.0
    for c in range(3):
        least_at, most_at = spots[:count, c].min(), spots[:count, c].max()
        at[c] = 0.5 * (least_at + most_at)
        reach += (0.5 * (most_at - least_at)) ** 2
    some = near(segments, everything, at[0], at[1], at[2], np.sqrt(reach), widest + gap, glia, chosen)
    tubes = nearest_first(segments, chosen[:some], at[0], at[1], at[2])
    for left in range(
        have_room(segments, owners, tubes, j, node, count, places, clear, host_at, which, scratch)
    ):
        s = which[left]
        at[0], at[1], at[2] = spots[s, 0], spots[s, 1], spots[s, 2]
        if _in_rod(obstacles, j, at[0], at[1], at[2], sizes[s] + CLEAR_NM):
            continue
        if beside_another(nodes, varicosity, number, at, widest):
            continue
        hit = crowded_out(lattice, sites[s, 0], sites[s, 1], sites[s, 2], at, sizes[s], radius, q)
        if hit:
            continue
        if n < out.ids.shape[0]:
            out.centres_nm[n] = at
            out.radii_nm[n], out.owners[n] = sizes[s], j
            out.ids[n] = object_id(cell_key(key, sites[s, 0], sites[s, 1], sites[s, 2]))
        n += 1
    return n


@compiled
def drop_vesicles(salt, axes, walls, tubes, p, glia, gap, zones, obstacles, boxes, box, shrink, out):  # type: ignore[no-untyped-def]
    """Drop all vesicles that touch the box; returns (vesicles, loose ones without room)."""
    nodes, varicosity, kinds = axes.nodes_nm, axes.varicosity, axes.kinds
    segments, owners, (lows, highs), (low, high) = tubes.segments, tubes.owners, boxes, box
    radius, widest, loose = p.radius_nm, p.radius_nm.highest, p.loose_chance
    # sites of a face-centred lattice lie √2 pitches apart
    pitch = p.pitch_nm / 2**0.5
    n = missing = 0
    # every vesicle that counts touches the box, so only the tubes around it can matter
    close = np.empty(segments.shape[0], np.int64)
    some = near_box(
        segments, tubes.blocks, low, high, glia + widest + gap + shrink * (widest + BAND_NM), close
    )
    everything, chosen = close[:some], np.empty(some, np.int64)
    around = _Surroundings(tubes, everything, glia, gap, obstacles)
    near_low, near_high = np.empty_like(lows), np.empty_like(highs)
    most = most_sites(pitch)
    sites, spots, sizes = np.empty((most, 3), np.int64), np.empty((most, 3)), np.empty(most)
    places, clear = np.empty((3, most), np.float32), np.empty(most, np.float32)
    scratch, host_at = np.empty((3, most), np.float32), np.empty((6, most), np.float32)
    which = np.empty(most, np.int64)
    work = _Work(sites, spots, sizes, places, clear, host_at, which, scratch, chosen)
    at, other, zone, facing = np.empty(3), np.empty(3), np.zeros(3), np.zeros(3)
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            ball = max(0.45 * axes.steps_nm[j], 1.1 * nodes[j, k, 3])
            if varicosity[j, k] == BOUTON:
                ball = bouton_ball(nodes[j, k, 3])
            if np.isnan(nodes[j, k, 3]) or _beyond(
                nodes[j, k, 0], nodes[j, k, 1], nodes[j, k, 2], low, high, ball + shrink * (widest + BAND_NM)
            ):
                continue
            node = nodes[j, k]
            own = np.arange(np.searchsorted(owners, j), np.searchsorted(owners, j, side="right"))
            key = mix(mix(axes.keys[j], salt), k)
            if varicosity[j, k] == BOUTON:
                pull = False
                for s in range(zones.boutons.shape[0]):
                    if zones.boutons[s, 0] == j and zones.boutons[s, 1] == k:
                        pull = True
                        zone[:] = zones.places_nm[s]
                        facing[:] = zones.facing[s]
                # of the ball only what lies near the window is asked for
                few = 0
                for b in range(lows.shape[0]):
                    away2 = 0.0
                    for c in range(3):
                        away2 += max(0.0, lows[b, c] - node[c], node[c] - highs[b, c]) ** 2
                    if away2 <= (ball + shrink * (widest + BAND_NM)) ** 2:
                        near_low[few], near_high[few] = lows[b], highs[b]
                        few += 1
                if few == 0:
                    continue
                bouton = _Bouton(j, nodes[j], varicosity[j], k, key, ball, own, pull, zone, facing, shrink)
                n = _crowd(bouton, p, pitch, around, (near_low[:few], near_high[:few]), work, n, out)
                continue
            if kinds[j] == GLIA or kinds[j] == SOMA:
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
                if _beyond(at[0], at[1], at[2], low, high, shrink * (r + BAND_NM)):
                    continue
                if not keeps_apart(
                    key, attempt, nodes[j], varicosity[j], k, node, ball, loose, widest, at, other
                ):
                    continue
                away = np.sqrt((at[0] - node[0]) ** 2 + (at[1] - node[1]) ** 2 + (at[2] - node[2]) ** 2)
                if walls[j] > 0.0 and away > node[3] - walls[j] - r - CLEAR_NM:
                    continue
                places[:, 0], clear[0] = 0.0, r + gap
                host_field(segments, owners, own, j, at, 1, places, glia, scratch, host_at)
                fits = clear_of_glia(host_at, 0, r + gap, glia)
                if fits:
                    count = near(segments, everything, at[0], at[1], at[2], 0.0, r + gap, glia, chosen)
                    fits = (
                        have_room(
                            segments, owners, chosen[:count], j, at, 1, places, clear, host_at, which, scratch
                        )
                        == 1
                    )
                if not fits or _in_rod(obstacles, j, at[0], at[1], at[2], r + CLEAR_NM):
                    missing += 1
                    continue
                if n < out.ids.shape[0]:
                    out.centres_nm[n] = at
                    out.radii_nm[n], out.owners[n], out.ids[n] = r, j, object_id(here)
                n += 1
    return n, missing
