"""Contacts: which dendrite or spine a bouton faces, and where.

Who the partner is depends on the bouton and the dendrites around it alone; whether a third cell comes between
is asked only of contacts that a window may show. So no window needs to know the tissue far around it.

A polyadic contact, as insects have, asks less of its first partner, which may be thin: others may lie beside
it, and face the bouton as well.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.span import Span
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, object_id, uniform
from shapes.mitochondria.rods import ROW, rod_distance
from shapes.mitochondria.slots import axon_rod
from shapes.neurites.population import BOUTON, DENDRITE, GLIA, SOMA
from shapes.neurites.tubes import NODE, RMAX
from shapes.partition.point import scratch_for
from shapes.synapses.apposition import MOVED_NM, SIDES, Site, room_at
from shapes.synapses.partner import axis_away, find_partner, tubes_of

OFF_MITOCHONDRIA_NM = 70.0
"""A mitochondrion of the bouton is so far from the middle of its contact: vesicles lie between."""
FADE_NM = 60.0
"""How far outside a density its stain fades; past that a contact matters to nothing."""
BESIDE_NM = 260.0
"""So far from a polyadic contact's middle its T-bar, and the vesicles that keep off that, may matter."""


class Zones(NamedTuple):
    """Active zones: ``boutons`` (n, 2) by neurite and node, where each faces its partner, and which way."""

    boutons: npt.NDArray[np.int32]
    places_nm: npt.NDArray[np.float64]
    facing: npt.NDArray[np.float64]


class Candidates(NamedTuple):
    """Boutons near a window that face a partner, a row each.

    ``boutons`` (n, 2) name neurite and node; ``partners`` (n,) count into the neurites; ``places_nm`` and
    ``facing`` (n, 3) are where the bouton's axis meets its partner's and the direction there, ``middles_nm``
    and ``normals`` (n, 3) the middle of the density and its direction; ``sizes_nm``
    (n, 2) radius and thickness, ``rims_nm`` (n, SIDES) how far the density reaches on each side; ``drawn``
    (n,) says which may show and have room.
    """

    boutons: npt.NDArray[np.int32]
    partners: npt.NDArray[np.int32]
    places_nm: npt.NDArray[np.float64]
    facing: npt.NDArray[np.float64]
    middles_nm: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    sizes_nm: npt.NDArray[np.float64]
    rims_nm: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int32]
    drawn: npt.NDArray[np.bool_]


