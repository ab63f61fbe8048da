"""The formats of ``synthem export``, a line each: a file of this room, what it is, its own options.

The file offers ``write(job, out, tick)``: it puts the cases of a ``Job`` into a ``Folder`` and returns a
sentence for whatever the format could not say. Nothing is imported before it is asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from shapes.core.errors import InputError, UnknownNameError
from synthem.export.folder import Folder
from synthem.export.job import Job

Tick = Callable[[int, int], None]
Write = Callable[[Job, Folder, Tick], list[str]]


@dataclass(frozen=True)
class Format:
    """A format: the module that writes it, what it is, and the names of the options that it alone takes."""

    module: str
    about: str
    options: tuple[str, ...] = ()

    @property
    def write(self) -> Write:
        """The function that writes it."""
        return cast(Write, import_module(f"synthem.export.{self.module}").write)


FORMATS = {
    "nnunet": Format("nnunet", "nnU-Net v2, a raw data set with regions", ("dataset_id",)),
    "torch-em": Format("torch_em", "torch-em, an HDF5 file a volume with a channel a class"),
    "connectomics": Format("connectomics", "pytorch_connectomics 2, HDF5 files and a configuration"),
    "biapy": Format("biapy", "BiaPy 3.7, folders of images and a configuration"),
    "huggingface": Format("huggingface", "Hugging Face datasets, an imagefolder with a mask a class"),
    "ome-zarr": Format("ome_zarr", "OME-Zarr 0.5, masks and ids beside the image"),
    "precomputed": Format("precomputed", "neuroglancer's precomputed format and a state", ("url",)),
    "objects": Format(
        "objects", "tables of all objects and of synaptic partners, CSV and Parquet", ("table",)
    ),
    "meshes": Format("meshes", "surfaces of objects, glTF"),
    "swc": Format("swc", "skeletons of neurites, SWC"),
    "cremi": Format("cremi", "CREMI 0.2, HDF5 files with neuron ids, clefts and synaptic partners"),
}


def format_of(name: str, options: Mapping[str, object]) -> Format:
    """Return a format by its name, and check that it takes these options.

    Raises
    ------
    UnknownNameError
        Where there is no such format.
    InputError
        Where an option is of another format.
    """
    if name not in FORMATS:
        raise UnknownNameError("format", name, FORMATS)
    for option in options:
        if option not in FORMATS[name].options:
            owners = ", ".join(other for other, fmt in FORMATS.items() if option in fmt.options)
            raise InputError(
                f"export: --{option.replace('_', '-')} is an option of {owners or 'no format'}, not of {name}"
            )
    return FORMATS[name]
