"""Every layout of real EM that is read, and the one entry to all of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import SLICES, contents, slices_folder
from synthem.data.manifest import read_manifest
from synthem.data.real import class_folders, images_alone, label_folders, one_file, stack_folder
from synthem.data.real.assemble import assemble
from synthem.data.real.case import Found, Layout
from synthem.data.real.folder import RealFolder
from synthem.data.real.reading import PLAIN, Reading

LAYOUTS: Mapping[str, Layout] = {
    "one file": Layout(one_file.detect, one_file.open_file),
    "class folders": Layout(class_folders.detect, class_folders.open_class_folders),
    "label folders": Layout(label_folders.detect_folder, label_folders.open_folder),
    "stacks": Layout(stack_folder.detect, stack_folder.open_stacks),
    "pairs": Layout(label_folders.detect_pairs, label_folders.open_pairs),
    "images alone": Layout(images_alone.detect, images_alone.open_images_alone),
}
"""In this order they are asked whether a path is theirs; a new one is a file and a line."""


def read_folder(
    root: str | Path,
    names: Iterable[str] | None = None,
    voxel_nm: tuple[float, float, float] | None = (5.0, 5.0, 5.0),
    how: Reading = PLAIN,
) -> RealFolder:
    """Look through a folder or a file of real EM and check that images and labels fit, by headers alone.

    Parameters
    ----------
    root : str or Path
        In any of ``LAYOUTS``: a folder with ``slices/`` and a folder of masks for each class, images with
        label maps, stacks, a file; of HDF5 and Zarr also an array in it, ``file.h5:volumes/raw``.
    names : iterable of str, optional
        Names or globs of the sections to take; all of them if None. A stack's name is all of its sections.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x). None takes what the files tell, or 5 nm.
    how : Reading
        What values of label maps are, where labels are, and whether stacks are volumes.

    Returns
    -------
    RealFolder
        A sequence of patches that are read when asked for; ``warnings`` tells what is odd.

    Raises
    ------
    InputError
        Where there is no such layout, no section of a wanted name, a damaged file, labels of another size
        than their image or that fit two images, or label maps without a meaning; and where the folder is a
        generated dataset that is not complete yet.
    """
    root = Path(root)
    check_finished(root)
    return assemble(root, find_layout(root, how), names, voxel_nm, how)


def find_layout(root: Path, how: Reading) -> Found:
    """Open a path by the first layout that it is of.

    Raises
    ------
    InputError
        Where it is of none.
    """
    for layout in LAYOUTS.values():
        if layout.detect(root, how):
            return layout.open(root, how)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder, and no such file")
    if how.labels is not None:
        raise InputError(f"{root}: --labels names {how.labels}, and there is no such folder or file")
    raise InputError(
        f"{root}: real EM with labels must hold {SLICES[0]}/ or {SLICES[1]}/ beside a folder of masks for "
        "each class or one of label maps, images with label maps told by an affix, or stacks called images "
        "and as classes are; and this folder holds none of these"
    )


def check_finished(root: Path) -> None:
    """Raise InputError where a folder is a generated dataset in PNG that is not complete yet."""
    manifest = read_manifest(root)
    if manifest is None or manifest.layout != "png":
        return
    plan, depth = manifest.plan, manifest.plan.request.shape[0]
    last = f"_z{depth - 1:03d}.png" if depth > 1 else ".png"  # a patch's last slice is written last
    folder = slices_folder(root)
    there = {path.name for path in contents(folder)} if folder else set()
    total = len(plan.origins_nm)
    missing = sum(plan.name(index) + last not in there for index in range(total))
    if missing:
        raise InputError(
            f"{root}: unfinished, {missing} of {total} patches are missing; "
            "run the command that was writing it once more"
        )
