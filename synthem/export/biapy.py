"""BiaPy 3.7: semantic segmentation, two folders a part, ``x`` and ``y``, and a configuration.

BiaPy learns one class a pixel. So a boundary is no mitochondrion any more, and what else overlaps is of the
last class alone; both is said. Unlabelled sections hold ``UNKNOWN``, which the loss ignores.
"""

from collections.abc import Callable
from typing import Any

import yaml

from synthem.data.png_file import png_bytes
from synthem.data.stack_file import tiff_bytes
from synthem.export.codes import Codes, make_codes
from synthem.export.crops import crop
from synthem.export.folder import Folder
from synthem.export.job import Case, Job
from synthem.export.settle import common_depth, common_voxel, settle
from synthem.patch import Patch

UNKNOWN = 255
"""The value of what is not labelled."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write train/, val/ and test/ with x/ and y/, and biapy.yaml.

    Raises
    ------
    InputError
        Where there is no case to train on, or cases differ in depth or voxel size.
    """
    classes, cases, said = settle(job)
    flat, codes = common_depth(cases), make_codes(classes, cases, overlaps=False)
    common_voxel(cases)
    for done, case in enumerate(cases):
        _put(job.patch(case), case, codes, out)
        tick(done + 1, len(cases))
    out.text("biapy.yaml", yaml.safe_dump(_config(cases, codes, flat), sort_keys=False))
    out.text("README.md", _readme(job.name, codes))
    if {"mitochondrion", "mito_boundary"} <= set(codes.classes):
        said.append("mitochondrion is written without its boundary, for BiaPy learns one class a pixel")
    for code, count in codes.overlaps.items():
        said.append(
            f"{count} voxels of {codes.classes[code - 1]} are of another class too, which is left out"
        )
    return said


def _put(patch: Patch, case: Case, codes: Codes, out: Folder) -> None:
    x, y = f"{case.part}/x/{case.name}", f"{case.part}/y/{case.name}"
    if case.flat:
        out.put(f"{y}.png", lambda: png_bytes(codes.encode(patch, UNKNOWN)[0]))
        out.put(f"{x}.png", lambda: png_bytes(patch.image[0]))
    else:
        out.put(f"{y}.tif", lambda: tiff_bytes(codes.encode(patch, UNKNOWN)))
        out.put(f"{x}.tif", lambda: tiff_bytes(patch.image))


def _config(cases: tuple[Case, ...], codes: Codes, flat: bool) -> dict[str, Any]:
    parts = {part for part in ("train", "val", "test") if any(case.part == part for case in cases)}
    blank = any(case.blank for case in cases)
    resolution = list(cases[0].voxel_nm)[1 if flat else 0 :]
    paths = {part: {"PATH": f"{part}/x", "GT_PATH": f"{part}/y", "RESOLUTION": resolution} for part in parts}
    # its check counts values, and would take the unknown for a class
    check = {"CHECK_DATA": False} if blank else {}
    data: dict[str, Any] = {
        "PATCH_SIZE": str((*crop(cases)[1 if flat else 0 :], 1)),
        "N_CLASSES": len(codes.classes) + 1,
        "TRAIN": {**paths["train"], **check},
        "VAL": {"FROM_TRAIN": False, **paths["val"]} if "val" in parts else {"FROM_TRAIN": True},
    }
    if "test" in parts:
        data["TEST"] = {**paths["test"], **check, "LOAD_GT": True}
    return {
        "PROBLEM": {"TYPE": "SEMANTIC_SEG", "NDIM": "2D" if flat else "3D"},
        "DATA": data,
        "AUGMENTOR": {"ENABLE": True, "RANDOM_ROT": True, "VFLIP": True, "HFLIP": True},
        "MODEL": {"ARCHITECTURE": "unet"},
        "LOSS": {"TYPE": ["CE"], **({"IGNORE_INDEX": UNKNOWN} if blank else {})},
        "TRAIN": {"ENABLE": True, "OPTIMIZER": ["ADAMW"], "LR": [1e-4], "BATCH_SIZE": 4, "EPOCHS": 100},
        "TEST": {"ENABLE": "test" in parts},
    }


def _readme(name: str, codes: Codes) -> str:
    said = "\n".join(f"| {k + 1} | {cls} |" for k, cls in enumerate(codes.classes))
    return f"""# {name}

Written by synthem for BiaPy 3.7. Paths in `biapy.yaml` begin in this folder, so train from here:

```sh
biapy --config biapy.yaml --result_dir results --name {name} --gpu 0
```

| value | class |
|---|---|
| 0 | background |
{said}
"""
