"""How wide dark and bright areas are: mitochondria and other dark things, profiles between membranes.

Granulometry (Matheron 1975, Random Sets and Integral Geometry; Serra 1982, Image Analysis and Mathematical
Morphology): an opening by a disc leaves what is as wide as the disc. It tells tissues apart that have one
texture.
"""

import cv2
import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, gaussian, transform

SIGMA_VX = 2.0
BETWEEN = (0.05, 0.9)
"""Quantiles of the blurred window; dark is what lies below the middle of the two, bright the rest."""
DARK_VX = (4, 7, 11, 16)
BRIGHT_VX = (8, 14, 22)
"""Radii of the discs."""
NAMES = (
    "dark share",
    *(f"dark, {2 * radius} vx wide" for radius in DARK_VX),
    *(f"bright, {2 * radius} vx wide" for radius in BRIGHT_VX),
)


def _opened(area: npt.NDArray[np.uint8], radii: tuple[int, ...]) -> list[float]:
    """Return the share of the window that is left of an area after an opening by each disc."""
    inside = cv2.distanceTransform(area, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    left = []
    for radius in radii:
        outside_core = (inside <= radius).view(np.uint8)
        if outside_core.all():
            left.append(0.0)
            continue
        away = cv2.distanceTransform(outside_core, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        left.append(float((away <= radius).mean()))
    return left


def sizes(window: GreySection) -> npt.NDArray[np.float64]:
    """Return the dark share of the window, and the square roots of what openings leave of dark and bright."""
    smooth = back(transform(window) * gaussian(window.shape, SIGMA_VX), window.shape)
    dark = smooth < np.quantile(smooth[::2, ::2], BETWEEN).mean()
    left = _opened(dark.view(np.uint8), DARK_VX) + _opened((~dark).view(np.uint8), BRIGHT_VX)
    return np.array([float(dark.mean()), *np.sqrt(left)])
