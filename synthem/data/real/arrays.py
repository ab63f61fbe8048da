"""Arrays in one file or store: which holds the image, and which the labels."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.files import class_of, core, is_images, is_labels
from synthem.data.units import check_voxel
from synthem.data.volume import ArrayVolume, Voxel, guessed_axes

RAW = "volumes/raw"
"""Where CREMI keeps the image; its labels lie in ``volumes/labels``."""
Offset = tuple[float, float, float]
NOWHERE: Offset = (0.0, 0.0, 0.0)
"""Where an array lies of which nobody says more, in nanometres (z, y, x)."""
MAIN = ("main", "data", "raw", "em", "volume", "exported_data")
"""What else an image is called in a file of one."""


@dataclass(frozen=True)
class Stored:
    """An array that can be read in part.

    Attributes
    ----------
    where : str
    shape : tuple of int
    dtype : numpy.dtype
    voxel_nm : Voxel or None
    block : int
        So many sections are stored together.
    fetch : callable
        Reads a part of it.
    axes : str or None
        A letter an axis, where that is told.
    offset_nm : tuple of float or None
        Where its first voxel lies (z, y, x), where that is told.
    """

    where: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    voxel_nm: Voxel | None
    block: int
    fetch: Callable[[tuple[int | slice, ...]], Any]
    axes: str | None = None
    offset_nm: Offset | None = None

    def volume(self, channel: int | None) -> ArrayVolume:
        """Return it as sections; InputError where it is no stack of them."""
        axes = self.axes or guessed_axes(self.shape)
        return ArrayVolume(
            self.where, self.fetch, self.shape, self.dtype, axes, channel, self.voxel_nm, self.block
        )


def edges_of(where: str, attributes: Mapping[str, Any]) -> Voxel | None:
    """Return the voxel size that attributes tell: in nanometres, or ``element_size_um``."""
    for name, scale in (("resolution", 1.0), ("voxel_size", 1.0), ("element_size_um", 1e3)):
        if name in attributes:
            edges = check_voxel(where, attributes[name])
            if edges:
                z, y, x = (round(edge * scale, 9) for edge in edges)
                return z, y, x
    return None


def offset_of(where: str, attributes: Mapping[str, Any]) -> Offset | None:
    """Return where an array lies, as CREMI's ``offset`` tells it: nanometres, (z, y, x).

    Raises
    ------
    InputError
        Where it is not three numbers.
    """
    if "offset" not in attributes:
        return None
    try:
        z, y, x = (float(value) for value in attributes["offset"])
    except (TypeError, ValueError):
        z = y = x = math.nan
    if not all(map(math.isfinite, (z, y, x))):
        raise InputError(f"{where}: offset must be three numbers (z, y, x), not {attributes['offset']}")
    return z, y, x


def image_in(file: object, arrays: Mapping[str, Stored], inside: str) -> str:
    """Return which array is the image: the one that is named, or the one that is called so.

    Raises
    ------
    InputError
        Where there is none of that name, or none or several could be it.
    """
    if inside:
        below = [path for path in arrays if path.startswith(f"{inside}/")]
        if inside in arrays:
            return inside
        if len(below) == 1:
            return below[0]
        raise InputError(f"{file}: holds no data set {inside!r}; it holds {listed(below or arrays)}")
    if RAW in arrays:
        return RAW
    named = [path for path in arrays if is_images(_last(path)) or _last(path).casefold() in MAIN]
    likely = named or [path for path in arrays if not _labelled(path)]
    if len(likely) != 1:
        raise InputError(
            f"{file}: holds {listed(arrays)}; say which is the image, such as "
            f"{file}:{next(iter(arrays), RAW)}"
        )
    return likely[0]


def labels_in(arrays: Mapping[str, Stored], image: str) -> tuple[dict[str, str], list[str]]:
    """Return the arrays of masks by class, and those of other labels, that belong to an image.

    They are called as a class is, or as labels are, and lie beside the image, or in a group ``labels`` there.
    """
    group = image.rpartition("/")[0]
    masks: dict[str, str] = {}
    others: list[str] = []
    for path in arrays:
        rest = path.removeprefix(f"{group}/") if group else path
        parts = rest.split("/")
        beside = path != image and (not group or path.startswith(f"{group}/"))
        if not beside or len(parts) > 2 or (len(parts) == 2 and not is_labels(parts[0])):
            continue
        cls = class_of(parts[-1])
        if cls and cls in masks:
            raise InputError(f"{arrays[path].where}: two arrays of {cls}, {masks[cls]} and {path}; leave one")
        if cls:
            masks[cls] = path
        elif len(parts) == 2 or is_labels(core(parts[0])) or is_labels(parts[0]):
            others.append(path)
    return masks, others


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _labelled(path: str) -> bool:
    return any(class_of(part) or is_labels(core(part)) or is_labels(part) for part in path.split("/"))


def listed(paths: Any) -> str:
    """Return the first of some paths, and how many more there are."""
    names = list(paths)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "no array of sections"
