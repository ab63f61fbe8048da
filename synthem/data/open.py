"""One way in to any data that synthem reads: a dataset in HDF5, an exported PNG folder, or real EM."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from shapes.core.errors import InputError
from synthem.data.exported import ExportedFolder, read_exported
from synthem.data.hdf5 import Dataset
from synthem.data.manifest import read_manifest
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.data.real.reading import PLAIN, Reading
from synthem.patch import Patch, classes_of


def open_data(
    path: str | Path,
    names: Iterable[str] | None = None,
    voxel_nm: tuple[float, float, float] | None = None,
    how: Reading = PLAIN,
) -> Sequence[Patch]:
    """Open a generated dataset, or real EM of any layout, as patches that are read when asked for.

    Parameters
    ----------
    path : str or Path
        The folder or file; of HDF5 and Zarr also an array in it, ``file.h5:volumes/raw``.
    names : iterable of str, optional
        Names or globs of the sections to take from real EM, or from a folder of PNGs.
    voxel_nm : tuple of float, optional
        Voxel size of real EM, (z, y, x). If None, what the files tell, or 5 nm with a warning. A generated
        dataset knows its own.
    how : Reading
        How real EM is read: what values of label maps are, where labels are, whether stacks are volumes.

    Raises
    ------
    InputError
        Where it is neither, or names, a voxel size or a way of reading are given for a dataset that has its
        own.
    """
    path = Path(path)
    manifest = read_manifest(path)
    if manifest is None:
        if path.is_file() and read_manifest(path.parent) is not None:
            raise InputError(f"{path}: is a file of a generated dataset; name its folder, {path.parent}")
        return read_folder(path, names, voxel_nm, how)
    if voxel_nm is not None:
        raise InputError(f"{path}: this generated dataset knows its voxel size; give none")
    if how != PLAIN and how != Reading(volumes=how.volumes):
        raise InputError(
            f"{path}: this is a generated dataset; --classes, --labels and --channel are of real EM"
        )
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
    shapes = [shape for patches in data for shape in shapes_of(patches)]
    if not shapes:
        raise InputError("census: there are no patches to count")
    z, y, x = (min(shape[axis] for shape in shapes) for axis in range(3))
    sizes = [
        patches.voxel_nm if isinstance(patches, RealFolder) else patches[0].grid.voxel_nm for patches in data
    ]
    for size in sizes:
        if size[z == 1 :] != sizes[0][z == 1 :]:
            first, other = (" × ".join(f"{edge:g}" for edge in voxel) for voxel in (sizes[0], size))
            raise InputError(
                f"census: voxels of {first} nm cannot be compared with voxels of {other} nm; "
                "tell that of real EM with --voxel-nm, or generate at its size"
            )
    return z, y, x


def shapes_of(data: Sequence[Patch]) -> set[tuple[int, int, int]]:
    """Return the shapes (z, y, x) of patches, without reading them where files tell."""
    if isinstance(data, RealFolder):
        return {data.shape(name) for name in data.names}
    if isinstance(data, Dataset):
        return {data.manifest.plan.request.shape}
    return {patch.grid.shape for patch in data}


def labelled_in(data: Sequence[Patch]) -> tuple[str, ...]:
    """Return the classes that are labelled in some patch, in the order of their channels."""
    if isinstance(data, RealFolder):
        return tuple(cls for cls, known in zip(data.classes, data.labelled, strict=True) if known)
    if isinstance(data, Dataset):
        return data.classes
    known = {cls for patch in data for cls in patch.classes if patch.knows(cls)}
    return tuple(cls for cls in classes_of(data) if cls in known)


def is_generated(path: str | Path) -> bool:
    """Tell whether a folder holds a dataset that synthem wrote, which knows its own voxel size."""
    return Path(path).is_dir() and read_manifest(Path(path)) is not None


def warnings_of(data: Sequence[Patch]) -> tuple[str, ...]:
    """Return as what real EM was read, and what is odd in it, a sentence each."""
    if not isinstance(data, RealFolder) or isinstance(data, ExportedFolder):
        return data.warnings if isinstance(data, RealFolder) else ()
    many = f"{len(data)} {'volume' if data.volumes else 'section'}{'s' * (len(data) != 1)}"
    return (f"{data.root}: read as {data.layout}; {many}", *data.warnings)
