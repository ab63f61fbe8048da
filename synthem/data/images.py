"""Images to label, as people have them: pictures, stacks and volumes, as grey volumes of 8 bits.

All files are looked through once when they are opened, a section at a time, large ones in bands of rows:
greys of more than 8 bits are brought to 8 bits by percentiles of all of them together, and what is damaged is
refused before any work.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.data.files import PICTURES
from synthem.data.greys import ALIKE, LUMINANCE, SAMPLED_PX, Greys, greys_of, one_channel
from synthem.data.pictures import TIFF, open_picture
from synthem.data.real.images import open_images_of
from synthem.data.volume import Array, Index, Volume, Voxel

__all__ = ["TIFF", "Images", "open_images", "read_volume"]

BAND_PX = 2**24
"""Sections of more pixels are read in parts where the file allows it, in looking through so many at once."""


@dataclass(frozen=True)
class Images(Sequence[npt.NDArray[np.uint8]]):
    """The files of images, each a volume uint8 (z, y, x) that is read when it is asked for.

    Attributes
    ----------
    files : tuple of Path
        In the order of their names; of an array in a file, that file and the array's path.
    volumes : tuple of Volume
        What is in them.
    masks : tuple of str
        What files of masks are called, one for each file: a picture gets a PNG, all else a TIFF.
    shapes : tuple of (z, y, x)
        Of each file; a picture has a depth of one.
    greys : Greys
        How greys become 8 bits.
    notes : tuple of str
        What was done to the greys, a sentence each.
    digest : str
        Hash of all files' names and bytes.
    """

    files: tuple[Path, ...]
    volumes: tuple[Volume, ...]
    masks: tuple[str, ...]
    shapes: tuple[tuple[int, int, int], ...]
    greys: Greys
    notes: tuple[str, ...]
    digest: str
    _last: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.files)

    @overload
    def __getitem__(self, index: int) -> npt.NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> list[npt.NDArray[np.uint8]]: ...
    def __getitem__(self, index: int | slice) -> npt.NDArray[np.uint8] | list[npt.NDArray[np.uint8]]:
        """Read a file, or a list of them; raises InputError where one is damaged."""
        if isinstance(index, slice):
            return [self._read(volume) for volume in self.volumes[index]]
        return self._read(self.volumes[index])

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Read one file after the other."""
        return map(self._read, self.volumes)

    @property
    def voxel_nm(self) -> Voxel | None:
        """The voxel size that the files tell, the same in all; None where they do not."""
        (told, *others) = {volume.voxel_nm for volume in self.volumes}
        return None if others else told

    def section(self, index: int, z: int) -> npt.NDArray[np.uint8]:
        """Read one section (y, x) of a file, and nothing else of it where the file allows that."""
        volume = self.volumes[index]
        return self.greys.bytes(one_channel(volume.where, volume.section(z), {}))

    def box(self, index: int, start: Index, shape: Index) -> npt.NDArray[np.uint8]:
        """Read a box (z, y, x) of a file, and where the file allows that nothing else.

        A part of one section that is not large is cut from all of it, and of all files together the last
        section is kept that was read whole: the next part is likely to be of it.
        """
        volume, (z, y, x), (depth, height, width) = self.volumes[index], start, shape
        small = volume.shape[1] * volume.shape[2] <= BAND_PX
        if volume.in_part and not (small and depth == 1):
            planes: Iterable[Array] = volume.box(start, shape)
        else:
            planes = (self._held(index, k)[y : y + height, x : x + width] for k in range(z, z + depth))
        return np.stack([self.greys.bytes(one_channel(volume.where, plane, {})) for plane in planes])

    def _held(self, index: int, z: int) -> Array:
        if self._last.get("at") != (index, z):
            self._last.clear()
            self._last.update(section=self.volumes[index].section(z), at=(index, z))
        plane: Array = self._last["section"]
        return plane

    def _read(self, volume: Volume) -> npt.NDArray[np.uint8]:
        return self.greys.bytes(_whole(volume, {}))


def open_images(root: str | Path) -> Images:
    """Look through a picture, a stack or a folder of them.

    Parameters
    ----------
    root : str or Path
        A picture, a stack in TIFF, MRC or NIfTI, an array in HDF5 or Zarr, a folder of files, or a folder
        that holds them in ``slices/``.

    Raises
    ------
    InputError
        Where there is no image, one is damaged or is no grey or RGB section, greys are of several kinds,
        constant, NaN or infinite.
    """
    found = open_images_of(Path(root))
    shapes, samples, total = [], [], sha256()
    notes: dict[str, None] = {}
    kinds: dict[str, Path] = {}
    files = tuple(Path(volume.where) for volume in found.values())
    for path, volume in zip(files, found.values(), strict=True):
        every = max(1, math.prod(volume.shape) // SAMPLED_PX)
        held, start = sha256(), 0
        for part in _parts(volume):
            plane = one_channel(volume.where, part, notes)
            kinds.setdefault(plane.dtype.name, path)
            if not path.is_file():
                held.update(plane.tobytes())
            if plane.dtype != np.uint8:
                samples.append(plane.reshape(-1)[-start % every :: every].copy())
                if plane.dtype.kind == "f" and not np.isfinite(plane).all():
                    raise InputError(f"{path}: NaN or infinite greys; fill these pixels or cut them away")
            start += plane.size
        # files of pictures by their bytes; stores of many files by what they hold
        if path.is_file():
            with path.open("rb") as file:
                held = file_digest(file, "sha256")
        total.update(path.name.encode() + held.digest())
        notes |= dict.fromkeys(volume.notes)
        shapes.append(volume.shape)
    if len(kinds) > 1:
        (first, one), (other, two), *_ = kinds.items()
        raise InputError(
            f"{root}: the greys are of several kinds, {first} in {one.name} and {other} in {two.name}; "
            "convert them to one"
        )
    greys = greys_of(root, samples) if samples else Greys()
    if LUMINANCE in notes:
        notes.pop(ALIKE, None)  # a band without colours, of a picture that has some
    notes |= dict.fromkeys(greys.note())
    masks = tuple(map(_mask_name, found, files))
    return Images(files, tuple(found.values()), masks, tuple(shapes), greys, tuple(notes), total.hexdigest())


def _parts(volume: Volume) -> Iterator[Array]:
    """Read all of a volume as sections, or where these are large as bands of one section or several."""
    depth, height, width = volume.shape
    if not volume.in_part or height * width <= BAND_PX:
        yield from map(volume.section, range(depth))
        return
    rows = max(1, BAND_PX // (width * volume.depth))
    for z in range(0, depth, volume.depth):
        for y in range(0, height, rows):
            size = (min(volume.depth, depth - z), min(rows, height - y), width)
            yield from volume.box((z, y, 0), size)


def _mask_name(name: str, file: Path) -> str:
    if file.suffix.lower() in TIFF:
        return file.name
    return f"{name}.png" if file.suffix.lower() in PICTURES else f"{name}.tif"


def read_volume(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture file of 8 bits as grey (z, y, x)."""
    return np.asarray(_whole(open_picture(path), {}), np.uint8)


def _whole(volume: Volume, notes: dict[str, None]) -> Array:
    """Read all sections as grey (z, y, x) in their own kind of number, and say what was done."""
    return np.stack([one_channel(volume.where, volume.section(z), notes) for z in range(volume.shape[0])])
