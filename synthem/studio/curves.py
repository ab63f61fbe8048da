"""Curves of windows: grey histogram, radial spectrum and correlation of the noise, real and synthetic."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Floats = npt.NDArray[np.float64]
BINS = 64
RINGS = 40
LAGS = 8
_SMOOTH_VX = 2.0
_BAND = (10, 50, 90)


def histogram(window: npt.NDArray[np.uint8]) -> Floats:
    """Return the share of pixels, in percent, in each of ``BINS`` ranges of grey."""
    counts = np.bincount(window.ravel() // (256 // BINS), minlength=BINS)
    return 100.0 * counts / window.size


def spectrum(window: npt.NDArray[np.uint8]) -> Floats:
    """Return the decimal logarithm of mean power in ``RINGS`` rings up to half a cycle a pixel."""
    taper = np.outer(np.hanning(window.shape[0]), np.hanning(window.shape[1]))
    power = np.abs(np.fft.rfft2((window - window.mean()) * taper)) ** 2 / (taper**2).sum()
    fy, fx = np.fft.fftfreq(window.shape[0])[:, None], np.fft.rfftfreq(window.shape[1])
    ring = np.minimum((np.hypot(fy, fx) * 2 * RINGS).astype(int), RINGS).ravel()
    sums = np.bincount(ring, power.ravel(), RINGS + 1)[:RINGS]
    out: Floats = np.log10(sums / np.maximum(1, np.bincount(ring, minlength=RINGS + 1)[:RINGS]) + 1e-3)
    return out


def correlation(window: npt.NDArray[np.uint8]) -> Floats:
    """Return how what a blur of two pixels takes away correlates, along x by lags, then along y."""
    grey = window.astype(np.float64)
    rest = grey - ndimage.gaussian_filter(grey, _SMOOTH_VX)
    variance = float((rest**2).mean()) + 1e-9
    lags = range(1, LAGS + 1)
    along_x = [float((rest[:, k:] * rest[:, :-k]).mean()) for k in lags]
    along_y = [float((rest[k:] * rest[:-k]).mean()) for k in lags]
    return np.array(along_x + along_y) / variance


def curves_of(windows: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Return each curve of some windows: its 10th, 50th and 90th percentile over them."""
    out: dict[str, Any] = {}
    for name, curve in (("histogram", histogram), ("spectrum", spectrum), ("correlation", correlation)):
        bands = np.percentile([curve(window) for window in windows], _BAND, axis=0)
        out[name] = [[round(float(v), 4) for v in band] for band in bands]
    both = out.pop("correlation")
    return out | {
        "correlation_x": [band[:LAGS] for band in both],
        "correlation_y": [band[LAGS:] for band in both],
    }
