"""Endoplasmic reticulum: tubules and flat cisternae along a neurite, with side branches.

A neurite has lanes along its axis, as many as its cross-section holds, each with an offset that wanders from
knot to knot; between two nodes a lane may hold a piece. All pieces of a neurite are one object, as in life.
"""

import numpy as np
from numba import njit
from pydantic import Field

from shapes.chains import Chains, axis_frame, lay, touches
from shapes.depths import Depths
from shapes.packing import bouton_ball
from shapes.partition import Partition
from shapes.population import AXON, BOUTON
from shapes.rods import Rods
from shapes.spread import Params, Spread, draw
from shapes.streams import mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue

POINTS = 9
"""A piece has this many points."""
_KNOTS = 3.0  # wiggles a node
_AXON_LANE = 0.3  # how far from its axis an axon's tubule runs, as a part of the radius


class Reticulum(Params):
    """How much reticulum a neurite holds, and its shape.

    ``lanes_per_um2`` is how many lanes a dendrite has to a square micrometre of its cross-section, and
    ``chance`` how often one is taken; an axon has one lane, taken with ``axon_chance``. ``radius_nm`` is half
    the thickness, which ``flatness`` divides to half the breadth. Figures: smooth tubules 30–60 nm across,
    cisternae broader, through all dendrites and most axons (Spacek & Harris 1997; Wu et al. 2017).
    """

    lanes_per_um2: float = Field(default=16.0, ge=0, le=60)
    chance: float = Field(default=0.6, ge=0, le=1)
    axon_chance: float = Field(default=0.5, ge=0, le=1)
    branch_chance: float = Field(default=0.35, ge=0, le=1)
    length_nm: Spread = Spread(min=90, max=450)
    radius_nm: Spread = Spread(mean=20, std=5)
    flatness: Spread = Spread(min=0.45, max=1.0)
    wander_nm: float = Field(default=35.0, ge=0, le=200)
    clearance_nm: float = Field(default=4.0, ge=0, le=50)


@njit(cache=True)
def _wander(key, at, which):  # type: ignore[no-untyped-def]
    """Return a smooth number of deviation one or so along a lane."""
    k = int(np.floor(at))
    t = at - k
    t = t * t * (3.0 - 2.0 * t)
    one = min(2.0, max(-2.0, normal(mix(key, 5000 + k), which)))
    other = min(2.0, max(-2.0, normal(mix(key, 5001 + k), which)))
    return one + t * (other - one)


@njit(cache=True)
def _piece(  # type: ignore[no-untyped-def]
    lane, here, nodes, j, k, varicosity, begin, end, base, angle, radius, wander, side, axes, points, n,
):  # fmt: skip
    """Write a piece of a lane between nodes k and k + 1."""
    for i in range(POINTS):
        at = k + begin + (end - begin) * i / (POINTS - 1)
        room = axis_frame(nodes, j, min(at, k + 0.999999), side, axes)
        u = base * room * np.cos(angle) + wander * _wander(lane, _KNOTS * at, 0)
        v = base * room * np.sin(angle) + wander * _wander(lane, _KNOTS * at, 1)
        # tubules swell and thin from knot to knot
        z = 0.7 * _wander(lane, _KNOTS * at, 2)
        r = draw(radius, min(1.0, max(0.0, 0.5 + 0.35 * z)), z)
        if i == 0 or i == POINTS - 1:
            r *= 0.6
        for c in range(3):
            points[n, i, c] = axes[0, c] + u * axes[1, c] + v * axes[2, c]
        # a bouton is left to its vesicles
        for m in range(k, k + 2):
            if varicosity[j, m] == BOUTON:
                away = 0.0
                for c in range(3):
                    away += (points[n, i, c] - nodes[j, m, c]) ** 2
                if away < bouton_ball(nodes[j, m, 3]) ** 2:
                    r = 0.0
        points[n, i, 3] = r


@njit(cache=True)
def _branch(here, axes, points, n, out_n):  # type: ignore[no-untyped-def]
    """Write a side branch of piece ``n`` as piece ``out_n``."""
    turn = 6.2831853 * uniform(here, 31)
    lean = 1.6 * uniform(here, 32) - 0.8
    long = 80.0 + 200.0 * uniform(here, 33)
    sway = 20.0 * min(2.0, max(-2.0, normal(here, 34)))
    i0 = 2 + int(uniform(here, 35) * (POINTS - 4))
    for i in range(POINTS):
        s = i / (POINTS - 1)
        for c in range(3):
            way = np.cos(turn) * axes[1, c] + np.sin(turn) * axes[2, c] + lean * axes[3, c]
            off = np.cos(turn) * axes[2, c] - np.sin(turn) * axes[1, c]
            points[out_n, i, c] = points[n, i0, c] + s * long * way + sway * np.sin(3.1415927 * s) * off
        points[out_n, i, 3] = points[n, i0, 3] * (1.0 - 0.3 * s)


