"""synthem: labelled synthetic electron microscopy of brain tissue, balanced training sets, measured gains.

What scripts need stands here by name. Each is imported when it is first asked for, so that ``import synthem``
is quick and brings in neither torch nor numba.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapes.errors import InputError, UnknownNameError
    from synthem.labels import CLASSES
    from synthem.patch import Patch
    from synthem.preset import Preset, load_preset, preset_names
    from synthem.store.data import open_data
    from synthem.store.hdf5 import Dataset
    from synthem.store.real import read_folder
    from synthem.world import World, replay

__all__ = [
    "CLASSES",
    "Dataset",
    "InputError",
    "Patch",
    "Preset",
    "UnknownNameError",
    "World",
    "load_preset",
    "open_data",
    "preset_names",
    "read_folder",
    "replay",
]

_HOMES = {
    "CLASSES": "synthem.labels",
    "Dataset": "synthem.store.hdf5",
    "InputError": "shapes.errors",
    "Patch": "synthem.patch",
    "Preset": "synthem.preset",
    "UnknownNameError": "shapes.errors",
    "World": "synthem.world",
    "load_preset": "synthem.preset",
    "open_data": "synthem.store.data",
    "preset_names": "synthem.preset",
    "read_folder": "synthem.store.real",
    "replay": "synthem.world",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'synthem' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, imported or not."""
    return sorted({*globals(), *__all__})
