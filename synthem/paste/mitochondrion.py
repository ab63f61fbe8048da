"""Places for mitochondria: rods along the free middle of a profile, as thick as there is room."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shapes.core.streams import normal, object_id, uniform
from shapes.mitochondria.mitochondria import Mitochondria
from shapes.mitochondria.rods import POINTS, ROW
from synthem.paste.profiles import Profiles
from synthem.paste.things import Thing, drawn, sub

_OFF_VESICLE_NM = 8.0
_SHAFT_NM2 = 8e5  # a smaller profile with a synapse is that of a spine
_EVEN = 0.8  # from point to point a rod is no thinner than so much of what it is in the middle
_BEND = 0.12  # of its half length: how far a rod's points are off a straight line


def find_mitochondria(
    section: Profiles, room_nm: npt.NDArray[np.floating], key: np.uint64, params: Mitochondria
) -> Iterator[Thing]:
    """Yield mitochondria, at most one a profile, in a drawn order.

    Parameters
    ----------
    section : Profiles
    room_nm : float (y, x)
        Free room around each pixel, to walls and all that is labelled.
    key : uint64
        The stream that places and sizes are drawn from.
    params : Mitochondria
        The preset's sizes.
    """
    clear = max(params.clearance_nm, _OFF_VESICLE_NM)
    wide = room_nm >= params.thinnest_nm + clear
    # a spine has a synapse and no mitochondrion
    spine = section.of(section.off(section.masks["psd"]) < 30.0) * (section.area_nm2 < _SHAFT_NM2)
    profiles = [k for k in np.unique(section.ids[wide]).tolist() if k and spine[k - 1] == 0]
    for profile in sorted(profiles, key=lambda k: float(uniform(sub(key, k), 0))):
        here = sub(key, profile)
        y, x = np.nonzero(wide & (section.ids == profile))
        # of some places the one with most room: where a neurite is wide, or a place in it free
        some = [int(uniform(here, 1 + k) * len(y)) for k in range(4)]
        best = max(some, key=lambda k: float(room_nm[y[k], x[k]]))
        middle = (np.array([y[best], x[best]]) + 0.5) * section.voxel_nm[1:]
        rod = _rod(section, room_nm, here, profile, middle, params, clear)
        if rod is not None:
            ends = rod[[0, POINTS - 1]]
            length = float(np.hypot(*(ends[1, 1:3] - ends[0, 1:3])) + ends[:, 3].sum())
            yield Thing(
                "mitochondrion", int(object_id(here)), here, (float(middle[0]), float(middle[1])), length,
                rod=rod, owner=profile - 1,
            )  # fmt: skip


def _rod(
    section: Profiles,
    room_nm: npt.NDArray[np.floating],
    key: np.uint64,
    profile: int,
    middle: npt.NDArray[np.float64],
    params: Mitochondria,
    clear: float,
) -> npt.NDArray[np.float64] | None:
    """Return points and radii (10, 4) of a rod through a place, along its profile; None without room."""
    box = section.near(middle, 300.0)
    y, x = np.nonzero(section.ids[box] == profile)
    off = np.stack([y, x], 1) * np.array(section.voxel_nm[1:])
    along = np.linalg.svd(off - off.mean(0), full_matrices=False)[2][0]
    across = np.array([along[1], -along[0]])
    half, thick = drawn(params.half_length_nm, key, 20), drawn(params.radius_nm, key, 22)
    rod = np.zeros((ROW, 4))
    rod[:, 0] = 0.5 * section.voxel_nm[0]
    # the section cuts most rods beside their axis
    beside = 0.7 * (2.0 * float(uniform(key, 24)) - 1.0)
    size = np.multiply(section.ids.shape, section.voxel_nm[1:])
    for shrink in (1.0, 0.75, 0.5, 0.3):
        fits = True
        for i in range(POINTS):
            at = (2.0 * i / (POINTS - 1) - 1.0) * half * shrink
            bend = _BEND * half * shrink * float(normal(key, 30 + i)) * (i not in (POINTS // 2,))
            place = middle + at * along + bend * across
            pixel = section.pixel(place)
            room = float(room_nm[pixel]) - clear
            inside = bool((place >= 0).all() and (place < size).all())
            if not inside or section.ids[pixel] != profile or room < params.thinnest_nm * 0.8:
                fits = False
                break
            end = abs(2.0 * i / (POINTS - 1) - 1.0)
            rod[i, 1:3], rod[i, 3] = place, min(room, thick * (1.0 - 0.22 * end**3))
        if fits:
            # no waists, and no lumps: each point is at most as thick as its neighbours allow
            thin = rod[:POINTS, 3]
            thin[:] = [min(thin[max(0, i - 1) : i + 2].min() / _EVEN, thin[i]) for i in range(POINTS)]
            rod[:POINTS, 0] += beside * rod[:POINTS, 3].min()
            return rod
    return None
