"""NIfTI files: axes x, y, z on disk, voxel size in the header's unit, sections read without the rest."""

from pathlib import Path

import numpy as np

from shapes.core.errors import InputError
from synthem.data.real.missing import library
from synthem.data.units import nm_of
from synthem.data.volume import Array, ArrayVolume, unreadable

ENDINGS = (".nii", ".nii.gz")
AXES = "xyzabcd"


def open_nifti(path: Path, channel: int | None = None) -> ArrayVolume:
    """Open a NIfTI file by its header; of compressed ones, many sections are read at once.

    Raises
    ------
    InputError
        Where nibabel is not installed, or the file is damaged, or has more axes than x, y and z.
    """
    nibabel = library("nibabel", "formats")
    try:
        image = nibabel.load(path)
        shape = image.shape
        corner = np.asanyarray(image.dataobj[(slice(0, 1),) * len(shape)])
        unit = image.header.get_xyzt_units()[0]
        x, y, *more = (nm_of(edge, unit) for edge in image.header.get_zooms()[:3])
    except InputError:
        raise
    except Exception as error:  # nibabel raises whatever it likes
        raise unreadable(path, error) from error

    def fetch(index: tuple[int | slice, ...]) -> Array:
        return np.asanyarray(image.dataobj[index])

    packed = path.suffix.lower() == ".gz"
    block = shape[2] if len(shape) > 2 and packed else 1
    voxel = (more[0] if more else None, y, x) if x and y else None
    axes = AXES[: len(shape)]
    dtype = corner.dtype.newbyteorder("=")
    return ArrayVolume(str(path), fetch, shape, dtype, axes, channel, voxel, block, not packed)
