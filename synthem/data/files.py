"""Files of pictures and masks as people name them: one rule of listing, ordering, matching for all.

What an operating system leaves behind is never seen. Endings are understood in any case. Sections come in the
order of their names, numbers by their value: ``s2`` before ``s10``. A mask belongs to the slice of its name;
failing that, to the slice whose name is the same but for a usual affix: ``s0_mask``, ``label_007`` for
``img_007``. Folders are understood in any case, under the names of ``FOLDERS`` and ``SLICES``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from shapes.core.errors import InputError
from synthem.labels import in_order

SLICES = ("slices", "original", "originals", "slice", "images", "image", "raw", "img", "imgs", "em")
"""Folders that may hold the images, the earlier names first; the first is the one that synthem writes."""

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "mitochondrion": ("mitochondrion", "mitochondria", "mito", "mitos"),
    "mito_boundary": (
        "mitochondrial boundaries", "mitochondrial boundary", "mitochondria boundaries", "mito boundary",
        "mitochondria boundary", "mitochondrion boundary", "mitochondrion boundaries", "mito boundaries",
    ),
    "membrane": (
        "membranes", "boundaries", "membrane", "boundary", "cell membranes", "cell membrane",
        "plasma membranes", "plasma membrane",
    ),
    "psd": ("PSD", "PSDs", "postsynaptic density", "postsynaptic densities"),
    "vesicle": ("vesicles", "vesicle", "synaptic vesicles", "synaptic vesicle"),
    "sheath": ("axon", "sheath", "sheaths", "axons", "myelin", "myelin sheath", "myelin sheaths"),
    "er": ("er", "endoplasmic reticulum"),
    "endosome": ("endosomes", "endosome"),
    "microtubule": ("microtubules", "microtubule"),
    "glycogen": ("glycogen",),
    "t_bar": ("t bars", "t bar", "tbars", "tbar"),
    "nucleus": ("nuclei", "nucleus"),
    "cleft": ("synaptic clefts", "synaptic cleft", "cleft"),
    "axon": ("axon cells", "axon cell"),
    "dendrite": ("dendrites", "dendrite"),
    "glia": ("glia",),
    "soma": ("somata", "soma", "cell bodies", "cell body"),
}  # fmt: skip
"""Folders, files and arrays that may hold the masks of a class, spaces standing for ``_`` and ``-`` too; the
first is the one that synthem writes. To EPFL6 ``axon`` is the sheath, so the cell is ``axon cells``."""

PICTURES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")

ZARR = ".zarr"
"""The one ending of folders that are read as a file is."""

LABELS = (
    "labels", "label", "masks", "mask", "gt", "groundtruth", "ground_truth", "annotations", "annotation",
    "segmentation", "segmentations", "seg", "truth", "instances",
)  # fmt: skip
"""Folders, files and data sets that may hold label maps, a value a class or an object."""

LEFTOVERS = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"})
"""What Windows, macOS and network drives leave in folders; whatever begins with a dot is hidden besides."""

_MASK = ("masks", "mask", "segmentation", "segm", "seg", "labels", "label", "annotations", "annotation")
_WORDS = (*_MASK, "gt", "truth", "images", "image", "imgs", "img", "im", "raw", "slice", "section", "volume")
_FIRST = re.compile(rf"^(?:{'|'.join(_WORDS)})(?:[_\-. ]+|(?=\d))")
_LABEL_FIRST = re.compile(rf"^(?:{'|'.join((*_MASK, 'gt', 'truth'))})(?:[_\-. ]+|(?=\d))")
_LABEL_LAST = re.compile(rf"[_\-. ]+(?:{'|'.join((*_MASK, 'gt', 'truth'))})$")
_LAST = re.compile(rf"[_\-. ]+(?:{'|'.join(_WORDS)})$")


def contents(folder: Path) -> list[Path]:
    """Return what a folder holds, in order, but for what an operating system left there."""
    entries = (p for p in folder.iterdir() if not p.name.startswith("."))
    return sorted((p for p in entries if p.name.casefold() not in LEFTOVERS), key=lambda p: order(p.name))


def is_vacant(folder: Path) -> bool:
    """Tell whether a folder may be written into: not there yet, or without contents of anybody's."""
    if not folder.is_dir():
        return not folder.exists()
    return not contents(folder)


def order(name: str) -> tuple[object, ...]:
    """Return the key by which sections are put in order: numbers by value, without regard to case."""
    parts = re.split(r"(\d+)", name.casefold())
    return (*((part, 0) if k % 2 == 0 else ("", int(part)) for k, part in enumerate(parts)), (name, 0))


def pictures(folder: Path, endings: Sequence[str] = PICTURES) -> dict[str, Path]:
    """Return the pictures in a folder by their names without ending, in order.

    Raises
    ------
    InputError
        Where two are called alike but for the ending.
    """
    found: dict[str, Path] = {}
    for path in contents(folder):
        end = ending(path, endings)
        if end and (path.is_file() or end == ZARR):
            name = path.name[: len(path.name) - len(end)]
            if name in found:
                raise InputError(
                    f"{folder}: {found[name].name} and {path.name} are of one name; leave one of them"
                )
            found[name] = path
    return dict(sorted(found.items(), key=lambda item: order(item[0])))


