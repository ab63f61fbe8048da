"""Which way round the contrast is: synthem draws membranes dark, and some microscopes show them bright."""

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.stats import skew

from synthem.measure.statistics.ridges import lines

PIXEL_NM = 5.0
"""Lines are looked for in pixels of this size; others are resampled."""
WIDTH_VX = 2.0
"""Standard deviation of the line filter across: narrower than the one that measures lines, for their rims are
bright, and all the brighter the wider the filter is."""
RIM_VX = 24
"""What lies nearer to a window's rim meets the other side, where filters go around."""
BLUR_VX = 1.5
SKEW = 0.1
"""How much the skewness of the greys counts beside the lines: stained matter is a dark minority."""


def dark_lines(images: npt.NDArray[np.uint8], pixel_nm: float = PIXEL_NM) -> float:
    """Return by how much long dark lines, and dark matter, stand out more than bright ones.

    Parameters
    ----------
    images : uint8 (n, y, x)
        Windows of tissue.
    pixel_nm : float
        Edge of a pixel.

    Returns
    -------
    float
        A logarithm, the mean over the windows: above 0 where membranes are dark. A negative has the same with
        the other sign.
    """
    return float(np.mean([_lead(_resampled(image, pixel_nm)) for image in images]))


def _resampled(image: npt.NDArray[np.uint8], pixel_nm: float) -> npt.NDArray[np.float32]:
    zoom = pixel_nm / PIXEL_NM
    if abs(zoom - 1) > 0.1:
        how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        height, width = (max(8, round(zoom * n)) for n in image.shape)
        image = np.asarray(cv2.resize(image, (width, height), interpolation=how))
    return image.astype(np.float32)


def _lead(grey: npt.NDArray[np.float32]) -> float:
    if not np.ptp(grey):
        return 0.0
    stained = float(skew(gaussian_filter(grey, BLUR_VX), axis=None))
    return float(np.log(_strength(grey) / _strength(-grey))) - SKEW * stained


def _strength(grey: npt.NDArray[np.float32]) -> float:
    """Return the cubic mean of how much pixels look like the middle of a dark line, apart from the rim."""
    rim = min(RIM_VX, min(grey.shape) // 8)
    response = np.maximum(lines(grey, WIDTH_VX), 0)[rim : grey.shape[0] - rim, rim : grey.shape[1] - rim]
    return max(float(np.cbrt((response.astype(np.float64) ** 3).mean())), 1e-6)
