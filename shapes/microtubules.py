"""Microtubules: straight thin tubes along a dendrite, found voxel by voxel in the tube's own frame.

Across the axis lies a square lattice; a cell of it holds one microtubule or none, over lengths of its own. So
no tube is an object to be placed: each voxel asks its own cell.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field

from shapes.chains import axis_frame
from shapes.depths import Depths
from shapes.partition import Partition
from shapes.population import AXON
from shapes.spread import Params
from shapes.streams import cell_key, mix, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer

_BAND_NM = 6.0
_WIDE = 1.5  # as far from the axis as so many radii there may be microtubules, for profiles are flat
_SWAY_NM = 900.0


class Microtubules(Params):
    """How densely microtubules lie in dendrites and wrapped axons.

    ``pitch_nm`` is the lattice across the axis, of whose cells a fraction ``density`` is taken. Figures: 24
    nm across, 50–100 a square micrometre in dendrites (Fiala & Harris 1999).
    """

    radius_nm: float = Field(default=12.0, gt=2, le=30)
    pitch_nm: float = Field(default=66.0, ge=40, le=400)
    density: float = Field(default=0.4, ge=0, le=1)
    length_nm: float = Field(default=2500.0, gt=100)
    clearance_nm: float = Field(default=6.0, ge=0, le=50)


@dataclass(frozen=True, eq=False)
class Lanes:
    """Stretches of axis from node to node near a window.

    ``frames`` (n, 16): start, axis vector, two directions across, 1 ÷ length², first radius, change of radius
    and place along the neurite in nm; ``first`` (neurites + 2,) is where each neurite's stretches begin.
    """

    frames: npt.NDArray[np.float64]
    first: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the stretches, (n, 3)."""
        return self.frames[:, 0:3] + 0.5 * self.frames[:, 3:6]


@njit(cache=True)
def _frames(salt, nodes, counts, steps, cell_keys, kinds, low, high, out, first, keys):  # type: ignore[no-untyped-def]
    """Write the stretches that count, and each neurite's key; returns how many."""
    n = 0
    axes = np.empty((4, 3))
    for j in range(keys.shape[0]):
        first[j], keys[j] = n, mix(cell_keys[j], salt)
        if kinds[j] == AXON:
            continue
        for k in range(counts[j] - 1):
            if np.isnan(axis_frame(nodes, j, float(k), keys[j], axes)):
                continue
            beyond = False
            wide = _WIDE * max(nodes[j, k, 3], nodes[j, k + 1, 3])
            for c in range(3):
                a, b = nodes[j, k, c], nodes[j, k + 1, c]
                beyond = beyond or min(a, b) - wide > high[c] or max(a, b) + wide < low[c]
            if beyond:
                continue
            if n < out.shape[0]:
                length2 = 0.0
                for c in range(3):
                    out[n, c], out[n, 3 + c] = nodes[j, k, c], nodes[j, k + 1, c] - nodes[j, k, c]
                    out[n, 6 + c], out[n, 9 + c] = axes[1, c], axes[2, c]
                    length2 += out[n, 3 + c] ** 2
                out[n, 12], out[n, 13] = 1.0 / length2, nodes[j, k, 3]
                out[n, 14], out[n, 15] = nodes[j, k + 1, 3] - nodes[j, k, 3], k * steps[j]
            n += 1
    first[keys.shape[0]] = first[keys.shape[0] + 1] = n
    return n


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    f, first, keys, tissue, index, depth, gap, radius, pitch, density, length, out_id, out_d,
):  # fmt: skip
    nz, ny, nx = index.shape
    play = 0.5 * pitch - radius - _BAND_NM
    last_j, last_u, last_v, last_run = -1, 0, 0, 0
    there, cu, cv, phase, who = False, 0.0, 0.0, 0.0, 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                j = index[z, y, x]
                if first[j] == first[j + 1] or depth[z, y, x] < gap - _BAND_NM:
                    continue
                pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                best, at, s = np.inf, -1, 0.0
                for i in range(first[j], first[j + 1]):
                    ez, ey, ex = pz - f[i, 0], py - f[i, 1], px - f[i, 2]
                    t = (ez * f[i, 3] + ey * f[i, 4] + ex * f[i, 5]) * f[i, 12]
                    t = min(1.0, max(0.0, t))
                    ez, ey, ex = ez - t * f[i, 3], ey - t * f[i, 4], ex - t * f[i, 5]
                    away = ez * ez + ey * ey + ex * ex
                    if away < best and away < (_WIDE * (f[i, 13] + t * f[i, 14])) ** 2:
                        best, at, s = away, i, t
                if at < 0:
                    continue
                ez, ey, ex = pz - f[at, 0], py - f[at, 1], px - f[at, 2]
                u = (ez * f[at, 6] + ey * f[at, 7] + ex * f[at, 8]) / pitch
                v = (ez * f[at, 9] + ey * f[at, 10] + ex * f[at, 11]) / pitch
                iu, iv = int(np.floor(u)), int(np.floor(v))
                along = f[at, 15] + s / np.sqrt(f[at, 12])
                run = int(along / length + 0.618 * (7 * iu + 13 * iv))
                if j != last_j or iu != last_u or iv != last_v or run != last_run:
                    last_j, last_u, last_v, last_run = j, iu, iv, run
                    key = cell_key(keys[j], iu, iv, run)
                    there = uniform(key, 0) < density
                    if there:
                        cu = play * (1.4 * uniform(key, 1) - 0.7)
                        cv = play * (1.4 * uniform(key, 2) - 0.7)
                        phase, who = 6.2831853 * uniform(key, 3), object_id(key)
                if not there:
                    continue
                eu = (u - iu - 0.5) * pitch - cu - 0.3 * play * np.sin(along / _SWAY_NM * 6.28 + phase)
                ev = (v - iv - 0.5) * pitch - cv
                d = max(np.sqrt(eu * eu + ev * ev) - radius, gap - depth[z, y, x])
                if d < _BAND_NM:
                    out_d[z, y, x] = d
                    out_id[z, y, x] = who


