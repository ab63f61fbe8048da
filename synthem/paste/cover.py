"""What things add to a section: the preset's stain of them, through its beam, on the section's scale.

The scale is found by measuring alike: grey of cytoplasm and of upright membranes, in the section and in a
window of the preset's tissue, whose membranes and greys are known.
"""

import json
from functools import lru_cache

import numpy as np

from shapes.core.grid import Grid, Triple
from shapes.core.spread import Spread
from synthem.labels import CLASSES
from synthem.microscope.beam import beam
from synthem.microscope.stain import stain
from synthem.paste.drawing import without_membranes
from synthem.paste.grey import Cover, Greys, Image
from synthem.paste.profiles import read_profiles
from synthem.preset.microscope import Stain
from synthem.preset.preset import Preset, load_preset, with_classes
from synthem.scene.scene import Scene
from synthem.world import World

WINDOW_NM = 3000.0
"""Edge of the window of the preset's tissue that greys are measured in."""
_STEP = 40.0


def cover_of(greys: Greys, scene: Scene, bare: Scene, preset: Preset) -> Cover:
    """Return what the things of a scene add to a section.

    The stain is linear in the grey that it is laid over, so two greys tell cover and paint apart.

    Parameters
    ----------
    greys : Greys
        Of the section.
    scene, bare : Scene
        Things in the section, and the same without any.
    preset : Preset
        How things look.
    """
    full, empty = without_membranes(scene), without_membranes(bare)
    one, two = (_flat(preset, step) for step in (0.0, _STEP))
    first, second = stain(full, one), stain(full, two)
    under, over = stain(empty, one), stain(empty, two)
    left = (second - first) / np.where(np.abs(over - under) < 1.0, _STEP, over - under)
    cover = np.clip(1.0 - left, 0.0, 1.0).astype(np.float32)
    paint = first - (1.0 - cover) * under
    covers, paints = (_through(preset, part, greys.section.voxel_nm) for part in (cover, paint))
    gain, offset = scale_of(greys, preset)
    return Cover(covers, gain * paints + covers * (offset + greys.drift))


def scale_of(greys: Greys, preset: Preset) -> tuple[np.float32, np.float32]:
    """Return gain and offset that take the preset's greys to a section's; 1 and 0 where it shows too little.

    Where a section shows membranes paler than cells, and the preset darker ones, the gain is negative.
    """
    ours = levels_of(preset.model_dump_json(), greys.section.voxel_nm)
    theirs = greys.levels
    if ours is None or theirs is None or abs(ours[0] - ours[1]) < 1.0:
        return np.float32(1), np.float32(0)
    gain = (theirs[0] - theirs[1]) / (ours[0] - ours[1])
    return np.float32(gain), np.float32(theirs[0] - gain * ours[0])


@lru_cache(maxsize=8)
def levels_of(preset_json: str, voxel_nm: Triple) -> tuple[float, float] | None:
    """Return grey of cytoplasm and of membranes in a preset's tissue, before detector and tone."""
    world = World(with_classes(load_preset(json.loads(preset_json)), CLASSES), seed=0)
    edge = [max(64, min(1024, int(WINDOW_NM / size))) for size in voxel_nm[1:]]
    grid = Grid((1, edge[0], edge[1]), voxel_nm)
    patch, beamed = world.patch(grid), dict(world.stages(grid))["beam"]
    return Greys(read_profiles(patch), beamed[0]).levels


def _through(preset: Preset, sheets: Image, voxel_nm: Triple) -> Image:
    """Return the mean of the sheets of a section, as the preset's beam shows it, (y, x)."""
    thick = sheets.mean(axis=0, keepdims=True, dtype=np.float32)
    out: Image = beam(thick, preset.microscope.beam, voxel_nm)[0]
    return out


def _flat(preset: Preset, above: float) -> Stain:
    """Return the preset's stain with one even grey in all cells, that of its cytoplasm and so much more."""
    own = preset.microscope.stain
    grey = own.cytoplasm.typical() - 0.5 * own.axon_darker + above
    even = Spread(min=grey, max=grey)
    update = {"cytoplasm": even, "glia": even, "glia_process": even, "axon_darker": 0.0, "blotch": 0.0}
    return own.model_copy(update={**update, "patchiness": 0.0})
