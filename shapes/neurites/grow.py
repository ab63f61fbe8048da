"""Growing neurites: axons with boutons, dendrites with spines, axons in sheaths, all as chains of tubes.

Each population has its own lattice of cubic cells; a cell holds at most one neurite, which runs through a
point of the cell both ways, bending a little at every node. A node of an axon may swell to a bouton, a node
of a dendrite may bear a spine. What a tube does not fill, its neighbours share or thin glia fills: see
``partition/point.py``.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.spread import draw
from shapes.core.streams import cell_key, mix, normal, object_id, stream_key, uniform
from shapes.neurites.course import broad_side, direction, draw_axis, outside, set_out
from shapes.neurites.lanes import in_lane, typical_radius
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import FLATTEST, FLATTEST_VARICOSITY, SHAFT, Population
from shapes.neurites.ruffles import WAVES, draw_waves
from shapes.neurites.tubes import COLUMNS, NODE, ruffle_segment, set_segment


@compiled
def _near_box(a, b, radius, low, high, pad):  # type: ignore[no-untyped-def]
    wide = radius + pad
    for c in range(3):
        if max(a[c], b[c]) + wide < low[c]:
            return False
        if min(a[c], b[c]) - wide > high[c]:
            return False
    return True


@compiled
def _grow(  # type: ignore[no-untyped-def]
    key, p, reach, box, pad, keep, keys, nodes, varicosity, segments, owners,
):  # fmt: skip
    """Draw a population's neurites that have a tube near the box; returns how many neurites and tubes."""
    low, high = box
    n = s = 0
    edge, span = np.full(3, p.cell_nm), np.full(3, reach)
    if p.lanes:
        edge[0] = 2.0 * p.nodes * p.step_nm
        # a lane lies up to half a cell, and by what it strays, outside its own
        span[1:] += p.cell_nm - p.nodes * p.step_nm
    first = np.floor((low - span - pad) / edge).astype(np.int64)
    last = np.floor((high + span + pad) / edge).astype(np.int64)
    length = 2 * p.nodes + 1
    middle = np.empty(3)
    tip, head, one, two = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    broad, way, at, waves = np.empty(3), np.empty(3), np.empty(3), np.empty((WAVES, 4))
    axis = np.empty((length, 4))
    swollen = np.empty(length, np.uint8)
    for cz in range(first[0], last[0] + 1):
        for cy in range(first[1], last[1] + 1):
            for cx in range(first[2], last[2] + 1):
                k = cell_key(key, cz, cy, cx)
                if uniform(k, 9) >= p.chance:
                    continue
                middle[0] = (cz + uniform(k, 10)) * p.cell_nm
                middle[1] = (cy + uniform(k, 11)) * p.cell_nm
                middle[2] = (cx + uniform(k, 12)) * p.cell_nm
                if p.lanes:
                    k = in_lane(key, p, cz, cy, cx, middle)
                    if k == np.uint64(0):
                        continue
                if outside(middle, low, high, pad) > reach**2:
                    continue
                draw_axis(k, mix(key, 1), middle, p, reach, box, pad, keep, axis, swollen, way, at)
                before = s
                set_out(k, mix(key, 1), middle, p, way, at)
                broad_side(k, mix(key, 1), middle, p, way, broad, at)
                peak = draw_waves(mix(k, 3), p.ruffle_nm, p.ruffle_length_nm, waves)
                # what ruffles add to the thickness of a round tube
                swell = WAVES * peak / p.stiffness
                flat = min(1.0, max(FLATTEST, draw(p.flatness, uniform(k, 5), normal(k, 6))))
                for i in range(length):
                    ra = axis[i, 3]
                    if np.isnan(ra):
                        continue
                    for c in range(3):
                        one[c] = axis[i, c]
                    if i + 1 < length and not np.isnan(axis[i + 1, 3]):
                        rb = axis[i + 1, 3]
                        for c in range(3):
                            two[c] = axis[i + 1, c]
                        round_off = swollen[i] != SHAFT or swollen[i + 1] != SHAFT
                        own_flat = max(flat, FLATTEST_VARICOSITY) if round_off else flat
                        if _near_box(one, two, (max(ra, rb) + swell) / own_flat, low, high, pad):
                            if s < segments.shape[0]:
                                stiff = p.stiffness * (p.firmness if round_off else 1.0)
                                set_segment(segments, s, one, two, ra, rb, stiff, own_flat, broad)
                                ruffle_segment(segments, s, waves, peak)
                                segments[s, NODE] = i
                                owners[s] = n
                            s += 1
                    here = mix(k, 100 + i)
                    if uniform(here, 30) < p.spine_chance:
                        direction(mix(here, 31), way)
                        neck = draw(p.spine_neck_radius_nm, uniform(here, 32), normal(here, 35))
                        bulb = draw(p.spine_head_radius_nm, uniform(here, 33), normal(here, 36))
                        long = ra + draw(p.spine_length_nm, uniform(here, 34), normal(here, 37))
                        for c in range(3):
                            tip[c] = axis[i, c] + long * way[c]
                            head[c] = tip[c] + bulb * way[c]
                        if _near_box(one, head, bulb + swell, low, high, pad):
                            if s + 1 < segments.shape[0]:
                                set_segment(segments, s, one, tip, neck, neck, p.stiffness, 1.0, broad)
                                set_segment(segments, s + 1, tip, head, neck, bulb, p.stiffness, 1.0, broad)
                                ruffle_segment(segments, s, waves, peak)
                                ruffle_segment(segments, s + 1, waves, peak)
                                segments[s, NODE] = segments[s + 1, NODE] = i
                                owners[s] = owners[s + 1] = n
                            s += 2
                if s > before:
                    if n < keys.shape[0]:
                        keys[n] = k
                        nodes[n, :length] = axis
                        varicosity[n, :length] = swollen
                    n += 1
    return n, s


