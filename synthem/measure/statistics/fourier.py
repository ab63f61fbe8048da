"""Filters by Fourier transform: one transform of a window serves a whole bank of them."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import fft

GreySection = npt.NDArray[np.float32]
"""A grey section, float32 (y, x), in grey levels."""


@lru_cache(maxsize=8)
def frequencies(shape: tuple[int, int]) -> tuple[GreySection, GreySection]:
    """Return the frequencies along y and x, cycles a voxel, of the half plane that ``rfft2`` gives."""
    fy, fx = np.meshgrid(np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1]), indexing="ij")
    return fy.astype(np.float32), fx.astype(np.float32)


@lru_cache(maxsize=64)
def gaussian(shape: tuple[int, int], sigma_vx: float) -> GreySection:
    """Return the transfer function of a Gaussian blur of ``sigma_vx``."""
    fy, fx = frequencies(shape)
    transfer: GreySection = np.exp(-2.0 * (np.pi * sigma_vx) ** 2 * (fy**2 + fx**2)).astype(np.float32)
    return transfer


def transform(window: GreySection) -> npt.NDArray[np.complex64]:
    """Return the transform of a window about its mean."""
    spectrum: npt.NDArray[np.complex64] = fft.rfft2(window - window.mean(dtype=np.float64).astype(np.float32))
    return spectrum


def back(spectrum: npt.NDArray[np.complex64], shape: tuple[int, int]) -> GreySection:
    """Return the window that a spectrum belongs to."""
    window: GreySection = fft.irfft2(spectrum, s=shape)
    return window


def curvatures(window: GreySection, sigma_vx: float) -> tuple[GreySection, GreySection]:
    """Return the smaller and the larger principal curvature of the blurred window, times ``sigma_vx``².

    Across a dark line the larger is positive, in a dark dot both are.
    """
    shape = window.shape
    fy, fx = frequencies(shape)
    low = transform(window) * gaussian(shape, sigma_vx) * np.float32(-4 * np.pi**2 * sigma_vx**2)
    yy, xx, yx = (back(low * part, shape) for part in (fy * fy, fx * fx, fy * fx))
    middle, apart = 0.5 * (yy + xx), np.sqrt(0.25 * (yy - xx) ** 2 + yx * yx)
    return middle - apart, middle + apart
