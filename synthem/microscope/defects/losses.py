"""Losses: sections that are missing or damaged, sections whose contrast jumps.

Of the 125 sections of each CREMI volume a few are lost or nearly so; aligned stacks hold them as blank images
(Funke et al. 2016). What is gone is gone before the beam comes: of its tissue nothing reaches the detector,
neither as signal nor as noise. Contrast that jumps is the recorder's: another day, another setting. Sections
that are thin or poorly stained differ by ``SectionParams``, before the beam.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from shapes.core.spread import draw
from shapes.core.streams import mix, normal, stream_key, uniform
from synthem.microscope.defects.places import sections, streaky_noise
from synthem.preset.defects import ContrastJumps, Loss

_TORN = 0.9  # deviations of a smooth field: a fifth of a damaged section
_EDGE = 0.12  # deviations over which a torn edge fades
_MIDDLE = np.float32(128)


def missing(params: Loss, seed: int, grid: Grid) -> npt.NDArray[np.bool_]:
    """Tell which sections of a window were lost altogether, bool (z)."""
    key = stream_key(seed, "defect/loss")
    draws = [uniform(np.uint64(mix(key, section)), 0) for _, section in sections(grid)]
    return np.array(draws) < params.missing_chance


def lost(params: Loss, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Blank the sections of an image that were lost, and the torn parts of damaged ones, before the beam."""
    key, gone = stream_key(seed, "defect/loss"), missing(params, seed, grid)
    for k, section in sections(grid):
        own = np.uint64(mix(key, section))
        grey = np.float32(draw(params.grey.row(), uniform(own, 1), normal(own, 2)))
        if gone[k]:
            image[k] = grey
        elif uniform(own, 3) < params.damaged_chance:
            _, y, x = grid.origin_nm
            plane = Grid((1, *grid.shape[1:]), grid.voxel_nm, (section * grid.voxel_nm[0], y, x))
            spacing = params.patch_nm / 2
            torn = streaky_noise(stream_key(seed, "defect/torn"), (0.0, spacing, spacing), plane)[0]
            frayed = streaky_noise(stream_key(seed, "defect/frayed"), (0.0, 60.0, 60.0), plane)[0]
            cover = np.clip((torn + np.float32(0.08) * frayed - _TORN) / _EDGE, 0, 1).astype(np.float32)
            image[k] += cover * (grey - image[k])


def contrast_jumps(params: ContrastJumps, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Lower the contrast of some sections of a record, noise and all, and shift their brightness."""
    key = stream_key(seed, "defect/contrast")
    for k, section in sections(grid):
        own = np.uint64(mix(key, section))
        if uniform(own, 0) < params.chance:
            scale = np.float32(draw(params.contrast.row(), uniform(own, 1), normal(own, 2)))
            shift = np.float32(params.brightness * normal(own, 3))
            image[k] = (image[k] - _MIDDLE) * scale + (_MIDDLE + shift)
