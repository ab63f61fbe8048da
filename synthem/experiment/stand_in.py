"""Synthetic tissue that stands in for real sections where there are none: what the demonstration labels."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count, islice
from pathlib import Path

import numpy as np

from shapes import Grid
from synthem.data.png_folder import write_png
from synthem.patch import Patch
from synthem.preset.shipped import presets_folder
from synthem.world import World

PRESET, SEED = "kasthuri", 2022
FACTOR, DRAW = 2.0, 2
"""Its microscope and its anatomy's sizes are drawn up to so many times off the preset's own, by this draw."""
SHAPE = (1, 320, 320)
VOXEL_NM = (30.0, 5.0, 5.0)
"""The preset's own sections, at half the width of its pixels or so: those of the generalist."""
LEAST_PX = {"psd": 200, "mitochondrion": 6000}
"""A labelled section shows at least so many pixels of these classes, and of the sheath none."""


def stand_in() -> Path:
    """Return the folder of the sections that come with synthem."""
    return presets_folder() / "demo"


def grow(out: Path) -> Path:
    """Grow the sections anew, in the layout of a folder of real EM."""
    return write_png(sections(), out)


def sections(train: int = 2, test: int = 6) -> Iterator[Patch]:
    """Yield the sections: training ones without sheaths, test ones around sheaths and synapses.

    Their names say that they lie far apart: sections of neighbouring numbers count as near copies.
    """
    world = World(PRESET, SEED).randomised(FACTOR, DRAW, True)
    far = (Grid(SHAPE, VOXEL_NM, (900.0 * k, 0.0, 3000.0 * k)) for k in count())
    bare = (grid for grid in far if _will_do(world, grid))
    for k, grid in enumerate(islice(bare, train)):
        yield replace(world.patch(grid), name=f"train{100 * k:04}")
    middle = np.multiply(SHAPE, VOXEL_NM) / 2
    sheaths, synapses = (world.find(kind, near_nm=(0.0, 30_000.0, 0.0)) for kind in ("sheath", "psd"))
    places = chain(islice(sheaths, 0, 20 * test, 40), islice(synapses, 0, 5 * test, 10))
    for k, place in enumerate(places):
        z, y, x = np.subtract(place, middle).tolist()
        yield replace(world.patch(Grid(SHAPE, VOXEL_NM, (z, y, x))), name=f"test{100 * k:04}")


def _will_do(world: World, grid: Grid) -> bool:
    shown = dict(zip(world.classes, world.labels(grid).sum((1, 2, 3)), strict=True))
    return not shown["sheath"] and all(shown[name] >= least for name, least in LEAST_PX.items())
