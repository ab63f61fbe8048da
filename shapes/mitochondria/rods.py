"""Rods: the bent chains of balls that mitochondria are built from, some with a side arm."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.span import Span
from shapes.core.streams import normal

POINTS = 5
"""A rod has this many points."""
MIDDLE = POINTS // 2
"""Which of them lies in its middle."""
ARM, ROW = POINTS, POINTS + 5
"""First point of the side arm, which begins in the rod's middle, and how many points a rod and its arm have.
Without an arm the radii from there on are 0."""
ARM_PART = 0.65
"""Past the middle of a rod that branches, its points may be as thin as this part of what others may be."""
BAND_NM = np.float32(16.0)
"""How far outside a mitochondrion distances are still written."""
FILLET_NM = 36.0
"""The corner between a rod and its arm is rounded off with this radius."""
SLACK_NM = 30.0
"""Free cytoplasm between two rods of one cell, and between the ends of one that parts."""
APART_NM = 70.0
"""A rod is known so far around a window: others of its cell keep ``SLACK_NM`` off it, and know it farther."""
_SHEATH_GAP_NM = 25.0  # between a mitochondrion and the inner face of a sheath
AROUND_NM = 126.0
"""Rods are drawn this far around a window, for its vesicles keep clear of them: see ``vesicles.py``."""


class Rods(NamedTuple):
    """Mitochondria near a window.

    ``drawn`` (n, 10, 4) are points and radii as drawn, of the rod and then of its arm, which vesicles keep
    clear of; ``fitted`` are the same after each radius was cut to the room there is, 0 where there is none or
    the window is far; ``owners`` (n,) count into the neurites. ``ids`` (n, 2) are those of the points before
    the middle and after it: two mitochondria where the middle has no room. ``params`` is what they were drawn
    from, as kernels read it.
    """

    drawn: npt.NDArray[np.float64]
    fitted: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int32]
    missing: int
    params: Any

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the mitochondria that are there, (n, 3): of a rod, or of the halves of one without."""
        points = self.fitted[:, :, :3]
        whole, first, last = self._kept
        halves = points[first, :2].mean(1), points[last, POINTS - 2 : POINTS].mean(1)
        return np.concatenate([points[whole, MIDDLE], *halves])

    @property
    def span(self) -> Span:
        """How far along z each of these may reach, at most: a rod's far end is not fitted to its room."""
        whole, first, last = self._kept
        tips = [self.drawn[whole], self.drawn[first, :2], self.drawn[last, POINTS - 2 : POINTS]]
        ids = [self.ids[whole, 0], self.ids[first, 0], self.ids[last, 1]]
        return Span.joined([Span.of(balls, who) for balls, who in zip(tips, ids, strict=True)])

    @property
    def _kept(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rods are there as one, and of which others the first and the last half is."""
        room = self.fitted[:, :, 3] > 0
        split = self.ids[:, 0] != self.ids[:, 1]
        whole = room[:, MIDDLE] & (room[:, MIDDLE - 1] | room[:, MIDDLE + 1] | room[:, ARM + 1])
        end = POINTS - 1
        return whole, split & room[:, 0] & room[:, 1], split & room[:, end - 1] & room[:, end]

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Which rods have room somewhere near the window, (n,)."""
        return np.asarray(_both_ends(self.fitted).any(1))


class Obstacles(NamedTuple):
    """Rods (n, 10, 4) that other organelles of their ``owners`` (n,) keep clear of."""

    rods: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]


def obstacles(placed: Mapping[str, Any]) -> Obstacles:
    """Return the mitochondria as drawn, of what was placed before; none where there are none."""
    rods = placed.get("mitochondrion")
    if isinstance(rods, Rods):
        return Obstacles(rods.drawn, rods.owners)
    return Obstacles(np.empty((0, ROW, 4)), np.empty(0, np.int32))


