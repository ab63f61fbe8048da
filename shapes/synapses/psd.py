"""Synapses: a postsynaptic density on the membrane between a bouton and a dendrite or spine near it.

The density lies in the postsynaptic cell, is thickest in its middle, half as thick at its rim, and follows
the membrane. Its outline is no circle, and a large one may be perforated. At its lowest and highest ends
along z it is blunt, so that sections show no specks of it, of which annotators draw none. An asymmetric
synapse has a thick density, a symmetric one hardly more than its membrane. Where synapses are polyadic, as in
insects, each cell that faces the bouton beside the first has a density of its own.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.core.spread import Spread
from shapes.core.streams import mix, object_id, stream_key, uniform
from shapes.core.table import rows
from shapes.core.touched import around, room_for, slabs, voxels
from shapes.mitochondria.mitochondria import Mitochondria
from shapes.mitochondria.rods import Rods
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import BOUTON, DENDRITE, FLATTEST, GLIA, SOMA
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.partition.point import around as tubes_around
from shapes.synapses.apposition import MOVED_NM, SIDES, across, room_nm
from shapes.synapses.contacts import BESIDE_NM, FADE_NM, Candidates, Contacts, Zones, find_contacts

_OUTSIDE_NM = 2.0  # places beyond the disc, or before another cell, are none of its own
_CURVED_NM = 60.0  # a density that is bent ends where it is so far off the plane of its contact
_PROFILE_NM = 85.0  # no section shows a profile of a density that is less than twice as long …
_PART = 0.75  # … but of a small one such as are less than this part of its length
OUTLINE = 0.92
"""The outline of a density lies at about so much of the room that it has on each side."""
WHOLE = 0.55
"""A density that is smaller than this part of the mean radius has no hole."""


class Synapses(Block):
    """Size of a postsynaptic density, and how likely a bouton is to have one.

    Figures: 200–500 nm long, 30–60 nm thick with its membrane (Harris & Weinberg 2012), cleft 15–20 nm.
    ``symmetric`` of the synapses have a density ``symmetric_part`` as thick. ``perforated`` of all have a
    hole, but for those that found less than 0.55 of the mean radius at their contact: in the hippocampus a
    fifth or so of all, and only large ones (Nicholson & Geinisman 2009; Harris & Weinberg 2012).

    Of a ``polyadic`` synapse the first partner is the nearest dendrite or spine; so are all others that touch
    the bouton within the radius, or with ``partners: any`` neurites of any kind; there is at least
    one. Insects have 2 to 6 or more (Meinertzhagen & O'Neil 1991; Takemura et al. 2015). No contact lies
    farther from its bouton's middle than ``look_nm``: wide boutons want more of it.
    """

    chance: float = Field(default=0.9, ge=0, le=1)
    radius_nm: Spread = Spread(mean=145, std=40)
    thickness_nm: Spread = Spread(mean=34, std=6)
    presynaptic_nm: float = Field(default=6.0, ge=0)
    symmetric: float = Field(default=0.1, ge=0, le=1)
    symmetric_part: float = Field(default=0.4, gt=0, le=1)
    perforated: float = Field(default=0.2, ge=0, le=1)
    polyadic: bool = False
    look_nm: float = Field(default=340.0, ge=100, le=1000)
    partners: Literal["dendrites", "any"] = "dendrites"


def reach_nm(params: Synapses, kind: int, rim_nm: float) -> float:
    """Return how far from a window the surface of a tube can lie that its synapses depend on."""
    widest = params.radius_nm.highest()
    far = max(widest + MOVED_NM + FADE_NM, BESIDE_NM if params.polyadic else 0.0)
    bouton = params.look_nm + far
    met = kind == DENDRITE or (params.polyadic and params.partners == "any")
    contact = far + float(room_nm(widest)) + rim_nm
    return max(contact, bouton + params.look_nm if met else bouton)


def place(tissue: Tissue, params: Synapses, placed: dict[str, object]) -> Contacts:
    """Find the synapses of the boutons that may matter to a window."""
    cells = tissue.neurites
    room = max(1, int((cells.varicosity == BOUTON).sum()))
    out = Candidates(
        boutons=np.empty((room, 2), np.int32),
        partners=np.empty(room, np.int32),
        places_nm=np.empty((room, 3)),
        facing=np.empty((room, 3)),
        middles_nm=np.empty((room, 3)),
        normals=np.empty((room, 3)),
        sizes_nm=np.empty((room, 2)),
        rims_nm=np.empty((room, SIDES)),
        ids=np.empty(room, np.int32),
        drawn=np.empty(room, np.bool_),
    )
    rods = placed.get("mitochondrion")
    held = rods.params if isinstance(rods, Rods) else Mitochondria(bouton_chance=0.0).row()
    n, missing = find_contacts(
        stream_key(tissue.seed, "psd"), cells.axes, cells.tubes, tissue.membranes.glia_nm, params.row(),
        params.polyadic and params.partners == "any", (stream_key(tissue.seed, "mitochondrion"), held),
        tissue.window.box_nm, out,
    )  # fmt: skip
    found = rows(out, slice(n))
    thin = np.array([uniform(np.uint64(i), 8) < params.symmetric for i in found.ids], np.bool_)
    found.sizes_nm[:, 1] *= np.where(thin, params.symmetric_part, 1.0)
    shown = rows(found, found.drawn)
    return Contacts(
        shown.boutons, shown.partners, shown.middles_nm, shown.normals, shown.sizes_nm[:, 0].copy(),
        shown.rims_nm, shown.sizes_nm[:, 1].copy(), shown.ids, missing,
        Zones(found.boutons, found.places_nm, found.facing),
    )  # fmt: skip


@compiled
def _outline(key, hole, rims, u, v):  # type: ignore[no-untyped-def]
    """Return how far out, 0 … 1, a place of the disc is, of a lobed outline, perhaps around a hole.

    ``u`` and ``v`` are in parts of the radius, which no lobe passes, and so are ``rims`` on all sides.
    """
    away, turn = np.sqrt(u * u + v * v), np.arctan2(v, u)
    side = turn * SIDES / (2.0 * np.pi) % SIDES
    i = int(side) % SIDES
    t = side - int(side)
    t *= t * (3.0 - 2.0 * t)
    rim = rims[i] + t * (rims[(i + 1) % SIDES] - rims[i])
    rim *= OUTLINE + 0.04 * np.sin(2.0 * turn + 6.3 * uniform(key, 3))
    rim = away / (rim * (1.0 + 0.04 * np.sin(3.0 * turn + 6.3 * uniform(key, 4))))
    if hole:
        aside = 0.3 * np.sqrt(uniform(key, 5))
        du, dv = u - aside * np.cos(6.3 * uniform(key, 6)), v - aside * np.sin(6.3 * uniform(key, 6))
        rim = max(rim, 1.0 + 2.0 * (0.22 - np.sqrt(du * du + dv * dv)))
    return rim


@compiled
def _ends(one, two, rims, ends):  # type: ignore[no-untyped-def]
    """Write how far below and above its middle a density is shown, along z.

    ``one`` and ``two`` are the directions of the disc, ``rims`` in nm. Its outermost slivers, which a section
    would show as specks, are left out: of an ellipse as wide as the disc is on average, what is cut in
    profiles shorter than twice ``_PROFILE_NM`` or, where the disc is small, than ``_PART`` of its width.
    """
    ends[:] = 0.0
    for i in range(SIDES):
        turn = 2.0 * np.pi * i / SIDES
        high = rims[i] * (np.cos(turn) * one[0] + np.sin(turn) * two[0])
        ends[0], ends[1] = min(ends[0], high), max(ends[1], high)
    mean = rims.mean()
    ends *= np.sqrt(1.0 - (min(_PROFILE_NM, _PART * mean) / mean) ** 2)


@compiled
def _is_partner(kinds, who, bouton, first, polyadic, anyone):  # type: ignore[no-untyped-def]
    """Tell whether a neurite beside a bouton is a partner of its synapse; glia and somata are none."""
    if who == first or not polyadic:
        return who == first
    if who < 0 or who >= kinds.shape[0] or who == bouton:
        return False
    return kinds[who] != GLIA and kinds[who] != SOMA if anyone else kinds[who] == DENDRITE


@compiled
def _build(contacts, axes, p, anyone, half, tiles, tissue, partition, layer):  # type: ignore[no-untyped-def]
    boutons, partners, middles = contacts.boutons, contacts.partners, contacts.middles_nm
    normals, radii, thick, ids = contacts.normals, contacts.radii_nm, contacts.thicknesses_nm, contacts.ids
    index, other, depth, polyadic = partition.index, partition.other, partition.depth_nm, p.polyadic
    pre_nm = p.presynaptic_nm
    out_d, kinds = layer.distance_nm, axes.kinds
    one, two, rims, ends = np.empty(3), np.empty(3), np.empty(SIDES), np.empty(2)
    bounds, boxes = slabs(tiles), room_for(tiles)
    for s in range(ids.shape[0]):
        key = np.uint64(ids[s])
        across(key, normals[s], one, two)
        _ends(one, two, contacts.rims_nm[s], ends)
        rims[:] = contacts.rims_nm[s] / radii[s]
        hole = radii[s] >= WHOLE * p.radius_nm.typical and uniform(key, 7) < p.perforated
        far = radii[s] + FADE_NM
        for b in range(around(tiles, bounds, middles[s], far, boxes)):
            z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
            for z in range(z0, z1):
                for y in range(y0, y1):
                    for x in range(x0, x1):
                        own, nb = index[z, y, x], other[z, y, x]
                        post = own != boutons[s, 0]
                        who, faces = own if post else nb, nb if post else own
                        meets = faces == boutons[s, 0]
                        meets = meets and _is_partner(
                            kinds, who, boutons[s, 0], partners[s], polyadic, anyone
                        )
                        if not meets and own != boutons[s, 0] and own != partners[s]:
                            continue
                        ez, ey, ex = (
                            tissue[0, z, y, x] - middles[s, 0],
                            tissue[1, z, y, x] - middles[s, 1],
                            tissue[2, z, y, x] - middles[s, 2],
                        )
                        if ez * ez + ey * ey + ex * ex > far**2:
                            continue
                        u = (ez * one[0] + ey * one[1] + ex * one[2]) / radii[s]
                        v = (ez * two[0] + ey * two[1] + ex * two[2]) / radii[s]
                        rim = _outline(key, hole, rims, u, v)
                        aside = max((rim - 1.0) * radii[s], ends[0] - ez, ez - ends[1])
                        if aside >= FADE_NM:
                            continue
                        up = abs(ez * normals[s, 0] + ey * normals[s, 1] + ex * normals[s, 2])
                        if depth[z, y, x] >= (half + thick[s] if post else half + pre_nm) + FADE_NM:
                            continue  # deeper than was asked for, nobody knows whom a cell faces
                        deep = depth[z, y, x] if meets else up
                        fade = np.sqrt(1.0 - rim**8) if rim < 1.0 else 0.0
                        # in the partner the density lies below the membrane; in the bouton a thin projection
                        d = deep - (
                            half * fade**0.25 + thick[s] * fade
                            if post
                            else half * fade**0.25 + (fade - 1.0) * 12.0 + pre_nm
                        )
                        d = max(d, aside) if aside < 0.0 else np.sqrt(max(d, 0.0) ** 2 + aside**2)
                        # where the two meet again elsewhere there is none
                        d = max(d, up - half - thick[s] - _CURVED_NM)
                        if not meets or aside >= 0.0:
                            d, deep = max(d, _OUTSIDE_NM), max(deep, half)
                        if d < out_d[z, y, x] and d < FADE_NM:
                            out_d[z, y, x] = d
                            if not meets:
                                who = partners[s]
                            layer.ids[z, y, x] = object_id(mix(key, axes.keys[who])) if polyadic else ids[s]
                            layer.detail_nm[z, y, x] = deep if post else -deep


def paired(
    objects: Contacts, cells: Neurites, glia_nm: float, params: Synapses
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Return pairs of a contact and a neurite that may have a density there, each as an array (n,)."""
    if not params.polyadic:
        return np.arange(len(objects.partners)), objects.partners
    everything = np.arange(len(cells.owners))
    chosen = np.empty_like(everything)
    rim = glia_nm / FLATTEST
    contacts, owners = [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for s, (middle, radius) in enumerate(zip(objects.middles_nm, objects.radii_nm, strict=True)):
        z, y, x = middle
        count = tubes_around(cells.segments, everything, z, y, x, radius + FADE_NM + rim, chosen)
        who = np.unique(cells.owners[chosen[:count]])
        owners.append(who[who != objects.boutons[s, 0]])
        contacts.append(np.full(len(owners[-1]), s))
    return np.concatenate(contacts), np.concatenate(owners)


def en_face(objects: Contacts, cells: Neurites, most: float, params: Synapses) -> npt.NDArray[np.int32]:
    """Return the ids of the densities whose contact's normal has a larger part than ``most`` along z."""
    facing = np.flatnonzero(np.abs(objects.normals[:, 0]) > most)
    if not params.polyadic:
        return objects.ids[facing]
    ids = [object_id(mix(np.uint64(objects.ids[s]), key)) for s in facing for key in cells.keys]
    return np.array(ids, np.int32)


def depths(objects: Contacts, tissue: Tissue, params: Synapses) -> Depths:
    """Return both neurites around each contact: the partner as deep as its density, the bouton a little."""
    half = tissue.membranes.half_width_nm
    at, partners = paired(objects, tissue.neurites, tissue.membranes.glia_nm, params)
    radii = objects.radii_nm + FADE_NM
    pre = np.full(len(objects.ids), half + params.presynaptic_nm + FADE_NM)
    return Depths(
        np.concatenate([partners, objects.boutons[:, 0]]),
        np.concatenate([objects.middles_nm[at], objects.middles_nm]),
        np.concatenate([radii[at], radii]),
        np.concatenate([half + objects.thicknesses_nm[at] + FADE_NM, pre]),
    )


def build(objects: Contacts, tissue: Tissue, partition: Partition, params: Synapses) -> Layer:
    """Return postsynaptic densities on the window's voxels.

    The layer's detail is how far a voxel lies behind the middle of the cleft, negative in the bouton; beyond
    the disc, where a density fades, no voxel lies in a cleft.
    """
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    window = tissue.window
    _build(
        objects, tissue.neurites.axes, params.row(), params.partners == "any",
        tissue.membranes.half_width_nm, window.tiles, window.tissue_nm, partition, layer,
    )  # fmt: skip
    return layer
