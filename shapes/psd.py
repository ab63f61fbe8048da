"""Synapses: a postsynaptic density on the membrane between a bouton and a dendrite or spine near it.

The density lies in the postsynaptic cell, is thickest in its middle and thins out to its rim, and follows the
membrane.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit
from pydantic import Field

from shapes.membranes import near, probe
from shapes.partition import Partition
from shapes.population import BOUTON, DENDRITE
from shapes.spread import Params, Spread, draw
from shapes.streams import mix, normal, object_id, stream_key, uniform
from shapes.tissue import Layer, Tissue, empty_layer, frame, voxel_range
from shapes.tubes import AZ, DZ, axis_place, tube_field

TRIES = 3
_LOOK_NM = 340.0  # how far from a bouton's middle its contact may lie
_PROBE_NM = 60.0
_FLANK_NM = 45.0


class Synapses(Params):
    """Size of a postsynaptic density, and how likely a bouton is to have one.

    Figures: 200–500 nm long, 30–60 nm thick with its membrane (Harris & Weinberg 2012), cleft 15–20 nm.
    """

    chance: float = Field(default=0.9, ge=0, le=1)
    radius_nm: Spread = Spread(mean=145, std=40)
    thickness_nm: Spread = Spread(mean=34, std=6)
    presynaptic_nm: float = Field(default=6.0, ge=0)


@dataclass(frozen=True, eq=False)
class Contacts:
    """Synapses near a window.

    ``boutons`` (n, 2) name neurite and node; ``middles_nm`` and ``normals`` (n, 3) the middle of the contact
    and the direction from bouton to partner; ``partners`` (n,) count into the neurites; radius and thickness
    in nm.
    """

    boutons: npt.NDArray[np.int32]
    partners: npt.NDArray[np.int32]
    middles_nm: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    thicknesses_nm: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int32]
    missing: int

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the contacts, (n, 3)."""
        return self.middles_nm


@njit(cache=True)
def _lowest(segments, owners, chosen, count, who, z, y, x):  # type: ignore[no-untyped-def]
    best = 1e9
    for i in range(count):
        if owners[chosen[i]] == who:
            best = min(best, tube_field(segments[chosen[i]], z, y, x))
    return best


@njit(cache=True)
def _normal(segments, owners, chosen, count, at, pre, post, out):  # type: ignore[no-untyped-def]
    """Write the unit normal, from ``pre`` to ``post``, of the membrane at a point, by central differences."""
    for c in range(3):
        q = at.copy()
        q[c] += 4.0
        ahead = _lowest(segments, owners, chosen, count, pre, q[0], q[1], q[2]) - _lowest(
            segments, owners, chosen, count, post, q[0], q[1], q[2]
        )
        q[c] -= 8.0
        behind = _lowest(segments, owners, chosen, count, pre, q[0], q[1], q[2]) - _lowest(
            segments, owners, chosen, count, post, q[0], q[1], q[2]
        )
        out[c] = ahead - behind
    out /= np.sqrt((out * out).sum()) + 1e-12


@njit(cache=True)
def _flank(  # type: ignore[no-untyped-def]
    segments, owners, chosen, count, glia, glia_index, fields, middle, up, wide, key, pre, post,
):  # fmt: skip
    """Count on how many of four sides of a contact both cells are there, on their sides of the membrane."""
    across = np.array([normal(key, 5), normal(key, 6), normal(key, 7)])
    across -= (across * up).sum() * up
    across /= np.sqrt((across * across).sum()) + 1e-9
    sideways = np.array(
        [
            up[1] * across[2] - up[2] * across[1],
            up[2] * across[0] - up[0] * across[2],
            up[0] * across[1] - up[1] * across[0],
        ]
    )
    good = 0
    for corner in range(4):
        turn = 0.5 * np.pi * corner
        edge = middle + 0.6 * wide * (np.cos(turn) * across + np.sin(turn) * sideways)
        q = edge + _FLANK_NM * up
        beyond, _, _, _ = probe(
            segments, owners, chosen, count, q[0], q[1], q[2], 1.0, glia, glia_index, fields
        )
        q = edge - _FLANK_NM * up
        before, _, _, _ = probe(
            segments, owners, chosen, count, q[0], q[1], q[2], 1.0, glia, glia_index, fields
        )
        if beyond == post and before == pre:
            good += 1
    return good


