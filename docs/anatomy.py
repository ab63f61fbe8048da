"""Render the pictures of docs/anatomy.md: python docs/anatomy.py. One parameter a strip, at one place."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation

from shapes import Grid
from shapes.neurites.grow import grow
from shapes.neurites.population import AXON, DENDRITE, SOMA
from synthem.labels import COLOURS
from synthem.preset.preset import Preset, load_preset
from synthem.scene.skeletons import skeletons
from synthem.view.render import Body, render
from synthem.view.sheet import image_tile, save
from synthem.view.volume import volume_sheet
from synthem.world import World

HERE = Path(__file__).parent / "anatomy"
CAPTION = 22
STRIPS: dict[str, tuple[str, str, Sequence[Any], int, float]] = {
    # name: preset, parameter, its values, seed, voxel size in nm
    "ruffles": ("epfl", "axons.ruffle_nm", (0, 12, 20, 40), 3, 5),
    "stiffness": ("epfl", "dendrites.stiffness", (1, 1.5, 2, 4), 4, 5),
    "drift": ("epfl", "drift.slope", (0, 0.1, 0.2, 0.3), 5, 10),
    "spacing": ("epfl", "axons.cell_nm", (350, 450, 600, 800), 5, 5),
    "firmness": ("epfl", "axons.firmness", (1, 1.3, 2, 4), 6, 5),
    "glia": ("epfl", "membranes.glia_nm", (20, 45, 70, 140), 7, 5),
    "processes": ("epfl", "glia.chance", (0, 0.3, 0.6, 1), 1, 8),
    "gap": ("epfl", "membranes.gap_nm", (0, 13, 26, 40), 7, 2.5),
    "cristae": ("epfl", "mitochondrion.crista_period_nm", (30, 45, 60, 90), 1, 2.5),
    "branches": ("epfl", "mitochondrion.branch_chance", (0, 0.25, 0.5, 1), 5, 5),
    "bulge": ("epfl", "mitochondrion.bulge_nm", (0, 20, 40, 60), 1, 5),
    "thickness": ("epfl", "psd.thickness_nm", (12, 25, 33, 60), 2, 2.5),
    "perforated": ("epfl", "psd.perforated", (0, 0.25, 0.5, 1), 2, 2.5),
    "density": ("epfl", "vesicle.density", (0.1, 0.4, 0.7, 1.0), 3, 2.5),
    "crowds": ("epfl", "vesicle.cluster_nm", (60, 140, 220, 340), 3, 2.5),
    "dense_cores": ("epfl", "vesicle.dense_chance", (0, 0.1, 0.4, 1), 3, 2.5),
    "g_ratio": ("epfl", "sheath.g_ratio", (0.5, 0.62, 0.74, 0.86), 5, 8),
    "splits": ("epfl", "sheath.splits", (0, 0.2, 0.4, 0.7), 5, 5),
    "reticulum": ("epfl", "er.lanes_per_um2", (0, 16, 36, 60), 9, 5),
    "endosomes": ("epfl", "endosome.per_um3", (0, 5, 15, 40), 9, 5),
    "glycogen": ("epfl", "glycogen.per_um3", (1, 20, 60, 200), 3, 4),
}
PLACES = {
    "branches": (3285.0, 2371.0, 3532.0),
    "processes": (0.0, 1250.0, 1900.0),
    "glycogen": (400.0, 2400.0, 1600.0),
}
"""Where the thing shown is rarer than the first dozen places that ``strip`` looks at."""
ASTROCYTES = {
    "cell_nm": 2000, "length_nm": 2200, "step_nm": 220, "bend": 0.6,
    "radius_nm": {"median": 230, "ratio": 1.4}, "wobble": 0.55,
    "ruffle_nm": 50, "ruffle_length_nm": 300, "flatness": {"min": 0.55, "max": 0.7},
    "spine_chance": 0.9, "spine_length_nm": {"min": 200, "max": 700},
    "spine_neck_radius_nm": {"min": 60, "max": 120}, "spine_head_radius_nm": {"min": 60, "max": 150},
}  # fmt: skip
SOMATA = {
    "cell_nm": 25000, "chance": 0.4, "length_nm": 1800, "branch_chance": 0, "step_nm": 450,
    "bend": 0.15,
    "radius_nm": {"min": 3000, "max": 4500}, "wobble": 0.05, "stiffness": 14, "ruffle_nm": 800,
    "ruffle_length_nm": 3000, "flatness": {"min": 0.9, "max": 1},
}  # fmt: skip
LONG = {
    "dendrite_chance": 1, "radius_nm": {"mean": 212, "std": 30}, "half_length_nm": {"min": 280, "max": 480},
    "thinnest_nm": 105,
}  # fmt: skip
EXTRAS: dict[str, dict[str, Any]] = {
    "branches": {"mitochondrion": LONG},
    "processes": {"glia": ASTROCYTES},
    "glycogen": {"glia": ASTROCYTES, "glycogen": {}},
}
"""Anatomy that a strip shows and its preset leaves out."""
NEURON = {SOMA: (205, 170, 120), DENDRITE: (120, 160, 205), AXON: (200, 90, 80)}
"""Colours of the parts of a neuron."""
NEURONS_VX = (160, 330, 330)
KINDS = ("mitochondrion", "psd", "vesicle", "sheath")


def varied(base: Preset, parameter: str, value: object) -> Preset:
    """Return a preset with one parameter of its anatomy set."""
    block, key = parameter.split(".")
    described = base.model_dump(mode="json", exclude_none=True)
    described["anatomy"][block][key] = value
    return load_preset(described)


def strip(name: str) -> npt.NDArray[np.uint8]:
    """Return one place of the world under each value of a parameter, images over labels."""
    preset, parameter, values, seed, voxel = STRIPS[name]
    base = load_preset(preset)
    if name in EXTRAS:
        described = base.model_dump(mode="json", exclude_none=True)
        base = load_preset({**described, "anatomy": {**described["anatomy"], **EXTRAS[name]}})
    grid = _window(PLACES.get(name, (0.0, 0.0, 0.0)), voxel)
    kind = parameter.split(".")[0]
    if kind in KINDS and name not in PLACES:
        # of the first dozen places, that whose labels differ most; where none do, whose pictures do
        first, last = (World(varied(base, parameter, values[k]), seed) for k in (0, -1))
        near = "psd" if kind == "vesicle" else kind
        grids = [_window(centre, voxel) for centre in islice(first.find(near), 12)]
        pairs = [(first.patch(each), last.patch(each)) for each in grids]
        shown = [((a.labels != b.labels).sum(), abs(a.clean - b.clean).sum()) for a, b in pairs]
        grid = grids[shown.index(max(shown))]
    columns = []
    for value in values:
        patch = World(varied(base, parameter, value), seed).patch(grid)
        pictures = [image_tile(patch, labelled).picture for labelled in (False, True)]
        columns.append(np.vstack([_caption(f"{value:g}", 192), *pictures]))
    return np.hstack([np.pad(column, ((0, 0), (0, 4), (0, 0)), constant_values=255) for column in columns])


def nuclei() -> npt.NDArray[np.uint8]:
    """Return two somata with their nuclei at 16 nm a pixel, and an envelope with its pores at 5 nm."""
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    described["anatomy"] |= {"somata": SOMATA, "nucleus": {}}
    world, far = World(load_preset(described), 0), 30000.0
    tubes = {"somata": (SOMA, world.preset.anatomy.somata)}
    cells = grow(world.seed, tubes, np.full(3, -far), np.full(3, far), 0.0)
    middles = cells.nodes_nm[np.arange(len(cells.ids)), cells.counts // 2]
    middles = middles[np.argsort((middles[:, :3] ** 2).sum(1))]
    looked = [(middle[:3], 16.0) for middle in middles[1:3]]
    looked.append((middles[2, :3] + [0.0, 0.0, 0.72 * middles[2, 3]], 5.0))
    rows = [_large(tuple(centre), voxel) for centre, voxel in looked]
    pictures = [image_tile(world.patch(grid), False).picture for grid in rows]
    return np.hstack([np.pad(picture, ((0, 0), (0, 4), (0, 0)), constant_values=255) for picture in pictures])


def neurons() -> npt.NDArray[np.uint8]:
    """Return a dendrite and an axon with their densities, and a wrapped axon, in 5 × 10 × 10 µm each."""
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    described["anatomy"] |= dict.fromkeys(("er", "endosome", "microtubule", "vesicle", "mitochondrion"))
    described["anatomy"]["sheath"]["internode_nm"] = {"min": 6000, "max": 8000}
    world = World(load_preset(described), 1)
    places = [(0.0, 0.0, 0.0), next(world.find("sheath"))]
    pictures = []
    for place, kinds in zip(places, (("dendrite", "axon"), ("myelinated axon",)), strict=True):
        z, y, x = (30.0 * (np.floor(p / 30.0) - n // 2) for p, n in zip(place, NEURONS_VX, strict=True))
        grid = Grid(NEURONS_VX, (30.0, 30.0, 30.0), (float(z), float(y), float(x)))
        patch, found = world.patch(grid), skeletons(world.scene(grid))
        for kind in kinds:
            one = max((each for each in found if each.kind == kind), key=lambda each: each.length_nm)
            own = patch.instances["neurite"] == one.neurite
            near = binary_dilation(own, iterations=2)
            drawn = [Body(own.astype(np.int32), (120, 160, 205), clear=True)]
            for name in ("psd", "sheath"):
                drawn.append(Body(np.where(near, patch.instances[name], 0), COLOURS[name]))
            pictures.append(render(drawn, grid.voxel_nm, (440, 480), 31.0))
    return np.hstack(pictures)


def neuron() -> npt.NDArray[np.uint8]:
    """Return a soma with its nucleus, and the dendrites and the axon that leave it, in a cube of 18 µm."""
    described = load_preset("epfl").model_dump(mode="json", exclude_none=True)
    idle = ("er", "endosome", "microtubule", "vesicle", "mitochondrion", "psd", "sheath")
    described["anatomy"] |= {"somata": SOMATA, "nucleus": {}, **dict.fromkeys(idle)}
    # few axons, and no spines to them: the picture takes a minute less
    described["anatomy"]["axons"] |= {"cell_nm": 1000, "bouton_chance": 0, "swelling_chance": 0}
    world, far, voxel = World(load_preset(described), 0), 20000.0, 180.0
    anatomy = world.preset.anatomy
    tubes = {"somata": (SOMA, anatomy.somata)}
    cells = grow(world.seed, tubes, np.full(3, -far), np.full(3, far), 0.0, drift=anatomy.drift)
    middle = cells.nodes_nm[0, cells.counts[0] // 2, :3]
    z, y, x = (float(voxel * (np.floor(m / voxel) - 50)) for m in middle)
    scene = world.scene(Grid((100, 100, 100), (voxel,) * 3, (z, y, x)))
    cells, index = scene.neurites, scene.partition.index
    own = np.append(cells.ids, 0)[index] == cells.ids[index[50, 50, 50]]
    kinds = np.where(own, np.append(cells.kinds, -1)[index], -1)
    nucleus = (scene.layers["nucleus"].distance_nm < 0) & own
    drawn = [Body((kinds == kind).astype(np.int32), colour, clear=True) for kind, colour in NEURON.items()]
    drawn.append(Body(nucleus.astype(np.int32), COLOURS["nucleus"]))
    return render(drawn, (voxel,) * 3, (560, 640), 48.0)


def _large(centre: tuple[float, float, float], voxel: float) -> Grid:
    z, y, x = (float(np.floor(c / voxel) * voxel) for c in centre)
    return Grid((1, 400, 400), (voxel,) * 3, (z, y - 200 * voxel, x - 200 * voxel))


def _window(centre: tuple[float, float, float], voxel: float) -> Grid:
    z, y, x = (float(np.floor(c / voxel) * voxel) for c in centre)
    return Grid((1, 192, 192), (voxel,) * 3, (z, y - 96 * voxel, x - 96 * voxel))


def _caption(text: str, width: int) -> npt.NDArray[np.uint8]:
    picture = Image.new("RGB", (width, CAPTION), "white")
    ImageDraw.Draw(picture).text((4, 4), text, "black", ImageFont.load_default(13))
    return np.asarray(picture)


def main() -> None:
    """Write every picture into docs/anatomy."""
    HERE.mkdir(exist_ok=True)
    for name in STRIPS:
        save(strip(name), HERE / f"{name}.png")
    save(nuclei(), HERE / "nuclei.png")
    save(neurons(), HERE / "neurons.png")
    save(neuron(), HERE / "neuron.png")
    world = World("epfl", seed=2)
    shown = ("psd", "vesicle", "mitochondrion", "neurite")
    save(volume_sheet(world, 1, (160, 160, 160), shown), HERE / "synapse_3d.png")


if __name__ == "__main__":
    main()
