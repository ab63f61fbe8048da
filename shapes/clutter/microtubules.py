"""Microtubules: straight thin tubes along a neurite, found voxel by voxel in the tube's own frame.

Across the axis lies a square lattice; a cell of it holds one microtubule or none, over lengths of its own. So
no tube is an object to be placed: each voxel looks up its own cell of the lattice.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.clutter.chains import RIM_NM, axis_frame, passes_by
from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.streams import cell_key, mix, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.core.tiles import GROUP
from shapes.neurites.population import BOUTON, SOMA
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition

_BAND_NM = 6.0
_WIDE = 1.5  # as far from the axis as so many radii there may be microtubules, for profiles are flat
_SWAY_NM = 900.0


class Microtubules(Block):
    """How densely microtubules lie in neurites of radius ``thinnest_nm`` or more.

    ``pitch_nm`` is the lattice across the axis, of whose cells a fraction ``density`` is taken. Figures: 24
    nm across, 50–100 a square micrometre in dendrites (Fiala & Harris 1999).
    """

    radius_nm: float = Field(default=12.0, gt=2, le=30)
    pitch_nm: float = Field(default=66.0, ge=40, le=400)
    density: float = Field(default=0.4, ge=0, le=1)
    length_nm: float = Field(default=2500.0, gt=100)
    thinnest_nm: float = Field(default=130.0, ge=0)
    clearance_nm: float = Field(default=6.0, ge=0, le=50)


class Lanes(NamedTuple):
    """Stretches of axis from node to node near a window.

    ``frames`` (n, 17): start, axis vector, two directions across ÷ pitch, 1 ÷ length², first radius, change
    of radius, place along the neurite and length in nm. ``owners`` (n,) count into the neurites.
    """

    frames: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the stretches, (n, 3)."""
        return self.frames[:, 0:3] + 0.5 * self.frames[:, 3:6]


@compiled
def _frames(salt, p, axes, box, lanes):  # type: ignore[no-untyped-def]
    """Write the stretches that count, with owner and key; returns how many."""
    nodes, varicosity, (low, high), out = axes.nodes_nm, axes.varicosity, box, lanes.frames
    pitch = p.pitch_nm
    n = 0
    across = np.empty((4, 3))
    for j in range(axes.keys.shape[0]):
        if axes.kinds[j] == SOMA:
            continue
        for k in range(axes.counts[j] - 1):
            # boutons are left to their vesicles
            if varicosity[j, k] == BOUTON or varicosity[j, k + 1] == BOUTON:
                continue
            thick = max(nodes[j, k, 3], nodes[j, k + 1, 3])
            # a bare comparison would let nodes pass that are not known
            if not min(nodes[j, k, 3], nodes[j, k + 1, 3]) >= p.thinnest_nm:
                continue
            if passes_by(nodes, j, k, _WIDE * thick, low, high):
                continue
            if n < out.shape[0]:
                lanes.owners[n], lanes.keys[n] = j, mix(axes.keys[j], salt)
                axis_frame(nodes, j, float(k), lanes.keys[n], across)
                length2 = 0.0
                for c in range(3):
                    out[n, c], out[n, 3 + c] = nodes[j, k, c], nodes[j, k + 1, c] - nodes[j, k, c]
                    out[n, 6 + c], out[n, 9 + c] = across[1, c] / pitch, across[2, c] / pitch
                    length2 += out[n, 3 + c] ** 2
                out[n, 12], out[n, 13] = 1.0 / length2, nodes[j, k, 3]
                out[n, 14], out[n, 15] = nodes[j, k + 1, 3] - nodes[j, k, 3], k * axes.steps_nm[j]
                out[n, 16] = np.sqrt(length2)
            n += 1
    return n


