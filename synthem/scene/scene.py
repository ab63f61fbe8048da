"""A scene: everything that is geometry in one window of a world, before labels and grey levels."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.cells import nucleus, sheaths
from shapes.clutter.chains import RIM_NM
from shapes.core.grid import Grid
from shapes.core.warp import WarpedWindow, warp_window
from shapes.mitochondria import mitochondria
from shapes.neurites.grow import grow
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import AXON, DENDRITE, GLIA, MYELINATED, SOMA, Population
from shapes.organelles import GENERATORS as GENERATORS
from shapes.partition.cytoplasm import Cores
from shapes.partition.depths import Depths
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition, partition
from synthem.preset.anatomy import Anatomy

CLUTTER = ("er", "endosome", "microtubule", "glycogen")
"""Kinds that are none of the six classes; all others are placed as if there were none of these."""
POPULATIONS = {"axons": AXON, "dendrites": DENDRITE, "myelinated": MYELINATED, "glia": GLIA, "somata": SOMA}
OFF_NUCLEI = {"mitochondrion": 25.0, "er": 12.0, "endosome": 15.0, "glycogen": 6.0}
"""What a soma holds beside its nucleus, and how many nm it keeps clear of that."""
OFF_EACH_OTHER = (
    ("fusiform_vesicle", "mitochondrion"),
    ("fusiform_vesicle", "endosome"),
    ("er", "fusiform_vesicle"),
    ("glycogen", "er"),
)
"""Where somata have stacked cisternae the former keeps clear of the latter."""
_APART_NM = np.float32(5.0)
_OFF_PSD_NM = np.float32(22.0)  # a mitochondrion keeps so far off a density
_NEAR_NM = 35.0
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

    def boxed(self, corner_yx: tuple[int, int], size_yx: tuple[int, int]) -> "Scene":
        """Return a box of the scene, all of it along z; arrays are views of this one's."""
        (y, x), (ny, nx) = corner_yx, size_yx
        (vz, vy, vx), (z0, y0, x0) = self.grid.voxel_nm, self.grid.start_vx
        grid = Grid((self.grid.shape[0], ny, nx), (vz, vy, vx), (z0 * vz, (y0 + y) * vy, (x0 + x) * vx))
        return self._taken((slice(None), slice(y, y + ny), slice(x, x + nx)), grid)

    def restacked(self, planes: npt.NDArray[np.int64]) -> "Scene":
        """Return the scene with some of its planes, in the order given; its grid has their number alone."""
        grid = Grid((len(planes), *self.grid.shape[1:]), self.grid.voxel_nm, self.grid.origin_nm)
        return self._taken((planes,), grid)

    def _taken(self, inner: tuple[Any, ...], grid: Grid) -> "Scene":
        part = self.partition
        layers = {
            name: Layer(
                layer.ids[inner],
                layer.distance_nm[inner],
                layer.detail_nm[inner] if layer.detail_nm.size else layer.detail_nm,
                layer.middle[inner] if layer.middle.size else layer.middle,
            )
            for name, layer in self.layers.items()
        }
        return replace(
            self,
            grid=grid,
            partition=Partition(part.index[inner], part.other[inner], part.depth_nm[inner], part.tilt[inner]),
            layers=layers,
        )


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
    tubes = populations(anatomy)
    rim = max(population.rim_nm(anatomy.membranes.glia_nm) for _, population in tubes.values())
    organelles = [(GENERATORS[k], params) for k in GENERATORS if (params := getattr(anatomy, k)) is not None]
    pads = {
        kind: max([_MEMBRANE_NM + rim, *(made.reach_nm(params, kind, rim) for made, params in organelles)])
        for kind in POPULATIONS.values()
    }
    strung = [(made, params) for made, params in organelles if hasattr(made, "nodes_nm")]
    keep, swollen = {}, {}
    for kind, population in tubes.values():
        spans = [
            (kind in getattr(made, "IN_SWELLINGS", ()), made.nodes_nm(params, population.step_nm))
            for made, params in strung
        ]
        keep[kind] = max((span for only, span in spans if not only), default=0.0)
        swollen[kind] = max((span for _, span in spans), default=0.0)
    return grow(seed, tubes, low, high, pads, keep, swollen, anatomy.drift)


def place_objects(anatomy: Anatomy, seed: int, window: WarpedWindow) -> tuple[Tissue, dict[str, Any]]:
    """Return a window's tissue, and what each generator places in it, before any voxel is looked at."""
    cells = grow_around(seed, anatomy, window)
    wall = (
        sheaths.thicknesses(seed, cells, anatomy.sheath).thickness_nm
        if anatomy.sheath
        else np.zeros(len(cells.ids))
    )
    nuclei = nucleus.cores(seed, cells, anatomy.nucleus) if anatomy.nucleus else Cores.none()
    tissue = Tissue(seed, window, cells, anatomy.membranes, wall, nuclei)
    objects: dict[str, Any] = {}
    for name, generator in GENERATORS.items():
        if (params := getattr(anatomy, name)) is not None:
            objects[name] = generator.place(tissue, params, objects)
    return tissue, objects


def build_scene(anatomy: Anatomy, seed: int, grid: Grid, near_nm: float = _NEAR_NM) -> Scene:
    """Build the geometry of one window of the world of ``seed``: the same wherever the window's edges lie.

    ``near_nm`` is how far from the middle of a membrane its distance is wanted; organelles ask for more.
    """
    for params in (getattr(anatomy, name) for name in CLUTTER):
        if params is not None:
            near_nm = max(near_nm, anatomy.membranes.half_width_nm + params.clearance_nm + RIM_NM + 0.5)
    window = warp_window(seed, anatomy.warp, grid)
    tissue, objects = place_objects(anatomy, seed, window)
    cells = tissue.neurites
    deep = [GENERATORS[name].depths(objects[name], tissue, getattr(anatomy, name)) for name in objects]
    part = partition(window, cells, anatomy.membranes, near_nm, Depths.joined(deep))
    if anatomy.mitochondrion is not None:
        mitochondria.give_way(objects["mitochondrion"], tissue, part, anatomy.mitochondrion)
    none = empty_layer(grid.shape, detail=True)
    layers = {
        name: generator.build(objects[name], tissue, part, getattr(anatomy, name))
        if name in objects
        else none
        for name, generator in GENERATORS.items()
    }
    if "psd" in objects and "mitochondrion" in objects:
        layers["mitochondrion"] = _cut(layers["mitochondrion"], _OFF_PSD_NM - layers["psd"].distance_nm)
    if layers["nucleus"].ids.any():
        for name, off_nm in OFF_NUCLEI.items():
            layers[name] = _cut(layers[name], off_nm - layers["nucleus"].distance_nm)
    if anatomy.er is not None and anatomy.er.sheets > 0:  # elsewhere they hardly meet
        for name, other in OFF_EACH_OTHER:
            layers[name] = _cut(layers[name], _APART_NM - layers[other].distance_nm)
    return Scene(grid, anatomy, seed, cells, part, layers, objects)


def _cut(layer: Layer, by_nm: npt.NDArray[np.float32]) -> Layer:
    """Return a layer of which nothing is left where a signed distance is above 0."""
    return layer._replace(distance_nm=np.maximum(layer.distance_nm, by_nm))
