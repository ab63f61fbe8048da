"""The object table: a row for every object of every patch, and a row for every pair of synaptic partners.

CSV, which everything reads, and Parquet beside it where that is asked for, with types and units. Lengths are
in nm, places are of the world; an object that a patch's edge cuts is told as such, for what is seen of it is
not all of it.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from shapes.core.errors import UnknownNameError
from synthem.export.each_object import check_objects, each_object
from synthem.export.folder import Folder
from synthem.export.job import Job
from synthem.export.parquet import parquet_bytes, parquet_library
from synthem.export.wiring import scene_of, wiring
from synthem.patch import Patch
from synthem.scene.skeletons import skeletons

AXES = ("z", "y", "x")
TABLES = ("csv", "parquet")
"""What ``--table`` takes."""
OBJECTS = (
    "case", "part", "class", "id", "voxels", "volume_nm3", *(f"centre_{a}_nm" for a in AXES),
    *(f"low_{a}_nm" for a in AXES), *(f"high_{a}_nm" for a in AXES), "cut", "neurite", "kind", "length_nm",
)  # fmt: skip
"""Columns of ``objects.csv``: ``cut`` is 1 where the object touches the patch's edge, ``neurite`` the one
that holds most of it; ``kind`` and ``length_nm``, of neurites alone, are of what is told of their axis."""
SYNAPSES = (
    "case", "part", "psd", "contact", "presynaptic", "postsynaptic", "radius_nm",
    *(f"{what}_{a}_nm" for what in ("pre", "post") for a in AXES),
)  # fmt: skip
"""Columns of ``synapses.csv``: ids of the density, of the bouton's contact and of both neurites, and a
site in each."""


def write(job: Job, out: Folder, tick: Callable[[int, int], None]) -> list[str]:
    """Write objects.csv, synapses.csv and a page that says what the columns are.

    Raises
    ------
    InputError
        Where patches have no ids of objects, as in real EM, or Parquet is wanted without pyarrow.
    UnknownNameError
        Where the option ``table`` is none of ``TABLES``.
    """
    kind = job.options.get("table", TABLES[0])
    if kind not in TABLES:
        raise UnknownNameError("table", str(kind), TABLES)
    if kind == "parquet":
        parquet_library()  # before all is read
    objects, pairs = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for done, case in enumerate(job.cases):
        patch = job.patch(case)
        check_objects(patch, case)
        scene = scene_of(patch)
        axes = [] if scene is None else skeletons(scene)
        kinds = {one.neurite: (one.kind, one.length_nm) for one in axes}
        lead = (case.name, case.part)
        objects += [(*lead, *row) for row in rows(patch, kinds)]
        if scene is not None and "psd" in patch.instances:
            for one in wiring(patch, scene):
                sites = (*one.presynaptic_nm, *one.postsynaptic_nm)
                partners = (one.presynaptic, one.postsynaptic, one.radius_nm)
                pairs.append((*lead, one.density, one.contact, *partners, *sites))
        tick(done + 1, len(job.cases))
    for name, columns, lines in (("objects", OBJECTS, objects), ("synapses", SYNAPSES, pairs)):
        out.put(f"{name}.csv", partial(_csv, columns, lines))
        if kind == "parquet":
            out.put(f"{name}.parquet", partial(parquet_bytes, columns, lines))
    out.text("README.md", _readme(job, len(objects), len(pairs), kind == "parquet"))
    return []


def rows(patch: Patch, kinds: Mapping[int, tuple[str, float]]) -> Iterable[tuple[object, ...]]:
    """Yield what follows case and part in ``objects.csv``, class by class, in the order of ids."""
    edges, start = np.array(patch.grid.voxel_nm), np.array(patch.grid.start_vx)
    neurites = patch.instances.get("neurite")
    for name, ids in sorted(patch.instances.items()):
        for who, box, own in each_object(ids):
            first = np.array([s.start for s in box])
            last = np.array([s.stop for s in box])
            voxels = int(own.sum())
            centre = (np.argwhere(own).mean(0) + first + 0.5 + start) * edges
            deep = np.array(patch.grid.shape) > 1  # a section cuts everything along z
            cut = ((first == 0) | (last == patch.grid.shape))[deep].any()
            kind, length = kinds.get(who, ("", None)) if name == "neurite" else ("", None)
            holder = None if name == "neurite" or neurites is None else _most(neurites[box][own])
            yield (
                name, who, voxels, voxels * float(edges.prod()), *centre.tolist(),
                *((start + first) * edges).tolist(), *((start + last) * edges).tolist(),
                int(cut), holder, kind, length,
            )  # fmt: skip


def _most(ids: npt.NDArray[np.int32]) -> int:
    """Return the id that most of some voxels have."""
    found, count = np.unique(ids, return_counts=True)
    return int(found[count.argmax()])


def _csv(columns: Iterable[str], lines: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow([f"{v:.1f}" if isinstance(v, float) else "" if v is None else v for v in line])
    return text.getvalue().encode()


def _readme(job: Job, objects: int, pairs: int, parquet: bool) -> str:
    typed = "\n- `objects.parquet`, `synapses.parquet`: the same rows with types, and units in metadata."
    return f"""# {job.name}

Written by synthem: {objects} objects and {pairs} pairs of synaptic partners of {len(job.cases)} patches.

- `objects.csv`: {", ".join(f"`{name}`" for name in OBJECTS)}.
  Lengths are in nm and places of the world; `cut` is 1 where the patch's edge cuts an object, in a single
  section where its edges along y and x do; `neurite` is the one that holds most of it. `kind` and
  `length_nm`, the length of its axis within the patch, are of neurites of which the patch shows the axis.
- `synapses.csv`: {", ".join(f"`{name}`" for name in SYNAPSES)}:
  the density, the bouton's contact, which is the same for all partners that it faces, both neurites, and
  a site in each.{typed if parquet else ""}

```python
import pandas

objects, synapses = pandas.read_csv("objects.csv"), pandas.read_csv("synapses.csv")
print(objects.groupby("class").volume_nm3.describe(), synapses.groupby("presynaptic").size())
```
"""
