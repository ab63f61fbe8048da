"""Scale space: how strong and how lopsided the structures of each size are."""

import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, gaussian, transform

SIGMAS_VX = (1.0, 1.6, 2.5, 4.0, 6.4, 10.0, 16.0)
_BANDS = tuple(f"{sigma:g} vx" for sigma in SIGMAS_VX[:-1])
NAMES = tuple(
    f"{figure} at {band}" for figure in ("band std", "band skew", "band kurtosis") for band in _BANDS
)


def scale_bands(window: GreySection) -> npt.NDArray[np.float64]:
    """Return log standard deviation, skew and kurtosis of differences of Gaussians, fine to coarse.

    Dark lines and dots on a bright ground have negative skew.
    """
    spectrum, shape = transform(window), window.shape
    rims = [gaussian(shape, sigma) for sigma in SIGMAS_VX]
    figures = np.empty((3, len(_BANDS)))
    for k in range(len(_BANDS)):
        band = back(spectrum * (rims[k] - rims[k + 1]), shape)
        square = band * band
        second = float(square.mean()) + 1e-9
        third, fourth = float((square * band).mean()), float((square * square).mean())
        figures[:, k] = 0.5 * np.log(second), third / second**1.5, fourth / second**2
    return figures.ravel()
