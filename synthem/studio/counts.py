"""Census figures of a preset beside those of real sections with masks."""

from collections.abc import Sequence
from typing import Any

from shapes.core.grid import Grid
from synthem.measure.census import Census, census
from synthem.measure.census_diff import compare
from synthem.patch import Patch
from synthem.preset.preset import Preset, with_classes
from synthem.studio.errors import RefusedError
from synthem.studio.latest import Ticket
from synthem.studio.limits import check_preset
from synthem.studio.real import RealSections
from synthem.world import World

PATCHES = 6
"""Synthetic patches, and real sections, that are counted."""
EDGE = 384
"""Edge of the windows in which both are counted."""


class Counts:
    """Counts real sections once, and a preset's windows whenever they are asked for."""

    def __init__(self, real: RealSections) -> None:
        self._real = real
        self._counted: Census | None = None
        self._edge = min(EDGE, real.smallest // 32 * 32)

    def against(self, preset: Preset, ticket: Ticket, seed: int = 0) -> list[dict[str, Any]]:
        """Return rows of figures: ``group``, ``name``, ``ours``, ``real``, and ``off`` (high, low or empty).

        Raises
        ------
        RefusedError
            Where there are no masks, or voxels differ in size.
        """
        if not self._real.labelled:
            raise RefusedError(422, "census figures want masks, and these sections have none")
        classes, shape = self._real.labelled, (1, self._edge, self._edge)
        if preset.voxel_nm[1:] != self._real.voxel_nm[1:]:
            edges = " × ".join(f"{edge:g}" for edge in self._real.voxel_nm)
            raise RefusedError(422, f"census figures want voxels like the real sections', voxel_nm {edges}")
        check_preset(preset, preset.voxel_nm, shape)
        if self._counted is None:
            folder = self._real.folder
            step = max(1, len(folder.names) // PATCHES)
            some = _Ticked(
                [folder.names[k] for k in range(0, len(folder.names), step)][:PATCHES], self._real, ticket
            )
            self._counted = census(some, window=shape, classes=classes)
        world = World(with_classes(preset, classes), 10**6 + seed)
        mine: list[Patch] = []
        for k in range(PATCHES):
            ticket.check()
            mine.append(world.patch(Grid(shape, preset.voxel_nm, (4000.0 * k + 137.0, 0.0, 0.0))))
        rows = compare(census(mine, classes=classes), self._counted).rows
        return [
            {"group": r.group, "name": r.name, "ours": r.ours, "real": r.real, "off": r.mark}
            for r in rows
            if r.labelled and r.ours is not None and r.real is not None
        ]


class _Ticked(Sequence[Patch]):
    """Real sections that are read one by one, while somebody waits for them."""

    def __init__(self, names: list[str], real: RealSections, ticket: Ticket) -> None:
        self._names, self._real, self._ticket = names, real, ticket

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: Any) -> Any:
        self._ticket.check()
        return self._real.folder.read(self._names[index])
