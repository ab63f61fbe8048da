"""Section: the image of a slab of tissue is the average through its thickness."""

import numpy as np
import numpy.typing as npt

from shapes.core.spread import Spread, draw
from shapes.core.streams import mix, normal, stream_key, uniform
from synthem.preset.microscope import SectionParams

_CLEAR = np.float32(255)


def section(
    image: npt.NDArray[np.float32],
    params: SectionParams,
    seed: int,
    first: int,
    thickness: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float32]:
    """Average the sheets of each section, and give each its own brightness and contrast.

    Electrons lost on the way grow with the mass they pass, so a thick section is darker in all that is dark:
    Reimer & Kohl, Transmission Electron Microscopy, chapter 6.

    Parameters
    ----------
    image : float32 (z · sheets, y, x)
        Stained tissue, sheet by sheet.
    params : SectionParams
        Number of sheets, and how sections differ: brightness in grey levels, contrast as a fraction of it
        about 128.
    seed, first
        The world, and the world index of the first section.
    thickness : float64 (z), optional
        Of each section, as a fraction of the usual, which is 1.
    """
    if params.sheets > 1:
        image = image.reshape(-1, params.sheets, *image.shape[1:]).mean(1, dtype=np.float32)
    if params.thickness and thickness is not None:
        image = _CLEAR - (_CLEAR - image) * thickness.astype(np.float32)[:, None, None]
    if params.brightness or params.contrast:
        image = image.copy()
        contrast = Spread(mean=1.0, std=params.contrast).row()
        for z in range(image.shape[0]):
            key = np.uint64(mix(stream_key(seed, "section"), first + z))
            shift = params.brightness * normal(key, 0)
            scale = draw(contrast, uniform(key, 1), normal(key, 2))
            image[z] = (image[z] - np.float32(128)) * np.float32(scale) + np.float32(128 + shift)
    return image
