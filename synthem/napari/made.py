"""Layers that are rendered when they are asked for: napari's sample data, and its widget.

The widget is the function ``render``: napari makes a form of its annotations, so that neither napari nor Qt
is imported here.
"""

from typing import TYPE_CHECKING, Annotated

import numpy as np

from shapes import Grid
from synthem.napari.layers import layers
from synthem.napari.style import LayerData
from synthem.preset.preset import preset_names
from synthem.world import World

if TYPE_CHECKING:
    import napari.types

SAMPLE = "epfl"
SAMPLE_SEED = 5
SAMPLE_SHAPE = (48, 160, 160)


def sample() -> list[LayerData]:
    """Render a small volume of ``epfl`` around a synapse, with its labels and ids."""
    world = World(SAMPLE, SAMPLE_SEED)
    voxel = world.preset.voxel_nm
    centre = np.array(next(world.find("psd")))
    z, y, x = (centre - np.multiply(SAMPLE_SHAPE, voxel) / 2).tolist()
    return layers([world.patch(Grid(SAMPLE_SHAPE, voxel, (z, y, x)))])


def render(
    preset: Annotated[str, {"choices": lambda widget: preset_names()}] = SAMPLE,
    seed: Annotated[int, {"min": 0, "max": 2**31 - 1}] = 1,
    shape: Annotated[tuple[int, int, int], {"options": {"min": 1, "max": 4096}}] = (1, 256, 256),
    voxel_nm: Annotated[tuple[float, float, float], {"options": {"min": 0.1, "max": 1000.0}}] = (
        5.0,
        5.0,
        5.0,
    ),
) -> "list[napari.types.LayerDataTuple]":
    """Render a patch of a preset as layers: image, classes and ids.

    Parameters
    ----------
    preset : str
        A name of ``synthem.preset_names()``.
    seed : int
        Which of its worlds.
    shape : tuple of int
        Voxels (z, y, x); a depth of one is a section.
    voxel_nm : tuple of float
        Edges of a voxel in nm (z, y, x).
    """
    return layers([World(preset, seed).patch(Grid(shape, voxel_nm))])
