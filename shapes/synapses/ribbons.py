"""Synaptic ribbons of the retina: dense plates that stand upright on the membrane of a bipolar cell's bouton.

A ribbon stands on the middle of a polyadic contact, a little off the membrane, and vesicles keep clear of it
as they do of a T-bar. Bipolar cells are a part of the axons; the synapses of the others have no ribbon.
"""

import numpy as np
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.rods import POINTS
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.synapses.apposition import across
from shapes.synapses.contacts import Contacts
from shapes.synapses.tbars import LONGEST_NM, Bars

_BAND_NM = 16.0
_HIGHEST_NM = 130.0  # with ``LONGEST_NM`` it covers no more than a T-bar may
_OFF_NM = 12.0  # between the ribbon and the inner face of the membrane


class Ribbons(Block):
    """Which part of the axons has ribbons, and their size.

    ``bipolar`` of the axons have one at each of their synapses: ``length_nm`` along the membrane, up to
    ``height_nm`` from it, and ``thickness_nm`` thick. Figures, from memory: plates about 35 nm thick,
    those of bipolar cells 0.1 to 0.25 µm long and high (Sterling & Matthews 2005).
    """

    bipolar: float = Field(default=0.5, ge=0, le=1)
    length_nm: Spread = Spread(mean=180, std=30)
    height_nm: Spread = Spread(mean=110, std=12)
    thickness_nm: float = Field(default=34.0, ge=10, le=60)


@compiled
def _draw(salt, contacts, keys, half, p, out):  # type: ignore[no-untyped-def]
    """Write the ribbons of some contacts; returns how many."""
    feet, axes, sizes, rods, n = out.feet_nm, out.axes, out.sizes_nm, out.rods, 0
    for s in range(contacts.ids.shape[0]):
        owner = contacts.boutons[s, 0]
        if uniform(mix(keys[owner], salt), 0) >= p.bipolar:
            continue
        key, thick = mix(salt, np.uint64(contacts.ids[s])), p.thickness_nm
        for c in range(3):
            axes[n, 0, c] = -contacts.normals[s, c]
            feet[n, c] = contacts.middles_nm[s, c] - (half + _OFF_NM) * contacts.normals[s, c]
        across(mix(key, 1), axes[n, 0], axes[n, 1], axes[n, 2])
        top = min(_HIGHEST_NM, draw(p.height_nm, uniform(key, 1), normal(key, 2))) - _OFF_NM
        sizes[n, 0] = 0.5 * max(2.0 * thick, top)
        sizes[n, 1] = 0.5 * min(
            LONGEST_NM, max(2.0 * thick, draw(p.length_nm, uniform(key, 3), normal(key, 4)))
        )
        sizes[n, 2] = 0.5 * thick
        out.owners[n], out.ids[n] = owner, object_id(key)
        long, high = sizes[n, 1] - 0.5 * thick, sizes[n, 0] - 0.5 * thick
        for i in range(POINTS):
            # once around its rim, and along its middle
            up = sizes[n, 0] + high * (1.0 if i in (2, 3) else -1.0)
            at = long * (1.0 if i in (1, 2) else -1.0)
            along = long * (2.0 * i / (POINTS - 1) - 1.0)
            for c in range(3):
                rods[2 * n, i, c] = feet[n, c] + up * axes[n, 0, c] + at * axes[n, 1, c]
                rods[2 * n + 1, i, c] = feet[n, c] + sizes[n, 0] * axes[n, 0, c] + along * axes[n, 1, c]
            rods[2 * n, i, 3] = rods[2 * n + 1, i, 3] = 0.5 * thick
        n += 1
    return n


def reach_nm(params: Ribbons, kind: int, rim_nm: float) -> float:
    """Return 0: the contacts that ribbons stand on have looked around already."""
    return 0.0


def place(tissue: Tissue, params: Ribbons, placed: dict[str, object]) -> Bars:
    """Set a ribbon on those contacts that a window may show that are a bipolar cell's."""
    contacts = placed.get("psd")
    n = len(contacts.ids) if isinstance(contacts, Contacts) else 0
    out = Bars.blank(n)
    if isinstance(contacts, Contacts):
        half, keys = tissue.membranes.half_width_nm, tissue.neurites.keys
        n = _draw(stream_key(tissue.seed, "ribbon"), contacts, keys, half, params.row(), out)
    return rows(out, slice(n))._replace(rods=out.rods[: 2 * n])


@compiled
def _build(bars, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
    feet, axes, sizes, owners, ids = bars.feet_nm, bars.axes, bars.sizes_nm, bars.owners, bars.ids
    index, out_d, bounds, boxes = partition.index, layer.distance_nm, slabs(tiles), room_for(tiles)
    for b in range(ids.shape[0]):
        wide, round_nm = np.sqrt(4.0 * sizes[b, 0] ** 2 + sizes[b, 1] ** 2) + _BAND_NM, 0.9 * sizes[b, 2]
        for m in range(around(tiles, bounds, feet[b], wide, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, m)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        if index[z, y, x] != owners[b]:
                            continue
                        d2 = 0.0
                        for k in range(3):
                            at = 0.0
                            for c in range(3):
                                at += (tissue[c, z, y, x] - feet[b, c]) * axes[b, k, c]
                            at -= sizes[b, 0] if k == 0 else 0.0
                            d2 += max(0.0, abs(at) - sizes[b, k] + round_nm) ** 2
                        d = np.sqrt(d2) - round_nm
                        if d < _BAND_NM and d < out_d[z, y, x]:
                            out_d[z, y, x], layer.ids[z, y, x] = d, ids[b]


def depths(objects: Bars, tissue: Tissue, params: Ribbons) -> Depths:
    """Return none: a ribbon is drawn from its own foot."""
    return Depths.nowhere()


def build(objects: Bars, tissue: Tissue, partition: Partition, params: Ribbons) -> Layer:
    """Return ribbons on the window's voxels: the distance to the surface, in the bouton alone."""
    layer = empty_layer(tissue.window.grid.shape)
    _build(objects, tissue.window.tiles, tissue.window.tissue_nm, partition, layer)
    return layer
