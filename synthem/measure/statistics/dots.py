"""Dark dots: vesicles, reticulum cut across, and the grain of a cytoplasm that is mottled rather than clear.

A dot is dark against all sides, so that both principal curvatures of the blurred window are positive
(the determinant of the Hessian: Lindeberg 1998, Feature detection with automatic scale selection).
"""

import cv2
import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, curvatures

SIGMAS_VX = (2.0, 2.8, 4.0)
STRONG = 0.5
"""A dot counts where it is as strong as this part of the 99th percentile."""
NAMES = tuple(
    f"{figure} at {sigma:g} vx"
    for sigma in SIGMAS_VX
    for figure in ("dots", "dots, strongest", "number of dots")
)
_LEAST = 1e-3  # grey levels, so that there is a logarithm


def dots(window: GreySection) -> npt.NDArray[np.float64]:
    """Return logarithms of the mean and the 99th percentile of how dotted the window is, and of how many.

    For each width in turn; strength is the smaller principal curvature where it is positive, in grey levels.
    """
    figures: list[float] = []
    for sigma in SIGMAS_VX:
        strength = np.maximum(curvatures(window, sigma)[0], 0)
        strong = float(np.quantile(strength[::2, ::2], 0.99))
        reach = 2 * round(sigma) + 1
        peaks = cv2.dilate(strength, np.ones((reach, reach), np.uint8)) == strength
        count = int((peaks & (strength > STRONG * strong)).sum())
        figures += [
            np.log(strength.mean(dtype=np.float64) + _LEAST),
            np.log(strong + _LEAST),
            np.log1p(count),
        ]
    return np.array(figures)
