"""Places for sheaths: compact profiles that are empty enough, wrapped inwards from their membrane."""

from collections.abc import Iterator

import numpy as np

from shapes.cells.sheaths import Sheaths
from shapes.core.streams import object_id, uniform
from synthem.measure.profiles import solidity
from synthem.paste.profiles import Profiles
from synthem.paste.things import Thing, Wrap, drawn, sub

WIDTHS_NM = (150.0, 600.0)
"""Half the width of the thinnest and the widest profile that gets a sheath, where a preset names none."""
_SOLID = 0.92  # no dendrite with spines, and nothing that is squeezed between others
_ROUND = 0.4  # of its area lies so much in the largest circle in it: none that tapers
_OFF_SYNAPSE_NM = 80.0
_GAP_NM = 25.0  # between a sheath and a mitochondrion, as in ``rods.py``
_PALE_NM = 40.0  # of free axon there is at least so much on either side of its middle


def find_sheaths(
    section: Profiles, key: np.uint64, params: Sheaths, widths_nm: tuple[float, float] = WIDTHS_NM
) -> Iterator[Thing]:
    """Yield sheaths for profiles that a sheath may have, in a drawn order.

    Such a profile has no vesicles and no synapse, its outline is hardly dented, its mitochondria lie deep
    enough, and nothing unknown touches it. ``widths_nm`` are the least and the largest of half its width.
    """
    ids, count = section.ids, section.count
    depth = section.partition.depth_nm[0]
    barred = section.masks["vesicle"] | section.closed | section.masks["sheath"]
    near = section.off(section.masks["psd"] | section.masks["sheath"]) < _OFF_SYNAPSE_NM
    held = section.of(barred) + section.of(near)
    mito = section.masks["mitochondrion"]
    order = sorted(range(count), key=lambda k: float(uniform(sub(key, k), 0)))
    for profile in order:
        if held[profile] > 0:
            continue
        here = sub(key, profile)
        ys, xs = np.nonzero(ids == profile + 1)
        inner = float(depth[ys, xs].max())
        if not widths_nm[0] <= inner <= widths_nm[1]:
            continue
        if np.pi * inner**2 < _ROUND * section.area_nm2[profile]:
            continue
        low, high = np.array([[ys.min(), xs.min()]]), np.array([[ys.max(), xs.max()]])
        if solidity(ids, np.array([profile + 1]), low, high)[0] < _SOLID:
            continue
        # the g-ratio is of the profile's half width, which for a round one is its radius
        thick = inner * (1.0 - drawn(params.g_ratio, here, 1))
        thick = min(params.thickest_nm, max(params.thinnest_nm, thick))
        inside = mito[ys, xs]
        if inner < thick + _PALE_NM or (
            inside.any() and depth[ys, xs][inside].min() < (1.0 + params.unevenness) * thick + _GAP_NM
        ):
            continue
        place = (
            float((ys.mean() + 0.5) * section.voxel_nm[1]),
            float((xs.mean() + 0.5) * section.voxel_nm[2]),
        )
        yield Thing("sheath", int(object_id(here)), here, place, thick, wrap=Wrap(profile, thick))