def reach_nm(params: Microtubules, kind: int, rim_nm: float) -> float:
    """Return 0: a voxel asks its own neurite only."""
    return 0.0


def nodes_nm(params: Microtubules, step_nm: float) -> float:
    """Return how far from a window a neurite's nodes can lie that its microtubules follow."""
    return step_nm


def place(tissue: Tissue, params: Microtubules, placed: dict[str, object]) -> Lanes:
    """Return the frames of the dendrites and wrapped axons near a window."""
    cells = tissue.neurites
    first = np.zeros(len(cells.keys) + 2, np.int64)
    salt, keys = stream_key(tissue.seed, "microtubule"), np.empty_like(cells.keys)
    room = 256
    while True:
        out = np.empty((room, 16))
        n = _frames(
            salt, cells.nodes_nm, cells.counts, cells.steps_nm, cells.keys, cells.kinds,
            *tissue.window.box_nm, out, first, keys,
        )  # fmt: skip
        if n <= room:
            return Lanes(out[:n], first, keys)
        room = n


def depths(objects: Lanes, tissue: Tissue, params: Microtubules) -> Depths:
    """Return none: the scene asks for what clutter needs everywhere."""
    return Depths.nowhere()


def build(objects: Lanes, tissue: Tissue, partition: Partition, params: Microtubules) -> Layer:
    """Return microtubules on the window's voxels, as full cylinders."""
    layer = empty_layer(tissue.window.grid.shape)
    if params.density > 0 and len(objects.frames):
        _build(
            objects.frames, objects.first, objects.keys, tissue.window.tissue_nm, partition.index,
            partition.depth_nm, tissue.membranes.half_width_nm + params.clearance_nm, params.radius_nm,
            params.pitch_nm, params.density, params.length_nm, layer.ids, layer.distance_nm,
        )  # fmt: skip
    return layer