def ending(path: Path, endings: Sequence[str]) -> str:
    """Return the longest of some endings that a file has, as it is written; empty where it has none."""
    name = path.name.casefold()
    longest = max((end for end in endings if name.endswith(end) and name != end), key=len, default="")
    return path.name[len(path.name) - len(longest) :]


def choose(known: Iterable[str], names: Iterable[str], where: Path) -> list[str]:
    """Return those of the known sections that are named, in their own order.

    A name may be the section's, with or without its file's ending, or a pattern such as ``s0*``; it is a
    pattern only where no section is called so.

    Raises
    ------
    InputError
        Where a name fits no section.
    """
    stems = list(known)
    chosen: set[str] = set()
    for name in [names] if isinstance(names, str) else names:
        ends = Path(name).suffix.lower() in PICTURES
        bare = name[: -len(Path(name).suffix)] if ends else name
        hits = {name, bare} & set(stems) or {stem for stem in stems if fnmatchcase(stem, bare)}
        if not hits:
            first = f", the first {stems[0]!r}" if stems else ""
            raise InputError(f"{where}: no section is called {name!r}; there are {len(stems)}{first}")
        chosen |= hits
    return [stem for stem in stems if stem in chosen]


def slices_folder(root: Path) -> Path | None:
    """Return the folder that holds the images of a folder of real EM; None where there is none."""
    folders = {p.name.casefold(): p for p in contents(root) if p.is_dir()}
    return next((folders[name] for name in SLICES if name in folders), None)


def class_folders(root: Path, named: Mapping[str, str] | None = None) -> dict[str, list[Path]]:
    """Return the folders of masks by class, in the order of ``synthem.labels.KNOWN``.

    A class without one has no entry. ``named`` says which folder is which class where that is known.
    """
    found: dict[str, list[Path]] = {}
    for path in contents(root):
        cls = class_of(path.name) if named is None else named.get(path.name)
        if cls and path.is_dir():
            found.setdefault(cls, []).append(path)
    return {cls: found[cls] for cls in in_order(found)}


def folder_of(cls: str) -> str:
    """Return the name under which synthem writes masks of a class; of an organelle that is new, its own."""
    return FOLDERS[cls][0] if cls in FOLDERS else cls


def class_of(name: str) -> str | None:
    """Return the class that a folder, a file or a person calls so; None where that is none."""
    return _CLASS_OF.get(_plain(name)) or _CLASS_OF.get(_plain(core(name)))


def is_images(name: str) -> bool:
    """Tell whether a folder or a file of this name, without ending, holds images."""
    return name.casefold() in SLICES


def is_labels(name: str) -> bool:
    """Tell whether a folder or a file of this name, without ending, holds label maps."""
    return name.casefold() in LABELS


def has_label_affix(name: str) -> bool:
    """Tell whether an affix of a name says that it is of labels: ``a_mask``, ``label_007``."""
    return bool(_LABEL_FIRST.search(name.casefold()) or _LABEL_LAST.search(name.casefold()))


def match(slices: Sequence[str], masks: Mapping[str, Path]) -> dict[str, Path]:
    """Return the mask of each slice that has one: that of its own name, or one that differs by an affix.

    Parameters
    ----------
    slices : sequence of str
        Names of the slices.
    masks : mapping of str to Path
        Masks by their names.

    Raises
    ------
    InputError
        Where two masks fit one slice, or one mask fits two slices.
    """
    own = {name: masks[name] for name in slices if name in masks}
    cores: dict[str, list[str]] = defaultdict(list)
    for name in slices:
        cores[core(name)].append(name)
    found = dict(own)
    for name, path in masks.items():
        if name in own:
            continue
        fits = cores[core(name)]
        free = [one for one in fits if one not in own]
        if len(free) > 1:
            raise InputError(f"{path}: fits two slices, {free[0]!r} and {free[1]!r}; give it the name of one")
        for one in free or fits[:1]:
            if one in found:
                raise InputError(
                    f"{path.parent}: {found[one].name} and {path.name} both fit slice {one!r}; "
                    "leave one of them"
                )
            found[one] = path
    return {name: found[name] for name in slices if name in found}


def core(name: str) -> str:
    """Return a name without the affixes that tell images from masks, in small letters."""
    name = name.casefold()
    while (less := _LAST.sub("", _FIRST.sub("", name))) and less != name:
        name = less
    return name


def check_file_name(name: str, what: str) -> str:
    """Return a name that is to become a file or a folder; InputError where it would lie elsewhere."""
    if not name or name in (".", "..") or any(mark in name for mark in "/\\\0") or name[1:2] == ":":
        raise InputError(f"{what}: {name!r} is no plain file name; it may hold no path")
    return name


def _plain(name: str) -> str:
    """Return a folder's name in small letters, with a space where words meet."""
    return re.sub(r"[_\-. ]+", " ", name.casefold()).strip()


# of what means two classes, the earlier one: ``axon`` is the sheath
_CLASS_OF = {_plain(alias): cls for cls, aliases in reversed([*FOLDERS.items()]) for alias in (cls, *aliases)}


def odd(what: str, names: Iterable[str]) -> list[str]:
    """Return one warning for a set of names, or none."""
    told = sorted(names, key=order)
    if not told:
        return []
    more = f" and {len(told) - 3} more" if len(told) > 3 else ""
    return [f"{what}: {', '.join(told[:3])}{more}"]
