"""Rods: the bent chains of balls that mitochondria are built from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from shapes.streams import normal

POINTS = 5
"""A rod has this many points."""
MIDDLE = POINTS // 2
"""Which of them lies in its middle."""
_SHEATH_GAP_NM = 25.0  # between a mitochondrion and the inner face of a sheath


@dataclass(frozen=True, eq=False)
class Rods:
    """Mitochondria near a window.

    ``drawn`` (n, 5, 4) are points and radii as drawn, which vesicles keep clear of; ``fitted`` are the same
    after each radius was cut to the room there is, 0 where there is none or the window is far; ``owners``
    (n,) count into the neurites. ``ids`` (n, 2) are those of the points before the middle and after it: two
    mitochondria where the middle has no room.
    """

    drawn: npt.NDArray[np.float64]
    fitted: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int32]
    missing: int

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the mitochondria that are there, (n, 3): of a rod, or of the halves of one without."""
        room, points = self.fitted[:, :, 3] > 0, self.fitted[:, :, :3]
        split = self.ids[:, 0] != self.ids[:, 1]
        whole = room[:, MIDDLE] & (room[:, MIDDLE - 1] | room[:, MIDDLE + 1])
        first, last = split & room[:, 0] & room[:, 1], split & room[:, -2] & room[:, -1]
        halves = points[first, :2].mean(1), points[last, -2:].mean(1)
        return np.concatenate([points[whole, MIDDLE], *halves])

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Which rods have room somewhere near the window, (n,)."""
        room = self.fitted[:, :, 3] > 0
        return np.asarray((room[:, 1:] & room[:, :-1]).any(1))


def stretches(
    rods: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return balls that hold rods from point to point: rod and first point, centre and radius of each.

    The first is (m, 2), then (m, 3) and (m,).
    """
    one, next_one = rods[:, :-1], rods[:, 1:]
    rod, at = np.nonzero((one[..., 3] > 0) & (next_one[..., 3] > 0))
    a, b = one[rod, at], next_one[rod, at]
    half = 0.5 * np.sqrt(((a[:, :3] - b[:, :3]) ** 2).sum(1))
    return np.stack([rod, at], 1), 0.5 * (a[:, :3] + b[:, :3]), half + np.maximum(a[:, 3], b[:, 3])


@njit(cache=True)
def rod_chain(  # type: ignore[no-untyped-def]
    nodes, step, count, centre, half, thick, most, wall, lane_angle, lane_offset, key, out,
):  # fmt: skip
    """Write points and radii of a rod around node ``centre``; tells whether the neurite is known so far."""
    side = np.empty(3)
    for c in range(3):
        side[c] = normal(key, 40 + c)
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
        out[i, 3] = thick * (1.0 - 0.22 * end**3) * np.exp(0.1 * min(2.0, max(-2.0, normal(key, 50 + i))))
        out[i, 3] = min(out[i, 3], most)
        if wall > 0.0:
            out[i, 3] = min(
                out[i, 3], nodes[k, 3] + t * (nodes[k + 1, 3] - nodes[k, 3]) - wall - _SHEATH_GAP_NM
            )
    return True


@njit(cache=True)
def rod_touches(points, low, high, pad):  # type: ignore[no-untyped-def]
    """Tell whether a rod's bounding box comes within ``pad`` of a box."""
    for c in range(3):
        least, most, thick = np.inf, -np.inf, 0.0
        for i in range(POINTS):
            least, most = min(least, points[i, c]), max(most, points[i, c])
            thick = max(thick, points[i, 3])
        if least - thick - pad > high[c] or most + thick + pad < low[c]:
            return False
    return True


@njit(cache=True)
def stretch_distance(rods, r, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return distance to a rod between points i and i + 1, place along it, and offset from its axis."""
    az, ay, ax = rods[r, i, 0], rods[r, i, 1], rods[r, i, 2]
    dz, dy, dx = rods[r, i + 1, 0] - az, rods[r, i + 1, 1] - ay, rods[r, i + 1, 2] - ax
    t = ((z - az) * dz + (y - ay) * dy + (x - ax) * dx) / max(dz * dz + dy * dy + dx * dx, 1e-9)
    t = min(1.0, max(0.0, t))
    ez, ey, ex = z - az - t * dz, y - ay - t * dy, x - ax - t * dx
    d = np.sqrt(ez * ez + ey * ey + ex * ex) - rods[r, i, 3] - t * (rods[r, i + 1, 3] - rods[r, i, 3])
    return d, i + t, ez, ey, ex


@njit(cache=True)
def rod_distance(rods, r, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance to a rod's surface."""
    best = 1e9
    for i in range(POINTS - 1):
        if rods[r, i, 3] > 0.0 and rods[r, i + 1, 3] > 0.0:
            d, _, _, _, _ = stretch_distance(rods, r, i, z, y, x)
            best = min(best, d)
    return best
