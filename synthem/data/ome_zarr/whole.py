"""Arrays that are in memory, as an OME-Zarr store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.ome_zarr.images import Image
from synthem.data.ome_zarr.layout import Layout
from synthem.data.ome_zarr.store import OmeZarr


def write_arrays(
    path: Path, layout: Layout, arrays: Mapping[Image, npt.NDArray[Any]], about: dict[str, Any] | None = None
) -> OmeZarr:
    """Write an image, and labels beside it, into a new store.

    Parameters
    ----------
    path : Path
        A new folder, by custom ``NAME.zarr``.
    layout : Layout
    arrays : mapping of Image to integers (z, y, x)
        All of ``layout.shape``; masks may be bool.
    about : dict, optional
        Attributes to stand beside ``ome``.

    Raises
    ------
    InputError
        Where the path exists, or an array has another shape.
    """
    if path.exists():
        raise InputError(f"{path}: exists already; give the name of a new folder")
    for image, values in arrays.items():
        if values.shape != layout.shape:
            raise InputError(f"{path}: {image.name or 'image'} must be {layout.shape}, not {values.shape}")
    store = OmeZarr(path, layout, tuple(arrays), about or {})
    store.begin()
    for image, values in arrays.items():
        for k, level in enumerate(layout.levels):
            for index in level.shards:
                if k == 0:
                    store.write(image, 0, index, values[level.box(index).slices])
                else:
                    store.shrink(image, k, index)
    store.finish()
    return store
