"""Power by spatial frequency, and how it leans to one direction."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft

from synthem.measure.statistics.fourier import GreySection, frequencies

EDGES = (1 / 64, 1 / 32, 1 / 20, 1 / 14, 1 / 10, 1 / 7, 1 / 5, 1 / 4, 1 / 3, 0.42, 0.5)
"""Edges of the radial bands, cycles a voxel."""
_PERIODS = tuple(f"{2 / (a + b):.2g} vx" for a, b in pairwise(EDGES))
NAMES = (*(f"power at {p}" for p in _PERIODS), *(f"power along x over y at {p}" for p in _PERIODS[3::3]))
_LEANS = tuple(range(len(_PERIODS)))[3::3]


@lru_cache(maxsize=8)
def _bands(shape: tuple[int, int]) -> tuple[npt.NDArray[np.int64], GreySection, GreySection]:
    """Return each frequency's band (the last is none), its wedge along x or y, and a Hann window."""
    fy, fx = frequencies(shape)
    band = np.searchsorted(EDGES, np.hypot(fy, fx), side="right") - 1
    band[(band < 0) | (band >= len(EDGES) - 1)] = len(EDGES) - 1
    along = np.where(np.abs(fx) > np.abs(fy), 1.0, 0.0)
    taper = np.outer(np.hanning(shape[0] + 2)[1:-1], np.hanning(shape[1] + 2)[1:-1])
    return band, along.astype(np.float32), taper.astype(np.float32)


def power_spectrum(window: GreySection) -> npt.NDArray[np.float64]:
    """Return the natural logarithm of mean power in ten radial bands, and of power along x over along y.

    Power is a voxel's: white noise of standard deviation s has ln(s²) in every band.
    """
    band, along, taper = _bands(window.shape)
    spectrum = fft.rfft2((window - window.mean()) * taper)
    power = (spectrum.real**2 + spectrum.imag**2).ravel() / float((taper**2).sum())
    flat, x = band.ravel(), along.ravel()
    size = len(EDGES)
    sums = np.stack([np.bincount(flat, power * part, size) for part in (x, 1 - x)])
    counts = np.stack([np.bincount(flat, part, size) for part in (x, 1 - x)])
    total = np.log(sums.sum(0) / counts.sum(0) + 1e-6)[:-1]
    lean = np.log((sums[0] / counts[0] + 1e-6) / (sums[1] / counts[1] + 1e-6))
    return np.concatenate([total, lean[list(_LEANS)]])
