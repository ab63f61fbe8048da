"""CREMI 0.2: an HDF5 file a volume, with neuron ids, clefts, and both partners of every synapse.

The layout is that of ``cremi.io.CremiFile``: places are in nm (z, y, x) from the volume's corner, and
clefts are 2⁶⁴ − 1 where there is none. A cleft here is the label ``psd``: both membranes, the cleft and
the density.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from synthem.export.each_object import check_objects
from synthem.export.folder import Folder
from synthem.export.hdf5_file import hdf5_bytes
from synthem.export.job import Job
from synthem.export.wiring import scene_of, wiring
from synthem.patch import Patch
from synthem.scene.synapses import Synapse

NO_CLEFT = np.uint64(2**64 - 1)
KINDS = ("presynaptic_site", "postsynaptic_site")


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write train/, val/ and test/ and a page that says how to read them.

    Raises
    ------
    InputError
        Where there are no ids of neurites, as in real EM.
    """
    said: list[str] = []
    pairs = left = 0
    for done, case in enumerate(job.cases):
        patch = job.patch(case)
        check_objects(patch, case, "neurite", "psd")
        scene = scene_of(patch)
        found = wiring(patch, scene) if scene is not None else []
        pairs += len(found)
        left += len(set(np.unique(patch.instances["psd"]).tolist()) - {0, *(one.density for one in found)})
        out.put(f"{case.part}/{case.name}.hdf", partial(content, patch, found))
        tick(done + 1, len(job.cases))
    if left:
        said.append(f"{left} densities have no pair of sites, for a partner of theirs lies outside")
    out.text("README.md", _readme(job, pairs))
    return said


def content(patch: Patch, found: Sequence[Synapse]) -> bytes:
    """Return the file of one volume."""
    clefts = patch.instances["psd"].astype(np.uint64)
    clefts[clefts == 0] = NO_CLEFT
    arrays: dict[str, npt.NDArray[Any]] = {
        "volumes/raw": patch.image,
        "volumes/labels/neuron_ids": patch.instances["neurite"].astype(np.uint64),
        "volumes/labels/clefts": clefts,
    }
    resolution = {f"{name}@resolution": np.array(patch.grid.voxel_nm) for name in arrays}
    ids, kinds, places, partners = annotations(patch, found)
    if len(ids):
        arrays |= {"annotations/ids": ids, "annotations/types": kinds, "annotations/locations": places}
        arrays |= {"annotations/presynaptic_site/partners": partners}
    return hdf5_bytes(arrays, {"file_format": "0.2", **resolution})


def annotations(
    patch: Patch, found: Sequence[Synapse]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.object_], npt.NDArray[np.float64], npt.NDArray[np.uint64]]:
    """Return ids (n,), kinds (n,) and places (n, 3) of sites, and pairs (m, 2) of the ids of partners.

    A bouton's contact has one site, whichever number of partners it faces.
    """
    corner = np.multiply(patch.grid.start_vx, patch.grid.voxel_nm)
    sites: list[tuple[str, npt.NDArray[np.float64]]] = []
    before: dict[int, int] = {}
    partners = []
    for one in found:
        if one.contact not in before:
            before[one.contact] = len(sites) + 1
            sites.append((KINDS[0], np.subtract(one.presynaptic_nm, corner)))
        sites.append((KINDS[1], np.subtract(one.postsynaptic_nm, corner)))
        partners.append((before[one.contact], len(sites)))
    kinds = np.array([kind for kind, _ in sites], h5py.string_dtype())
    places = np.array([place for _, place in sites]).reshape(-1, 3)
    return (
        np.arange(1, len(sites) + 1, dtype=np.uint64),
        kinds,
        places,
        np.array(partners, np.uint64).reshape(-1, 2),
    )


def _readme(job: Job, pairs: int) -> str:
    return f"""# {job.name}

Written by synthem in the format of CREMI, version 0.2: {len(job.cases)} volumes, {pairs} pairs of synaptic
partners.

- `volumes/raw`: the image, uint8; `resolution` is the voxel size in nm (z, y, x).
- `volumes/labels/neuron_ids`: an id a neurite.
- `volumes/labels/clefts`: an id a synapse where its density is, with both membranes and the cleft; 2⁶⁴ − 1
  elsewhere.
- `annotations/locations`: a site in each partner, in nm (z, y, x) from the corner;
  `annotations/presynaptic_site/partners` are pairs of ids of sites, presynaptic first. A contact of a
  bouton with several partners has one presynaptic site.

```python
from cremi.io import CremiFile

file = CremiFile("train/NAME.hdf", "r")
print(file.read_neuron_ids().data.shape, file.read_annotations().pre_post_partners)
```
"""
