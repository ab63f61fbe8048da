"""Things as geometry: a scene of a real section that holds nothing but them, which stain and labels take.

Distances to membranes are those of the masks, so that a density follows the real membrane and a sheath its
own axon. In what is painted there is no membrane: the real section shows that already.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shapes.cells.sheaths import wrap_profile
from shapes.core.grid import Grid
from shapes.core.warp import Warp, warp_window
from shapes.mitochondria import mitochondria
from shapes.neurites.neurites import Neurites
from shapes.neurites.population import DENDRITE
from shapes.neurites.tubes import COLUMNS
from shapes.organelles import GENERATORS
from shapes.partition.cytoplasm import Cores
from shapes.partition.generator import Layer, Tissue, empty_layer
from shapes.partition.partition import Partition
from shapes.synapses import psd, vesicles
from synthem.labels import CLASSES
from synthem.paste.profiles import Profiles
from synthem.paste.things import KINDS, Thing, balls_of, contacts_of, rods_of
from synthem.preset.preset import Preset
from synthem.scene.annotate import Annotator
from synthem.scene.scene import Scene

_FAR_NM = np.float32(1e4)
_SHOWN = 0.7  # of its length times the thickness of its stain a density covers at least so much


def draw_things(section: Profiles, things: Sequence[Thing], preset: Preset, seed: int) -> Scene:
    """Return the scene of some things in a real section, each section of it split into the preset's sheets.

    Parameters
    ----------
    section : Profiles
    things : sequence of Thing
        What the scene holds; it may be nothing.
    preset : Preset
        Its anatomy says how things look.
    seed : int
        Of the texture in them.
    """
    anatomy, sheets = preset.anatomy, preset.microscope.section.sheets
    grid = Grid((1, *section.ids.shape), section.voxel_nm).split_sections(sheets)
    cells = _cells(max(1, section.count))
    window = warp_window(0, Warp(amplitude_nm=0.0), grid)
    tissue = Tissue(seed, window, cells, anatomy.membranes, np.zeros(len(cells.ids)), Cores.none())
    own = section.partition
    partition = Partition(
        np.repeat(own.index, sheets, axis=0),
        np.repeat(own.other, sheets, axis=0),
        np.repeat(own.depth_nm, sheets, axis=0),
        np.repeat(own.tilt, sheets, axis=0),
    )
    none = empty_layer(grid.shape, detail=True)
    layers = dict.fromkeys(GENERATORS, none)
    if anatomy.psd is not None and (contacts := contacts_of(things)).ids.size:
        # each partner has its own density, whatever the tissue of the preset has
        layers["psd"] = psd.build(
            contacts, tissue, partition, anatomy.psd.model_copy(update={"polyadic": False})
        )
    if anatomy.vesicle is not None and (balls := balls_of(things)).ids.size:
        layers["vesicle"] = vesicles.build(balls, tissue, partition, anatomy.vesicle)
    rods = rods_of(things, None)
    if anatomy.mitochondrion is not None and rods.owners.size:
        params = anatomy.mitochondrion
        layers["mitochondrion"] = mitochondria.build(
            rods._replace(params=params.row()), tissue, partition, params
        )
    if anatomy.sheath is not None:
        layers["sheath"] = _sheaths(things, tissue, partition, preset)
    return Scene(grid, anatomy, seed, cells, partition, layers, {})


def _sheaths(things: Sequence[Thing], tissue: Tissue, partition: Partition, preset: Preset) -> Layer:
    layer = empty_layer(tissue.window.grid.shape, detail=True)
    assert preset.anatomy.sheath is not None  # noqa: S101 (the caller has asked)
    for thing in things:
        if thing.wrap is not None:
            wrap_profile(
                partition, thing.wrap.profile, thing.wrap.thickness_nm, thing.key, thing.id,
                preset.anatomy.sheath.row(), tissue.window.tissue_nm, layer,
            )  # fmt: skip
    return layer


def draw_shown(
    section: Profiles, things: Sequence[Thing], preset: Preset, seed: int
) -> tuple[Scene, list[Thing]]:
    """Return the scene of those things that show as large as they should, as ``draw_things`` does, and these.

    A density that a third cell cuts off shows as a haze with hardly an outline: it is left out.
    """
    scene = draw_things(section, things, preset, seed)
    ids, pixel_nm2 = ids_of(scene, preset)["psd"], section.voxel_nm[1] * section.voxel_nm[2]
    kept = [
        thing
        for thing in things
        if thing.density is None
        or np.count_nonzero(ids == thing.id) * pixel_nm2
        >= _SHOWN * thing.size_nm * thing.density.thickness_nm
    ]
    return (scene if len(kept) == len(things) else draw_things(section, kept, preset, seed)), kept


def without_membranes(scene: Scene) -> Scene:
    """Return a scene in which no membrane is near."""
    part = scene.partition
    return replace(scene, partition=part._replace(depth_nm=np.full_like(part.depth_nm, _FAR_NM)))


def masks_of(scene: Scene, preset: Preset) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the masks of a scene's things, bool (y, x), as an annotator draws them."""
    seen = _annotator(scene, preset)
    return {name: seen.label(name)[0] for name in (*KINDS, "mito_boundary")}


def ids_of(scene: Scene, preset: Preset) -> dict[str, npt.NDArray[np.int32]]:
    """Return the ids of a scene's things in their masks, int32 (y, x), by kind."""
    ids = _annotator(scene, preset).ids()
    return {name: ids[name][0] for name in KINDS}


def _annotator(scene: Scene, preset: Preset) -> Annotator:
    # all densities stand upright in the section
    rules = preset.annotation.model_copy(update={"psd_en_face": 1.0, "classes": CLASSES, "also": ()})
    return Annotator(scene, rules, preset.microscope.section.sheets)


def _cells(count: int) -> Neurites:
    """Return as many neurites as there are profiles, without an axis: kernels ask for their number alone."""
    numbers = np.arange(count, dtype=np.int32)
    return Neurites(
        keys=numbers.astype(np.uint64),
        ids=numbers + 1,
        kinds=np.full(count, DENDRITE, np.int8),
        cells=numbers,
        radii_nm=np.ones(count),
        nodes_nm=np.full((count, 1, 4), np.nan),
        varicosity=np.zeros((count, 1), np.uint8),
        steps_nm=np.ones(count),
        counts=np.ones(count, np.int32),
        segments=np.empty((0, COLUMNS)),
        owners=np.empty(0, np.int32),
    )
