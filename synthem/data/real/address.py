"""Where an image or its labels lie: a file or folder, and what is inside of it.

``file.h5:volumes/raw`` and ``file.h5/volumes/raw`` are the same; so are ``a.zarr:raw`` and ``a.zarr/raw``.
"""

from pathlib import Path
from typing import NamedTuple

from shapes.core.errors import InputError
from synthem.data.files import PICTURES, ZARR, ending
from synthem.data.pictures import open_picture
from synthem.data.real import hdf5_arrays, mrc, nifti, zarr_arrays
from synthem.data.real.arrays import Stored, image_in
from synthem.data.volume import Volume

ENDINGS = (*PICTURES, *hdf5_arrays.ENDINGS, *mrc.ENDINGS, *nifti.ENDINGS, ZARR)
"""What can be opened as a volume."""


class Address(NamedTuple):
    """A file, or the folder of a Zarr store, and the path of an array in it, which may be empty."""

    file: Path
    inside: str

    @property
    def holds_arrays(self) -> bool:
        """Whether it is a file or store of many arrays."""
        return self.file.suffix.lower() in hdf5_arrays.ENDINGS or zarr_arrays.is_store(self.file)


def parse_address(path: str | Path) -> Address | None:
    """Return the address that a path is; None where it is a folder of files, or nothing that is there."""
    path = Path(path)
    for file in (path, *path.parents):
        inside = path.relative_to(file).as_posix() if file != path else ""
        if file.is_file():
            return Address(file, inside)
        if zarr_arrays.is_store(file):
            above = file.parent
            while zarr_arrays.is_store(above):
                file, above = above, above.parent
            inside = path.relative_to(file).as_posix()
            return Address(file, "" if inside == "." else inside)
        name, colon, rest = file.name.rpartition(":")
        base = file.with_name(name) if colon and name else None
        if base is not None and (base.is_file() or zarr_arrays.is_store(base)):
            return Address(base, f"{rest}/{inside}".strip("/"))
    return None


def stem(path: Path) -> str:
    """Return the name of a file without the ending by which it is opened."""
    return path.name[: len(path.name) - len(ending(path, ENDINGS))] or path.name


def arrays_of(address: Address) -> dict[str, Stored]:
    """Return the arrays of an HDF5 file or a Zarr store."""
    if zarr_arrays.is_store(address.file):
        return zarr_arrays.arrays_in(address.file)
    return hdf5_arrays.arrays_in(address.file)


def open_volume(address: Address, channel: int | None = None, palette: bool = False) -> Volume:
    """Open what lies at an address as sections, by its header.

    Raises
    ------
    InputError
        Where it is of no kind that is known, damaged, or has several channels of which none was chosen.
    """
    if address.holds_arrays:
        arrays = arrays_of(address)
        return arrays[image_in(address.file, arrays, address.inside)].volume(channel)
    end = ending(address.file, ENDINGS).casefold()
    if address.inside or not end:
        raise InputError(
            f"{address.file}: not a kind of file that is read; known are {', '.join(sorted(set(ENDINGS)))}"
        )
    if end in mrc.ENDINGS:
        return mrc.open_mrc(address.file, channel)
    if end in nifti.ENDINGS:
        return nifti.open_nifti(address.file, channel)
    return open_picture(address.file, channel, palette)
