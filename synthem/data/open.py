"""One way in to any data that synthem reads: a dataset in HDF5, an exported PNG folder, or real EM."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.exported import read_exported
from synthem.data.hdf5 import Dataset
from synthem.data.manifest import read_manifest
from synthem.data.png_file import png_size
from synthem.data.real import RealFolder, read_folder
from synthem.labels import CLASSES
from synthem.patch import ALL_LABELLED, Patch


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
        return read_exported(path, manifest.plan, names)
    if names is not None:
        raise InputError(f"{path}: names choose among PNG files, and this is a dataset in HDF5")
    return Dataset(path)


def common_window(*data: Sequence[Patch]) -> tuple[int, int, int]:
    """Return the largest window (z, y, x) that fits into every patch, of voxels that must be of one size.

    Where the window is a plane, only the voxels' edges along y and x must be the same.

    Raises
    ------
    InputError
        Where there are no patches, or voxels differ in size.
    """
    shapes = [shape for patches in data for shape in _shapes(patches)]
    if not shapes:
        raise InputError("census: there are no patches to count")
    z, y, x = (min(shape[axis] for shape in shapes) for axis in range(3))
    sizes = [patches[0].grid.voxel_nm for patches in data]
    for size in sizes:
        if size[z == 1 :] != sizes[0][z == 1 :]:
            first, other = (" × ".join(f"{edge:g}" for edge in voxel) for voxel in (sizes[0], size))
            raise InputError(
                f"census: voxels of {first} nm cannot be compared with voxels of {other} nm; "
                "tell that of real EM with --voxel-nm, or generate at its size"
            )
    return z, y, x


def _shapes(data: Sequence[Patch]) -> set[tuple[int, int, int]]:
    if isinstance(data, RealFolder):
        return {(1, *png_size(data.slices[name])) for name in data.names}
    if isinstance(data, Dataset):
        return {data.manifest.plan.request.shape}
    return {patch.grid.shape for patch in data}


def labelled_in(data: Sequence[Patch]) -> tuple[bool, ...]:
    """Return which classes are labelled in some patch."""
    if isinstance(data, RealFolder):
        return tuple(any(name in data.masks.get(cls, ()) for name in data.names) for cls in CLASSES)
    if isinstance(data, Dataset):
        return ALL_LABELLED
    return tuple(any(known) for known in zip(*(patch.known for patch in data), strict=True))


def is_generated(path: str | Path) -> bool:
    """Tell whether a folder holds a dataset that synthem wrote, which knows its own voxel size."""
    return Path(path).is_dir() and read_manifest(Path(path)) is not None


def warnings_of(data: Sequence[Patch]) -> tuple[str, ...]:
    """Return what is odd in the data, a sentence each; a generated dataset has nothing odd."""
    return data.warnings if isinstance(data, RealFolder) else ()