@compiled
def _describe(keys, radius, ids, radii):  # type: ignore[no-untyped-def]
    for i in range(keys.shape[0]):
        ids[i] = object_id(keys[i])
        radii[i] = typical_radius(keys[i], radius)


def _draw_population(
    seed: int,
    name: str,
    p: Population,
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    pad: float,
    keep: float,
) -> tuple[
    npt.NDArray[np.uint64],
    npt.NDArray[np.float64],
    npt.NDArray[np.uint8],
    npt.NDArray[np.float64],
    npt.NDArray[np.int32],
]:
    length = 2 * p.nodes + 1
    room_n, room_s = 1024, 8192
    while True:
        keys = np.empty(room_n, np.uint64)
        nodes = np.empty((room_n, length, 4))
        varicosity = np.empty((room_n, length), np.uint8)
        segments = np.empty((room_s, COLUMNS))
        owners = np.empty(room_s, np.int32)
        key = stream_key(seed, f"neurite/{name}")
        n, s = _grow(
            key, p.row(), p.reach_nm(), (low, high), pad, keep, keys, nodes, varicosity, segments, owners
        )
        if n <= room_n and s <= room_s:
            return keys[:n], nodes[:n], varicosity[:n], segments[:s], owners[:s]
        room_n, room_s = max(n, room_n), max(s, room_s)


def grow(
    seed: int,
    populations: dict[str, tuple[int, Population]],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    pads: float | Mapping[int, float],
    keep: float = 0.0,
) -> Neurites:
    """Draw all neurites that come within so many nm of a box of tissue space.

    Parameters
    ----------
    seed : int
        The world.
    populations : dict
        Name of each population to its kind (``AXON``, ``DENDRITE``, ``MYELINATED``) and parameters.
    low, high : float64 (3,)
        Corners of the box, (z, y, x) in nm.
    pads : float or mapping of int to float
        Tubes whose surface is farther than this from the box are left out: for all, or kind by kind.
    keep : float
        Nodes within this distance of the box are kept even where their tubes are left out.
    """

    def pad(kind: int) -> float:
        return pads[kind] if isinstance(pads, Mapping) else pads

    parts = [
        (kind, p, *_draw_population(seed, name, p, low, high, pad(kind), max(0.0, keep - pad(kind))))
        for name, (kind, p) in populations.items()
    ]
    longest = max(part[3].shape[1] for part in parts)
    total = sum(len(part[2]) for part in parts)
    nodes = np.full((total, longest, 4), np.nan)
    varicosity = np.zeros((total, longest), np.uint8)
    owners, n = [], 0
    for _, _, keys, own_nodes, own_varicosity, _, own_owners in parts:
        nodes[n : n + len(keys), : own_nodes.shape[1]] = own_nodes
        varicosity[n : n + len(keys), : own_nodes.shape[1]] = own_varicosity
        owners.append(own_owners + np.int32(n))
        n += len(keys)
    all_keys = np.concatenate([part[2] for part in parts])
    ids, radii = np.empty(total, np.int32), np.empty(total)
    counts = [len(part[2]) for part in parts]
    for (_, p, keys, *_), end in zip(parts, np.cumsum(counts), strict=True):
        _describe(keys, p.radius_nm.row(), ids[end - len(keys) : end], radii[end - len(keys) : end])
    return Neurites(
        keys=all_keys, ids=ids, kinds=np.repeat(np.array([part[0] for part in parts], np.int8), counts),
        radii_nm=radii, nodes_nm=nodes, varicosity=varicosity, steps_nm=np.repeat(np.array([part[1].step_nm
        for part in parts]), counts), counts=np.repeat(np.array([2 * part[1].nodes + 1 for part in parts],
        np.int32), counts), segments=np.concatenate([part[5] for part in parts]),
        owners=np.concatenate(owners).astype(np.int32),
    )  # fmt: skip
