"""HDF5 files in memory, without times and in one version of the format, so that bytes compare."""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt


def hdf5_bytes(arrays: Mapping[str, npt.NDArray[Any]], attributes: Mapping[str, Any]) -> bytes:
    """Return a file that holds arrays, compressed in chunks of up to 16 sections, under their names.

    An attribute called ``ARRAY@NAME`` is one of that array, any other of the file.
    """
    # built in memory, so that a full disk meets one plain write and never HDF5's own machinery
    with h5py.File("export", "w", driver="core", backing_store=False, libver=("earliest", "v110")) as file:
        for name, array in arrays.items():
            most = (1,) * (array.ndim - 3) + (16, 256, 256)[-min(array.ndim, 3) :]
            chunk = tuple(min(n, m) for n, m in zip(array.shape, most, strict=True))
            file.create_dataset(
                name,
                data=np.ascontiguousarray(array),
                chunks=chunk,
                compression="gzip",
                compression_opts=1,
                shuffle=True,
                track_times=False,
            )
        for key, value in attributes.items():
            array_name, _, name = key.rpartition("@")
            (file[array_name] if array_name else file).attrs[name] = value
        file.flush()
        return bytes(file.id.get_file_image())
