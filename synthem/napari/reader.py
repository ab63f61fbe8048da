"""napari's way in: any data that synthem opens, as layers."""

import warnings
from collections.abc import Callable
from pathlib import Path

from synthem.data.manifest import read_manifest
from synthem.data.open import open_data, warnings_of
from synthem.data.real.layouts import LAYOUTS
from synthem.data.real.reading import PLAIN
from synthem.napari.layers import layers
from synthem.napari.pyramids import is_pyramid, pyramids
from synthem.napari.style import LayerData


def get_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return what reads a path, or None where synthem knows no such data or there are several paths."""
    if isinstance(path, list):
        if len(path) != 1:
            return None
        path = path[0]
    place = Path(path)
    known = place.is_dir() and (read_manifest(place) is not None or is_pyramid(place))
    return read if known or any(layout.detect(place, PLAIN) for layout in LAYOUTS.values()) else None


def read(path: str | list[str]) -> list[LayerData]:
    """Read a path as layers; what is odd in real EM is a warning, which napari shows.

    Raises
    ------
    InputError
        As ``synthem.open_data``: where files are damaged or unfinished, or label maps have no meaning.
    """
    place = Path(path[0] if isinstance(path, list) else path)
    if is_pyramid(place):
        return pyramids(place)
    data = open_data(place)
    for sentence in warnings_of(data):
        warnings.warn(sentence, stacklevel=2)
    return layers(data)
