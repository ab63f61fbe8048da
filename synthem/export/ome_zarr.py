"""OME-Zarr 0.5: a store a volume, with masks of classes and maps of objects beside the image."""

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.data.ome_zarr.images import IMAGE, Image, class_image, ids_image
from synthem.data.ome_zarr.layout import Layout
from synthem.data.ome_zarr.store import read_about
from synthem.data.ome_zarr.whole import write_arrays
from synthem.export.folder import Folder
from synthem.export.job import Job
from synthem.patch import Patch


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write ``PART/NAME.zarr``; a class that is not labelled in a volume has no mask there.

    Raises
    ------
    InputError
        Where zarr or ome-zarr is not installed.
    """
    for done, case in enumerate(job.cases):
        patch = job.patch(case)
        store = out.path / case.part / f"{case.name}.zarr"
        if "ome" in read_about(store):  # whole from before a kill
            tick(done + 1, len(job.cases))
            continue
        shutil.rmtree(store, ignore_errors=True)
        write_arrays(store, Layout(shape=patch.grid.shape, voxel_nm=patch.grid.voxel_nm), images(patch, job))
        tick(done + 1, len(job.cases))
    out.text("README.md", _readme(job))
    return []


def images(patch: Patch, job: Job) -> Mapping[Image, npt.NDArray[Any]]:
    """Return the images of a store with their voxels."""
    classes = [name for name in job.classes or job.channels if patch.knows(name)]
    out: dict[Image, npt.NDArray[Any]] = {IMAGE: patch.image}
    out |= {class_image(name): patch.mask(name).astype(np.uint8) for name in classes}
    out |= {ids_image(kind): ids for kind, ids in sorted(patch.instances.items())}
    return out


def _readme(job: Job) -> str:
    return f"""# {job.name}

Written by synthem: {len(job.cases)} volumes as OME-Zarr 0.5, for napari, Fiji, Vizarr and neuroglancer.
`labels/CLASS` is 1 where a class is, `labels/KIND_instances` has the ids of objects.

```python
import zarr

store = zarr.open_group("train/NAME.zarr", mode="r")
print(store["0"].shape, list(store["labels"].group_keys()))
```
"""
