"""A volume as a model sees it: boxes of voxels of the model's size, each read and resampled on its own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthem.learning.inference.resample import axis

Index = tuple[int, int, int]
Greys = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Seen:
    """A volume that is read in boxes; a box is the same bits as in the whole.

    Attributes
    ----------
    read : callable
        Reads a box, uint8 (z, y, x), of the images' own voxels, given its first voxel and its shape.
    own : (z, y, x)
        Shape in the images' own voxels.
    shape : (z, y, x)
        Shape in the model's.
    inverted : bool
        Whether greys are turned.
    """

    read: Callable[[Index, Index], Greys]
    own: Index
    shape: Index
    inverted: bool = False

    @property
    def resampled(self) -> bool:
        """Whether the model's voxels are others than the images' own."""
        return self.own != self.shape

    def box(self, start: Index, shape: Index) -> Greys:
        """Read a box, uint8 (z, y, x), of the model's voxels."""
        parts = [(first, first + size) for first, size in zip(start, shape, strict=True)]
        ways = [axis(own, seen, "grey") for own, seen in zip(self.own, self.shape, strict=True)]
        spans = [way.span(part) if way else part for way, part in zip(ways, parts, strict=True)]
        (z, z1), (y, y1), (x, x1) = spans
        greys = self.read((z, y, x), (z1 - z, y1 - y, x1 - x))
        if any(ways):
            values = greys.astype(np.float32)
            for along, way in enumerate(ways):
                if way:
                    values = way.apply(values, along, parts[along], spans[along][0])
            greys = np.clip(np.rint(values), 0, 255).astype(np.uint8)
        return np.subtract(255, greys, dtype=np.uint8) if self.inverted else greys


def seen_array(volume: Greys, shape: Index | None = None) -> Seen:
    """Return a volume in memory, uint8 (z, y, x), as seen at another shape, or as it is."""

    def read(start: Index, size: Index) -> Greys:
        z, y, x = (slice(first, first + n) for first, n in zip(start, size, strict=True))
        return volume[z, y, x]

    own: Index = volume.shape
    return Seen(read, own, shape or own)
