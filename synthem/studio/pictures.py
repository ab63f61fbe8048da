"""A window of a preset's world at any stage of the microscope; its tissue is kept while that stays.

The tissue of a window costs ten times as much as its image. It depends on the anatomy alone, so it is built
once, with a rim, and every change of the microscope looks at a box of it.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from synthem.labels import to_bits
from synthem.microscope.pipeline import stages, to_uint8
from synthem.preset.preset import Preset
from synthem.scene.scene import Scene
from synthem.studio.latest import Ticket
from synthem.studio.limits import check_preset, check_tissue
from synthem.world import World

STAGES = ("stain", "section", "cover", "beam", "detector", "recording", "tone")
"""What a picture can be looked at after; ``tone`` is the image itself."""
KEPT_VX = 3_000_000
"""Tissue is kept up to so many voxels; each takes some 120 bytes."""
RIM_VX = 20
"""Tissue is built so much wider than is asked for, so that a wider blur finds it there."""


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture.

    Attributes
    ----------
    image : uint8 (y, x)
    bits : unsigned (y, x)
        Its labels, bit k for the k-th of ``classes``.
    classes : tuple of str
    rebuilt : bool
        Whether the tissue was built for it.
    """

    image: npt.NDArray[np.uint8]
    bits: npt.NDArray[np.unsignedinteger]
    classes: tuple[str, ...]
    rebuilt: bool


class Tissues:
    """Tissue that was built, as far as there is room; what was not looked at for longest goes first."""

    def __init__(self, most_vx: int = KEPT_VX) -> None:
        self._most = most_vx
        self._kept: OrderedDict[str, Scene] = OrderedDict()
        self.built = 0
        """How often tissue was built."""

    @property
    def voxels(self) -> int:
        """How many voxels are kept."""
        return sum(scene.partition.depth_nm.size for scene in self._kept.values())

    def scene(self, world: World, wanted: Grid) -> Scene:
        """Return the geometry of a window of sheets, as ``World.tissue`` does."""
        z, (depth, *_) = wanted.start_vx[0], wanted.shape
        rules = world.preset.annotation.membrane_width_nm
        place = f"{world.seed} {wanted.voxel_nm} {z} {depth} {_home(wanted)}"
        key = f"{world.preset.anatomy!r} {rules} {place}"
        scene = self._kept.get(key)
        if scene is not None and (corner := _corner(scene.grid, wanted)) is not None:
            self._kept.move_to_end(key)
            return scene.boxed(corner, wanted.shape[1:])
        wide = wanted.padded((0, RIM_VX, RIM_VX))
        scene = world.tissue(wide)
        self.built += 1
        self._kept[key] = scene
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self.voxels > self._most:
            self._kept.popitem(last=False)
        return scene.boxed((RIM_VX, RIM_VX), wanted.shape[1:])


def take(preset: Preset, seed: int, grid: Grid, stage: str, tissues: Tissues, ticket: Ticket) -> Shot:
    """Return a picture of the first section of a window after a stage of the microscope, and its labels.

    At ``tone`` it is the image of ``World.patch``, bit for bit.

    Raises
    ------
    ChangeError
        Where the preset is too much to be rendered.
    SupersededError
        Where nobody waits for it any more.
    """
    check_preset(preset, grid.voxel_nm, grid.shape)
    world, built = World(preset, seed), tissues.built
    view = world.view(grid)
    check_tissue(view.scene_grid)
    ticket.check()
    scene = tissues.scene(world, view.scene_grid)
    image = np.empty(0, np.float32)
    for name, after in stages(scene, view, preset.microscope):
        ticket.check()
        image = after
        if name == stage:
            break
    if stage == "stain":  # of the scene's own sheets and rim: the first sheet of each section, without it
        _, hy, hx = ((w - g) // 2 for w, g in zip(view.window.shape, grid.shape, strict=True))
        image = view.between(image[view.sheets[:, 0]], 0.0)
        image = image[:, hy : hy + grid.shape[1], hx : hx + grid.shape[2]]
    labels = world.labels_in(view, scene)
    return Shot(
        np.ascontiguousarray(to_uint8(image)[0]),
        to_bits(labels[:, 0]),
        world.classes,
        tissues.built > built,
    )


def _home(grid: Grid) -> tuple[int, int]:
    """Return about where a window lies: those with the same middle share their tissue."""
    (_, y, x), (_, height, width) = grid.start_vx, grid.shape
    return (2 * y + height) // 64, (2 * x + width) // 64


def _corner(there: Grid, wanted: Grid) -> tuple[int, int] | None:
    """Return where a window lies in tissue that is there, (y, x); None where it is not within."""
    corner = [w - t for w, t in zip(wanted.start_vx, there.start_vx, strict=True)][1:]
    ends = [t - c - w for t, c, w in zip(there.shape[1:], corner, wanted.shape[1:], strict=True)]
    return (corner[0], corner[1]) if min(*corner, *ends) >= 0 else None
