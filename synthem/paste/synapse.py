"""Places for synapses: a long, gently curved membrane between a profile with vesicles and another with room.

The middle of the disc may lie above or below the section, which then shows a shorter density.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shapes.core.streams import object_id, uniform
from shapes.synapses.apposition import SIDES
from shapes.synapses.contacts import OFF_MITOCHONDRIA_NM
from shapes.synapses.psd import OUTLINE, Synapses
from synthem.measure.profiles import AROUND_NM, VESICLE_NM2
from synthem.paste.profiles import Contact, Profiles
from synthem.paste.things import Density, Thing, drawn, sub
from synthem.paste.vesicles import DARK

TRIES = 6
"""Places that are looked at along a line of contact."""
APART_NM = 400.0
"""From the middle of one synapse to that of the next, real ones and new ones."""
_RIM_NM = 20.0  # the two profiles face each other so far beyond either end
_SAG, _GAP = 0.3, 4.0  # how far the line may be off its chord, in parts of it; a hole in it, in pixels
_SHRINK = (1.0, 0.8, 0.65)  # a line with less room than was drawn gets a smaller density
_OUT = 0.65  # a section passes a disc's middle at so much of its radius at most: farther out are slivers
_BOUTON = 3  # vesicles within ``AROUND_NM`` that tell which side is the bouton
_ROOM_NM2 = 15000.0  # … and where there are none, so much room for them
_POST_NM2 = 30000.0  # the smallest profile of a spine that has a density
_MANY, _WIDE_NM, _CHANCE = 10.0, 220.0, 0.3  # so many vesicles and so much room are as good as more
_BEHIND_NM = 25.0  # free cytoplasm behind a density


def find_synapses(
    section: Profiles, paleness: npt.NDArray[np.float32], key: np.uint64, params: Synapses, half_nm: float
) -> Iterator[Thing]:
    """Yield densities, without vesicles, those first that lie as real ones mostly do.

    That is at a bouton with vesicles beside them, and a wide partner.

    Parameters
    ----------
    section : Profiles
    paleness : float32 (y, x)
        Grey without noise, over the median of each profile's cytoplasm.
    key : uint64
        The stream that places and sizes are drawn from.
    params : Synapses
        The preset's sizes.
    half_nm : float
        From the middle of the cleft to the inner face of a membrane.
    """
    finder = _Finder(section, paleness, params, half_nm)
    found: list[tuple[float, Thing]] = []
    for k, line in enumerate(section.contacts()):
        for attempt in range(TRIES):
            here = sub(sub(key, k), attempt)
            thing = finder.look(line, here)
            if thing is not None:
                found.append((finder.likeness(thing) + _CHANCE * float(uniform(here, 40)), thing))
                break
    for _, thing in sorted(found, key=lambda each: -each[0]):
        yield thing


class _Finder:
    def __init__(
        self, section: Profiles, paleness: npt.NDArray[np.float32], params: Synapses, half_nm: float
    ) -> None:
        self.section, self.paleness, self.params, self.half_nm = section, paleness, params, half_nm
        self.off_psd = section.off(section.masks["psd"] | section.masks["sheath"])
        self.off_mito = section.off(section.masks["mitochondrion"])
        self.off_closed = section.off(section.closed)
        self.vesicles_nm2 = section.of(section.masks["vesicle"])

    def look(self, line: Contact, key: np.uint64) -> Thing | None:
        """Return a density somewhere on a line; None without room."""
        section = self.section
        start = line.points_nm[int(uniform(key, 0) * len(line.points_nm))]
        course = None
        for part in _SHRINK:
            radius = part * drawn(self.params.radius_nm, key, 1)
            out = _OUT * radius * (2.0 * float(uniform(key, 3)) - 1.0)
            half = OUTLINE * math.sqrt(radius**2 - out**2)
            course = _straight(line.points_nm, start, half + _RIM_NM, max(section.voxel_nm[1:]))
            if course is not None:
                break
        if course is None:
            return None
        middle, along, across, bow = course
        size = np.multiply(section.ids.shape, section.voxel_nm[1:])
        if (middle < half).any() or (middle > size - half).any():
            return None
        at = np.linspace(-half, half, 9)
        on_line = middle + at[:, None] * along + np.interp(at, *bow)[:, None] * across
        spots = section.pixel(on_line)
        if (self.off_psd[spots] < 0.5 * APART_NM).any() or (self.off_closed[spots] < 100.0).any():
            return None
        sides = self._sides(line, middle)
        if sides is None:
            return None
        pre, post, held = sides
        own = section.partition.index[0]
        ahead = own[section.pixel(middle + 40.0 * across)] == post
        facing = across if ahead else -across
        thick = drawn(self.params.thickness_nm, key, 4)
        if uniform(key, 6) < self.params.symmetric:
            thick *= self.params.symmetric_part
        if not self._has_room(on_line, facing, pre, post, thick):
            return None
        rims = np.array([radius * (0.86 + 0.14 * float(uniform(key, 20 + k))) for k in range(SIDES)])
        deep = 0.5 * section.voxel_nm[0]
        density = Density(
            pre, post, np.array([deep + out, *middle]), np.array([0.0, *facing]), radius, rims, thick
        )
        place = (float(middle[0]), float(middle[1]))
        return Thing("psd", int(object_id(key)), key, place, 2.0 * half, density, held=held)

    def likeness(self, thing: Thing) -> float:
        """Return how much a place is like those of real synapses: vesicles before, wide cells beside."""
        one, section = thing.density, self.section
        if one is None:
            return 0.0
        box = section.near(one.middle_nm[1:], AROUND_NM)
        ids, room = section.ids[box], section.room_nm[box]
        wide = [float(room[ids == k + 1].max(initial=0.0)) for k in (one.pre, one.post)]
        pixel_nm2 = section.voxel_nm[1] * section.voxel_nm[2]
        held = (
            np.count_nonzero(section.masks["vesicle"][box] & (ids == one.pre + 1)) * pixel_nm2 / VESICLE_NM2
        )
        before, behind = (min(room, _WIDE_NM) / _WIDE_NM for room in wide)
        return min(held, _MANY) / _MANY + 0.5 * before + 2.0 * behind

    def _sides(self, line: Contact, middle: npt.NDArray[np.float64]) -> tuple[int, int, bool] | None:
        """Tell bouton and partner, and whether the former holds vesicles here; None where it is unclear."""
        section = self.section
        box = section.near(middle, AROUND_NM)
        ids, vesicle = section.ids[box], section.masks["vesicle"][box]
        pixel_nm2 = section.voxel_nm[1] * section.voxel_nm[2]
        pair = (line.one, line.other)
        held = [np.count_nonzero(vesicle & (ids == k + 1)) * pixel_nm2 / VESICLE_NM2 for k in pair]
        room = [np.count_nonzero((ids == k + 1) & (section.room_nm[box] > 28.0)) * pixel_nm2 for k in pair]
        bouton = int(np.argmax(held)) if max(held) >= _BOUTON else int(np.argmax(room))
        pre, post = pair[bouton], pair[1 - bouton]
        if held[1 - bouton] >= 1 or self.vesicles_nm2[post] >= _BOUTON * VESICLE_NM2:
            return None
        if section.area_nm2[post] < _POST_NM2 or (held[bouton] < _BOUTON and room[bouton] < _ROOM_NM2):
            return None
        return pre, post, bool(held[bouton] >= _BOUTON)

    def _has_room(
        self,
        on_line: npt.NDArray[np.float64],
        facing: npt.NDArray[np.float64],
        pre: int,
        post: int,
        thick: float,
    ) -> bool:
        """Tell whether the partner is free behind a density, and the bouton is there before all of it."""
        section, own = self.section, self.section.partition.index[0]
        for deep in (self.half_nm + 6.0, self.half_nm + 0.6 * thick, self.half_nm + thick + _BEHIND_NM):
            spots = section.pixel(on_line + deep * facing)
            if (own[spots] != post).any() or section.taken[spots].any():
                return False
            if deep > 40.0 and (self.paleness[spots] < -DARK).any():
                return False
        spots = section.pixel(on_line - 45.0 * facing)
        if (own[spots] != pre).any():
            return False
        middle = section.pixel(on_line[4:5] - self.half_nm * facing)
        return bool(self.off_mito[middle][0] >= OFF_MITOCHONDRIA_NM)


def _straight(
    points: npt.NDArray[np.float64], middle: npt.NDArray[np.float64], reach: float, pixel: float
) -> tuple[npt.NDArray[np.float64], ...] | None:
    """Return the middle on the line, its direction, the normal, and the bow (along, across) of a gentle line.

    None where the line is too short on either side, has holes, or is bent too much.
    """
    off = points - middle
    near = points[(off * off).sum(1) <= (1.25 * reach) ** 2]
    if len(near) < max(12.0, 1.8 * reach / pixel):
        return None
    off = near - near.mean(0)
    along = np.linalg.svd(off, full_matrices=False)[2][0]
    across = np.array([along[1], -along[0]])
    s, q = (near - middle) @ along, (near - middle) @ across
    lifted = float(np.median(q[np.abs(s) < 3.0 * pixel])) if (np.abs(s) < 3.0 * pixel).any() else 0.0
    q -= lifted
    inside = np.abs(s) <= reach
    order = np.argsort(s[inside], kind="stable")
    s, q = s[inside][order], q[inside][order]
    if len(s) < 12 or s[0] > -0.92 * reach or s[-1] < 0.92 * reach:
        return None
    if np.diff(s).max() > _GAP * pixel or np.abs(q).max() > _SAG * reach:
        return None
    # several points of a staircase lie beside each other: their mean in steps is a line
    bins = np.linspace(-reach, reach, max(5, int(reach / (2.0 * pixel))))
    which = np.clip(np.digitize(s, bins) - 1, 0, len(bins) - 2)
    counts = np.bincount(which, minlength=len(bins) - 1)
    used = counts > 0
    means = [np.bincount(which, v, len(bins) - 1)[used] / counts[used] for v in (s, q)]
    return middle + lifted * across, along, across, np.stack(means)
