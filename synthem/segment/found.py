"""What was found: the masks beside the images, as patches that can be counted and looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np

from shapes import Grid
from shapes.core.grid import Triple
from synthem.data.images import Images, read_volume
from synthem.labels import CLASSES, united
from synthem.learning.inference.mask_files import mask_paths
from synthem.patch import Patch


@dataclass(frozen=True)
class Found(Sequence[Patch]):
    """The sections of the images with their masks, or their volumes; each is read when it is asked for.

    Attributes
    ----------
    images : Images
    folder : Path
        Of the masks.
    masked : tuple of str
        The classes that have masks.
    voxel_nm : tuple of float
        Of the images.
    deep : bool
        Whether a file of several sections is one volume.
    """

    images: Images
    folder: Path
    masked: tuple[str, ...]
    voxel_nm: Triple
    deep: bool

    @property
    def classes(self) -> tuple[str, ...]:
        """The channels of the patches: the classes of EPFL6, and any others that have masks."""
        return united(CLASSES, self.masked)

    @property
    def _places(self) -> list[tuple[int, int | None]]:
        """The file, and the section in it, of each patch."""
        shapes = list(enumerate(self.images.shapes))
        return [(k, z) for k, shape in shapes for z in ([None] if self.deep else range(shape[0]))]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Patch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Patch]: ...
    def __getitem__(self, index: int | slice) -> Patch | list[Patch]:
        """Read one, or a list of them."""
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        file, z = self._places[index]
        return self._patch(self._volume(file), z)

    def __iter__(self) -> Iterator[Patch]:
        """Read one file after the other."""
        last, volume = -1, None
        for file, z in self._places:
            if volume is None or file != last:
                last, volume = file, self._volume(file)
            yield self._patch(volume, z)

    def _volume(self, file: int) -> Patch:
        path = self.images.files[file]
        image = self.images[file]
        every = self.classes
        labels = np.zeros((len(every), *image.shape), bool)
        for name, mask in zip(
            self.masked, mask_paths(self.folder, self.images.masks[file], self.masked), strict=True
        ):
            labels[every.index(name)] = read_volume(mask) > 127
        labels[every.index("mitochondrion")] |= labels[every.index("mito_boundary")]
        known = tuple(name in self.masked for name in every)
        grid = Grid(self.images.shapes[file], self.voxel_nm)
        return Patch(image, labels, grid, known, path.stem, classes=every)

    @staticmethod
    def _patch(volume: Patch, z: int | None) -> Patch:
        depth, *plane = volume.grid.shape
        if z is None or depth == 1:
            return volume
        part = volume.part((z, 0, 0), (1, plane[0], plane[1]))
        return replace(part, name=f"{volume.name}:{z}")
