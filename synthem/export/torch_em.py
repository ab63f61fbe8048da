"""torch-em: an HDF5 file a volume, ``raw`` uint8 (z, y, x) and ``labels`` int8 (C, z, y, x).

A label is 1 where the class is, 0 where it is not and -1 where nobody says, so that nothing is left out:
torch-em's ``MaskIgnoreLabel`` keeps such voxels from the loss. Object ids lie under ``instances/NAME``.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.export.crops import crop, halvings
from synthem.export.folder import Folder
from synthem.export.hdf5_file import hdf5_bytes
from synthem.export.job import Job
from synthem.export.settle import common_depth
from synthem.labels import channels
from synthem.patch import Patch

UNKNOWN = -1
"""The label of what nobody says."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write train/, val/ and test/ and a page of Python that trains on them.

    Raises
    ------
    InputError
        Where no class is labelled, or sections and volumes are mixed.
    """
    classes = job.classes or tuple(
        cls for k, cls in enumerate(job.channels) if any(case.known[k] for case in job.cases)
    )
    classes = tuple(cls for cls in job.channels if cls in classes)
    if not any(case.known[k] for case in job.cases for k in channels(classes, job.channels)):
        raise InputError("export: no patch is labelled for any of the classes, and torch-em trains on labels")
    flat = common_depth(job.cases)
    for done, case in enumerate(job.cases):
        _put(job.patch(case), f"{case.part}/{case.name}.h5", classes, out)
        tick(done + 1, len(job.cases))
    out.text("README.md", _readme(job, classes, flat))
    return [
        f"{cls} left out, for it is labelled nowhere"
        for cls in job.channels
        if job.classes is None and cls not in classes
    ]


def _put(patch: Patch, name: str, classes: Sequence[str], out: Folder) -> None:
    out.put(
        name,
        lambda: hdf5_bytes(
            {
                "raw": patch.image,
                "labels": channel_labels(patch, classes),
                **{f"instances/{kind}": ids for kind, ids in sorted(patch.instances.items())},
            },
            {"classes": list(classes), "voxel_nm": patch.grid.voxel_nm},
        ),
    )


def channel_labels(patch: Patch, classes: Sequence[str]) -> npt.NDArray[np.int8]:
    """Return labels int8 (C, z, y, x): 1, 0, or -1 where a class or a section is not labelled."""
    labels: npt.NDArray[np.int8] = patch.labels_of(classes).astype(np.int8)
    labels[~patch.labelled_of(classes)] = UNKNOWN
    return labels


def _readme(job: Job, classes: Sequence[str], flat: bool) -> str:
    shape = crop(job.cases)
    steps = halvings(shape, job.cases[0].voxel_nm)
    val = "val" if any(case.part == "val" for case in job.cases) else "train"
    if flat:
        net, kind = f"depth={len(steps)}", "UNet2d"
    else:
        net, kind = f"scale_factors={[list(step) for step in steps]}", "AnisotropicUNet"
    lines = "\n".join(f"- {k}: {cls}" for k, cls in enumerate(classes))
    return f"""# {job.name}

Written by synthem for torch-em. Channels of `labels`, 1 inside, 0 outside, -1 unknown:

{lines}

## Train

```python
from glob import glob

import torch_em
from torch_em.loss import DiceLoss, LossWrapper
from torch_em.loss.wrapper import MaskIgnoreLabel
from torch_em.model import {kind}


def loader(part):
    files = sorted(glob(f"{{part}}/*.h5"))
    return torch_em.default_segmentation_loader(
        files, "raw", files, "labels", batch_size={4 if flat else 1}, patch_shape={shape},
        ndim={2 if flat else 3}, is_seg_dataset=True, with_label_channels=True,
    )


if __name__ == "__main__":
    net = {kind}(1, {len(classes)}, {net}, initial_features=32, final_activation="Sigmoid")
    loss = LossWrapper(DiceLoss(), MaskIgnoreLabel(ignore_label={UNKNOWN}, masking_method="multiply"))
    trainer = torch_em.default_segmentation_trainer(
        "{job.name}", net, loader("train"), loader("{val}"), loss=loss, metric=loss
    )
    trainer.fit(iterations=10000)
```
"""
