"""Images to label, as people have them: one picture, a TIFF stack, or a folder, as grey volumes of 8 bits.

All files are looked through once when they are opened: greys of more than 8 bits are brought to 8 bits by
percentiles of all of them together, and what is damaged is refused before any work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np
import numpy.typing as npt
import tifffile

from shapes.core.errors import InputError
from synthem.data.pages import Plane, read_page, unreadable
from synthem.data.png_file import read_stored
from synthem.data.unlabelled import STRETCH, section_files

TIFF = (".tif", ".tiff")
SAMPLED_PX = 2**22
"""Percentiles are taken of about so many pixels of a file, evenly spread."""


@dataclass(frozen=True)
class Images(Sequence[npt.NDArray[np.uint8]]):
    """The files of images, each a volume uint8 (z, y, x) that is read when it is asked for.

    Attributes
    ----------
    files : tuple of Path
        In the order of their names.
    shapes : tuple of (z, y, x)
        Of each file; a picture has a depth of one.
    stretch : (float, float) or None
        Greys that become 0 and 255; None where they are of 8 bits.
    notes : tuple of str
        What was done to the greys, a sentence each.
    digest : str
        Hash of all files' names and bytes.
    """

    files: tuple[Path, ...]
    shapes: tuple[tuple[int, int, int], ...]
    stretch: tuple[float, float] | None
    notes: tuple[str, ...]
    digest: str

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
            return [self._read(path) for path in self.files[index]]
        return self._read(self.files[index])

    def __iter__(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Read one file after the other."""
        return map(self._read, self.files)

    def _read(self, path: Path) -> npt.NDArray[np.uint8]:
        volume, _ = read_volume(path)
        if self.stretch is None:
            return np.ascontiguousarray(volume, np.uint8)
        low, high = self.stretch
        grey = (volume.astype(np.float32) - low) * (255.0 / (high - low))
        levels: npt.NDArray[np.uint8] = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
        return levels


def open_images(root: str | Path) -> Images:
    """Look through a picture or a folder of pictures, PNG, TIFF or JPEG.

    Parameters
    ----------
    root : str or Path
        A picture, a TIFF stack, a folder of either, or a folder that holds them in ``slices/``.

    Raises
    ------
    InputError
        Where there is no image, one is damaged or is no grey or RGB section, greys are of several kinds,
        constant, NaN or infinite.
    """
    files = section_files(Path(root))
    shapes, samples, total = [], [], sha256()
    notes: dict[str, None] = {}
    kinds: dict[str, Path] = {}
    for path in files:
        volume, said = read_volume(path)
        total.update(path.name.encode() + sha256(path.read_bytes()).digest())
        shapes.append((volume.shape[0], volume.shape[1], volume.shape[2]))
        kinds.setdefault(volume.dtype.name, path)
        notes |= dict.fromkeys(said)
        if volume.dtype != np.uint8:
            every = max(1, volume.size // SAMPLED_PX)
            samples.append(volume.reshape(-1)[::every].astype(np.float32))
            if volume.dtype.kind == "f" and not np.isfinite(volume).all():
                raise InputError(f"{path}: NaN or infinite greys; fill these pixels or cut them away")
    if len(kinds) > 1:
        (first, one), (other, two), *_ = kinds.items()
        raise InputError(
            f"{root}: the greys are of several kinds, {first} in {one.name} and {other} in {two.name}; "
            "convert them to one"
        )
    stretch = None
    if samples:
        low, high = np.percentile(np.concatenate(samples), STRETCH).tolist()
        if low == high:
            raise InputError(f"{root}: nearly every pixel has the same grey, {low:g}")
        stretch = (low, high)
        notes[f"greys {low:g} to {high:g} were stretched to 0–255, over all images together"] = None
    return Images(tuple(files), tuple(shapes), stretch, tuple(notes), total.hexdigest())


def read_volume(path: Path) -> tuple[npt.NDArray[Any], list[str]]:
    """Read a file as grey (z, y, x) in its own kind of number, and say what was done."""
    notes: dict[str, None] = {}
    planes = [_grey(path, plane, notes) for plane in _planes(path, notes)]
    if len({plane.shape for plane in planes}) > 1:
        raise InputError(f"{path}: its pages are of several sizes; save the sections of one stack alone")
    return np.stack(planes), list(notes)


def _planes(path: Path, notes: dict[str, None]) -> list[Plane]:
    """Return the sections of a file, each (y, x) or (y, x, channel), red before green before blue."""
    if path.suffix.lower() == ".png":
        pixels: Plane = read_stored(path)
        if pixels.ndim == 3 and pixels.shape[2] >= 3:
            pixels = np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=2)
        return [pixels]
    if path.suffix.lower() not in TIFF:
        return [read_page(path)]
    try:
        with tifffile.TiffFile(path) as file:
            pages: list[Any] = [page.aspage() for page in file.pages]
            planes = [page.asarray() for page in pages]
            if len(pages) == 1 and pages[0].planarconfig == 2 and planes[0].ndim == 3:
                # so tifffile writes a small stack that nobody called grey
                notes[f"{path.name}: its {len(planes[0])} planes are taken as sections of a stack"] = None
                return list(planes[0])
            return [
                np.moveaxis(p, 0, -1) if page.planarconfig == 2 and p.ndim == 3 else p
                for page, p in zip(pages, planes, strict=True)
            ]
    except Exception as error:  # decoders raise whatever they like
        raise unreadable(path, error) from error


def _grey(path: Path, plane: Plane, notes: dict[str, None]) -> Plane:
    """Return a plane of one channel; colours become luminance (Rec. 601), and that is noted."""
    if plane.ndim == 3 and plane.shape[2] in (2, 4):
        plane = plane[..., : plane.shape[2] - 1]  # transparency
    if plane.ndim == 3 and plane.shape[2] == 3:
        alike = bool((np.ptp(plane, axis=2) == 0).all())
        if not alike and plane.dtype.name in ("uint8", "uint16", "float32"):
            plane = cv2.cvtColor(np.ascontiguousarray(plane), cv2.COLOR_RGB2GRAY)
        elif not alike:
            plane = (plane @ np.array([0.299, 0.587, 0.114])).astype(np.float32)
        else:
            plane = plane[..., 0]
        what = "three equal channels were read as one" if alike else "colours were turned into luminance"
        notes[what] = None
    if plane.ndim == 3 and plane.shape[2] == 1:
        plane = plane[..., 0]
    if plane.ndim == 2 and plane.dtype == np.bool_:
        plane = plane * np.uint8(255)
    if plane.ndim != 2 or plane.dtype.kind not in "uif":
        raise InputError(
            f"{path}: a grey or RGB section is wanted, not {plane.dtype.name} of shape {plane.shape}"
        )
    return plane
