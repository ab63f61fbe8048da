"""An OME-Zarr store, written shard by shard by any number of processes, each shard whole or not there.

The group at the root says ``ome`` only when all is there, so that a store which is not finished is taken for
an image by no reader.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.data.ome_zarr.images import IMAGE, Image, shrunk
from synthem.data.ome_zarr.layout import Box, Index, Layout, parts
from synthem.data.ome_zarr.metadata import (
    META,
    array_in,
    array_metadata,
    group_metadata,
    image_metadata,
    labels_metadata,
    ome_library,
    zarr_library,
)


@dataclass(frozen=True)
class OmeZarr:
    """A store. It holds no file open and can be pickled, so each process may write shards of its own.

    Begin it, write every shard of the first level of every image, ``shrink`` every shard of each further
    level in order, and finish it. What has been written is known by ``has``, so work goes on after a kill.

    Parameters
    ----------
    path : Path
        The folder, by custom ``NAME.zarr``.
    layout : Layout
        Shape, voxel size, shards and chunks of all images.
    images : tuple of Image
        The image (its name is empty) and the labels beside it.
    about : dict
        Plain values to stand beside ``ome`` in the attributes of the root, by name of the program.
    """

    path: Path
    layout: Layout
    images: tuple[Image, ...] = (IMAGE,)
    about: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """Write what makes the arrays arrays, and the root, which says not yet that it is an image."""
        zarr_library()
        ome_library()
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.path / META, group_metadata(self.about))
        for image in self.images:
            for k, level in enumerate(self.layout.levels):
                folder = self._array(image, k)
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / META, array_metadata(level, image))

    def finish(self) -> None:
        """Say in the metadata that this is an OME-Zarr image with its labels, the root last.

        Raises
        ------
        InputError
            Where a shard is missing.
        """
        for image in self.images:
            for k, level in enumerate(self.layout.levels):
                for index in level.shards:
                    if not self.has(image, k, index):
                        raise InputError(f"{self.shard_path(image, k, index)}: is missing: this is not whole")
        labels = [image for image in self.images if image.name]
        for image in labels:
            write_whole(self.path / image.path / META, image_metadata(self.layout, image, {}))
        if labels:
            write_whole(self.path / "labels" / META, labels_metadata([image.name for image in labels]))
        write_whole(self.path / META, image_metadata(self.layout, IMAGE, self.about))

    @property
    def finished(self) -> bool:
        """Whether all is there."""
        return "ome" in read_about(self.path)

    def has(self, image: Image, level: int, index: Index) -> bool:
        """Tell whether a shard has been written."""
        return self.shard_path(image, level, index).is_file()

    def write(self, image: Image, level: int, index: Index, values: npt.NDArray[Any]) -> None:
        """Write a shard: it is whole or it is not there, and a kill leaves nothing else.

        Parameters
        ----------
        image : Image
        level : int
            0 for the finest.
        index : tuple of int
            The shard's number along (z, y, x).
        values : integers (z, y, x)
            The voxels of ``layout.levels[level].box(index)``; they are stored as ``image.dtype``.
        """
        own = self.layout.levels[level]
        box = own.box(index)
        if values.shape != box.shape:
            raise InputError(f"{self.path}: shard {index} must be {box.shape} voxels, not {values.shape}")
        files: dict[str, Any] = {}
        # a store of this one shard alone, in memory: a full disk meets one plain write
        array = array_in(files, own, image, own.shard)
        array[tuple(slice(n) for n in box.shape)] = values.astype(image.dtype, copy=False)
        path = self.shard_path(image, level, index)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, files["c/0/0/0"].to_bytes())

    def read(self, image: Image, level: int, box: Box) -> npt.NDArray[Any]:
        """Read a box of voxels, (z, y, x); what has not been written is 0."""
        array = zarr_library().open_array(self._array(image, level), mode="r")
        return np.asarray(array[box.slices])

    def shrink(self, image: Image, level: int, index: Index) -> None:
        """Make a shard of a level of those of the level before, of which one at a time is in memory."""
        own, finer = self.layout.levels[level], self.layout.levels[level - 1]
        box = own.box(index)
        out = np.zeros(box.shape, image.dtype)
        z, y, x = (max(1, s // f) for s, f in zip(own.shard, own.factor, strict=True))
        for part in parts(box, (z, y, x)):
            start = tuple(s * f for s, f in zip(part.start, own.factor, strict=True))
            shape = tuple(
                min(n * f, all_ - s)
                for n, f, s, all_ in zip(part.shape, own.factor, start, finer.shape, strict=True)
            )
            values = self.read(image, level - 1, Box(start, shape))  # type: ignore[arg-type]
            out[part.within(box).slices] = shrunk(values, own.factor, image.kind)
        self.write(image, level, index, out)

    def _array(self, image: Image, level: int) -> Path:
        return self.path / image.path / str(level)

    def shard_path(self, image: Image, level: int, index: Index) -> Path:
        """Return the file of a shard."""
        return self._array(image, level).joinpath("c", *map(str, index))


def read_about(path: Path) -> dict[str, Any]:
    """Return the attributes of a store's root; empty where there is no store.

    Raises
    ------
    InputError
        Where its metadata is damaged.
    """
    file = path / META
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        attributes = content.get("attributes", {})
    except (ValueError, AttributeError):
        raise InputError(f"{file}: not the metadata of a Zarr store, or damaged") from None
    return dict(attributes) if isinstance(attributes, dict) else {}
