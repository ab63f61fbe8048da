"""Labels of a part of an image, where files tell that they lie: what they do not reach is unlabelled."""

from dataclasses import dataclass

import numpy as np

from shapes.core.errors import InputError
from synthem.data.real.arrays import NOWHERE, Offset, Stored
from synthem.data.volume import Array, Volume

NEAR_VX, NEAR = 0.01, 0.01
"""An offset may miss whole voxels by this, and a voxel's edge differ by this share, as rounding has it."""


@dataclass(frozen=True)
class _Cut:
    """Along one axis: first voxel in the image, first in the labels, and how many both hold."""

    image: int
    labels: int
    count: int

    @property
    def there(self) -> slice:
        """Its voxels in the image."""
        return slice(self.image, self.image + self.count)

    @property
    def own(self) -> slice:
        """Its voxels in the labels."""
        return slice(self.labels, self.labels + self.count)


class Placed(Volume):
    """Labels at a place in an image, with the image's shape; 0 where they do not reach.

    Parameters
    ----------
    labels : Volume
    shape : (z, y, x)
        The image's.
    start : (z, y, x)
        The voxel of the image in which the first of the labels lies; they may begin before it and end behind.

    Raises
    ------
    InputError
        Where they do not meet.
    """

    def __init__(self, labels: Volume, shape: tuple[int, int, int], start: tuple[int, int, int]) -> None:
        self.labels, self.shape = labels, shape
        self.where, self.dtype, self.voxel_nm, self.notes = (
            labels.where, labels.dtype, labels.voxel_nm, labels.notes,
        )  # fmt: skip
        self._cuts = [
            _Cut(max(s, 0), max(-s, 0), min(s + n, whole) - max(s, 0))
            for s, n, whole in zip(start, labels.shape, shape, strict=True)
        ]
        if any(cut.count <= 0 for cut in self._cuts):
            raise InputError(f"{labels.where}: lies outside of its image, {start} voxels (z, y, x) away")

    def section(self, z: int) -> Array:
        """Read one section (y, x)."""
        out = np.zeros(self.shape[1:], self.dtype)
        deep, *flat = self._cuts
        if there := self.reached(z):
            plane = self.labels.section(z - deep.image + deep.labels)
            out[there] = plane[flat[0].own, flat[1].own]
        return out

    def reached(self, z: int) -> tuple[slice, slice] | None:
        """Return the rows and columns of a section that the labels reach, None where they reach none."""
        deep, *flat = self._cuts
        return (flat[0].there, flat[1].there) if deep.there.start <= z < deep.there.stop else None


def placed(image: Stored, labels: Stored, channel: int | None) -> Volume:
    """Return labels where they lie in an image by the voxel sizes and offsets that both tell.

    Raises
    ------
    InputError
        Where they are of a part of the image and of other voxels, lie between voxels, or outside.
    """
    found, whole = labels.volume(None), image.volume(channel).shape
    away = tuple(b - a for a, b in zip(image.offset_nm or NOWHERE, labels.offset_nm or NOWHERE, strict=True))
    told = image.offset_nm is not None or labels.offset_nm is not None
    if not told or (not any(away) and found.shape == whole):
        return found
    edges, own = image.voxel_nm, labels.voxel_nm or image.voxel_nm
    if edges is None or own is None:
        raise InputError(f"{labels.where}: has an offset in nm, and its image {image.where} no voxel size")
    pairs = [(a, b) for a, b in zip(edges, own, strict=True) if a is not None and b is not None]
    if len(pairs) < 3 or any(abs(a / b - 1) > NEAR for a, b in pairs):
        raise InputError(
            f"{labels.where}: has voxels of {_nm(own)} nm, its image {image.where} of {_nm(edges)} nm; bring "
            "both to one size"
        )
    exact = [a / edge for a, (edge, _) in zip(away, pairs, strict=True)]
    start = [round(vx) for vx in exact]
    if any(abs(a - b) > NEAR_VX for a, b in zip(exact, start, strict=True)):
        raise InputError(
            f"{labels.where}: lies {_nm(away)} nm from its image, which is no whole number of its voxels of "
            f"{_nm(edges)} nm"
        )
    return Placed(found, whole, (start[0], start[1], start[2]))


def _nm(edges: "tuple[float | None, ...] | Offset") -> str:
    return " × ".join("?" if edge is None else f"{edge:g}" for edge in edges)