class Contacts(NamedTuple):
    """Synapses that may show in a window.

    ``boutons`` (n, 2) name neurite and node; ``middles_nm`` and ``normals`` (n, 3) the middle of the
    contact and the direction from bouton to partner; ``partners`` (n,) count into the neurites; radius and
    thickness in nm, and in ``rims_nm`` (n, SIDES) how far each reaches on its sides. ``zones`` are those of
    all boutons near by that face a partner, also where a third cell comes between or the contact is out of
    sight.
    """

    boutons: npt.NDArray[np.int32]
    partners: npt.NDArray[np.int32]
    middles_nm: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    radii_nm: npt.NDArray[np.float64]
    rims_nm: npt.NDArray[np.float64]
    thicknesses_nm: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int32]
    missing: int
    zones: Zones

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the contacts, (n, 3)."""
        return self.middles_nm

    @property
    def span(self) -> Span:
        """How far along z the density of each contact reaches: a disc, as wide as it is drawn."""
        steep = -self.normals * self.normals[:, :1]
        steep[:, 0] += 1.0
        steep *= (self.radii_nm / np.maximum(np.linalg.norm(steep, axis=1), 1e-9))[:, None]
        tips = np.stack([self.middles_nm - steep, self.middles_nm + steep], 1)
        thick = np.broadcast_to(self.thicknesses_nm[:, None, None], (len(tips), 2, 1))
        return Span.of(np.concatenate([tips, thick], 2), self.ids)


@compiled
def _apart(at, low, high):  # type: ignore[no-untyped-def]
    """Return by how much a place lies outside a box along the worst axis."""
    most = 0.0
    for c in range(3):
        most = max(most, low[c] - at[c], at[c] - high[c])
    return most


@compiled
def _beside_mitochondrion(axes, j, k, held, place, rod):  # type: ignore[no-untyped-def]
    """Tell whether a bouton holds a mitochondrion that lies next to a place."""
    salt, params = held
    there = axon_rod(
        mix(axes.keys[j], salt), axes.nodes_nm[j], axes.varicosity[j], axes.steps_nm[j], axes.counts[j], k,
        0.0, params, rod[0],
    )  # fmt: skip
    return there and rod_distance(rod, 0, place[0], place[1], place[2]) < OFF_MITOCHONDRIA_NM


@compiled
def find_contacts(salt, axes, tubes, glia, p, anyone, held, box, out):  # type: ignore[no-untyped-def]
    """Give each bouton near the box a partner if it finds one; returns (contacts, boutons left without).

    ``held`` are the key and the parameters of mitochondria: one in the bouton lies off the contact, or
    there is no density.

    Where contacts are polyadic the second partner is a dendrite, or with ``anyone`` a neurite of any kind.
    """
    nodes, varicosity, keys, polyadic = axes.nodes_nm, axes.varicosity, axes.keys, p.polyadic
    segments, owners, (low, high) = tubes.segments, tubes.owners, box
    n = missing = 0
    total = segments.shape[0]
    scratch, dendrites = scratch_for(tubes), np.empty(total, np.int64)
    count = others = 0
    neurites = np.empty(total, np.int64)
    for i in range(total):
        if axes.kinds[owners[i]] == DENDRITE:
            dendrites[count] = i
            count += 1
        if anyone and axes.kinds[owners[i]] not in (GLIA, SOMA):
            neurites[others] = i
            others += 1
    dendrites, neurites = dendrites[:count].copy(), neurites[:others].copy()
    mine, near_by, theirs = np.empty(total, np.int64), np.empty(count, np.int64), np.empty(count, np.int64)
    company = np.empty(others, np.int64)
    rims, rod = np.zeros(SIDES), np.empty((1, ROW, 4))
    site = Site(np.empty(3), np.empty(3), np.empty((SIDES, 3)), np.empty((SIDES, 3)))
    for j in range(nodes.shape[0]):
        for k in range(nodes.shape[1]):
            if varicosity[j, k] != BOUTON or np.isnan(nodes[j, k, 3]):
                continue
            key = mix(mix(keys[j], salt), k)
            wide = draw(p.radius_nm, uniform(key, 1), normal(key, 2))
            start = nodes[j, k, :3].copy()
            far = max(wide + MOVED_NM + FADE_NM, BESIDE_NM if polyadic else 0.0)
            if uniform(key, 0) >= p.chance or _apart(start, low, high) > p.look_nm + far:
                continue
            # who the partner is depends on the bouton and the dendrites around it alone
            own = around = 0
            for i in range(np.searchsorted(owners, j), np.searchsorted(owners, j, side="right")):
                if segments[i, NODE] == k or segments[i, NODE] == k - 1:
                    mine[own] = i
                    own += 1
            for i in dendrites:
                if axis_away(segments, i, start) < (p.look_nm + segments[i, RMAX]) ** 2:
                    near_by[around] = i
                    around += 1
            beside = 0
            for i in neurites:
                if owners[i] != j and axis_away(segments, i, start) < (p.look_nm + segments[i, RMAX]) ** 2:
                    company[beside] = i
                    beside += 1
            seconds = company[:beside] if anyone else near_by[:around]
            post = find_partner(
                tubes,
                mine[:own],
                near_by,
                around,
                seconds,
                glia,
                start,
                polyadic,
                p.look_nm,
                wide,
                key,
                theirs,
                site,
            )
            if post < 0:
                missing += 1
                continue
            shows = _apart(site.middle, low, high) <= far
            if n < out.ids.shape[0]:
                out.places_nm[n] = site.middle
                out.facing[n] = site.up
            if shows:
                # a contact with less room than was drawn gets a smaller density; beside a mitochondrion there
                # is none
                wide = room_at(
                    tubes, j, post, mine[:own], theirs[: tubes_of(near_by, around, owners, post, theirs)],
                    polyadic, site, wide, key, np.uint64(object_id(key)), glia, keys.shape[0], scratch, rims,
                )  # fmt: skip
                shows = wide > 0.0 and (
                    polyadic or not _beside_mitochondrion(axes, j, k, held, site.middle, rod)
                )
                missing += not shows
            if n < out.ids.shape[0]:
                out.boutons[n, 0], out.boutons[n, 1] = j, k
                out.partners[n] = post
                out.middles_nm[n] = site.middle
                out.normals[n] = site.up
                out.sizes_nm[n, 0] = wide
                out.rims_nm[n] = rims
                out.sizes_nm[n, 1] = draw(p.thickness_nm, uniform(key, 3), normal(key, 4))
                out.ids[n] = object_id(key)
                out.drawn[n] = shows
            n += 1
    return n, missing
