"""Texture: the grain of a thick section, which all that is fine in its depth adds up to.

Ribosomes of some 20 nm, filaments and proteins lie above each other in a section of 30–70 nm, so that none
is seen alone and no grey is even. In the cytoplasm of the ISBI 2012 sections (train00–19 of 30) what lies
between Gaussians of 1 and 8 voxels deviates by 4–5 grey levels in every half octave, with more below: as
strong at the sharpest frequencies as anywhere. It is added to sections, not to sheets: one field a section
is as good as the average of many, and cheaper.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.fields import smooth_noise
from shapes.core.grid import Grid
from shapes.core.streams import stream_key
from synthem.preset.microscope import SectionParams

_INDEPENDENT = 4.0
"""Lattice steps between values that have nothing in common: sections lie no more apart, to save lattice."""
_PATCH_NM = 60.0


def _field(seed: int, name: str, spacing_nm: float, grid: Grid) -> npt.NDArray[np.float32]:
    """Return a field with features of about twice the spacing; sections share those that reach into both."""
    (vz, vy, vx), (z, y, x) = grid.voxel_nm, grid.start_vx
    vz = min(vz, _INDEPENDENT * spacing_nm)
    stretched = Grid(grid.shape, (vz, vy, vx), (z * vz, y * vy, x * vx))
    return smooth_noise(stream_key(seed, f"texture/{name}"), spacing_nm, stretched)


def texture(
    image: npt.NDArray[np.float32], params: SectionParams, seed: int, grid: Grid
) -> npt.NDArray[np.float32]:
    """Return sections with their grain, the same for a voxel of the world in every window.

    Parameters
    ----------
    image : float32 (z, y, x)
        Sections, in grey levels.
    params : SectionParams
        Of which ``grain``, ``finest_nm``, ``octaves``, ``lean`` and ``patchy`` act here. Without ``grain``
        the image is handed on.
    seed, grid
        The world, and the place of the sections in it.
    """
    if params.grain == 0:
        return image
    total = np.zeros(image.shape, np.float32)
    for k in range(params.octaves):
        total += _field(seed, f"section/{k}", params.finest_nm * 2.0**k, grid)
    total /= np.float32(np.sqrt(params.octaves))
    # the square leans it to the dark; mean 0 and deviation 1 stay
    lean = np.float32(params.lean)
    total = np.sqrt(1 - 2 * lean * lean) * total - lean * (total * total - np.float32(1))
    if params.patchy:
        patches = _field(seed, "section/patches", _PATCH_NM, grid)
        total *= np.maximum(np.float32(0), np.float32(1) + np.float32(params.patchy) * patches)
    out: npt.NDArray[np.float32] = image + np.float32(params.grain * np.sqrt(params.octaves)) * total
    return out
