"""A scene: everything that is geometry in one window of a world, before labels and grey levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from shapes import mitochondria, psd, sheaths, vesicles
from shapes.grid import Grid
from shapes.neurites import Neurites, grow
from shapes.partition import Partition, partition
from shapes.population import AXON, DENDRITE, MYELINATED, Population
from shapes.tissue import Layer, Tissue, empty_layer
from shapes.warp import WarpedWindow, warp_window
from synthem.preset import Anatomy

GENERATORS: dict[str, ModuleType] = {
    "mitochondrion": mitochondria,
    "psd": psd,
    "vesicle": vesicles,
    "sheath": sheaths,
}
"""Each organelle's module, in the order of placing: later ones keep clear of earlier ones. A new organelle is
one line."""

POPULATIONS = {"axons": AXON, "dendrites": DENDRITE, "myelinated": MYELINATED}
_MARGIN_NM = 18.0  # past the membrane's face, for soft edges and oblique cuts
_MEMBRANE_NM = 250.0  # tubes this far off can bend the membranes of a window


@dataclass(frozen=True, eq=False)
class Scene:
    """The geometry of a window.

    Attributes
    ----------
    grid : Grid
        The window.
    anatomy : Anatomy
        What it was made from.
    seed : int
        The world.
    neurites : Neurites
        The neurites around it.
    partition : Partition
        Owner, neighbour, depth and tilt of each voxel.
    layers : mapping of str to Layer
        Ids and signed distances of each kind of organelle.
    objects : mapping of str to objects
        What was placed, kind by kind; ``.missing`` counts what found no place.
    """

    grid: Grid
    anatomy: Anatomy
    seed: int
    neurites: Neurites
    partition: Partition
    layers: Mapping[str, Layer]
    objects: Mapping[str, Any]


def populations(anatomy: Anatomy) -> dict[str, tuple[int, Population]]:
    """Return the populations of neurites that an anatomy has, with their kinds."""
    return {
        name: (kind, getattr(anatomy, name))
        for name, kind in POPULATIONS.items()
        if getattr(anatomy, name) is not None
    }


def grow_around(seed: int, anatomy: Anatomy, window: WarpedWindow) -> Neurites:
    """Draw the neurites that can matter to a window and to the organelles that touch it."""
    low, high = window.box_nm
    reach = max(
        [
            _MEMBRANE_NM,
            *(GENERATORS[k].reach_nm(getattr(anatomy, k)) for k in GENERATORS if getattr(anatomy, k)),
        ]
    )
    tubes = populations(anatomy)
    flattest = min(population.flattest() for _, population in tubes.values())
    rod = 2.0 * anatomy.mitochondrion.longest_nm() if anatomy.mitochondrion else 0.0
    return grow(seed, tubes, low, high, anatomy.membranes.glia_nm / flattest + reach, rod)


def build_scene(anatomy: Anatomy, seed: int, grid: Grid) -> Scene:
    """Build the geometry of one window of the world of ``seed``: the same wherever the window's edges lie."""
    window = warp_window(seed, anatomy.warp, grid)
    cells = grow_around(seed, anatomy, window)
    wall = (
        sheaths.thicknesses(seed, cells, anatomy.sheath).thickness_nm
        if anatomy.sheath
        else np.zeros(len(cells.ids))
    )
    tissue = Tissue(seed, window, cells, anatomy.membranes, wall)
    objects: dict[str, Any] = {}
    near = anatomy.membranes.half_width_nm + _MARGIN_NM
    reach = np.full(len(cells.ids) + 1, near)
    for name, generator in GENERATORS.items():
        if (params := getattr(anatomy, name)) is not None:
            objects[name] = generator.place(tissue, params, objects)
            hosts, depth = generator.depth_nm(objects[name], params)
            reach[hosts] = np.maximum(reach[hosts], near + depth)
    part = partition(window, cells, anatomy.membranes, reach)
    layers = {
        name: generator.build(objects[name], tissue, part, getattr(anatomy, name))
        if name in objects
        else empty_layer(grid.shape, detail=True)
        for name, generator in GENERATORS.items()
    }
    return Scene(grid, anatomy, seed, cells, part, layers, objects)
