"""Images in ``slices/`` beside one folder of masks a class, as the paper's repository lays it out.

A class without a folder is not labelled, and a section without its mask is not labelled for that class. The
folders of classes may also lie in one called ``masks``. ``files.py`` says how all of them may be called.
Masks in a folder ``ignored`` are of what nobody said anything of.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import class_folders, contents, folder_of, is_labels, match, odd, slices_folder
from synthem.data.manifest import read_manifest
from synthem.data.real.case import Found
from synthem.data.real.listing import case_of, files_in
from synthem.data.real.reading import Reading
from synthem.data.real.told import IGNORED
from synthem.labels import CLASSES


def detect(root: Path, how: Reading) -> bool:
    """Tell whether a folder holds images beside folders of masks by class."""
    return root.is_dir() and slices_folder(root) is not None and bool(_folders(root)) and how.labels is None


def open_class_folders(root: Path, how: Reading) -> Found:
    """Match images and masks by their names.

    Raises
    ------
    InputError
        Where there are no images, a mask fits two of them, two masks fit one, or none of a folder fits any.
    """
    folder = slices_folder(root)
    images = files_in(folder) if folder else {}
    if not folder or not images:
        raise InputError(f"{folder}: no slices: the folder holds no picture and no volume")
    warnings: list[str] = []
    folders = {cls: own for cls, own in _folders(root).items() if cls in CLASSES or _fits(own, images)}
    masks = {cls: _masks_of(cls, own, list(images), warnings) for cls, own in folders.items()}
    unsaid = _masks_of(IGNORED, [root / IGNORED], list(images), warnings) if (root / IGNORED).is_dir() else {}
    unused = _unused(root, folder, folders) - ({IGNORED} if unsaid else set())
    warnings += odd(f"{root}: folders of no known class, not used", unused)
    cases = [
        case_of(
            name,
            path,
            how,
            {cls: own[name] for cls, own in masks.items() if name in own},
            ignored=unsaid.get(name),
        )
        for name, path in images.items()
    ]
    return Found(
        "a folder of masks for each class", cases, {cls: own[0] for cls, own in folders.items()}, warnings
    )


def _folders(root: Path) -> dict[str, list[Path]]:
    """Return the folders of masks by class, also those within one folder of labels.

    What synthem wrote holds the classes that its manifest tells, under the names that it gives them.
    """
    if manifest := read_manifest(root):
        return class_folders(root, {folder_of(cls): cls for cls in manifest.plan.request.classes})
    if found := class_folders(root):
        return found
    inner = [path for path in contents(root) if path.is_dir() and is_labels(path.name)]
    return class_folders(inner[0]) if len(inner) == 1 else {}


def _fits(folders: Sequence[Path], images: Mapping[str, Path]) -> bool:
    """Tell whether folders hold a mask: those that are called as a class beyond the six may be of others."""
    return any(match(list(images), files_in(folder)) for folder in folders)


def _masks_of(cls: str, folders: Sequence[Path], slices: list[str], warnings: list[str]) -> dict[str, Path]:
    """Match the masks of a class with the slices, and note what has no counterpart."""
    found: dict[str, Path] = {}
    for folder in folders:
        files = files_in(folder)
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
        unused = [name for name, path in files.items() if path not in mine.values()]
        warnings += odd(f"{folder}: masks without a slice, left out", unused)
    return found


def _unused(root: Path, slices: Path, folders: Mapping[str, Sequence[Path]]) -> set[str]:
    """Name the folders that are read by nobody, but for the extra structures of a generated dataset."""
    known = {slices, *(path for paths in folders.values() for path in paths)}
    known |= {path.parent for path in known}
    manifest = read_manifest(root)
    also = manifest.plan.request.preset["annotation"].get("also", ()) if manifest else ()
    return {path.name for path in contents(root) if path.is_dir() and path not in known} - set(also)
