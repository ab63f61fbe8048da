"""Places in one section for all that is asked for, none in the way of another, in a drawn order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from shapes.core.streams import stream_key
from synthem.paste.grey import Greys
from synthem.paste.mitochondrion import find_mitochondria
from synthem.paste.profiles import Floats, Profiles
from synthem.paste.request import Request
from synthem.paste.sheath import WIDTHS_NM, find_sheaths
from synthem.paste.synapse import APART_NM, find_synapses
from synthem.paste.things import Thing, sub
from synthem.paste.vesicles import LEAST, crowd, find_crowds, free_room, pale_room
from synthem.preset.preset import Preset


def key_of(request: Request, name: str, turn: int) -> np.uint64:
    """Return the stream of an output section: of the seed, the section's name, and which copy of it it is."""
    return stream_key(request.seed, f"paste/{name}/{turn}")


def find_things(
    section: Profiles, greys: Greys, request: Request, preset: Preset, key: np.uint64, most: int
) -> list[Thing]:
    """Return up to ``most`` things of each kind that can stand in a section together.

    Synapses come first, then sheaths, mitochondria and crowds of vesicles. No profile is used by two of them,
    but a bouton may have several synapses. A kind whose class is not labelled in the section has none.
    """
    kinds = [name for name in request.classes if name in section.known]
    anatomy, half = preset.anatomy, preset.anatomy.membranes.half_width_nm
    out: list[Thing] = []
    used: set[int] = set()
    if "psd" in kinds and anatomy.psd is not None:
        found = find_synapses(section, greys.paleness, sub(key, 1), anatomy.psd, half)
        out += islice(_synapses(section, greys, found, request, preset), most)
        used |= {k for t in out if t.density for k in (t.density.pre, t.density.post)}
    if "sheath" in kinds and anatomy.sheath is not None:
        fibres = anatomy.myelinated
        widths = (fibres.radius_nm.lowest(), fibres.radius_nm.highest()) if fibres else WIDTHS_NM
        sheaths = find_sheaths(section, sub(key, 2), anatomy.sheath, widths)
        out += islice((t for t in sheaths if t.wrap and t.wrap.profile not in used), most)
        used |= {t.wrap.profile for t in out if t.wrap}
    if "mitochondrion" in kinds and anatomy.mitochondrion is not None:
        room = free_room(section)
        some = find_mitochondria(section, room, sub(key, 3), anatomy.mitochondrion)
        out += islice((t for t in some if t.owner not in used), most)
        used |= {t.owner for t in out if t.rod is not None}
    alone = "psd" not in request.classes or "vesicle" in request.balance
    if "vesicle" in kinds and alone and anatomy.vesicle is not None:
        margin = preset.annotation.vesicle_margin_nm
        crowds = find_crowds(
            section, pale_room(section, greys.paleness), sub(key, 4), anatomy.vesicle, margin
        )
        out += islice((t for t in crowds if int(t.balls.owners[0]) not in used), most)
    return out


def _synapses(
    section: Profiles, greys: Greys, found: Iterator[Thing], request: Request, preset: Preset
) -> Iterator[Thing]:
    """Yield those densities that keep off each other, with vesicles where these are asked for."""
    kept: list[Thing] = []
    room = pale_room(section, greys.paleness)
    params = preset.anatomy.vesicle
    for thing in found:
        if thing.density is None or _crowded(thing, kept):
            continue
        if "vesicle" in request.classes and "vesicle" in section.known and params is not None:
            pre = thing.density.pre
            place = np.array(thing.place_nm)
            balls, _ = crowd(
                section, _off(section, room, kept), thing.key, pre, place, thing.density, params,
                preset.annotation.vesicle_margin_nm,
            )  # fmt: skip
            thing = replace(thing, balls=balls)
        if thing.held or len(thing.balls.ids) >= LEAST:
            kept.append(thing)
            yield thing


def _crowded(thing: Thing, others: Sequence[Thing]) -> bool:
    """Tell whether a synapse is too near to another, or its partner would be a bouton or the other way."""
    if thing.density is None:
        return False
    for other in others:
        if other.density is None:
            continue
        if np.hypot(*np.subtract(thing.place_nm, other.place_nm)) < APART_NM:
            return True
        if thing.density.post == other.density.pre or thing.density.pre == other.density.post:
            return True
    return False


def _off(section: Profiles, room: Floats, others: Sequence[Thing]) -> Floats:
    """Return the room that vesicles of other things leave, nm (y, x)."""
    balls = [
        (at, r)
        for other in others
        for at, r in zip(other.balls.centres_nm, other.balls.radii_nm, strict=True)
    ]
    if not balls:
        return room
    out = room.copy()
    _, dy, dx = section.voxel_nm
    for at, r in balls:
        box = section.near(at[1:], r + 60.0)
        y, x = ((np.arange(s.start, s.stop) + 0.5) * d for s, d in zip(box, (dy, dx), strict=True))
        away = np.hypot(y[:, None] - at[1], x[None] - at[2]) - r
        out[box] = np.minimum(out[box], away)
    return out
