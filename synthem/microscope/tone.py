"""Tone: the grey-level curve between the detector's signal and the stored image.

Microscopes store brightness and contrast as an operator set them, or inverted, so that tissue seen by
back-scattered electrons is dark on pale as in transmission (Goldstein et al. 2017).
"""

import numpy as np
import numpy.typing as npt

from synthem.preset.microscope import Tone


def tone(image: npt.NDArray[np.float32], params: Tone) -> npt.NDArray[np.float32]:
    """Apply gain, offset, gamma and inversion to grey levels 0–255."""
    if params.gain != 1.0 or params.offset != 0.0:
        image = image * np.float32(params.gain) + np.float32(params.offset)
    if params.gamma != 1.0:
        image = np.float32(255) * (np.clip(image, 0, 255) / np.float32(255)) ** np.float32(params.gamma)
    return np.float32(255) - image if params.invert else image