def _both_ends(rods: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which stretches have room at both ends, (n, 9); from the rod's tip to its arm there is none."""
    room = rods[:, :, 3] > 0
    both: npt.NDArray[np.bool_] = room[:, 1:] & room[:, :-1]
    both[:, ARM - 1] = False
    return both


def stretches(
    rods: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return balls that hold rods from point to point: rod and first point, centre and radius of each.

    The first is (m, 2), then (m, 3) and (m,).
    """
    rod, at = np.nonzero(_both_ends(rods))
    a, b = rods[rod, at], rods[rod, at + 1]
    half = 0.5 * np.sqrt(((a[:, :3] - b[:, :3]) ** 2).sum(1))
    return np.stack([rod, at], 1), 0.5 * (a[:, :3] + b[:, :3]), half + np.maximum(a[:, 3], b[:, 3])


@compiled
def rod_chain(  # type: ignore[no-untyped-def]
    nodes, step, count, centre, half, thick, most, wall, lane_angle, lane_offset, key, out,
):  # fmt: skip
    """Write points and radii of a rod around node ``centre``; tells whether the neurite is known so far."""
    side = np.empty(3)
    for c in range(3):
        side[c] = normal(key, 40 + c)
    # as much thicker as thinner: a rod of the largest radius, or of a fixed one, is even
    uneven = min(0.2, max(0.0, np.log(max(most, 1.0) / max(thick, 1.0))))
    for i in range(POINTS):
        at = centre + (2.0 * i / (POINTS - 1) - 1.0) * half / step
        k = int(np.floor(at))
        if k < 0 or k + 1 >= count or np.isnan(nodes[k, 3]) or np.isnan(nodes[k + 1, 3]):
            return False
        t = at - k
        dot = norm = 0.0
        for c in range(3):
            d = nodes[k + 1, c] - nodes[k, c]
            dot += d * side[c]
            norm += d * d
        e = np.empty(3)
        length = 0.0
        for c in range(3):
            e[c] = side[c] - dot / norm * (nodes[k + 1, c] - nodes[k, c])
            length += e[c] * e[c]
        length = np.sqrt(max(length, 1e-9))
        # the second direction across the axis, by a cross product
        d0, d1, d2 = (
            nodes[k + 1, 0] - nodes[k, 0],
            nodes[k + 1, 1] - nodes[k, 1],
            nodes[k + 1, 2] - nodes[k, 2],
        )
        n = np.sqrt(norm) * length
        f0 = (d1 * e[2] - d2 * e[1]) / n
        f1 = (d2 * e[0] - d0 * e[2]) / n
        f2 = (d0 * e[1] - d1 * e[0]) / n
        cosine, sine = np.cos(lane_angle) * lane_offset, np.sin(lane_angle) * lane_offset
        out[i, 0] = nodes[k, 0] + t * d0 + cosine * e[0] / length + sine * f0
        out[i, 1] = nodes[k, 1] + t * d1 + cosine * e[1] / length + sine * f1
        out[i, 2] = nodes[k, 2] + t * d2 + cosine * e[2] / length + sine * f2
        end = abs(2.0 * i / (POINTS - 1) - 1.0)
        swell = min(uneven, max(-uneven, 0.1 * normal(key, 50 + i)))
        out[i, 3] = min(most, thick * (1.0 - 0.22 * end**3) * np.exp(swell))
        if wall > 0.0:
            out[i, 3] = min(
                out[i, 3], nodes[k, 3] + t * (nodes[k + 1, 3] - nodes[k, 3]) - wall - _SHEATH_GAP_NM
            )
    return True


@compiled
def rod_touches(points, low, high, pad):  # type: ignore[no-untyped-def]
    """Tell whether a rod's bounding box comes within ``pad`` of a box."""
    for c in range(3):
        least, most, thick = np.inf, -np.inf, 0.0
        for i in range(ROW):
            least, most = min(least, points[i, c]), max(most, points[i, c])
            thick = max(thick, points[i, 3])
        if least - thick - pad > high[c] or most + thick + pad < low[c]:
            return False
    return True


@compiled
def stretch_distance(rods, r, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return distance to a rod between points i and i + 1, place along it, and offset from its axis."""
    az, ay, ax = rods[r, i, 0], rods[r, i, 1], rods[r, i, 2]
    dz, dy, dx = rods[r, i + 1, 0] - az, rods[r, i + 1, 1] - ay, rods[r, i + 1, 2] - ax
    t = ((z - az) * dz + (y - ay) * dy + (x - ax) * dx) / max(dz * dz + dy * dy + dx * dx, 1e-9)
    t = min(1.0, max(0.0, t))
    ez, ey, ex = z - az - t * dz, y - ay - t * dy, x - ax - t * dx
    d = np.sqrt(ez * ez + ey * ey + ex * ex) - rods[r, i, 3] - t * (rods[r, i + 1, 3] - rods[r, i, 3])
    return d, i + t, ez, ey, ex


@compiled
def rod_sight_nm(points):  # type: ignore[no-untyped-def]
    """Return how far from a window a rod's points (10, 4) can lie that a stretch of it matters there."""
    longest = 0.0
    for i in range(1, ROW):
        step = 0.0
        for c in range(3):
            step += (points[i, c] - points[i - 1, c]) ** 2
        longest = max(longest, np.sqrt(step) if i != ARM else 0.0)
    return longest + points[:, 3].max() + APART_NM


@compiled
def joined(rod, arm):  # type: ignore[no-untyped-def]
    """Return the distance to a rod with its arm from those to either: their union, its corner rounded off."""
    if rod >= FILLET_NM or arm >= FILLET_NM:
        return min(rod, arm)
    return max(FILLET_NM, min(rod, arm)) - np.sqrt((FILLET_NM - rod) ** 2 + (FILLET_NM - arm) ** 2)


@compiled
def rod_distance(rods, r, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance to the surface of a rod and its arm."""
    rod = arm = 1e9
    for i in range(ROW - 1):
        if i != ARM - 1 and rods[r, i, 3] > 0.0 and rods[r, i + 1, 3] > 0.0:
            d, _, _, _, _ = stretch_distance(rods, r, i, z, y, x)
            if i < ARM:
                rod = min(rod, d)
            else:
                arm = min(arm, d)
    return joined(rod, arm)


@compiled
def off_rods(obstacles, owner, place, far):  # type: ignore[no-untyped-def]
    """Return how far a place lies from the mitochondria of a cell, at most ``far``."""
    rods = obstacles.rods
    for r in range(obstacles.owners.shape[0]):
        near = obstacles.owners[r] == owner
        # most are ruled out by their box
        for c in range(3):
            if near:
                least, most = np.inf, -np.inf
                for i in range(ROW):
                    least = min(least, rods[r, i, c] - rods[r, i, 3])
                    most = max(most, rods[r, i, c] + rods[r, i, 3])
                near = least - far - FILLET_NM < place[c] < most + far + FILLET_NM
        if near:
            far = min(far, rod_distance(rods, r, place[0], place[1], place[2]))
    return far
