"""Endoplasmic reticulum: tubules and flat cisternae along a neurite, with side branches.

A neurite has lanes along its axis, as many as its cross-section holds there, each with an offset that
wanders from knot to knot; between two nodes a lane may hold a piece. All pieces of a neurite are one object,
as in life.
"""

import numpy as np
from pydantic import Field

from shapes.clutter.chains import BAND_NM, Chains, axis_frame, lay, passes_by
from shapes.clutter.cisternae import lay_cisternae
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.mitochondria.rods import obstacles
from shapes.neurites.population import AXON, BOUTON
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue
from shapes.partition.partition import Partition
from shapes.synapses.packing import bouton_ball

POINTS = 7
"""A piece has this many points."""
_BRANCH_POINTS = 4
_KNOTS = 3  # wiggles a node
_LONGEST_BRANCH_NM = 215.0
FLATTEST = 0.4
"""No piece is flatter than this."""
_AXON_LANE = 0.3  # how far from its axis an axon's tubule runs, as a part of the radius


class Reticulum(Block):
    """How much reticulum a neurite holds, and its shape.

    ``lanes_per_um2`` is how many lanes there are to a square micrometre of cross-section, and ``chance`` how
    often one is taken; an axon has one in its middle besides, taken with ``axon_chance``. ``radius_nm`` is
    half the thickness, which ``flatness`` divides to half the breadth. Figures: smooth tubules 30–60 nm
    across, cisternae broader, through all dendrites and most axons (Spacek & Harris 1997; Wu et al. 2017).
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
    sheets: float = Field(default=0.0, ge=0, lt=1)
    sheet_nm: float = Field(default=50.0, ge=25, le=120)
    sheet_period_nm: float = Field(default=115.0, ge=60, le=300)


@compiled
def _wander(key, k, knots):  # type: ignore[no-untyped-def]
    """Write what a lane does at its knots from node k to the next: two offsets, and thickness."""
    for i in range(_KNOTS + 1):
        here = mix(key, 5000 + _KNOTS * k + i)
        for c in range(3):
            knots[i, c] = min(2.0, max(-2.0, normal(here, c)))


@compiled
def _piece(knots, axes, step, more, begin, end, place, radius, wander, points, n):  # type: ignore[no-untyped-def]
    """Write a piece of a lane that runs beside an axis, ``place`` (u, v) from it and ``more`` at its end."""
    for i in range(POINTS):
        s = begin + (end - begin) * i / (POINTS - 1)
        k = min(int(_KNOTS * s), _KNOTS - 1)
        t = _KNOTS * s - k
        t = t * t * (3.0 - 2.0 * t)
        u = place[0] * (1.0 + s * more) + wander * (knots[k, 0] + t * (knots[k + 1, 0] - knots[k, 0]))
        v = place[1] * (1.0 + s * more) + wander * (knots[k, 1] + t * (knots[k + 1, 1] - knots[k, 1]))
        z = 0.7 * (knots[k, 2] + t * (knots[k + 1, 2] - knots[k, 2]))
        r = draw(radius, min(1.0, max(0.0, 0.5 + 0.35 * z)), z)
        for c in range(3):
            points[n, i, c] = axes[0, c] + s * step * axes[3, c] + u * axes[1, c] + v * axes[2, c]
        points[n, i, 3] = r if 0 < i < POINTS - 1 else 0.6 * r


@compiled
def _leave_boutons(nodes, varicosity, j, k, points, n):  # type: ignore[no-untyped-def]
    """Interrupt a piece in boutons, which are left to their vesicles."""
    # where an axon is squeezed, other nodes than those of the piece may lie as near
    for m in range(max(0, k - 3), min(nodes.shape[1], k + 5)):
        if varicosity[j, m] != BOUTON:
            continue
        ball = bouton_ball(nodes[j, m, 3])
        for i in range(POINTS):
            away = 0.0
            for c in range(3):
                away += (points[n, i, c] - nodes[j, m, c]) ** 2
            if away < ball * ball:
                points[n, i, 3] = 0.0


@compiled
def _branch(here, axes, points, n, out_n):  # type: ignore[no-untyped-def]
    """Write a side branch of piece ``n`` as piece ``out_n``."""
    turn = 6.2831853 * uniform(here, 31)
    lean = uniform(here, 32) - 0.5
    long = 50.0 + 120.0 * uniform(here, 33)
    sway = 20.0 * min(2.0, max(-2.0, normal(here, 34)))
    i0 = 2 + int(uniform(here, 35) * (POINTS - 4))
    for i in range(POINTS):
        s = min(1.0, i / (_BRANCH_POINTS - 1))
        for c in range(3):
            way = np.cos(turn) * axes[1, c] + np.sin(turn) * axes[2, c] + lean * axes[3, c]
            off = np.cos(turn) * axes[2, c] - np.sin(turn) * axes[1, c]
            points[out_n, i, c] = points[n, i0, c] + s * long * way + sway * np.sin(3.1415927 * s) * off
        points[out_n, i, 3] = points[n, i0, 3] * (1.0 - 0.3 * s) if i < _BRANCH_POINTS else 0.0


@compiled
def _room(radius, glia):  # type: ignore[no-untyped-def]
    """Return about how thick a neurite is where its tube has some radius: it owns some of what is around."""
    return radius + 0.6 * glia


@compiled
def _beyond(nodes, j, k, one, other, pad, low, high):  # type: ignore[no-untyped-def]
    """Tell whether what runs beside an axis from node to node stays clear of a padded box."""
    for c in range(3):
        a, b = nodes[j, k, c] + one[c], nodes[j, k + 1, c] + other[c]
        if min(a, b) - pad > high[c] or max(a, b) + pad < low[c]:
            return True
    return False


@compiled
def _beyond_all(nodes, j, k, one, other, pad, lows, highs):  # type: ignore[no-untyped-def]
    """Tell whether it stays clear of many boxes, which lie closer around the window than a single one."""
    g, clear = 0, True
    while clear and g < lows.shape[0]:
        clear = _beyond(nodes, j, k, one, other, pad, lows[g], highs[g])
        g += 1
    return clear


@compiled
def _draw(salt, axes, p, glia, box, groups, out):  # type: ignore[no-untyped-def]
    """Draw every piece that can touch the box; returns how many, or -1 where there is no more room."""
    nodes, steps, keys, wander, thickest = (
        axes.nodes_nm,
        axes.steps_nm,
        axes.keys,
        p.wander_nm,
        p.radius_nm.highest,
    )
    points, broad, (low, high), (lows, highs) = out.points, out.broad, box, groups
    n = 0
    frame, place, knots = np.empty((4, 3)), np.empty(2), np.empty((_KNOTS + 1, 3))
    one, other = np.empty(3), np.empty(3)
    for j in range(keys.shape[0]):
        key = mix(keys[j], salt)
        first = 1 if axes.kinds[j] == AXON else 0
        for k in range(axes.counts[j] - 1):
            if np.isnan(nodes[j, k, 3]) or np.isnan(nodes[j, k + 1, 3]):
                continue
            wide = max(nodes[j, k, 3], nodes[j, k + 1, 3]) + glia
            far = (thickest + BAND_NM) / FLATTEST + 3.0 * wander + _LONGEST_BRANCH_NM
            if passes_by(nodes, j, k, wide + far, low, high):
                continue
            room, after = _room(nodes[j, k, 3], glia), _room(nodes[j, k + 1, 3], glia)
            axis_frame(nodes, j, float(k), key, frame)
            lanes = int(p.lanes_per_um2 * 7.854e-7 * (room + after) ** 2 + uniform(mix(key, k), 1))
            for m in range(max(first, lanes)):
                lane = mix(key, 10 + m)
                here = mix(lane, k)
                middle = m < first
                if uniform(here, 0) >= (p.axon_chance if middle else p.chance):
                    continue
                base = (_AXON_LANE if middle else 1.0) * np.sqrt(uniform(lane, 1)) * room
                sway = min(wander, 0.2 * nodes[j, k, 3]) if middle else wander
                place[0], place[1] = (
                    base * np.cos(6.2831853 * uniform(lane, 2)),
                    base * np.sin(6.2831853 * uniform(lane, 2)),
                )
                side = not middle and uniform(here, 30) < p.branch_chance
                # most lanes pass far above or below: those are left before anything is drawn
                for c in range(3):
                    one[c] = place[0] * frame[1, c] + place[1] * frame[2, c]
                    other[c] = one[c] * after / room
                pad = (thickest + BAND_NM) / FLATTEST + 2.83 * sway + (_LONGEST_BRANCH_NM if side else 0.0)
                if _beyond(nodes, j, k, one, other, pad, low, high):
                    continue
                part = min(1.0, draw(p.length_nm, uniform(here, 2), normal(here, 3)) / steps[j])
                begin = 0.0 if middle else uniform(here, 1) * (1.0 - part)
                end = 1.0 if middle else begin + part
                for c in range(3):
                    way = place[0] * frame[1, c] + place[1] * frame[2, c]
                    one[c] = way * (1.0 + begin * (after / room - 1.0)) + begin * steps[j] * frame[3, c]
                    other[c] = way * (1.0 + end * (after / room - 1.0)) + (end - 1.0) * steps[j] * frame[3, c]
                flat = 1.0
                if not middle:
                    flat = min(1.0, max(FLATTEST, draw(p.flatness, uniform(here, 4), normal(here, 5))))
                pad = (thickest + BAND_NM) / flat + 2.83 * sway + (_LONGEST_BRANCH_NM if side else 0.0)
                if _beyond_all(nodes, j, k, one, other, pad, lows, highs):
                    continue
                if n + 1 >= points.shape[0]:
                    return -1
                _wander(lane, k, knots)
                more = after / room - 1.0
                _piece(knots, frame, steps[j], more, begin, end, place, p.radius_nm, sway, points, n)
                _leave_boutons(nodes, axes.varicosity, j, k, points, n)
                lie = 6.2831853 * uniform(lane, 3)
                for c in range(3):
                    broad[n, c] = np.cos(lie) * frame[1, c] + np.sin(lie) * frame[2, c]
                broad[n, 3] = flat
                for c in range(1 + side):
                    out.owners[n + c], out.ids[n + c], broad[n + c] = j, object_id(key), broad[n]
                if side:
                    _branch(here, frame, points, n, n + 1)
                n += 1 + side
    return n


def reach_nm(params: Reticulum, kind: int, rim_nm: float) -> float:
    """Return 0: a piece is cut voxel by voxel, by the membranes that a window has anyway."""
    return 0.0


def nodes_nm(params: Reticulum, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its reticulum is strung along."""
    return step_nm + 3.0 * params.wander_nm + 500.0  # and more than a branch is long


