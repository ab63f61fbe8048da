"""The objects of a map of ids, one after the other, each in its own box."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.errors import InputError
from synthem.export.job import Case
from synthem.patch import Patch


class Object(NamedTuple):
    """An object: its id, the box around it as slices (z, y, x), and its voxels in the box, bool."""

    id: int
    box: tuple[slice, slice, slice]
    voxels: npt.NDArray[np.bool_]


def each_object(ids: npt.NDArray[np.int32]) -> Iterator[Object]:
    """Yield the objects of a map of ids (z, y, x), in the order of their ids; 0 is none."""
    found, number = np.unique(ids, return_inverse=True)
    number = number.reshape(ids.shape) + (found[0] != 0)  # ids are too large to count up to
    found = found[found != 0]
    boxes = ndimage.find_objects(number, len(found))
    for label, (who, box) in enumerate(zip(found.tolist(), boxes, strict=True), 1):
        yield Object(who, box, number[box] == label)


def check_objects(patch: Patch, case: Case, *kinds: str) -> None:
    """Raise InputError where a patch has no ids of objects, or of these kinds, as real EM has none."""
    if not patch.instances or not set(kinds) <= patch.instances.keys():
        what = " and ".join(kinds) or "objects"
        raise InputError(f"export: {case.name} has no ids of {what}; give a generated dataset in HDF5")
