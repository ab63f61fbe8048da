"""Hugging Face ``datasets``: an imagefolder, a row a section, with a column of masks for each class.

``metadata.jsonl`` in each split names the files; a class that is not labelled in a section has no mask there
(null). The splits are those that the library calls train, validation and test.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.png_file import png_bytes
from synthem.export.folder import Folder
from synthem.export.job import Case, Job
from synthem.labels import channel
from synthem.patch import Patch

SPLITS = {"train": "train", "val": "validation", "test": "test"}
"""What the library calls the parts."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write a folder a split, with images/, a folder of masks a class and metadata.jsonl; and a card.

    Raises
    ------
    InputError
        Where no class is labelled in each split.
    """
    classes, said = _classes(job)
    rows: dict[str, list[dict[str, Any]]] = {}
    for done, case in enumerate(job.cases):
        split = SPLITS[case.part]
        rows.setdefault(split, []).extend(_put(job.patch(case), case, split, classes, out))
        tick(done + 1, len(job.cases))
    for split, lines in rows.items():
        out.text(f"{split}/metadata.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    out.text("README.md", _card(job.name, classes))
    return said


def _classes(job: Job) -> tuple[list[str], list[str]]:
    """Return the classes with a mask in each split: to the library, nulls alone are of another type."""
    parts = {case.part for case in job.cases}
    kept, said = [], []
    for k, cls in enumerate(job.channels):
        if job.classes is not None and cls not in job.classes:
            continue
        bare = sorted(parts - {case.part for case in job.cases if case.known[k]})
        if not bare:
            kept.append(cls)
        else:
            said.append(
                f"{cls} left out, for it is labelled nowhere in {' and '.join(SPLITS[part] for part in bare)}"
            )
    if not kept:
        raise InputError("export: there is no class that is labelled in each split")
    return kept, said


def _put(patch: Patch, case: Case, split: str, classes: list[str], out: Folder) -> list[dict[str, Any]]:
    rows = []
    for z in range(case.shape[0]):
        name = f"{case.name}.png" if case.flat else f"{case.name}_z{z:03d}.png"
        row: dict[str, Any] = {"file_name": f"images/{name}"}
        for cls in classes:
            k = channel(cls, patch.classes)
            row[f"{cls}_file_name"] = f"{cls}/{name}" if patch.labelled[k, z] else None
            if patch.labelled[k, z]:
                mask = patch.labels[k, z].astype(np.uint8) * 255
                out.put(f"{split}/{cls}/{name}", partial(png_bytes, mask))
        out.put(f"{split}/images/{name}", partial(png_bytes, patch.image[z]))
        rows.append(row | {"case": case.name, "z": z, "voxel_nm": list(case.voxel_nm)})
    return rows


def _card(name: str, classes: list[str]) -> str:
    return f"""---
pretty_name: {name}
task_categories:
- image-segmentation
---
# {name}

Electron microscopy with a mask a class, written by synthem. A row is a section: `image`, {_ticked(classes)}
(255 inside, 0 outside, null where nobody labelled it), `case`, `z` and `voxel_nm` (z, y, x).

```python
from datasets import load_dataset

sections = load_dataset("imagefolder", data_dir=".")
print(sections["train"][0])
```
"""


def _ticked(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
