"""Grey quantiles of a section."""

import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, gaussian, transform

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SMOOTH_VX = 2.0
"""Quantiles are taken after this blur too: there they tell of structures, not of noise."""
NAMES = (
    *(f"grey p{100 * share:02.0f}" for share in SHARES),
    *(f"smooth grey p{100 * share:02.0f}" for share in SHARES),
)


def grey_quantiles(window: GreySection) -> npt.NDArray[np.float64]:
    """Return quantiles of a window's grey levels, as it is and blurred by two voxels."""
    smooth = back(transform(window) * gaussian(window.shape, SMOOTH_VX), window.shape) + window.mean()
    return np.concatenate([np.quantile(window, SHARES), np.quantile(smooth[::2, ::2], SHARES)])
