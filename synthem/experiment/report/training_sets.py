"""What is in the sets that arms train on, side by side: shares of voxels, and objects by area."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthem.experiment.data import Data
from synthem.labels import CELLS
from synthem.measure.components import find_components
from synthem.patch import Patch

MESH = ("membrane", *CELLS)
"""Classes that have no objects to count: they hang together."""


@dataclass(frozen=True)
class ClassInSet:
    """One class in a set: share of the labelled voxels, patches that hold it, and objects by area or volume.

    ``share`` is None where the class is not labelled, ``density`` (per µm² of sections, per µm³ of volumes,
    corrected for objects that the edges cut) where it is a mesh or not labelled.
    """

    share: float | None
    holding: int
    density: float | None


@dataclass(frozen=True)
class TrainingSet:
    """A set of patches, and what it holds of each class."""

    name: str
    patches: int
    classes: dict[str, ClassInSet]


def training_sets(data: Data, classes: Sequence[str]) -> list[TrainingSet]:
    """Count the real training sections and the synthetic patches, where there are any."""
    sets = {"real": data.train, "synthetic": data.synthetic}
    return [
        TrainingSet(name, len(patches), {c: _count(patches, c) for c in classes})
        for name, patches in sets.items()
        if len(patches)
    ]


def _count(patches: Sequence[Patch], name: str) -> ClassInSet:
    voxels = inside = holding = 0
    extent_um = objects = 0.0
    for patch in patches:
        known = patch.labelled_of([name])[0]
        mask = patch.labels_of([name])[0, known]
        if not mask.size:
            continue
        voxels, inside, holding = voxels + mask.size, inside + int(mask.sum()), holding + bool(mask.any())
        edges = patch.grid.voxel_nm if len(mask) > 1 else patch.grid.voxel_nm[1:]
        extent_um += mask.size * float(np.prod(edges)) / 1000 ** len(edges)
        if name not in MESH and mask.any():
            objects += float(find_components(mask, patch.grid.voxel_nm).weight.sum())
    if not voxels:
        return ClassInSet(None, 0, None)
    return ClassInSet(inside / voxels, holding, None if name in MESH else objects / extent_um)