@njit(cache=True)
def _draw(  # type: ignore[no-untyped-def]
    salt, nodes, varicosity, counts, steps, keys, kinds, radii, density, chance, axon_chance, branch, length,
    radius, flatness, wander, low, high, points, broad, owners, ids,
):  # fmt: skip
    """Draw every piece that can touch the box; returns how many."""
    n = 0
    axes = np.empty((4, 3))
    for j in range(keys.shape[0]):
        key = mix(keys[j], salt)
        lanes, taken, widest = 1, axon_chance, _AXON_LANE
        if kinds[j] != AXON:
            lanes = int(density * 3.1415927e-6 * radii[j] ** 2 + uniform(key, 1))
            taken, widest = chance, 1.0
        for k in range(counts[j] - 1):
            if np.isnan(nodes[j, k, 3]) or np.isnan(nodes[j, k + 1, 3]):
                continue
            beyond = False
            wide = 1.1 * max(nodes[j, k, 3], nodes[j, k + 1, 3]) + 3.0 * wander + 500.0
            for c in range(3):
                a, b = nodes[j, k, c], nodes[j, k + 1, c]
                beyond = beyond or min(a, b) - wide > high[c] or max(a, b) + wide < low[c]
            if beyond:
                continue
            for m in range(lanes):
                lane = mix(key, 10 + m)
                here = mix(lane, k)
                if uniform(here, 0) >= taken:
                    continue
                if n + 1 >= points.shape[0]:
                    return -1
                part = draw(length, uniform(here, 2), normal(here, 3)) / steps[j]
                begin = uniform(here, 1) * max(0.0, 1.0 - part) if kinds[j] != AXON else 0.0
                end = min(1.0, begin + part) if kinds[j] != AXON else 1.0
                base, angle = widest * np.sqrt(uniform(lane, 1)), 6.2831853 * uniform(lane, 2)
                _piece(
                    lane, here, nodes, j, k, varicosity, begin, end, base, angle, radius, wander if
                    kinds[j] != AXON else min(wander, 0.2 * radii[j]), key, axes, points, n,
                )  # fmt: skip
                lie = 6.2831853 * uniform(lane, 3)
                for c in range(3):
                    broad[n, c] = np.cos(lie) * axes[1, c] + np.sin(lie) * axes[2, c]
                broad[n, 3] = 1.0
                if kinds[j] != AXON:
                    broad[n, 3] = min(1.0, max(0.2, draw(flatness, uniform(here, 4), normal(here, 5))))
                owners[n], ids[n] = j, object_id(key)
                before = n
                side = kinds[j] != AXON and uniform(here, 30) < branch
                if side:
                    _branch(here, axes, points, n, n + 1)
                    broad[n + 1], owners[n + 1], ids[n + 1] = broad[n], j, ids[n]
                if touches(points, n, low, high, broad[n, 3]):
                    n += 1
                if side and touches(points, before + 1, low, high, broad[before + 1, 3]):
                    if n == before:
                        points[n] = points[n + 1]
                    n += 1
    return n


def reach_nm(params: Reticulum, kind: int, rim_nm: float) -> float:
    """Return 0: a piece is cut voxel by voxel, by the membranes that a window has anyway."""
    return 0.0


def nodes_nm(params: Reticulum, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its reticulum is strung along."""
    return step_nm + 3.0 * params.wander_nm + 500.0


def place(tissue: Tissue, params: Reticulum, placed: dict[str, object]) -> Chains:
    """Draw the reticulum that can touch a window; what has no room is cut, so that nothing is missing."""
    cells, rods = tissue.neurites, placed.get("mitochondrion")
    room = 512
    while True:
        points, broad = np.empty((room, POINTS, 4)), np.empty((room, 4))
        owners, ids = np.empty(room, np.int32), np.empty(room, np.int32)
        n = _draw(
            stream_key(tissue.seed, "reticulum"), cells.nodes_nm, cells.varicosity, cells.counts,
            cells.steps_nm, cells.keys, cells.kinds, cells.radii_nm, params.lanes_per_um2, params.chance,
            params.axon_chance, params.branch_chance, params.length_nm.row(), params.radius_nm.row(),
            params.flatness.row(), params.wander_nm, *tissue.window.box_nm, points, broad, owners, ids,
        )  # fmt: skip
        if n >= 0:
            break
        room *= 2
    return Chains(points[:n], broad[:n], owners[:n], ids[:n], rods if isinstance(rods, Rods) else None)


def depths(objects: Chains, tissue: Tissue, params: Reticulum) -> Depths:
    """Return none: the scene asks for ``deep_nm`` everywhere."""
    return Depths.nowhere()


def build(objects: Chains, tissue: Tissue, partition: Partition, params: Reticulum) -> Layer:
    """Return reticulum on the window's voxels; the distance is to the outer face of its membrane."""
    return lay(objects, tissue, partition, params.clearance_nm)[0]
