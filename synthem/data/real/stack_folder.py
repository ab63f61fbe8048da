"""A stack of images beside a stack of masks a class, or one of labels, in one folder.

``images.tif``, ``mitochondria.tif``, ``psd.tif``: called as the folders of classes are; ``labels.tif`` is a
label map. Any kind of file that holds sections will do.
"""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import class_of, core, is_images, is_labels, odd, slices_folder
from synthem.data.real.address import stem
from synthem.data.real.case import Found
from synthem.data.real.listing import case_of, files_in
from synthem.data.real.reading import Reading


def detect(root: Path, how: Reading) -> bool:
    """Tell whether a folder holds one file of images, called so."""
    return root.is_dir() and slices_folder(root) is None and bool(image_files(root))


def open_stacks(root: Path, how: Reading) -> Found:
    """Take the files of a folder by their names.

    Raises
    ------
    InputError
        Where two files are of the images, or of one class.
    """
    files, images = files_in(root), image_files(root)
    if len(images) > 1:
        raise InputError(
            f"{root}: {images[0].name} and {images[1].name} may both be the images; leave one of them"
        )
    masks: dict[str, Path] = {}
    labels: list[Path] = []
    unused: list[str] = []
    for name, path in files.items():
        cls = class_of(name)
        if path in images:
            continue
        if cls and cls in masks:
            raise InputError(
                f"{root}: {masks[cls].name} and {path.name} are both of {cls}; leave one of them"
            )
        if cls:
            masks[cls] = path
        elif is_labels(name) or is_labels(core(name)):
            labels.append(path)
        else:
            unused.append(path.name)
    if how.labels is not None:
        named = next((p for p in (Path(how.labels), root / how.labels) if p.is_file()), None)
        if named is None:
            raise InputError(f"--labels: there is no file {how.labels}, nor one in {root}")
        labels, masks = [named], {}
    if len(labels) > 1:
        raise InputError(
            f"{root}: {labels[0].name} and {labels[1].name} may both be its labels; say which with --labels"
        )
    warnings = odd(f"{root}: files of no known class, not used", unused)
    case = case_of(stem(images[0]), images[0], how, masks, labels[0] if labels else None)
    what = "stack" if not case.picture else "picture"
    return Found(f"a {what} of images with one a class", [case], {}, warnings)


def image_files(root: Path) -> list[Path]:
    """Return the files of a folder that are called as images are."""
    return [path for name, path in files_in(root).items() if is_images(name)]
