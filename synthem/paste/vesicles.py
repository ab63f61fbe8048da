"""Vesicles for a bouton: sites of a close-packed lattice near the section, where there is room."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shapes.core.spread import draw
from shapes.core.streams import cell_key, normal, object_id, uniform
from shapes.core.table import Balls
from shapes.synapses.crowd import BEHIND, CLEAR_NM, DOCK_NM, crowd_nm, fill
from shapes.synapses.packing import (
    CLUSTER_NM,
    Lattice,
    crowded_out,
    face_zone,
    lattice_sites,
    most_sites,
    rotation,
)
from shapes.synapses.vesicles import Vesicles
from synthem.paste.profiles import Profiles
from synthem.paste.things import Density, Thing, sub

LEAST = 4
"""A crowd of fewer vesicles is none."""
DARK = 26.0
"""Greys so far below the cytoplasm of their profile tell that something without a label lies there."""
_OVER_DARK_NM = 14.0  # its rim is blurred: a vesicle may come so near to its dark part
_CAP = 0.85  # a section that cuts less of a vesicle than beyond so much of its radius shows no ring
_EDGE_NM = 80.0  # a crowd thins out over so much
_ROOM_NM = 90.0  # the middle of a crowd without a synapse has at least so much room around it


def find_crowds(section: Profiles, room_nm: npt.NDArray[np.floating], key: np.uint64, params: Vesicles,
                margin_nm: float) -> Iterator[Thing]:  # fmt: skip
    """Yield crowds of vesicles without a synapse in sight, in profiles with most room, in a drawn order.

    Parameters
    ----------
    section : Profiles
    room_nm : float (y, x)
        Free room around each pixel: see ``pale_room``.
    key : uint64
        The stream that places and sizes are drawn from.
    params : Vesicles
        The preset's sizes.
    margin_nm : float
        So far outside a vesicle annotators draw its outline.
    """
    wide = room_nm >= _ROOM_NM
    order = sorted(
        np.unique(section.ids[wide]).tolist(), key=lambda profile: float(uniform(sub(key, profile), 0))
    )
    for profile in order:
        if profile == 0:
            continue
        here = sub(key, profile)
        y, x = np.nonzero(wide & (section.ids == profile))
        k = int(uniform(here, 1) * len(y))
        heart = (np.array([y[k], x[k]]) + 0.5) * section.voxel_nm[1:]
        balls, wide_nm = crowd(section, room_nm, here, profile - 1, heart, None, params, margin_nm)
        if len(balls.ids) >= LEAST:
            place = (float(heart[0]), float(heart[1]))
            yield Thing("vesicle", int(object_id(here)), here, place, wide_nm, balls=balls)


def free_room(section: Profiles) -> npt.NDArray[np.floating]:
    """Return how far each pixel lies from walls, unknown pixels and all that is labelled, in nm, (y, x)."""
    out: npt.NDArray[np.floating] = np.minimum(
        section.room_nm, section.off(section.masks["vesicle"] | section.masks["psd"])
    )
    return out


def pale_room(section: Profiles, paleness: npt.NDArray[np.float32]) -> npt.NDArray[np.floating]:
    """Return the same, and how far off what is much darker than the cytoplasm of its profile.

    Cisternae, endosomes and much else has no label.
    """
    dark = (paleness < -DARK) & (section.ids > 0) & (section.room_nm > 10.0)
    out: npt.NDArray[np.floating] = np.minimum(free_room(section), section.off(dark) + _OVER_DARK_NM)
    return out


def crowd(
    section: Profiles,
    room_nm: npt.NDArray[np.floating],
    key: np.uint64,
    owner: int,
    heart: npt.NDArray[np.float64],
    zone: Density | None,
    params: Vesicles,
    margin_nm: float,
) -> tuple[Balls, float]:
    """Return the vesicles of a bouton that the section shows, and the radius of their crowd in nm.

    Their middles may lie above or below the section. Each has room for its whole width, as cells are taken to
    go straight through the section.

    Parameters
    ----------
    section, room_nm, params, margin_nm
        As ``find_crowds`` takes them.
    key : uint64
        The stream.
    owner : int
        The bouton, counted from 0.
    heart : float64 (2,)
        The middle of the crowd (y, x) where there is no synapse.
    zone : Density, optional
        The density that the crowd lies against.
    """
    plane, radius = 0.5 * section.voxel_nm[0], params.radius_nm.row()
    pitch, pull = params.pitch_nm / math.sqrt(2.0), zone is not None
    wide = float(crowd_nm(key, params.cluster_nm.row(), pull))
    turn = rotation(sub(key, 7))
    middle = np.array([plane, *heart])
    at, facing = middle.copy(), np.array([0.0, 0.0, 1.0])
    if zone is not None:
        at, facing = zone.middle_nm.copy(), zone.normal
        middle = at - BEHIND * wide * facing
    centre = middle.copy()
    if pull:
        standoff = 0.5 * (radius.lowest + radius.highest) + CLEAR_NM + 15.0 + DOCK_NM
        face_zone(turn, middle, at, facing, pitch, standoff, centre)
    lattice = Lattice(key, centre, turn, pitch, fill(key, params.density.row(), pull), pull, at, middle, wide)
    ball = min(CLUSTER_NM, wide + _EDGE_NM)
    most = most_sites(pitch)
    sites, spots = np.empty((most, 3), np.int64), np.empty((most, 3))
    far = radius.highest
    low, high = np.array([[plane, -np.inf, -np.inf]]), np.array([[plane, np.inf, np.inf]])
    low[0, 1:], high[0, 1:] = centre[1:] - ball, centre[1:] + ball
    found = lattice_sites(lattice, ball, (low, high), far, sites, spots)
    half = 0.5 * max(section.voxel_nm[1:])
    size = np.multiply(section.ids.shape, section.voxel_nm[1:])
    kept, radii, ids, scratch = [], [], [], np.empty(3)
    for s in range(found):
        spot = spots[s].copy()
        here = np.uint64(cell_key(key, *sites[s]))
        r = float(draw(radius, uniform(here, 5), normal(here, 6)))
        if abs(spot[0] - plane) >= _CAP * r or (spot[1:] < 0).any() or (spot[1:] >= size).any():
            continue
        pixel = section.pixel(spot[1:])
        if section.ids[pixel] != owner + 1 or room_nm[pixel] < r + max(CLEAR_NM, margin_nm) + half:
            continue
        if crowded_out(lattice, sites[s, 0], sites[s, 1], sites[s, 2], spot, r, radius, scratch):
            continue
        kept.append(spot)
        radii.append(r)
        ids.append(int(object_id(here)))
    n = len(kept)
    return (
        Balls(
            np.array(kept).reshape(n, 3),
            np.array(radii),
            np.full(n, owner, np.int32),
            np.array(ids, np.int32),
        ),
        wide,
    )
