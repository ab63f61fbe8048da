"""The metadata of a store, as bytes: arrays by ``zarr``, OME-Zarr 0.5 by ``ome-zarr``."""

import json
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from shapes.core.errors import InputError
from synthem.data.ome_zarr.images import Image
from synthem.data.ome_zarr.layout import Layout, Level

META = "zarr.json"
UNIT = "nanometer"
"""As OME-Zarr spells it."""


def zarr_library() -> Any:
    """Return the library ``zarr``; InputError where it is not installed."""
    return _installed("zarr")


def ome_library() -> Any:
    """Return the module of the library ``ome-zarr`` that writes; InputError where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it uses what it advises against
        return _installed("ome_zarr.writer")


def _installed(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(
            f"OME-Zarr is written by the libraries zarr and ome-zarr, of which {error.name} is not "
            "installed: pip install 'synthem[volumes]'"
        ) from None


def array_in(files: dict[str, Any], level: Level, image: Image, shape: Sequence[int]) -> Any:
    """Make an empty array of some shape in memory, laid out as a level of an image is.

    ``files`` gets what the array consists of, as buffers by their names.
    """
    zarr = zarr_library()
    small = image.dtype == "uint8"
    codec = zarr.codecs.ZstdCodec(level=3)
    if not small:
        codec = zarr.codecs.BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")
    return zarr.create_array(
        zarr.storage.MemoryStore(files),
        shape=tuple(shape),
        chunks=level.chunk,
        shards=level.shard,
        dtype=image.dtype,
        compressors=[codec],
        fill_value=0,
        dimension_names=["z", "y", "x"],
        # a shard of zeros is a file too: where there is none, nobody has been yet
        config={"write_empty_chunks": True},
    )


def array_metadata(level: Level, image: Image) -> bytes:
    """Return ``zarr.json`` of a level of an image."""
    files: dict[str, Any] = {}
    array_in(files, level, image, level.shape)
    data: bytes = files[META].to_bytes()
    return data


def group_metadata(attributes: dict[str, Any]) -> bytes:
    """Return ``zarr.json`` of a group."""
    return _group(attributes)


def image_metadata(layout: Layout, image: Image, attributes: dict[str, Any]) -> bytes:
    """Return ``zarr.json`` of the group of an image or a label image, with ``attributes`` beside ``ome``."""
    zarr, writer, files = zarr_library(), ome_library(), dict[str, Any]()
    version = _installed("ome_zarr.format").format_from_version("0.5")
    root = zarr.open_group(zarr.storage.MemoryStore(files), mode="w", zarr_format=3)
    group = root.create_group(image.name) if image.name else root
    datasets = [
        {
            "path": str(k),
            "coordinateTransformations": [
                {"type": "scale", "scale": list(level.voxel_nm)},
                {"type": "translation", "translation": list(level.offset_nm)},
            ],
        }
        for k, level in enumerate(layout.levels)
    ]
    writer.write_multiscales_metadata(
        group,
        datasets,
        fmt=version,
        axes=["z", "y", "x"],
        axes_units=dict.fromkeys("zyx", UNIT),
        name=image.name or "image",
    )
    if image.name:
        colours = [{"label-value": value, "rgba": [*rgb, 255]} for value, rgb in image.colours]
        more: dict[str, Any] = {"colors": colours} if colours else {}
        writer.write_label_metadata(root, image.name, fmt=version, source={"image": "../../"}, **more)
    own = f"{image.name}/{META}" if image.name else META
    return _group({**attributes, **json.loads(files[own].to_bytes())["attributes"]})


def labels_metadata(names: Sequence[str]) -> bytes:
    """Return ``zarr.json`` of the group ``labels``."""
    return _group({"ome": {"version": "0.5", "labels": list(names)}})


def _group(attributes: dict[str, Any]) -> bytes:
    content = {"attributes": attributes, "zarr_format": 3, "node_type": "group"}
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()
