"""pytorch_connectomics 2: an HDF5 file an image and one a label map, each with one data set ``main``.

Labels are codes; ``label_transform`` makes a channel a class of them, so that classes inside others, and
overlaps, are learned as both. Sections in which nothing is labelled are 0 in
``masks/``. Single sections are (y, x).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from synthem.export.codes import Codes, make_codes
from synthem.export.crops import crop, halvings
from synthem.export.folder import Folder
from synthem.export.hdf5_file import hdf5_bytes
from synthem.export.job import Case, Job
from synthem.export.settle import common_depth, common_voxel, settle
from synthem.patch import Patch

MAIN = "main"
"""The name of the one data set in a file."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write train/, val/ and test/ with images/, labels/ and masks/, and config.yaml.

    Raises
    ------
    InputError
        Where there is no case to train on, or cases differ in depth or voxel size.
    """
    classes, cases, said = settle(job)
    flat, codes = common_depth(cases), make_codes(classes, cases)
    common_voxel(cases)
    masked = any(case.blank for case in cases)
    for done, case in enumerate(cases):
        _put(job.patch(case), case, codes, masked, out)
        tick(done + 1, len(cases))
    config = _config(job.name, cases, codes, flat, masked)
    out.text("config.yaml", yaml.safe_dump(config, sort_keys=False, width=110))
    out.text("README.md", _readme(job.name, codes))
    return said


def _put(patch: Patch, case: Case, codes: Codes, masked: bool, out: Folder) -> None:
    def put(kind: str, make: Callable[[], npt.NDArray[np.uint8]]) -> None:
        def encoded() -> bytes:
            array = make()
            return hdf5_bytes({MAIN: array[0] if case.flat else array}, {"voxel_nm": patch.grid.voxel_nm})

        out.put(f"{case.part}/{kind}/{case.name}.h5", encoded)

    put("images", lambda: patch.image)
    put("labels", lambda: codes.encode(patch, unknown=0))
    if masked:
        put("masks", lambda: _mask(patch))


def _mask(patch: Patch) -> npt.NDArray[np.uint8]:
    """Return 1 in sections that are labelled, 0 in others."""
    mask = np.ones_like(patch.image)
    mask[list(patch.unlabelled)] = 0
    return mask


def _config(name: str, cases: tuple[Case, ...], codes: Codes, flat: bool, masked: bool) -> dict[str, Any]:
    shape = crop(cases)
    steps = halvings(shape, cases[0].voxel_nm)
    size = list(shape[1:] if flat else shape)
    kinds = {"image": "images", "label": "labels"} | ({"mask": "masks"} if masked else {})
    parts = [part for part in ("train", "val", "test") if any(case.part == part for case in cases)]
    resolution = list(cases[0].voxel_nm)[1 if flat else 0 :]
    data: dict[str, Any] = {
        part: {key: f"{part}/{kind}/*.h5" for key, kind in kinds.items()} | {"resolution": resolution}
        for part in parts
    }
    targets = [{"name": "binary", "kwargs": {"segment_id": codes.region(cls)}} for cls in codes.classes]
    losses = [
        {"function": "WeightedBCEWithLogitsLoss", "weight": 1.0, "kwargs": {"reduction": "mean"}},
        {"function": "DiceLoss", "weight": 1.0, "kwargs": {"sigmoid": True}},
    ]
    return {
        "experiment_name": name,
        "description": f"Exported by synthem; channels: {', '.join(codes.classes)}",
        "default": {
            "model": {
                "arch": {"type": "monai_unet"},
                "in_channels": 1,
                "out_channels": len(codes.classes),
                "input_size": size,
                "output_size": size,
                "monai": {"filters": [32 * 2**k for k in range(len(steps) + 1)]},
                "loss": {"losses": losses},
            },
            "data": {
                **data,
                "label_transform": {"targets": targets},
                "dataloader": {"batch_size": 4 if flat else 1, "patch_size": size},
            },
        },
        "train": {"optimization": {"max_epochs": 100, "n_steps_per_epoch": 500}},
    }


def _readme(name: str, codes: Codes) -> str:
    return f"""# {name}

Written by synthem for pytorch_connectomics 2. Paths in `config.yaml` begin here, so train from here:

```sh
python PATH_TO/pytorch_connectomics/scripts/main.py --config config.yaml
```

Every voxel of `labels/` has one code; `label_transform` makes a channel a class of them.

| code | classes |
|---|---|
{codes.rows()}
"""
