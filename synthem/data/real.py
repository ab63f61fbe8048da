"""Real EM with masks, as the paper's repository lays it out: ``slices/`` beside one folder of masks a class.

Both dialects of folder names are understood. A mask is foreground above 127, for hand-made masks hold
greys in between. A class without a folder is not labelled, and a section without its mask is not labelled
for that class.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import overload

import numpy as np
import yaml

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.data.png_file import png_size, read_grey
from synthem.labels import CLASSES, channel
from synthem.patch import Patch

SLICES = ("slices", "original")
"""Folders that may hold the images."""

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "mitochondrion": ("mitochondrion", "mitochondria"),
    "mito_boundary": ("mitochondrial boundaries", "mitochondrial_boundaries", "mito_boundary"),
    "membrane": ("membranes", "boundaries", "membrane"),
    "psd": ("PSD", "psd"),
    "vesicle": ("vesicles", "vesicle"),
    "sheath": ("axon", "sheath"),
}
"""Folders that may hold the masks of a class; the first is the one that synthem writes."""

FOREGROUND = 127
"""A mask's pixel belongs to the class where it is brighter than this."""


@dataclass(frozen=True)
class RealFolder(Sequence[Patch]):
    """The sections of a folder, in the order of their names; each is read when it is asked for.

    Attributes
    ----------
    root : Path
        The folder.
    names : tuple of str
        The sections' names: file names without ``.png``.
    slices : mapping of str to Path
        Where the image of a section lies.
    masks : mapping of str to mapping of str to Path
        By class and section, where its mask lies; a class without a folder has no entry.
    voxel_nm : tuple of float
        Voxel size that every section is given, (z, y, x).
    warnings : tuple of str
        What is odd in the folder, a sentence each: masks without a slice, slices without a mask.
    """

    root: Path
    names: tuple[str, ...]
    slices: Mapping[str, Path]
    masks: Mapping[str, Mapping[str, Path]]
    voxel_nm: tuple[float, float, float]
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of sections."""
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Patch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Patch]: ...
    def __getitem__(self, index: int | slice) -> Patch | list[Patch]:
        """Read one section, or a list of them; raises InputError where a file is damaged."""
        if isinstance(index, slice):
            return [self.read(name) for name in self.names[index]]
        return self.read(self.names[index])

    def __iter__(self) -> Iterator[Patch]:
        """Read one section after the other."""
        return map(self.read, self.names)

    def read(self, name: str) -> Patch:
        """Read the section of that name as a Patch of depth one, without trace."""
        image = read_grey(self.slices[name])
        labels = np.zeros((len(CLASSES), 1, *image.shape), bool)
        known = [False] * len(CLASSES)
        for cls, files in self.masks.items():
            if name in files:
                labels[channel(cls), 0] = read_grey(files[name]) > FOREGROUND
                known[channel(cls)] = True
        labels[channel("mitochondrion")] |= labels[channel("mito_boundary")]
        grid = Grid((1, *image.shape), self.voxel_nm)
        return Patch(image[None], labels, grid, tuple(known), name)


def read_folder(
    root: str | Path,
    names: Iterable[str] | None = None,
    voxel_nm: tuple[float, float, float] = (5.0, 5.0, 5.0),
) -> RealFolder:
    """Look through a folder of real EM and check that slices and masks fit, without reading their pixels yet.

    Parameters
    ----------
    root : str or Path
        A folder with ``slices/`` or ``original/``, and a folder of masks for each class that is labelled.
    names : iterable of str, optional
        Names or globs of the sections to take, without ``.png``; all of them if None.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).

    Returns
    -------
    RealFolder
        A sequence of patches that are read when asked for; ``warnings`` tells what is odd.

    Raises
    ------
    InputError
        Where there is no folder, no slices, no section of a wanted name, a file that is no 8-bit PNG, or
        a mask of another size than its slice.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    found = [root / folder for folder in SLICES if (root / folder).is_dir()]
    if not found:
        raise InputError(
            f"{root}: a folder of real EM must hold slices/ or original/, and this one holds neither"
        )
    slices = _pngs(found[:1])
    if not slices:
        raise InputError(f"{found[0]}: no slices: the folder holds no .png file")
    masks = {
        cls: _pngs(paths)
        for cls, folders in FOLDERS.items()
        if (paths := [root / folder for folder in folders if (root / folder).is_dir()])
    }
    chosen = _select(found[0], sorted(slices), names)
    for name in chosen:
        size = png_size(slices[name])
        for files in masks.values():
            if name in files and (other := png_size(files[name])) != size:
                raise InputError(
                    f"{files[name]}: the mask is {other[0]} × {other[1]} pixels, "
                    f"its slice {size[0]} × {size[1]}"
                )
    warnings = []
    for cls, files in masks.items():
        folder = next(root / f for f in FOLDERS[cls] if (root / f).is_dir())
        warnings += _odd(f"{folder}: masks without a slice, left out", set(files) - set(slices))
        warnings += _odd(f"{folder}: no mask, so {cls} is unlabelled there", set(chosen) - set(files))
    return RealFolder(root, tuple(chosen), slices, masks, voxel_nm, tuple(warnings))


def read_split(path: str | Path, name: str) -> tuple[list[str], list[str]]:
    """Return the names of the training and of the test sections of one split in a YAML file.

    Raises
    ------
    InputError
        Where the file cannot be read or is laid out otherwise, or a section stands in both halves.
    UnknownNameError
        Where the file has no split of that name.
    """
    try:
        splits = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(splits, dict):
        raise InputError(f"{path}: a splits file maps a split's name to its train and test lists")
    if name not in splits:
        raise UnknownNameError(f"split in {path}", name, map(str, splits))
    halves = []
    for half in ("train", "test"):
        value = splits[name].get(half) if isinstance(splits[name], dict) else None
        if not isinstance(value, list) or not value:
            raise InputError(f"{path}: split {name!r} needs a list of section names under {half!r}")
        halves.append([str(item) for item in value])
    both = sorted(set(halves[0]) & set(halves[1]))
    if both:
        raise InputError(
            f"{path}: split {name!r} has {both[0]!r} in both halves; train and test must not share sections"
        )
    return halves[0], halves[1]


def _pngs(folders: Iterable[Path]) -> dict[str, Path]:
    """PNG files by stem; the first folder that holds a name wins."""
    files: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() == ".png" and not path.name.startswith(".") and path.is_file():
                files.setdefault(path.stem, path)
    return files


def _select(folder: Path, stems: list[str], names: Iterable[str] | None) -> list[str]:
    if names is None:
        return stems
    chosen: set[str] = set()
    for pattern in [names] if isinstance(names, str) else names:
        hits = [stem for stem in stems if fnmatchcase(stem, pattern.removesuffix(".png"))]
        if not hits:
            raise InputError(
                f"{folder}: no slice is called {pattern!r}; there are {len(stems)}, the first {stems[0]!r}"
            )
        chosen.update(hits)
    return [stem for stem in stems if stem in chosen]


def _odd(what: str, names: set[str]) -> list[str]:
    """One warning for a set of section names, or none."""
    if not names:
        return []
    shown = sorted(names)
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return [f"{what}: {', '.join(shown[:3])}{more}"]
