"""One label map beside each image: in a folder ``labels``, ``masks`` or ``gt``, or told by an affix.

``images/a.tif`` goes with ``labels/a.tif`` or ``labels/a_mask.png``; in one folder, ``a.tif`` goes with
``a_labels.tif``, and ``img_007.png`` with ``label_007.png``. Either may be a stack.
"""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import contents, core, has_label_affix, is_labels, match, odd, slices_folder
from synthem.data.real.case import Found
from synthem.data.real.listing import case_of, files_in
from synthem.data.real.reading import Reading


def detect_folder(root: Path, how: Reading) -> bool:
    """Tell whether a folder holds images beside a folder of label maps, or a folder of these was named."""
    if not root.is_dir():
        return False
    return labels_folder(root, how) is not None and bool(files_in(slices_folder(root) or root))


def open_folder(root: Path, how: Reading) -> Found:
    """Match images and label maps by their names.

    Raises
    ------
    InputError
        Where a label map fits two images, two fit one, or none fits any.
    """
    folder, labels = slices_folder(root) or root, labels_folder(root, how)
    images = files_in(folder)
    files = files_in(labels) if labels else {}
    mine = match(list(images), files)
    if not mine:
        raise InputError(
            f"{labels}: none of its {len(files)} label maps has the name of an image; the first is called "
            f"{next(iter(files), '')!r} and the first image {next(iter(images))!r}"
        )
    unused = [name for name, path in files.items() if path not in mine.values()]
    warnings = odd(f"{labels}: label maps without an image, left out", unused)
    warnings += odd(f"{labels}: no label map, so unlabelled there", images.keys() - mine.keys())
    cases = [case_of(name, path, how, labels=mine.get(name)) for name, path in images.items()]
    return Found(f"label maps of {folder.name} in {labels.name if labels else ''}", cases, {}, warnings)


def labels_folder(root: Path, how: Reading) -> Path | None:
    """Return the folder of label maps of a folder of real EM: the one that is named, or called so."""
    if how.labels is not None:
        return next((p for p in (Path(how.labels), root / how.labels) if p.is_dir()), None)
    found = [path for path in contents(root) if path.is_dir() and is_labels(path.name)]
    if len(found) > 1:
        raise InputError(
            f"{root}: {found[0].name} and {found[1].name} may both hold its labels; say which with --labels "
            f"{found[0].name}"
        )
    return found[0] if found else None


def detect_pairs(root: Path, how: Reading) -> bool:
    """Tell whether a folder holds images and, told by an affix, their label maps."""
    return root.is_dir() and how.labels is None and bool(pairs(root)[1])


def open_pairs(root: Path, how: Reading) -> Found:
    """Match images and label maps of one folder by their names."""
    images, labels = pairs(root)
    mine = match(list(images), labels)
    warnings = odd(f"{root}: no label map, so unlabelled there", images.keys() - mine.keys())
    unused = [name for name, path in labels.items() if path not in mine.values()]
    warnings += odd(f"{root}: label maps without an image, left out", unused)
    cases = [case_of(name, path, how, labels=mine.get(name)) for name, path in images.items()]
    return Found("images and label maps told by an affix", cases, {}, warnings)


def pairs(root: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return the images of a folder and the label maps beside them, each by name.

    A file is a label map where its name has an affix of these, and another file has that name without one.
    """
    files = files_in(slices_folder(root) or root)
    bare = {core(name) for name in files if not has_label_affix(name)}
    labels = {name: path for name, path in files.items() if has_label_affix(name) and core(name) in bare}
    return {name: path for name, path in files.items() if name not in labels}, labels
