"""Grey-level co-occurrence (Haralick, Shanmugam & Dinstein 1973), by scikit-image."""

from typing import Any

import numpy as np
import numpy.typing as npt
from skimage import feature

from synthem.measure.statistics.fourier import GreySection

LEVELS = 32
DISTANCES_VX = (2, 6)
PROPERTIES = ("contrast", "correlation", "homogeneity", "energy")
NAMES = tuple(f"{name} at {d} vx" for name in PROPERTIES for d in DISTANCES_VX)


def cooccurrence(window: GreySection) -> npt.NDArray[np.float64]:
    """Return properties of the co-occurrence of 32 grey levels, the mean of along x and along y."""
    levels = np.clip(window * (LEVELS / 256), 0, LEVELS - 1).astype(np.uint8)
    haralick: Any = feature
    pairs = haralick.graycomatrix(levels, DISTANCES_VX, (0.0, np.pi / 2), LEVELS, symmetric=True, normed=True)
    return np.concatenate([haralick.graycoprops(pairs, name).mean(1) for name in PROPERTIES])
