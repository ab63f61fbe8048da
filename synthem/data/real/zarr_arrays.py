"""Arrays in a Zarr store, of version 2 or 3, plain or OME-Zarr: listed, and read by sections or windows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapes.core.errors import InputError
from synthem.data.real.arrays import Stored, edges_of, offset_of
from synthem.data.real.missing import library
from synthem.data.units import nm_of
from synthem.data.volume import Voxel, unreadable

METADATA = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


def is_store(path: Path) -> bool:
    """Tell whether a folder is a Zarr group or array."""
    return path.is_dir() and any((path / name).is_file() for name in METADATA)


def arrays_in(store: Path) -> dict[str, Stored]:
    """Return the arrays of a store of two dimensions and more, by their paths in it.

    Of an OME-Zarr pyramid that is the finest level, called as its group, with the axes and the voxel size
    that its metadata tell; of any other array, as of HDF5.

    Raises
    ------
    InputError
        Where zarr is not installed, or the store is damaged.
    """
    zarr = library("zarr", "formats")
    try:
        root = zarr.open(store, mode="r")
        found = dict(_gather(store, root, ""))
    except InputError:
        raise
    except Exception as error:  # zarr raises whatever it likes
        raise unreadable(store, error) from error
    return found


def _gather(store: Path, node: Any, inside: str) -> Iterator[tuple[str, Stored]]:
    if hasattr(node, "shape"):
        if node.ndim >= 2 and node.dtype.kind in "uifb":
            where = f"{store}:{inside}"
            found = _stored(store, node, inside, None, edges_of(where, node.attrs))
            yield inside or ".", replace(found, offset_nm=offset_of(where, node.attrs))
        return
    pyramid = _pyramid(node.attrs)
    levels: set[str] = set()
    if pyramid:
        path, axes, voxel, levels = pyramid
        yield inside or ".", _stored(store, node[path], f"{inside}/{path}".lstrip("/"), axes, voxel)
    for name in _children(store / inside):
        if name not in levels:
            yield from _gather(store, node[name], f"{inside}/{name}".lstrip("/"))


def _children(folder: Path) -> list[str]:
    """Name the groups and arrays in a group, as they lie on disk."""
    return sorted(path.name for path in folder.iterdir() if is_store(path))


def _stored(store: Path, array: Any, at: str, axes: str | None, voxel: Voxel | None) -> Stored:
    depth = axes.find("z") if axes else array.ndim - 3
    return Stored(
        where=f"{store}:{at}" if at else str(store),
        shape=tuple(array.shape),
        dtype=array.dtype,
        voxel_nm=voxel,
        block=(array.shards or array.chunks)[depth] if depth >= 0 else 1,
        fetch=lambda index: array[index],
        axes=axes,
    )


def _pyramid(attributes: Mapping[str, Any]) -> tuple[str, str | None, Voxel | None, set[str]] | None:
    """Return finest level, axes, voxel size and all levels that OME-Zarr's metadata tell, of 0.1 to 0.5."""
    told: Any = attributes.get("ome", attributes)
    scales = told.get("multiscales") if isinstance(told, Mapping) else None
    if not scales:
        return None
    first = scales[0]
    levels = [level["path"] for level in first["datasets"]]
    given = [axis if isinstance(axis, Mapping) else {"name": axis} for axis in first.get("axes", ())]
    axes = "".join(str(axis["name"])[:1].casefold() for axis in given) or None
    if axes is None:
        return levels[0], None, None, {level.split("/")[0] for level in levels}
    factors = [1.0] * len(axes)
    for step in (
        *first["datasets"][0].get("coordinateTransformations", ()),
        *first.get("coordinateTransformations", ()),
    ):
        if step.get("type") == "scale":
            factors = [a * float(b) for a, b in zip(factors, step["scale"], strict=True)]
    edges = {
        letter: nm_of(factor, axis.get("unit"))
        for letter, axis, factor in zip(axes, given, factors, strict=True)
    }
    z, y, x = (edges.get(letter) for letter in "zyx")
    return levels[0], axes, (z, y, x) if y and x else None, {level.split("/")[0] for level in levels}
