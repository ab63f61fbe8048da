"""Real EM with masks, as the paper's repository lays it out: ``slices/`` beside one folder of masks a class.

``files.py`` says which files and folders these are, ``masks.py`` how a mask is read. A class without a folder
is not labelled, and a section without its mask is not labelled for that class.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import yaml

from shapes import Grid
from shapes.core.errors import InputError, UnknownNameError
from synthem.data.files import (
    PICTURES,
    SLICES,
    choose,
    class_folders,
    contents,
    match,
    pictures,
    slices_folder,
)
from synthem.data.manifest import read_manifest
from synthem.data.masks import Masks
from synthem.data.png_file import png_size, read_grey
from synthem.labels import CLASSES, channel
from synthem.patch import Patch


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
    masks : mapping of str to Masks
        By class and section, where its mask lies; a class without a folder has no entry.
    voxel_nm : tuple of float
        Voxel size that every section is given, (z, y, x).
    warnings : tuple of str
        What is odd in the folder, a sentence each: masks without a slice, slices without a mask, folders and
        pictures that are not used.
    """

    root: Path
    names: tuple[str, ...]
    slices: Mapping[str, Path]
    masks: Mapping[str, Masks]
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
                labels[channel(cls), 0] = files.read(name)
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
        Names or globs of the sections to take; all of them if None.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).

    Returns
    -------
    RealFolder
        A sequence of patches that are read when asked for; ``warnings`` tells what is odd.

    Raises
    ------
    InputError
        Where there is no folder, no slices, no section of a wanted name, a file that is no 8-bit PNG, a
        mask of another size than its slice or that fits two slices, or a folder of masks none of which
        fits; and where the folder is a generated dataset that is not complete yet.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder")
    check_finished(root)
    folder = slices_folder(root)
    if folder is None:
        raise InputError(
            f"{root}: a folder of real EM must hold {SLICES[0]}/ or {SLICES[1]}/, and this one holds neither"
        )
    slices = pictures(folder)
    others = sorted(pictures(folder, PICTURES).keys() - slices.keys())
    if not slices:
        hint = f"; convert {others[0]!r} and the others" if others else ""
        raise InputError(f"{folder}: no slices: the folder holds no .png file{hint}")
    chosen = list(slices) if names is None else choose(slices, names, folder)
    warnings = _odd(f"{folder}: pictures that are no PNG, left out", others)
    masks = {}
    for cls, folders in class_folders(root).items():
        masks[cls] = _masks_of(cls, folders, list(slices), chosen, warnings)
    for name in chosen:
        size = png_size(slices[name])
        for files in masks.values():
            if name in files and (other := png_size(files[name])) != size:
                raise InputError(
                    f"{files[name]}: the mask is {other[0]} × {other[1]} pixels, "
                    f"its slice {size[0]} × {size[1]}"
                )
    warnings += _odd(f"{root}: folders of no known class, not used", _unused(root, folder))
    return RealFolder(root, tuple(chosen), slices, masks, voxel_nm, tuple(warnings))


def check_finished(root: Path) -> None:
    """Raise InputError where a folder is a generated dataset in PNG that is not complete yet."""
    manifest = read_manifest(root)
    if manifest is None or manifest.layout != "png":
        return
    plan, depth = manifest.plan, manifest.plan.request.shape[0]
    last = f"_z{depth - 1:03d}.png" if depth > 1 else ".png"  # a patch's last slice is written last
    there = {path.name for path in contents(root / SLICES[0])}
    total = len(plan.origins_nm)
    missing = sum(plan.name(index) + last not in there for index in range(total))
    if missing:
        raise InputError(
            f"{root}: unfinished, {missing} of {total} patches are missing; "
            "run the command that was writing it once more"
        )


def _masks_of(
    cls: str, folders: Sequence[Path], slices: list[str], chosen: Sequence[str], warnings: list[str]
) -> Masks:
    """Match the masks of a class with the slices, and note what has no counterpart."""
    found: dict[str, Path] = {}
    for folder in folders:
        files = pictures(folder)
        mine = match(slices, files)
        both = next((name for name in mine if name in found), None)
        if both is not None:
            raise InputError(
                f"{found[both]} and {mine[both]}: two masks of {cls} for slice {both!r}; leave one of them"
            )
        if files and not mine:
            raise InputError(
                f"{folder}: none of its {len(files)} masks has the name of a slice; the first mask is "
                f"called {next(iter(files))!r} and the first slice {slices[0]!r}"
            )
        found |= mine
        unused = files.keys() - {path.stem for path in mine.values()}
        warnings += _odd(f"{folder}: masks without a slice, left out", unused)
    warnings += _odd(f"{folders[0]}: no mask, so {cls} is unlabelled there", set(chosen) - found.keys())
    return Masks(found)


def _unused(root: Path, slices: Path) -> set[str]:
    """Name the folders that are read by nobody, but for the extra structures of a generated dataset."""
    known = {slices, *(path for paths in class_folders(root).values() for path in paths)}
    manifest = read_manifest(root)
    also = manifest.plan.request.preset["annotation"].get("also", ()) if manifest else ()
    return {path.name for path in contents(root) if path.is_dir() and path not in known} - set(also)


def read_split(path: str | Path, name: str) -> tuple[list[str], list[str]]:
    """Return the names of the training and of the test sections of one split in a YAML file.

    All names are taken as text, as they are written: ``0002`` is a name, not a number.

    Raises
    ------
    InputError
        Where the file cannot be read or is laid out otherwise, or a section stands in both halves.
    UnknownNameError
        Where the file has no split of that name.
    """
    try:
        splits = yaml.load(Path(path).read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 (text alone)
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


def _odd(what: str, names: Iterable[str]) -> list[str]:
    """One warning for a set of section names, or none."""
    shown = sorted(names)
    if not shown:
        return []
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return [f"{what}: {', '.join(shown[:3])}{more}"]
