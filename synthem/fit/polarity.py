"""Which way round the contrast is: synthem draws membranes dark, and some microscopes show them bright."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.stats import skew

from synthem.measure.statistics.fourier import curvatures

SIGMAS_VX = (1.5, 2.5, 4.0)
SKEW = 0.1
"""How much the skewness of the greys counts beside the lines: stained matter is a dark minority."""


def bright_membranes(images: npt.NDArray[np.uint8]) -> bool:
    """Tell whether thin bright lines, and bright matter, stand out more than dark, over windows (n, y, x)."""
    lead = []
    for grey in images.astype(np.float32):
        lines = [
            np.log(
                np.quantile(curvatures(grey, sigma)[1], 0.97) / np.quantile(curvatures(-grey, sigma)[1], 0.97)
            )
            for sigma in SIGMAS_VX
        ]
        lead.append(np.mean(lines) - SKEW * skew(gaussian_filter(grey, SIGMAS_VX[0]), axis=None))
    return bool(np.mean(lead) < 0)