@compiled
def _beside(f, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return where along a stretch a point projects to, 0 … 1, and its squared distance from there."""
    ez, ey, ex = z - f[i, 0], y - f[i, 1], x - f[i, 2]
    t = min(1.0, max(0.0, (ez * f[i, 3] + ey * f[i, 4] + ex * f[i, 5]) * f[i, 12]))
    ez, ey, ex = ez - t * f[i, 3], ey - t * f[i, 4], ex - t * f[i, 5]
    return t, ez * ez + ey * ey + ex * ex


@compiled
def _near_box(f, among, low, high, some):  # type: ignore[no-untyped-def]
    """Pick, among some stretches, those that may have microtubules in a box; returns how many."""
    ball = 0.0
    for c in range(3):
        ball += (0.5 * (high[c] - low[c])) ** 2
    ball, few = np.sqrt(ball), 0
    z, y, x = 0.5 * (low[0] + high[0]), 0.5 * (low[1] + high[1]), 0.5 * (low[2] + high[2])
    for i in among:
        _, away = _beside(f, i, z, y, x)
        if away <= (ball + _WIDE * (f[i, 13] + max(0.0, f[i, 14]))) ** 2:
            some[few] = i
            few += 1
    return few


@compiled
def _fill(lanes, own, z, y, start, end, tissue, partition, gap, p, layer):  # type: ignore[no-untyped-def]
    """Write the microtubules of a run of voxels of one neurite, of which some stretches lie near."""
    f, keys, depth, out_id, out_d = lanes.frames, lanes.keys, partition.depth_nm, layer.ids, layer.distance_nm
    radius, pitch, density = p.radius_nm, p.pitch_nm, p.density
    play, often = 0.5 * pitch - radius - _BAND_NM, 1.0 / p.length_nm
    far = radius + _BAND_NM
    known, last_u, last_v, last_run = False, 0, 0, 0
    there, cu, cv, phase, who = False, 0.0, 0.0, 0.0, 0
    for x in range(start, end):
        if depth[z, y, x] < gap - _BAND_NM:
            continue
        pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
        best, at, s = np.inf, -1, 0.0
        for i in own:
            t, away = _beside(f, i, pz, py, px)
            if away < best and away < (_WIDE * (f[i, 13] + t * f[i, 14])) ** 2:
                best, at, s = away, i, t
        if at < 0:
            continue
        ez, ey, ex = pz - f[at, 0], py - f[at, 1], px - f[at, 2]
        u = ez * f[at, 6] + ey * f[at, 7] + ex * f[at, 8]
        v = ez * f[at, 9] + ey * f[at, 10] + ex * f[at, 11]
        iu, iv = int(np.floor(u)), int(np.floor(v))
        along = f[at, 15] + s * f[at, 16]
        run = int(np.floor(along * often + 0.618 * (7 * iu + 13 * iv)))
        if not known or iu != last_u or iv != last_v or run != last_run:
            known, last_u, last_v, last_run = True, iu, iv, run
            key = cell_key(keys[at], iu, iv, run)
            there = uniform(key, 0) < density
            if there:
                cu = play * (1.4 * uniform(key, 1) - 0.7)
                cv = play * (2.0 * uniform(key, 2) - 1.0)
                phase, who = 6.2831853 * uniform(key, 3), object_id(key)
        if not there:
            continue
        ev = (v - iv - 0.5) * pitch - cv
        eu = (u - iu - 0.5) * pitch - cu
        if abs(ev) > far or abs(eu) > far + 0.3 * play:
            continue
        eu -= 0.3 * play * np.sin(along / _SWAY_NM * 6.28 + phase)
        d = np.sqrt(eu * eu + ev * ev) - radius
        if depth[z, y, x] < gap + RIM_NM:
            d = max(d, gap - depth[z, y, x])
        if d < _BAND_NM:
            out_d[z, y, x] = d
            out_id[z, y, x] = who


@compiled
def _build(lanes, tiles, groups, tissue, partition, gap, p, layer):  # type: ignore[no-untyped-def]
    f, owners, (group_lows, group_highs) = lanes.frames, lanes.owners, groups
    lows, highs, (cz, cy, cx), index = tiles.low_nm, tiles.high_nm, tiles.cuts, partition.index
    everything, coarse, some = (
        np.arange(f.shape[0]),
        np.empty(f.shape[0], np.int64),
        np.empty(f.shape[0], np.int64),
    )
    down, across = -(-lows.shape[1] // GROUP), -(-lows.shape[2] // GROUP)
    for g in range(group_lows.shape[0]):
        count = _near_box(f, everything, group_lows[g], group_highs[g], coarse)
        gz, gy, gx = GROUP * (g // (down * across)), GROUP * (g // across % down), GROUP * (g % across)
        if count == 0:
            continue
        for tz in range(gz, min(gz + GROUP, lows.shape[0])):
            for ty in range(gy, min(gy + GROUP, lows.shape[1])):
                for tx in range(gx, min(gx + GROUP, lows.shape[2])):
                    few = _near_box(f, coarse[:count], lows[tz, ty, tx], highs[tz, ty, tx], some)
                    if few == 0:
                        continue
                    for z in range(cz[tz], cz[tz + 1]):
                        for y in range(cy[ty], cy[ty + 1]):
                            x = cx[tx]
                            while x < cx[tx + 1]:
                                start, j = x, index[z, y, x]
                                while x < cx[tx + 1] and index[z, y, x] == j:
                                    x += 1
                                # the stretches of a neurite follow each other
                                first = 0
                                while first < few and owners[some[first]] != j:
                                    first += 1
                                end = first
                                while end < few and owners[some[end]] == j:
                                    end += 1
                                if first < end:
                                    own = some[first:end]
                                    _fill(lanes, own, z, y, start, x, tissue, partition, gap, p, layer)


def reach_nm(params: Microtubules, kind: int, rim_nm: float) -> float:
    """Return 0: a voxel asks its own neurite only."""
    return 0.0


def nodes_nm(params: Microtubules, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its microtubules follow."""
    return step_nm


def place(tissue: Tissue, params: Microtubules, placed: dict[str, object]) -> Lanes:
    """Return the frames of the thicker neurites near a window."""
    room = 256
    while True:
        out = Lanes(np.empty((room, 17)), np.empty(room, np.int32), np.empty(room, np.uint64))
        n = _frames(
            stream_key(tissue.seed, "microtubule"),
            params.row(),
            tissue.neurites.axes,
            tissue.window.box_nm,
            out,
        )
        if n <= room:
            return rows(out, slice(n))
        room = n


def depths(objects: Lanes, tissue: Tissue, params: Microtubules) -> Depths:
    """Return none: the scene asks for what clutter needs everywhere."""
    return Depths.nowhere()


def build(objects: Lanes, tissue: Tissue, partition: Partition, params: Microtubules) -> Layer:
    """Return microtubules on the window's voxels, as full cylinders."""
    layer, window = empty_layer(tissue.window.grid.shape), tissue.window
    if params.density > 0 and len(objects.frames):
        gap = tissue.membranes.half_width_nm + params.clearance_nm
        groups = window.tiles.groups()
        _build(objects, window.tiles, groups, window.tissue_nm, partition, gap, params.row(), layer)
    return layer
