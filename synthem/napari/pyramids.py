"""OME-Zarr 0.5 as layers, each a pyramid of which napari reads what it shows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from shapes.core.errors import InputError
from synthem.data.ome_zarr.images import class_image, ids_image
from synthem.data.ome_zarr.metadata import UNIT, zarr_library
from synthem.data.ome_zarr.store import read_about
from synthem.labels import in_order, known_classes
from synthem.napari.style import UNLABELLED, LayerData, ids_layer, ids_name, image_layer, mask_layer

ABOUT = "synthem"
IDS = ids_image("").name
"""How the names of maps of ids end in a store."""


def is_pyramid(path: Path) -> bool:
    """Tell whether a folder is an OME-Zarr image as synthem writes them: 0.5, of axes z, y, x in nanometres.

    Raises
    ------
    InputError
        Where it is a volume of synthem's that is not whole yet.
    """
    about = read_about(path) if path.is_dir() else {}
    if ABOUT in about and "ome" not in about:
        raise InputError(f"{path}: unfinished; run the command that was writing it once more")
    told = about.get("ome", {}).get("multiscales")
    return (
        bool(told)
        and all(
            (axis.get("name"), axis.get("unit")) == (own, UNIT)
            for axis, own in zip(told[0]["axes"], "zyx", strict=False)
        )
        and len(told[0]["axes"]) == 3
    )


def pyramids(path: Path) -> list[LayerData]:
    """Return the layers of a store that ``is_pyramid``: the image, a class each, ids of objects."""
    root = zarr_library().open_group(path, mode="r")
    own = root.attrs.get(ABOUT, {})
    image, scale = _levels(root)
    about = {"metadata": {"path": str(path), ABOUT: own}}
    out = [image_layer(image, "zyx", scale, multiscale=isinstance(image, list), **about)]
    classes = {class_image(name).name: name for name in known_classes()}
    for name, group in _labels(root, classes):
        found, edges = _levels(group)
        more = {"multiscale": isinstance(found, list), **about}
        if name in classes:
            out.append(mask_layer(found, classes[name], "zyx", edges, **more))
        else:
            kind = ids_name(name.removesuffix(IDS)) if name.endswith(IDS) else name
            out.append(ids_layer(found, kind, "zyx", edges, **more))
    if blank := own.get("unlabelled_sections"):
        shape = (image[0] if isinstance(image, list) else image).shape
        out.append(mask_layer(_sections(blank, shape), UNLABELLED, "zyx", scale, **about))
    return out


def _labels(root: Any, classes: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield the label images of a store: classes in the order of ``labels.KNOWN``, then all others."""
    if "labels" in root:
        names = set(root["labels"].group_keys())
        own = {cls: name for name, cls in classes.items() if name in names}
        for name in (*(own[cls] for cls in in_order(own)), *sorted(names - set(own.values()))):
            yield name, root["labels"][name]


def _levels(group: Any) -> tuple[Any, list[float]]:
    """Return an image, of several levels as a list, the finest first, and its voxel size."""
    import dask.array as da  # napari brings it

    levels: list[Mapping[str, Any]] = group.attrs["ome"]["multiscales"][0]["datasets"]
    scale = next(step["scale"] for step in levels[0]["coordinateTransformations"] if "scale" in step)
    arrays = [group[level["path"]] for level in levels]
    data = [da.from_array(array, chunks=array.chunks) for array in arrays]  # type: ignore[no-untyped-call]
    return data if len(data) > 1 else data[0], list(map(float, scale))


def _sections(some: list[int], shape: tuple[int, int, int]) -> Any:
    """Return a mask of whole sections that takes no room."""
    import dask.array as da

    line = np.zeros((shape[0], 1, 1), np.uint8)
    line[some] = 1
    return da.broadcast_to(da.from_array(line), shape)  # type: ignore[no-untyped-call]
