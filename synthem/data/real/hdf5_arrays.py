"""Arrays in an HDF5 file: listed, and read by sections or windows. Links out of the file are not followed."""

from functools import partial
from pathlib import Path

import h5py

from shapes.core.errors import InputError
from synthem.data.real.arrays import Stored, edges_of, offset_of
from synthem.data.volume import unreadable

ENDINGS = (".h5", ".hdf5", ".hdf", ".he5")


def arrays_in(path: Path) -> dict[str, Stored]:
    """Return the arrays of a file of two dimensions and more, by their paths in it.

    Their voxel size is ``resolution`` in nanometres (CREMI), or ``element_size_um`` (z, y, x), of the array;
    ``offset`` in nanometres is where they lie.

    Raises
    ------
    InputError
        Where the file is damaged or no HDF5, or a voxel size or offset is not three numbers.
    """
    found: dict[str, Stored] = {}
    try:
        with h5py.File(path, "r") as file:
            _gather(path, file, "", found)
    except InputError:
        raise
    except Exception as error:  # h5py raises whatever it likes
        raise unreadable(path, error) from error
    return found


def _gather(path: Path, group: h5py.Group, inside: str, found: dict[str, Stored]) -> None:
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item, at = group[name], f"{inside}/{name}".lstrip("/")
        if isinstance(item, h5py.Group):
            _gather(path, item, at, found)
        elif item.ndim >= 2 and item.dtype.kind in "uifb" and not item.external and not item.is_virtual:
            found[at] = Stored(
                where=f"{path}:{at}",
                shape=item.shape,
                dtype=item.dtype,
                voxel_nm=edges_of(f"{path}:{at}", item.attrs),
                block=item.chunks[-3] if item.chunks and item.ndim >= 3 else 1,
                fetch=partial(_read, path, at),
                offset_nm=offset_of(f"{path}:{at}", item.attrs),
            )


def _read(path: Path, at: str, index: tuple[int | slice, ...]) -> object:
    with h5py.File(path, "r") as file:
        return file[at][index]
