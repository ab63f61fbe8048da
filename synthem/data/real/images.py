"""The images of a path, whatever its layout, without their labels."""

from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.files import choose, slices_folder
from synthem.data.real.address import open_volume, parse_address, stem
from synthem.data.real.label_folders import pairs
from synthem.data.real.listing import files_in
from synthem.data.real.reading import Reading
from synthem.data.real.stack_folder import image_files
from synthem.data.volume import Volume


def open_images_of(
    root: Path, names: list[str] | None = None, how: Reading | None = None
) -> dict[str, Volume]:
    """Return the images that a path stands for, by their files' names, in order; opened by their headers.

    Parameters
    ----------
    root : Path
        A picture, a stack, an array in HDF5 or Zarr, a folder of files, or one that has these in ``slices/``.
    names : list of str, optional
        Names or globs of the files to take.
    how : Reading, optional
        Which channel.

    Raises
    ------
    InputError
        Where there is no image, or none of a wanted name, or one cannot be read.
    """
    channel = how.channel if how else None
    address = parse_address(root)
    if address is not None:
        name = stem(address.file)
        if names is not None and set(names) != {name}:
            raise InputError(f"{root}: is one file, so there are no sections to name; leave names out")
        return {name: open_volume(address, channel)}
    if not root.is_dir():
        raise InputError(f"{root}: no such file or folder")
    folder = slices_folder(root) or root
    named = image_files(folder)
    files = {stem(path): path for path in named} if named else pairs(folder)[0]
    if not files:
        held = "holds none" if not files_in(folder) else "holds labels alone"
        raise InputError(f"{folder}: no images: PNG, TIFF or JPEG files are wanted, and it {held}")
    chosen = list(files) if names is None else choose(files, names, folder)
    found: dict[str, Volume] = {}
    for name in chosen:
        at = parse_address(files[name])
        if at is not None:
            found[name] = open_volume(at, channel)
    return found
