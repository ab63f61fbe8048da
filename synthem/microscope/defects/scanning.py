"""Scanning: charge on a block's face, scan lines that were lost, curtains that the ion beam leaves.

Charging of bare resin and its trails: Titze & Genoud (2016); curtains, below what the ion beam mills more
slowly: Xu et al. (2017), Giannuzzi & Stevie (1999). They hide nothing but what was not recorded, and act on
the record, after the detector. Charge bends the electrons on their way to it and a curtain changes how many
of them leave the face; both add a few grey levels, as they were measured on recorded images, and the little
that the shot noise would change with them is left out.
"""

import math

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, stream_key, uniform
from synthem.microscope.defects.places import scattered, sections, streaky_noise
from synthem.preset.defects import Charging, Curtains, LostLines

_FADED = 3.0


@compiled
def _flare(cy, cx, key, radius, trail, strength, ys, xs, first, image):  # type: ignore[no-untyped-def]
    spot, rim, tails = np.zeros(xs.shape[0]), np.zeros(xs.shape[0]), np.zeros((xs.shape[0], 3))
    for j in range(xs.shape[0]):
        dx, past = (xs[j] - cx) / radius, (xs[j] - cx) / trail
        if abs(dx) < _FADED:
            spot[j], rim[j] = np.exp(-0.5 * dx * dx), 1.0 - (dx / _FADED) ** 2
        if 0.0 < past < _FADED:
            # after the bright spot the line is dark until the charge has drained
            tails[j, 0], tails[j, 1] = min(1.0, (xs[j] - cx) / radius), np.exp(-past)
            tails[j, 2] = 1.0 - past / _FADED
    for i in range(ys.shape[0]):
        dy = (ys[i] - cy) / radius
        if abs(dy) >= _FADED:
            continue
        line = mix(key, first + i)
        core = strength * np.exp(-0.5 * dy * dy) * (1.0 - (dy / _FADED) ** 2)
        tail = core * (0.2 + 0.8 * uniform(line, 0))
        for j in range(xs.shape[0]):
            if rim[j] > 0.0:
                image[i, j] += core * spot[j] * rim[j]
            if tails[j, 2] > 0.0:
                image[i, j] -= 0.6 * tail * tails[j, 0] * tails[j, 1] * tails[j, 2]


def charging(params: Charging, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Lay flares of charge over an image, each with a dark trail along the scan lines."""
    reach = _FADED * max(params.radius_nm.highest(), params.trail_nm)
    key = stream_key(seed, "defect/charging")
    ys, xs = grid.centres_nm(1), grid.centres_nm(2)
    for k, section in sections(grid):
        for (y, x), own in zip(*scattered(key, params.per_100um2, reach, grid, section), strict=True):
            radius = draw(params.radius_nm.row(), uniform(own, 2), normal(own, 3))
            if not ys[0] - _FADED * radius < y < ys[-1] + _FADED * radius:
                continue  # its lines are all beside the window
            strength = draw(params.strength.row(), uniform(own, 4), normal(own, 5))
            _flare(y, x, own, radius, params.trail_nm, strength, ys, xs, grid.start_vx[1], image[k])


def lost_lines(params: LostLines, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Blank the parts of scan lines that were not recorded."""
    tall = grid.voxel_nm[1]
    reach = params.length_nm.highest() + (params.lines.highest() + 1) * tall
    key = stream_key(seed, "defect/lost_line")
    xs = grid.centres_nm(2)
    for k, section in sections(grid):
        for (y, x), own in zip(*scattered(key, params.per_100um2, reach, grid, section), strict=True):
            count = max(1, round(draw(params.lines.row(), uniform(own, 2), normal(own, 3))))
            length = draw(params.length_nm.row(), uniform(own, 4), normal(own, 5))
            grey = np.float32(draw(params.grey.row(), uniform(own, 6), normal(own, 7)))
            first = math.floor(y / tall) - grid.start_vx[1]
            rows = slice(max(0, first), max(0, first + count))
            image[k, rows, (xs >= x) & (xs < x + length)] = grey


def curtains(params: Curtains, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Lay streaks along y over an image, fine ones on broad ones."""
    for name, share, wide in (("fine", 0.6, 1.0), ("broad", 0.8, 5.0)):
        spacing = (params.depth_nm, params.length_nm, wide * params.width_nm)
        streaks = streaky_noise(stream_key(seed, f"defect/curtain/{name}"), spacing, grid)
        image += np.float32(share * params.strength) * streaks
