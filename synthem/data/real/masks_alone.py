"""Masks without images: a folder of masks for each class, as ``synthem predict`` writes them."""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import class_folders, order, slices_folder
from synthem.data.real.assemble import assemble
from synthem.data.real.case import Found
from synthem.data.real.folder import RealFolder
from synthem.data.real.listing import case_of, files_in
from synthem.data.real.reading import Reading


def are_masks_alone(root: Path) -> bool:
    """Tell whether a folder holds folders of masks by class, and none of images."""
    return root.is_dir() and slices_folder(root) is None and bool(class_folders(root))


def read_masks_alone(
    root: Path, voxel_nm: tuple[float, float, float] | None = None, *, volumes: bool = False
) -> RealFolder:
    """Open masks as patches whose image is that of a mask.

    Parameters
    ----------
    root : Path
        A folder of which ``are_masks_alone`` is true.
    voxel_nm : tuple of float, optional
        Edges of a voxel (z, y, x); 5 nm, with a warning, if None.
    volumes : bool
        Whether stacks are volumes.

    Raises
    ------
    InputError
        Where the folders hold no mask, or masks of one name differ in size.
    """
    how = Reading(volumes=volumes)
    files: dict[str, dict[str, Path]] = {}
    folders = class_folders(root)
    for cls, own in folders.items():
        for folder in own:
            for name, path in files_in(folder).items():
                if cls in files.setdefault(name, {}):
                    raise InputError(f"{files[name][cls]} and {path}: two masks of {cls}; leave one of them")
                files[name][cls] = path
    if not files:
        raise InputError(
            f"{root}: its folders {', '.join(p.name for f in folders.values() for p in f)} hold no mask"
        )
    cases = [
        case_of(name, next(iter(files[name].values())), how, files[name]) for name in sorted(files, key=order)
    ]
    places = {cls: own[0] for cls, own in folders.items()}
    return assemble(root, Found("masks without images", cases, places, []), None, voxel_nm, how)
