"""Folds and cracks: lines along which a section pleats or gapes, and tissue beside them is displaced.

A fold laid flat is three layers thick, as in Harris et al. (2006, J Neurosci 26:12101) on serial sections;
what they let through follows Beer and Lambert (Reimer & Kohl, Transmission Electron Microscopy, chapter 6),
so they are on the section before the beam comes.
``_RELAX`` widths away from the line the tissue is where it was: alignment has seen to that.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled, inlined
from shapes.core.grid import Grid
from shapes.core.spread import draw
from shapes.core.streams import normal, stream_key, uniform
from synthem.microscope.defects.places import scattered, sections
from synthem.microscope.defects.shifts import Field
from synthem.preset.defects import Cracks, Folds

_RELAX = 4.0  # widths; monotone as long as it exceeds two
_BOW = 0.12  # of the length


class Lines(NamedTuple):
    """Lines across one section: float64 (n, 8) of y, x, direction, half length, width, bow, wave, phase."""

    rows: npt.NDArray[np.float64]


def lines(params: Folds | Cracks, seed: int, name: str, grid: Grid, section: int) -> Lines:
    """Return the folds or cracks of one section that can touch a window."""
    reach = params.length_nm.highest() * (0.5 + _BOW) + (_RELAX + 3.0) * params.width_nm.highest()
    centres, keys = scattered(stream_key(seed, f"defect/{name}"), params.per_100um2, reach, grid, section)
    rows = np.empty((len(keys), 8))
    (_, y0, x0), (_, y1, x1) = grid.origin_nm, grid.end_nm
    found = _rows(centres, keys, params.length_nm.row(), params.width_nm.row(), y0, y1, x0, x1, rows)
    return Lines(rows[:found])


@compiled
def _rows(centres, keys, lengths, widths, y0, y1, x0, x1, rows):  # type: ignore[no-untyped-def]
    """Write the lines that are not all to one side of a window, in their order; return how many."""
    n = 0
    for k in range(keys.shape[0]):
        key, row = keys[k], rows[n]
        length = draw(lengths, uniform(key, 2), normal(key, 3))
        width = draw(widths, uniform(key, 4), normal(key, 5))
        row[0], row[1], row[2] = centres[k, 0], centres[k, 1], np.pi * uniform(key, 6)
        row[3], row[4], row[5] = 0.5 * length, width, _BOW * length * (2.0 * uniform(key, 7) - 1.0)
        row[6], row[7] = 0.1 + 0.4 * uniform(key, 8), 6.2832 * uniform(key, 9)
        sin, cos = np.sin(row[2]), np.cos(row[2])
        dy, dx = 0.5 * (y0 + y1) - row[0], 0.5 * (x0 + x1) - row[1]
        half_y, half_x = 0.5 * (y1 - y0), 0.5 * (x1 - x0)
        along, half_along = dx * cos + dy * sin, half_x * abs(cos) + half_y * abs(sin)
        across, half_across = dy * cos - dx * sin, half_x * abs(sin) + half_y * abs(cos)
        beside = half_across + abs(row[5]) + (_RELAX + 2.0) * width
        if abs(along) <= row[3] + half_along and abs(across) <= beside:
            n += 1
    return n


@inlined
def _near(row, sin, cos, far, y, xs):  # type: ignore[no-untyped-def]
    """Return the first column, and that after the last, of a row that may be so near to a line."""
    count = xs.shape[0]
    if count < 2 or abs(sin) < 1e-3:
        return 0, count
    each = xs[1] - xs[0]
    middle = (row[1] + (y - row[0]) * cos / sin - xs[0]) / each
    wide = (far + abs(row[5])) / (abs(sin) * each) + 2.0
    return int(min(float(count), max(0.0, middle - wide))), int(min(float(count), max(0.0, middle + wide)))


@inlined
def _side(row, sin, cos, far, y, x):  # type: ignore[no-untyped-def]
    """Return the signed distance to a line, and the line's width there.

    The width is 0 beyond the line's ends, and ``far`` from it: a line waves by no more than its width.
    """
    along = (x - row[1]) * cos + (y - row[0]) * sin
    t = along / row[3]
    if abs(t) >= 1.0:
        return 1e9, 0.0
    across = (y - row[0]) * cos - (x - row[1]) * sin - row[5] * (1.0 - t * t)
    if abs(across) > far:
        return 1e9, 0.0
    taper = (1.0 - t * t) ** 2
    across -= row[6] * row[4] * (np.sin(along / (1.7 * row[4]) + row[7]) + np.sin(along / 411.0 - row[7]))
    return across, row[4] * taper


@compiled
def _displace(rows, ys, xs, by, dy, dx, void):  # type: ignore[no-untyped-def]
    """Add to a field how tissue is displaced: ``by`` 1 draws it together, -0.5 pushes it apart."""
    for r in range(rows.shape[0]):
        row = rows[r]
        far = (_RELAX + 2.0) * row[4]
        reach = row[3] + abs(row[5]) + (_RELAX + 3.0) * row[4]
        sin, cos = np.sin(row[2]), np.cos(row[2])
        for i in range(ys.shape[0]):
            if abs(ys[i] - row[0]) > reach:
                continue
            first, end = _near(row, sin, cos, far, ys[i], xs)
            for j in range(first, end):
                s, width = _side(row, sin, cos, far, ys[i], xs[j])
                past = abs(s) - 0.5 * width
                if past >= _RELAX * width:
                    continue
                if past < 0.0 and by < 0.0:
                    void[i, j] = True
                fade = 1.0 - max(0.0, past) / (_RELAX * width)
                step = by * width * fade * fade
                if s < 0.0:
                    step = -step
                dy[i, j] += step * cos
                dx[i, j] -= step * sin


def folded(params: Folds, seed: int, grid: Grid, field: Field, void: npt.NDArray[np.bool_]) -> None:
    """Add to a field how the tissue is drawn into the folds of each section."""
    for k, section in sections(grid):
        rows = lines(params, seed, "fold", grid, section).rows
        _displace(rows, grid.centres_nm(1), grid.centres_nm(2), 1.0, field[0, k], field[1, k], void[k])


def cracked(params: Cracks, seed: int, grid: Grid, field: Field, void: npt.NDArray[np.bool_]) -> None:
    """Add to a field how the tissue gapes at the cracks of each section, and mark where none is left."""
    for k, section in sections(grid):
        rows = lines(params, seed, "crack", grid, section).rows
        _displace(rows, grid.centres_nm(1), grid.centres_nm(2), -0.5, field[0, k], field[1, k], void[k])


@compiled
def _darken(rows, ys, xs, layers, soft, image):  # type: ignore[no-untyped-def]
    for r in range(rows.shape[0]):
        row = rows[r]
        far = 2.0 * row[4] + soft
        reach = row[3] + abs(row[5]) + 3.0 * row[4]
        sin, cos = np.sin(row[2]), np.cos(row[2])
        for i in range(ys.shape[0]):
            if abs(ys[i] - row[0]) > reach:
                continue
            first, end = _near(row, sin, cos, far, ys[i], xs)
            for j in range(first, end):
                s, width = _side(row, sin, cos, far, ys[i], xs[j])
                cover = min(1.0, max(0.0, 0.5 + (0.5 * width - abs(s)) / soft))
                if cover > 0.0 and width > 0.0:
                    cover *= min(1.0, width / soft)
                    through = min(1.0, max(0.0, image[i, j] / 255.0))
                    image[i, j] += cover * (255.0 * through**layers - image[i, j])


def fold_bands(params: Folds, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Darken sections where their tissue lies in several layers, before the beam."""
    soft = 2.0 * max(grid.voxel_nm[1:])
    for k, section in sections(grid):
        rows = lines(params, seed, "fold", grid, section).rows
        _darken(rows, grid.centres_nm(1), grid.centres_nm(2), params.layers, soft, image[k])