def place(tissue: Tissue, params: Reticulum, placed: dict[str, object]) -> Chains:
    """Draw the reticulum that can touch a window; what has no room is cut, so that nothing is missing."""
    room = 512
    while True:
        out = Chains(
            np.empty((room, POINTS, 4)),
            np.empty((room, 4)),
            np.empty(room, np.int32),
            np.empty(room, np.int32),
            obstacles(placed),
        )
        n = _draw(
            stream_key(tissue.seed, "reticulum"), tissue.neurites.axes, params.row(),
            tissue.membranes.glia_nm, tissue.window.box_nm, tissue.window.tiles.groups(), out,
        )  # fmt: skip
        if n >= 0:
            return rows(out, slice(n))
        room *= 2


def depths(objects: Chains, tissue: Tissue, params: Reticulum) -> Depths:
    """Return none: the scene asks for what clutter needs everywhere."""
    return Depths.nowhere()


def build(objects: Chains, tissue: Tissue, partition: Partition, params: Reticulum) -> Layer:
    """Return reticulum on the window's voxels; the distance is to the outer face of its membrane."""
    layer = lay(objects, tissue, partition, params.clearance_nm)[0]
    if params.sheets > 0.0:
        off, part = params.clearance_nm, params.sheets
        lay_cisternae(layer, objects.obstacles, tissue, partition, params, off, part)
    return layer
