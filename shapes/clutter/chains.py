"""Chains: bent, flattened tubes inside a neurite, cut where a membrane or a mitochondrion leaves no room."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.streams import normal
from shapes.core.touched import room_for, slabs, touched, voxels
from shapes.mitochondria.rods import Obstacles, rod_distance
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition

BAND_NM = np.float32(8.0)
"""How far outside a surface distances are still written."""
MEMBRANE_NM = 9.0
"""Thickness of the membrane around reticulum and endosomes."""
RIM_NM = 5.0
"""So much beyond its clearance clutter asks for the distance to the membrane; farther in it is not known."""
OFF_MITOCHONDRIA_NM = 6.0
"""Between clutter and a mitochondrion as drawn there is at least so much."""


class Chains(NamedTuple):
    """Chains of balls near a window.

    ``points`` (n, m, 4) are places and half-thicknesses, 0 where the chain is interrupted; ``broad`` (n, 4)
    the direction in which a chain is broader and thickness ÷ breadth; ``owners`` (n,) count into the
    neurites. ``obstacles`` are the mitochondria to keep clear of.
    """

    points: npt.NDArray[np.float64]
    broad: npt.NDArray[np.float64]
    owners: npt.NDArray[np.int32]
    ids: npt.NDArray[np.int32]
    obstacles: Obstacles
    missing: int = 0

    @property
    def centres_nm(self) -> npt.NDArray[np.float64]:
        """Middles of the chains, (n, 3)."""
        return self.points[:, self.points.shape[1] // 2, :3]


@compiled
def axis_frame(nodes, j, at, side_key, out):  # type: ignore[no-untyped-def]
    """Write the axis point at node ``at`` (a fraction), two directions across and the one along: (4, 3).

    Returns the neurite's radius there, and NaN where its nodes are not known.
    """
    k = min(int(at), nodes.shape[1] - 2)
    t = at - k
    ra, rb = nodes[j, k, 3], nodes[j, k + 1, 3]
    if np.isnan(ra) or np.isnan(rb):
        return np.nan
    long = dot = 0.0
    for c in range(3):
        out[3, c] = nodes[j, k + 1, c] - nodes[j, k, c]
        out[0, c] = nodes[j, k, c] + t * out[3, c]
        long += out[3, c] ** 2
    long = np.sqrt(long)
    for c in range(3):
        out[3, c] /= long
        out[1, c] = normal(side_key, 40 + c)
        dot += out[1, c] * out[3, c]
    wide = 0.0
    for c in range(3):
        out[1, c] -= dot * out[3, c]
        wide += out[1, c] ** 2
    wide = np.sqrt(max(wide, 1e-9))
    for c in range(3):
        out[1, c] /= wide
    for c in range(3):
        a, b = (c + 1) % 3, (c + 2) % 3
        out[2, c] = out[3, a] * out[1, b] - out[3, b] * out[1, a]
    return ra + t * (rb - ra)


@compiled
def passes_by(nodes, j, k, wide, low, high):  # type: ignore[no-untyped-def]
    """Tell whether all within ``wide`` of an axis from one node to the next lies outside a box."""
    for c in range(3):
        a, b = nodes[j, k, c], nodes[j, k + 1, c]
        if min(a, b) - wide > high[c] or max(a, b) + wide < low[c]:
            return True
    return False


@compiled
def touches(points, n, low, high, flat):  # type: ignore[no-untyped-def]
    """Tell whether a chain's bounding box comes near a box."""
    for c in range(3):
        least, most, thick = np.inf, -np.inf, 0.0
        for i in range(points.shape[1]):
            if points[n, i, 3] > 0.0:
                least, most = min(least, points[n, i, c]), max(most, points[n, i, c])
                thick = max(thick, points[n, i, 3])
        thick = (thick + BAND_NM) / flat
        if least - thick > high[c] or most + thick < low[c]:
            return False
    return True