@njit(cache=True)
def _meet(segments, owners, chosen, count, start, target, pre, post, middle):  # type: ignore[no-untyped-def]
    """Write where between two places the fields of two neurites are equal; returns whether it is there."""
    near_end, far_end = 0.0, 1.0
    for _ in range(12):
        half = 0.5 * (near_end + far_end)
        middle[:] = start + half * (target - start)
        mine = _lowest(segments, owners, chosen, count, pre, middle[0], middle[1], middle[2])
        if mine < _lowest(segments, owners, chosen, count, post, middle[0], middle[1], middle[2]):
            near_end = half
        else:
            far_end = half
    return near_end > 0.0 and far_end < 1.0 and np.sqrt(((middle - start) ** 2).sum()) < _LOOK_NM


@njit(cache=True)
def _partner(  # type: ignore[no-untyped-def]
    segments, owners, kinds, chosen, count, few, glia, glia_index, fields, start, wide, key, pre, middle,
    up,
):  # fmt: skip
    """Look for a dendrite or spine to contact: the nearest tubes first, a bounded number of them."""
    target = np.empty(3)
    passed = -np.inf
    for _ in range(TRIES):
        best, at = np.inf, -1
        for i in range(count):
            if kinds[owners[chosen[i]]] == DENDRITE:
                f = tube_field(segments[chosen[i]], start[0], start[1], start[2])
                if passed < f < best:
                    best, at = f, chosen[i]
        if at < 0:
            return -1
        passed = best
        row, post = segments[at], owners[at]
        t = axis_place(row, start[0], start[1], start[2])
        for c in range(3):
            target[c] = row[AZ + c] + t * row[DZ + c]
        if not _meet(segments, owners, chosen, count, start, target, pre, post, middle):
            continue
        _normal(segments, owners, chosen, count, middle, pre, post, up)
        here = near(
            segments, chosen[:count], middle[0], middle[1], middle[2], 0.6 * wide + _FLANK_NM, 1.0, glia, few
        )
        if (
            _flank(segments, owners, few, here, glia, glia_index, fields, middle, up, wide, key, pre, post)
            >= 3
        ):
            return post
    return -1


@njit(cache=True)
def _find(  # type: ignore[no-untyped-def]
    salt, nodes, varicosity, keys, kinds, segments, owners, glia, chance, radius, thickness, low, high,
    out_b, out_p, out_m, out_n, out_s, out_id,
):  # fmt: skip
    """Give each bouton near the box a partner if it finds one; returns (contacts, boutons left without)."""
    n = missing = 0
    glia_index = keys.shape[0]
    everything = np.arange(segments.shape[0])
    chosen = np.empty(segments.shape[0], np.int64)
    fields = np.empty(segments.shape[0])
    few = np.empty(segments.shape[0], np.int64)
    middle, up = np.empty(3), np.empty(3)
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            if varicosity[j, k] != BOUTON:
                continue
            key = mix(mix(keys[j], salt), k)
            wide = draw(radius, uniform(key, 1), normal(key, 2))
            pad = _LOOK_NM + wide + _PROBE_NM
            far = uniform(key, 0) >= chance
            for c in range(3):
                far = far or nodes[j, k, c] < low[c] - pad or nodes[j, k, c] > high[c] + pad
            if far:
                continue
            start = nodes[j, k, :3].copy()
            count = near(
                segments, everything, start[0], start[1], start[2], _LOOK_NM + 0.6 * wide + _FLANK_NM,
                _PROBE_NM, glia, chosen,
            )  # fmt: skip
            own, _, _, _ = probe(
                segments, owners, chosen, count, start[0], start[1], start[2], 1.0, glia, glia_index, fields
            )
            post = -1
            if own == j:
                post = _partner(
                    segments, owners, kinds, chosen, count, few, glia, glia_index, fields, start, wide, key,
                    j, middle, up,
                )  # fmt: skip
            if post < 0:
                missing += 1
                continue
            if n < out_b.shape[0]:
                out_b[n, 0], out_b[n, 1] = j, k
                out_p[n] = post
                out_m[n] = middle
                out_n[n] = up
                out_s[n, 0], out_s[n, 1] = wide, draw(thickness, uniform(key, 3), normal(key, 4))
                out_id[n] = object_id(key)
            n += 1
    return n, missing


