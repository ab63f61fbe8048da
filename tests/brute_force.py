"""Brute force in numpy, to hold the kernels against; and small worlds that several tests share."""

import numpy as np

from shapes import Grid
from shapes.core.warp import Warp, warp_window
from shapes.neurites.tubes import (
    AZ,
    BZ,
    COLUMNS,
    DR,
    DZ,
    FLAT,
    PEAK,
    RA,
    STIFF,
    WAVE,
    ruffle_segment,
    set_segment,
)


def segment(a, b, ra, rb=None, stiffness=1.0, flat=1.0, broad=(1.0, 0.0, 0.0), waves=None, peak=0.0):
    """One row of the table of tubes, float64 (COLUMNS,); ``waves`` (3, 4) and ``peak`` ruffle it."""
    rows = np.full((1, COLUMNS), np.nan)
    set_segment(
        rows,
        0,
        np.array(a, float),
        np.array(b, float),
        ra,
        ra if rb is None else rb,
        stiffness,
        flat,
        np.array(broad),
    )
    if waves is not None:
        ruffle_segment(rows, 0, waves, peak)
    return rows[0]


def fields(segments: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Field of every tube (k,) at every point (n, 3), as (k, n), from the definition."""
    out = np.empty((len(segments), len(points)))
    for i, row in enumerate(segments):
        axis = row[DZ : DZ + 3]
        along = np.clip((points - row[AZ : AZ + 3]) @ axis / max(axis @ axis, 1e-9), 0, 1)
        off = points - row[AZ : AZ + 3] - along[:, None] * axis
        squeezed = (off**2).sum(1) - row[FLAT] * (off @ row[BZ : BZ + 3]) ** 2
        out[i] = np.sqrt(np.maximum(squeezed, 0)) - row[RA] - along * row[DR]
        # no axis has a field above about -350: a thin tube is steeper inside
        thick = max(30.0, row[RA] + 0.5 * row[DR])
        out[i] *= np.where(out[i] > 0, row[STIFF], max(row[STIFF], 350.0 / thick))
        for wave in row[WAVE:].reshape(-1, 4):
            cycle = (points @ wave[:3] + wave[3]) % 1
            up = np.where(cycle < 0.5, cycle, cycle - 0.5)
            out[i] += row[PEAK] * np.where(cycle < 0.5, 1, -1) * (1 - (4 * up - 1) ** 2)
    return out


def straight(grid: Grid):
    """Return the window of a world that is not displaced."""
    return warp_window(0, Warp(amplitude_nm=0), grid)
