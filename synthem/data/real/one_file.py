"""One file: a stack of TIFF, MRC or NIfTI with its labels beside it, or HDF5 or Zarr with them inside."""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import PICTURES, contents, core, ending, has_label_affix, is_images, match
from synthem.data.real import stack_folder
from synthem.data.real.address import ENDINGS, Address, arrays_of, open_volume, parse_address, stem
from synthem.data.real.array_file import open_arrays
from synthem.data.real.case import Case, Found
from synthem.data.real.reading import Reading
from synthem.data.volume import Volume


def detect(root: Path, how: Reading) -> bool:
    """Tell whether a path is a file, or an array in one."""
    return parse_address(root) is not None


def open_file(root: Path, how: Reading) -> Found:
    """Open a file, and find its labels: those that ``--labels`` names, or what lies in or beside it.

    Raises
    ------
    InputError
        Where the file cannot be read, or there are no such labels.
    """
    address = parse_address(root)
    if address is None:
        raise InputError(f"{root}: no such file or folder")
    outside = parse_address(how.labels) if how.labels is not None else None
    if address.holds_arrays:
        arrays = arrays_of(address)
        name = stem(address.file)
        found = open_arrays(address.file, name, arrays, address.inside, how)
        kind = "Zarr" if address.file.is_dir() else "HDF5"
        if how.labels is not None and how.labels not in arrays:
            if outside is None:
                raise InputError(
                    f"{address.file}: holds no data set {how.labels!r}, and there is no such file; it holds "
                    f"{', '.join(list(arrays)[:8])}"
                )
            (case,) = found.cases
            found = found._replace(cases=[Case(name, case.image, {}, _labels(outside, how))])
        return found._replace(layout=f"{kind}: {found.layout}")
    folder = address.file.parent
    name = stem(address.file)
    kind = {"": "a volume"}.get(_picture(address.file), "a stack or picture")
    if how.labels is not None:
        beside = outside or parse_address(folder / how.labels)
        if beside is None:
            raise InputError(f"--labels: there is no file {how.labels}")
        labels = _labels(beside, how)
        case = Case(name, open_volume(address, how.channel), {}, labels)
        return Found(f"{kind} with labels {labels.where}", [case], {}, [])
    if is_images(name):
        return stack_folder.open_stacks(folder, how)
    labels_file = match([name], _beside(address.file)).get(name)
    case = Case(
        name,
        open_volume(address, how.channel),
        {},
        open_volume(Address(labels_file, ""), palette=how.palette) if labels_file else None,
    )
    said = f"{kind} with labels {labels_file.name}" if labels_file else kind
    return Found(said, [case], {}, [])


def _beside(file: Path) -> dict[str, Path]:
    """Return the files of labels beside a file that an affix tells to be of it."""
    files = {stem(path): path for path in contents(file.parent) if ending(path, ENDINGS) and path != file}
    return {k: path for k, path in files.items() if has_label_affix(k) and core(k) == core(stem(file))}


def _labels(address: Address, how: Reading) -> Volume:
    return open_volume(address, palette=how.palette)


def _picture(path: Path) -> str:
    return ending(path, PICTURES)
