"""MRC files: header, voxel size in ångström, sections read from where they lie."""

from pathlib import Path
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.real.missing import library
from synthem.data.units import nm_of
from synthem.data.volume import Array, ArrayVolume, unreadable

ENDINGS = (".mrc", ".rec", ".map", ".st", ".ali", ".mrcs")
IMOD, SIGNED = 1146047817, 1
"""IMOD's stamp in a header, and its flag of signed bytes: without that, bytes are greys of 0 to 255."""


def open_mrc(path: Path, channel: int | None = None) -> ArrayVolume:
    """Open an MRC file by its header.

    Raises
    ------
    InputError
        Where mrcfile is not installed, or the file is damaged, or holds several volumes.
    """
    mrcfile = library("mrcfile", "formats")
    try:
        with mrcfile.mmap(path, mode="r") as file:
            data, header = file.data, file.header
            sizes = file.voxel_size
            z, y, x = (nm_of(float(edge), "Å") for edge in (sizes.z, sizes.y, sizes.x))
            stamp, flags = np.frombuffer(header.extra2.tobytes()[40:48], "<i4").tolist()
            bytes_of_greys = data.dtype == np.int8 and stamp == IMOD and not flags & SIGNED
            shape, dtype = data.shape, data.dtype
    except InputError:
        raise
    except Exception as error:  # mrcfile raises whatever it likes
        raise unreadable(path, error) from error

    def fetch(index: tuple[int | slice, ...]) -> Array:
        with mrcfile.mmap(path, mode="r") as file:
            part = np.array(file.data[index])
        return part.view(np.uint8) if bytes_of_greys else part

    axes: Any = {2: "yx", 3: "zyx"}.get(len(shape), "bzyx")
    kind = np.dtype(np.uint8) if bytes_of_greys else dtype.newbyteorder("=")
    return ArrayVolume(str(path), fetch, shape, kind, axes, channel, (z, y, x) if y and x else None)
