"""Knife marks: scratches along the knife's path where its edge is nicked, and chatter across it.

Both stay from section to section, as the knife does: Hayat (2000); Harris et al. (2006). They are relief of
the section itself: the beam blurs them with the tissue, and the detector counts what they let through.
"""

import math

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, stream_key, uniform
from synthem.microscope.defects.places import sections
from synthem.preset.defects import KnifeMarks

_CELL_NM = 5000.0
_UM_NM = 1e5  # rates are per 100 µm


@compiled
def _scratches(key, block, mean, p, low, high, rows):  # type: ignore[no-untyped-def]
    """Write place, width, strength and phase of the scratches between two places across; return how many.

    More than there is room for are counted, and not written.
    """
    spot, most, n = mix(key, block), int(np.ceil(mean)), 0
    for c in range(int(np.floor(low / _CELL_NM)) - 1, int(np.floor(high / _CELL_NM)) + 2):
        for m in range(most):
            one = mix(mix(spot, c), m)
            if uniform(one, 0) * most >= mean:
                continue
            width = draw(p.width_nm, uniform(one, 1), normal(one, 2))
            at = (c + uniform(one, 3)) * _CELL_NM
            if at + 3.1 * width < low or at - 3.1 * width > high:
                continue
            if n < rows.shape[0]:
                sign = 1.0 if uniform(one, 5) < 0.7 else -0.6
                rows[n, 0], rows[n, 1] = at, width
                rows[n, 2], rows[n, 3] = sign * p.strength, 6.2832 * uniform(one, 4)
            n += 1
    return n


@compiled
def _scratch(rows, p, phase, sin, cos, ys, xs, image):  # type: ignore[no-untyped-def]
    for i in range(ys.shape[0]):
        for j in range(xs.shape[0]):
            across, along = ys[i] * cos - xs[j] * sin, ys[i] * sin + xs[j] * cos
            total = 0.0
            if p.chatter > 0.0:
                total = p.chatter * np.sin(6.2832 * along / p.chatter_nm + phase)
            for r in range(rows.shape[0]):
                past = (across - rows[r, 0]) / rows[r, 1]
                if abs(past) < 3.0:
                    # a scratch sinks in and piles up beside, deeper here and there
                    deep = 0.6 + 0.4 * np.sin(along / 1300.0 + rows[r, 3])
                    half = 0.5 * past * past
                    total -= rows[r, 2] * deep * (1.0 - half) * np.exp(-half)
            image[i, j] += total


def knife_marks(params: KnifeMarks, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Lay scratches and chatter over sections, before the beam."""
    turn = math.radians(params.angle_deg)
    mean = params.per_100um * _CELL_NM / _UM_NM
    key = stream_key(seed, "defect/knife")
    sin, cos, ys, xs = math.sin(turn), math.cos(turn), grid.centres_nm(1), grid.centres_nm(2)
    corners = [y * cos - x * sin for y in (ys[0], ys[-1]) for x in (xs[0], xs[-1])]
    for k, section in sections(grid):
        phase = 6.2832 * uniform(np.uint64(mix(stream_key(seed, "defect/chatter"), section)), 0)
        rows = np.empty((64, 4))
        while True:
            args = (key, section // params.sections, mean, params.row(), min(corners), max(corners), rows)
            if (found := _scratches(*args)) <= len(rows):
                break
            rows = np.empty((found, 4))
        _scratch(rows[:found], params.row(), phase, sin, cos, ys, xs, image[k])
