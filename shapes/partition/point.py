"""The membrane at one point: which neurite owns the point, which is the next, how far the membrane is.

Neurites share out space: each point belongs to the tube whose field is lowest, or to thin glia where every
field is above ``glia_nm``. That partition fills space, makes small cells concave between large ones, and
leaves glia the star-shaped sheets between round tubes. The distance to the membrane is the gap between the
two lowest fields over the rate at which that gap closes, which is exact to first order, so that a membrane is
equally thick wherever and however it is cut.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from shapes.core.block import Block
from shapes.core.compiled import compiled
from shapes.neurites.tubes import (
    AX,
    AY,
    AZ,
    BLOCK,
    CORE,
    DX,
    DY,
    DZ,
    HALF,
    RMAX,
    SQUEEZE,
    STIFF,
    axis_place,
    inside,
    least_within,
    most_within,
    tube_field,
    tube_slope,
    until,
)

NOBODY = -1
SURE = 0.95
"""Of a distance to the membrane this part is sure: far from one, what ``probe`` says is somewhat long."""
_ZERO, _ONE = np.float32(0), np.float32(1)


class Membranes(Block):
    """What lies between two cells: two lipid bilayers of ``bilayer_nm`` and the gap between them.

    ``glia_nm`` is how far a point may lie outside every tube before thin glia fills it. Figures: bilayer 7–8
    nm, gap 15–20 nm in fixed tissue (Peters, Palay & Webster 1991).
    """

    bilayer_nm: float = Field(default=8.0, gt=0, le=30)
    gap_nm: float = Field(default=14.0, ge=0, le=100)
    glia_nm: float = Field(default=60.0, gt=0, le=500)

    @property
    def half_width_nm(self) -> float:
        """Distance from the middle of the gap to the inner face of either membrane."""
        return self.bilayer_nm + self.gap_nm / 2


class Scratch(NamedTuple):
    """Room to write in: tubes near a box, those of them near a point, and their fields there."""

    close: npt.NDArray[np.int64]
    chosen: npt.NDArray[np.int64]
    fields: npt.NDArray[np.float64]


@compiled
def scratch_for(tubes):  # type: ignore[no-untyped-def]
    """Return room for all of some tubes."""
    n = tubes.segments.shape[0]
    return Scratch(np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n))


@compiled
def near(segments, among, z, y, x, radius, depth, glia, chosen):  # type: ignore[no-untyped-def]
    """Pick the tubes that can own, or bound within ``depth``, any point of a ball; returns how many.

    ``among`` lists the tubes to look at; ``chosen`` receives those that are left.
    """
    n = 0
    for i in range(among.shape[0]):
        k = among[i]
        ez = segments[k, AZ] + 0.5 * segments[k, DZ] - z
        ey = segments[k, AY] + 0.5 * segments[k, DY] - y
        ex = segments[k, AX] + 0.5 * segments[k, DX] - x
        # past this ball no tube can bound anything: where it did, its field would be below glia's
        far = segments[k, HALF] + segments[k, RMAX] + (glia + radius + 1.6 * depth) / segments[k, SQUEEZE]
        if ez * ez + ey * ey + ex * ex <= far * far:
            chosen[n] = k
            n += 1
    fields = np.empty(n)
    best = glia
    for i in range(n):
        fields[i] = tube_field(segments, chosen[i], z, y, x)
        best = min(best, most_within(segments, chosen[i], fields[i], radius))
    top = best
    for i in range(n):
        fields[i] = least_within(segments, chosen[i], fields[i], radius)
        if fields[i] <= best:
            top = max(top, most_within(segments, chosen[i], best, depth))
    count = 0
    for i in range(n):
        # near a membrane two fields part at most at the sum of their slopes
        if least_within(segments, chosen[i], fields[i], depth) <= top:
            chosen[count] = chosen[i]
            count += 1
    return count


@compiled
def around(segments, among, z, y, x, look, chosen):  # type: ignore[no-untyped-def]
    """Pick the tubes that come within ``look`` of a point at their widest; returns how many.

    The rule is each tube's own, so that it is the same whatever other tubes are known.
    """
    count = 0
    for i in range(among.shape[0]):
        k = among[i]
        t = axis_place(segments, k, z, y, x)
        ez = segments[k, AZ] + t * segments[k, DZ] - z
        ey = segments[k, AY] + t * segments[k, DY] - y
        ex = segments[k, AX] + t * segments[k, DX] - x
        if ez * ez + ey * ey + ex * ex <= (segments[k, RMAX] + look) ** 2:
            chosen[count] = k
            count += 1
    return count


@compiled
def near_box(segments, blocks, low, high, pad, chosen):  # type: ignore[no-untyped-def]
    """Pick the tubes whose surface can come within ``pad`` of a box; a flat tube reaches farther.

    ``blocks`` are the tubes' own boxes, as ``tubes.bound_blocks`` writes them: most are ruled out by these.
    """
    count = 0
    for b in range(blocks.shape[0]):
        wide = pad / blocks[b, 6]
        apart = False
        for c in range(3):
            apart = apart or blocks[b, c] - wide > high[c] or blocks[b, 3 + c] + wide < low[c]
        if apart:
            continue
        for i in range(b * BLOCK, min((b + 1) * BLOCK, segments.shape[0])):
            wide = segments[i, RMAX] + pad / segments[i, SQUEEZE]
            inside = True
            for c in range(3):
                a, d = segments[i, AZ + c], segments[i, DZ + c]
                if a + min(d, 0.0) - wide > high[c] or a + max(d, 0.0) + wide < low[c]:
                    inside = False
                    break
            if inside:
                chosen[count] = i
                count += 1
    return count


@compiled
def probe(  # type: ignore[no-untyped-def]
    segments, owners, chosen, count, z, y, x, depth, glia, glia_index, fields,
):  # fmt: skip
    """Return (owner, neighbour, distance to the membrane, upward slope of its normal) at one point."""
    best, own, at = glia, glia_index, -1
    for i in range(count):
        f = tube_field(segments, chosen[i], z, y, x)
        fields[i] = f
        if f < best:
            best, own, at = f, owners[chosen[i]], i
    nz = ny = nx = 0.0
    core, ease = 0.0, 1.0
    if at >= 0:
        nz, ny, nx = tube_slope(segments, chosen[at], z, y, x)
    pace = np.sqrt(nz * nz + ny * ny + nx * nx)
    if at >= 0 and inside(segments, chosen[at], z, y, x):
        ease = segments[chosen[at], STIFF] / segments[chosen[at], CORE]
        core = max(0.0, -best) / max(pace, 1e-6)
    nearest, neighbour, tilt = depth, NOBODY, 0.0
    if own != glia_index:
        # glia's field is level, so the gap to it closes at the owner's slope alone
        d = until(glia - best, max(pace, 1e-6), max(ease * pace, 1e-6), core)
        if d < nearest:
            nearest, neighbour, tilt = d, glia_index, abs(nz) / max(pace, 1e-6)
    rise = pace * (min(depth, core) + ease * max(0.0, depth - core))
    for i in range(count):
        k = chosen[i]
        if owners[k] == own or least_within(segments, k, fields[i], depth) - best > rise:
            continue
        mz, my, mx = tube_slope(segments, k, z, y, x)
        steep = max(0.05, np.sqrt((mz - nz) ** 2 + (my - ny) ** 2 + (mx - nx) ** 2))
        eased = steep
        if ease < 1.0:
            eased = max(0.05, np.sqrt((mz - ease * nz) ** 2 + (my - ease * ny) ** 2 + (mx - ease * nx) ** 2))
        d = until(fields[i] - best, steep, eased, core)
        if fields[i] > 0.0:
            # inside, a thin neighbour's field falls faster: the membrane may lie there
            slope = max(0.05, np.sqrt(mz * mz + my * my + mx * mx))
            surface = fields[i] / slope
            below = -(best + pace * surface)
            if below > 0.0:
                d = min(d, surface + below / (slope * segments[k, CORE] / segments[k, STIFF] + pace))
        if d < nearest:
            nearest, neighbour, tilt = d, owners[k], abs(mz - nz) / steep
    return own, neighbour, nearest, tilt


@compiled
def depth_at(tubes, among, z, y, x, depth, glia, glia_index, scratch):  # type: ignore[no-untyped-def]
    """Return owner and distance to the membrane, ``depth`` at most, at one point between tubes ``among``."""
    chosen = scratch.chosen
    count = near(tubes.segments, among, z, y, x, 0.0, depth, glia, chosen)
    own, _, d, _ = probe(
        tubes.segments, tubes.owners, chosen, count, z, y, x, depth, glia, glia_index, scratch.fields
    )
    return own, d