@compiled
def stretch_depth(points, broad, n, i, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance, to first order, to the surface of a chain between its points i and i + 1."""
    az, ay, ax = points[n, i, 0], points[n, i, 1], points[n, i, 2]
    dz, dy, dx = points[n, i + 1, 0] - az, points[n, i + 1, 1] - ay, points[n, i + 1, 2] - ax
    t = ((z - az) * dz + (y - ay) * dy + (x - ax) * dx) / max(dz * dz + dy * dy + dx * dx, 1e-9)
    t = min(1.0, max(0.0, t))
    ez, ey, ex = z - az - t * dz, y - ay - t * dy, x - ax - t * dx
    squeeze = 1.0 - broad[n, 3] * broad[n, 3]
    side2 = (ez * broad[n, 0] + ey * broad[n, 1] + ex * broad[n, 2]) ** 2
    full = ez * ez + ey * ey + ex * ex
    q2 = full - squeeze * side2
    r = points[n, i, 3] + t * (points[n, i + 1, 3] - points[n, i, 3])
    if q2 < 1e-6:
        return -r
    # along the broad side the field rises more slowly than distance does
    steep = np.sqrt((full - (2.0 - squeeze) * squeeze * side2) / q2)
    return (np.sqrt(q2) - r) / max(steep, broad[n, 3])


@compiled
def _bounds(points, broad, n, i, low, high):  # type: ignore[no-untyped-def]
    """Write the box around a chain between points i and i + 1, with the band."""
    thick = max(points[n, i, 3], points[n, i + 1, 3])
    more = 1.0 / broad[n, 3] ** 2 - 1.0
    # the band is as wide in distance, which is longer than it in the field of a flat tube
    for c in range(3):
        wide = thick * np.sqrt(1.0 + more * broad[n, c] ** 2) + BAND_NM / broad[n, 3]
        low[c] = min(points[n, i, c], points[n, i + 1, c]) - wide
        high[c] = max(points[n, i, c], points[n, i + 1, c]) + wide


@compiled
def _apart(low, high, others_low, others_high):  # type: ignore[no-untyped-def]
    """Tell whether two boxes do not meet."""
    meet = True
    for c in range(3):
        meet = meet and low[c] <= others_high[c] and high[c] >= others_low[c]
    return not meet


@compiled
def _lay(chains, box, tiles, tissue, partition, gap, layer, which):  # type: ignore[no-untyped-def]
    points, broad, owners, ids = chains.points, chains.broad, chains.owners, chains.ids
    (rods, rod_owners), (low, high) = chains.obstacles, box
    index, depth, out_id, out_d = partition.index, partition.depth_nm, layer.ids, layer.distance_nm
    bounds, boxes, close = slabs(tiles), room_for(tiles), np.empty(rods.shape[0], np.int64)
    at, least, most = np.empty(3), np.empty(3), np.empty(3)
    for n in range(points.shape[0]):
        if not touches(points, n, low, high, broad[n, 3]):
            continue
        for i in range(points.shape[1] - 1):
            if points[n, i, 3] <= 0.0 or points[n, i + 1, 3] <= 0.0:
                continue
            _bounds(points, broad, n, i, least, most)
            if _apart(least, most, low, high):
                continue
            shown = touched(tiles, bounds, least, most, boxes)
            if shown == 0:
                continue
            few, ball, owner = 0, 0.0, owners[n]
            for c in range(3):
                at[c] = 0.5 * (least[c] + most[c])
                ball += (0.5 * (points[n, i, c] - points[n, i + 1, c])) ** 2
            ball = np.sqrt(ball) + (max(points[n, i, 3], points[n, i + 1, 3]) + BAND_NM) / broad[n, 3]
            for r in range(rods.shape[0]):
                if rod_owners[r] != owner:
                    continue
                if rod_distance(rods, r, at[0], at[1], at[2]) < ball + OFF_MITOCHONDRIA_NM:
                    close[few] = r
                    few += 1
            for b in range(shown):
                z0, z1, y0, y1, x0, x1 = voxels(boxes, b)
                for z in range(z0, z1):
                    for y in range(y0, y1):
                        for x in range(x0, x1):
                            if index[z, y, x] != owner:
                                continue
                            pz, py, px = tissue[0, z, y, x], tissue[1, z, y, x], tissue[2, z, y, x]
                            if (pz - at[0]) ** 2 + (py - at[1]) ** 2 + (px - at[2]) ** 2 > ball * ball:
                                continue
                            d = stretch_depth(points, broad, n, i, pz, py, px)
                            if d >= BAND_NM:
                                continue
                            if depth[z, y, x] < gap + RIM_NM:
                                d = max(d, gap - depth[z, y, x])
                            if d >= BAND_NM or d >= out_d[z, y, x]:
                                continue
                            for m in range(few):
                                d = max(d, OFF_MITOCHONDRIA_NM - rod_distance(rods, close[m], pz, py, px))
                            if d < BAND_NM and d < out_d[z, y, x]:
                                out_d[z, y, x] = d
                                out_id[z, y, x] = ids[n]
                                which[z, y, x] = n


def lay(
    chains: Chains, tissue: Tissue, partition: Partition, clearance_nm: float
) -> tuple[Layer, npt.NDArray[np.int32]]:
    """Return chains on the window's voxels, and which chain each voxel is nearest to, int32 (z, y, x).

    Every voxel is measured by itself against membrane and mitochondria, so that nothing needs to be known
    of a chain's far end.
    """
    layer = empty_layer(tissue.window.grid.shape)
    which = np.zeros(tissue.window.grid.shape, np.int32)
    window = tissue.window
    _lay(
        chains, window.box_nm, window.tiles, window.tissue_nm, partition,
        tissue.membranes.half_width_nm + clearance_nm, layer, which,
    )  # fmt: skip
    return layer, which
