"""Noise: what is left of flat tissue when everything smooth is taken away."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, frequencies, gaussian, transform

SMOOTH_VX = 2.0
"""What a Gaussian of this size leaves over counts as noise."""
NAMES = (
    "noise std",
    "noise std, dark",
    "noise std, bright",
    "noise kurtosis",
    "noise correlation x 1",
    "noise correlation x 2",
    "noise correlation y 1",
    "noise correlation y 2",
)


def noise(window: GreySection) -> npt.NDArray[np.float64]:
    """Return standard deviation, kurtosis and autocorrelation of the noise in the flatter half of a window.

    Flat is where the blurred image has the smaller slope. ``dark`` and ``bright`` are the darker and brighter
    thirds of what is flat: shot noise tells them apart.
    """
    shape = window.shape
    spectrum = transform(window)
    low = spectrum * gaussian(shape, SMOOTH_VX)
    smooth = back(low, shape)
    rest = window - window.mean() - smooth
    fy, fx = frequencies(shape)
    turn = np.complex64(2j * np.pi)
    slope = np.hypot(back(low * turn * fy, shape), back(low * turn * fx, shape))
    flat = slope <= np.median(slope[::2, ::2])
    dark, bright = np.quantile(smooth[::2, ::2][flat[::2, ::2]], (1 / 3, 2 / 3))
    square = rest * rest * flat
    variance = float(square.sum(dtype=np.float64)) / max(1, int(flat.sum())) + 1e-9
    parts = [np.sqrt(variance)]
    for part in (flat & (smooth <= dark), flat & (smooth >= bright)):
        parts.append(np.sqrt(float((square * part).sum(dtype=np.float64)) / max(1, int(part.sum()))))
    parts.append(float((square * square).sum(dtype=np.float64)) / max(1, int(flat.sum())) / variance**2)
    rest = rest * flat
    for axis in (1, 0):
        for lag in (1, 2):
            here, there = (_shifted(array, axis, lag) for array in (rest, flat))
            both = int((there[0] & there[1]).sum())
            parts.append(float((here[0] * here[1]).sum(dtype=np.float64)) / max(1, both) / variance)
    return np.array(parts)


def _shifted(array: npt.NDArray[Any], axis: int, lag: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    return (array[:, :-lag], array[:, lag:]) if axis else (array[:-lag], array[lag:])
