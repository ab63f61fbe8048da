"""What an image of a store is: where it stands, what its voxels are, how it is made smaller, its colours."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from synthem.data.files import class_of, folder_of
from synthem.data.ome_zarr.layout import Index
from synthem.labels import CLASSES, colour_of

DType = Literal["uint8", "uint16", "int32", "uint32"]


@dataclass(frozen=True)
class Image:
    """An image of a store.

    Attributes
    ----------
    name : str
        Empty for the image itself; other ones are labels, and lie in ``labels/NAME``.
    dtype : str
        ``uint8``, ``uint16``, ``int32`` or ``uint32``.
    kind : {"grey", "mask", "ids"}
        How a coarser voxel is made: by the mean; set where at least half of it is; or the id at its first
        corner, for ids have no mean.
    colours : tuple of (value, (red, green, blue))
        Colours of values, each 0–255; a viewer chooses those of others.
    """

    name: str = ""
    dtype: DType = "uint8"
    kind: Literal["grey", "mask", "ids"] = "grey"
    colours: tuple[tuple[int, tuple[int, int, int]], ...] = ()

    @property
    def path(self) -> str:
        """Where its group lies in the store."""
        return f"labels/{self.name}" if self.name else ""


IMAGE = Image()
"""The EM image."""


def class_image(name: str) -> Image:
    """Return the mask of a class: 1 where it is, in the colour of all our pictures.

    It has the name of the class, but for one that a reader would take for another: ``axon`` means the sheath.
    """
    own = name if name in CLASSES or class_of(name) in (name, None) else folder_of(name).replace(" ", "_")
    return Image(own, "uint8", "mask", ((1, colour_of(name)),))


def ids_image(kind: str) -> Image:
    """Return the map of the objects of a kind, named ``KIND_instances``; 0 is none."""
    return Image(f"{kind}_instances", "uint32", "ids")


def shrunk(values: npt.NDArray[Any], factor: Index, kind: str) -> npt.NDArray[Any]:
    """Make voxels coarser; what an odd edge lacks is its last voxel once more.

    Parameters
    ----------
    values : integers (z, y, x)
    factor : tuple of int
        How many voxels make one, (z, y, x); 1 or 2 each.
    kind : {"grey", "mask", "ids"}
        See ``Image``.

    Returns
    -------
    Of the same type, (ceil(z / factor), ...).
    """
    fz, fy, fx = factor
    if kind == "ids":
        return values[::fz, ::fy, ::fx]
    odd = [(0, -n % f) for n, f in zip(values.shape, factor, strict=True)]
    padded = np.pad(values, odd, mode="edge")
    count = fz * fy * fx
    total: Any = sum(
        padded[z::fz, y::fy, x::fx].astype(np.uint32) for z in range(fz) for y in range(fy) for x in range(fx)
    )
    # rounded to the nearest, halves upwards
    out: npt.NDArray[Any] = ((total * 2 + count) // (2 * count)).astype(values.dtype)
    return out
