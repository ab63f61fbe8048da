"""Which way round the contrast is: synthem draws membranes dark, and some microscopes show them bright."""

import numpy as np
import numpy.typing as npt

from synthem.statistics.ridges import curvature

SIGMAS_VX = (2.5, 4.0)


def bright_membranes(images: npt.NDArray[np.uint8]) -> bool:
    """Tell whether thin bright lines stand out more than thin dark ones, over all windows (n, y, x)."""
    lead = [
        np.log(np.quantile(curvature(grey, sigma), 0.97) / np.quantile(curvature(-grey, sigma), 0.97))
        for grey in images.astype(np.float32)
        for sigma in SIGMAS_VX
    ]
    return bool(np.mean(lead) < 0)