def reach_nm(params: Synapses) -> float:
    """Return how far from a window the surface of a tube can lie that its synapses depend on."""
    widest = params.radius_nm.highest()
    return (_LOOK_NM + widest + _PROBE_NM) + (_LOOK_NM + 0.6 * widest + _FLANK_NM) + _PROBE_NM


def place(tissue: Tissue, params: Synapses, placed: dict[str, object]) -> Contacts:
    """Find the synapses whose bouton may matter to a window."""
    low, high = tissue.window.box_nm
    cells = tissue.neurites
    room = max(1, int((cells.varicosity == BOUTON).sum()))
    boutons, partners, ids = np.empty((room, 2), np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    middles, normals, sizes = np.empty((room, 3)), np.empty((room, 3)), np.empty((room, 2))
    n, missing = _find(
        stream_key(tissue.seed, "psd"), cells.nodes_nm, cells.varicosity, cells.keys, cells.kinds,
        cells.segments, cells.owners, tissue.membranes.glia_nm, params.chance, params.radius_nm.row(),
        params.thickness_nm.row(), low, high, boutons, partners, middles, normals, sizes, ids,
    )  # fmt: skip
    radii, thick = sizes[:n, 0].copy(), sizes[:n, 1].copy()
    return Contacts(boutons[:n], partners[:n], middles[:n], normals[:n], radii, thick, ids[:n], missing)


@njit(cache=True)
def _build(  # type: ignore[no-untyped-def]
    boutons, partners, middles, normals, radii, thick, ids, tissue, index, other, depth, half, pre_nm,
    lattice, first, spacing, stretch, start, shape, voxel, out_id, out_d,
):  # fmt: skip
    for s in range(ids.shape[0]):
        box = voxel_range(
            lattice, first, spacing, stretch, start, shape, voxel, middles[s].copy(), radii[s] + _PROBE_NM
        )
        for z in range(box[0, 0], box[0, 1]):
            for y in range(box[1, 0], box[1, 1]):
                for x in range(box[2, 0], box[2, 1]):
                    own, nb = index[z, y, x], other[z, y, x]
                    post = own == partners[s] and nb == boutons[s, 0]
                    if not post and not (own == boutons[s, 0] and nb == partners[s]):
                        continue
                    ez, ey, ex = (
                        tissue[0, z, y, x] - middles[s, 0],
                        tissue[1, z, y, x] - middles[s, 1],
                        tissue[2, z, y, x] - middles[s, 2],
                    )
                    along = ez * normals[s, 0] + ey * normals[s, 1] + ex * normals[s, 2]
                    rim = np.sqrt(max(0.0, ez * ez + ey * ey + ex * ex - along * along)) / radii[s]
                    if rim >= 1.0 or abs(along) > radii[s] + _PROBE_NM:
                        continue
                    fade = 1.0 - rim**4
                    # in the partner the density lies below the membrane; in the bouton a thin projection
                    d = depth[z, y, x] - (
                        half + thick[s] * fade if post else half * fade**0.25 + (fade - 1.0) * 12.0 + pre_nm
                    )
                    d = max(d, (rim - 1.0) * radii[s])
                    if d < out_d[z, y, x]:
                        out_d[z, y, x] = d
                        out_id[z, y, x] = ids[s]


def depth_nm(objects: Contacts, params: Synapses) -> tuple[npt.NDArray[np.int32], float]:
    """Return the postsynaptic neurites, and how deep a density may be."""
    return objects.partners, params.thickness_nm.highest()


def build(objects: Contacts, tissue: Tissue, partition: Partition, params: Synapses) -> Layer:
    """Return postsynaptic densities on the window's voxels."""
    layer = empty_layer(tissue.window.grid.shape)
    _build(
        objects.boutons, objects.partners, objects.middles_nm, objects.normals, objects.radii_nm,
        objects.thicknesses_nm, objects.ids, tissue.window.tissue_nm, partition.index,
        partition.other, partition.depth_nm, tissue.membranes.half_width_nm,
        params.presynaptic_nm, *frame(tissue.window), layer.ids, layer.distance_nm,
    )  # fmt: skip
    return layer
