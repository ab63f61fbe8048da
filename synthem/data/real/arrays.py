"""Arrays in one file or store: which holds the image, and which the labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.files import class_of, core, is_images, is_labels
from synthem.data.real.case import Case, Found
from synthem.data.real.reading import Reading
from synthem.data.units import check_voxel
from synthem.data.volume import ArrayVolume, Voxel, guessed_axes

RAW = "volumes/raw"
"""Where CREMI keeps the image; its labels lie in ``volumes/labels``."""
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
    """

    where: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    voxel_nm: Voxel | None
    block: int
    fetch: Callable[[tuple[int | slice, ...]], Any]
    axes: str | None = None

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
        raise InputError(f"{file}: holds no data set {inside!r}; it holds {_listed(below or arrays)}")
    if RAW in arrays:
        return RAW
    named = [path for path in arrays if is_images(_last(path)) or _last(path).casefold() in MAIN]
    likely = named or [path for path in arrays if not _labelled(path)]
    if len(likely) != 1:
        raise InputError(
            f"{file}: holds {_listed(arrays)}; say which is the image, such as "
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


def open_arrays(file: object, name: str, arrays: Mapping[str, Stored], inside: str, how: Reading) -> Found:
    """Return the image of a file of arrays, with its labels."""
    image = image_in(file, arrays, inside)
    masks, others = labels_in(arrays, image)
    warnings: list[str] = []
    chosen = None
    if how.labels is not None and how.labels in arrays:
        chosen, masks = how.labels, {}
    elif how.labels is not None:
        masks = {}
    elif how.codes is not None and how.codes.instances not in masks:
        if len(others) > 1:
            raise InputError(
                f"{file}: holds the labels {_listed(others)}; say which with --labels {others[0]}"
            )
        chosen = others[0] if others else None
    elif len(others) == 1 and not masks:
        chosen = others[0]
    elif others:
        warnings.append(f"{file}: labels of no known class, not used: {_listed(others)}; see --labels")
    volumes = {cls: arrays[path].volume(None) for cls, path in masks.items()}
    labels = arrays[chosen].volume(None) if chosen else None
    said = f"{image}, with labels {chosen}" if chosen else image
    if masks:
        said = f"{image}, with {', '.join(masks.values())}"
    return Found(said, [Case(name, arrays[image].volume(how.channel), volumes, labels)], {}, warnings)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _labelled(path: str) -> bool:
    return any(class_of(part) or is_labels(core(part)) or is_labels(part) for part in path.split("/"))


def _listed(paths: Any) -> str:
    names = list(paths)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "no array of sections"
