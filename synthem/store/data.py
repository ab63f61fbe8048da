"""One way in to any data that synthem reads: a dataset in HDF5, an exported PNG folder, or real EM."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from shapes.errors import InputError
from synthem.patch import Patch
from synthem.store.hdf5 import Dataset
from synthem.store.output import read_manifest
from synthem.store.real import RealFolder, read_folder


def open_data(
    path: str | Path,
    names: Iterable[str] | None = None,
    voxel_nm: tuple[float, float, float] | None = None,
) -> Sequence[Patch]:
    """Open a generated dataset or a folder of real EM as a sequence of patches that are read when asked for.

    Parameters
    ----------
    path : str or Path
        The folder.
    names : iterable of str, optional
        Names or globs of the sections to take from a folder of PNGs.
    voxel_nm : tuple of float, optional
        Voxel size of real EM, (z, y, x); 5 nm isotropic if None. A generated dataset knows its own.

    Raises
    ------
    InputError
        Where the folder holds neither, or names or a voxel size are given for a dataset that has its own.
    """
    path = Path(path)
    if path.is_file():
        raise InputError(f"{path}: is a file; name the folder of a dataset or of real EM")
    manifest = read_manifest(path)
    if manifest is None:
        return read_folder(path, names, voxel_nm or (5.0, 5.0, 5.0))
    if voxel_nm is not None:
        raise InputError(f"{path}: this generated dataset knows its voxel size; give none")
    if manifest.layout == "png":
        return read_folder(path, names, manifest.plan.request.voxel_nm)
    if names is not None:
        raise InputError(f"{path}: names choose among PNG files, and this is a dataset in HDF5")
    return Dataset(path)


def warnings_of(data: Sequence[Patch]) -> tuple[str, ...]:
    """Return what is odd in the data, a sentence each; a generated dataset has nothing odd."""
    return data.warnings if isinstance(data, RealFolder) else ()
