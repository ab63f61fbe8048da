"""The surfaces of objects in a volume around a synapse, from any side; the volume is kept while it stays."""

import math
from collections import OrderedDict
from collections.abc import Sequence

from shapes.core.errors import InputError
from shapes.core.grid import Grid
from synthem.patch import Patch
from synthem.preset.preset import Preset
from synthem.studio.errors import RefusedError
from synthem.studio.latest import Ticket
from synthem.studio.limits import MOST_VX, check_preset, check_tissue
from synthem.view.camera import extent_nm
from synthem.view.render import Picture, render
from synthem.view.volume import around, bodies
from synthem.world import World

KEPT = 2
SIZE_NM = 640.0
"""Edge of the volume, unless that were too few or too many voxels."""
_LEAST_VX, _MOST_VX = 24, 128
PIXELS = 460


class Surfaces:
    """Volumes that were built, the last of them kept, so that turning them takes no building."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Patch] = OrderedDict()

    def picture(
        self,
        preset: Preset,
        seed: int,
        near_nm: tuple[float, float, float],
        show: Sequence[str],
        view: tuple[float, float],
        ticket: Ticket,
    ) -> Picture:
        """Return a picture, RGB uint8 (y, x, 3).

        Parameters
        ----------
        near_nm : tuple of float
            The volume lies around the object nearest to this place.
        show : sequence of str
            Classes, and ``neurite`` for those that hold most of them.
        view : tuple of float
            Degrees turned to the side and raised above.
        """
        patch = self._volume(preset, seed, near_nm, ticket)
        ticket.check()
        size = patch.grid.size_nm
        pixel_nm = max(extent_nm(size, (30.0, 25.0))) * 1.12 / PIXELS
        try:
            return render(bodies(patch, show), patch.grid.voxel_nm, (PIXELS, PIXELS), pixel_nm, view)
        except InputError as error:
            raise RefusedError(422, str(error)) from error

    def _volume(
        self, preset: Preset, seed: int, near_nm: tuple[float, float, float], ticket: Ticket
    ) -> Patch:
        rules = preset.annotation
        place = f"{seed} {preset.voxel_nm} {near_nm} {preset.microscope.section.sheets}"
        key = f"{preset.anatomy!r} {rules!r} {place}"
        if key not in self._kept:
            shape = tuple(
                min(_MOST_VX, max(_LEAST_VX if axis else 8, math.ceil(SIZE_NM / edge)))
                for axis, edge in enumerate(preset.voxel_nm)
            )
            z, y, x = shape
            check_preset(preset, preset.voxel_nm, (1, y, x))
            check_tissue(Grid((z * preset.microscope.section.sheets, y, x), preset.voxel_nm), 2 * MOST_VX)
            world = World(preset, seed)
            grid = around(
                world, Grid((z, y, x), preset.voxel_nm, near_nm), ("psd", "mitochondrion", "vesicle")
            )
            ticket.check()
            labels, ids = world.annotated(grid)
            empty = labels[0].astype("uint8")  # surfaces show no grey
            self._kept[key] = Patch(empty, labels, grid, instances=ids, classes=world.classes)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[key]
