"""A generated data set read back from PNGs: sections that know where in their world they lie."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from shapes import Grid
from shapes.core.errors import InputError
from synthem.data.plan import Plan
from synthem.data.real.folder import RealFolder
from synthem.data.real.layouts import read_folder
from synthem.patch import Patch


@dataclass(frozen=True)
class ExportedFolder(RealFolder):
    """The sections of a generated data set, in the order of their names.

    Attributes
    ----------
    plan : Plan
        Which window each patch shows; a patch of several sections is as many files.
    """

    plan: Plan

    def read(self, name: str) -> Patch:
        """Read the section of that name, in its place.

        Raises
        ------
        InputError
            Where the plan has no patch that is called so, or a file is damaged.
        """
        patch = super().read(name)
        parts = re.fullmatch(r"(.*-(\d+))(?:_z(\d+))?", name)
        index = int(parts[2]) if parts else -1
        if not parts or index >= len(self.plan.origins_nm) or parts[1] != self.plan.name(index):
            raise InputError(f"{self.slices[name]}: is none of the patches that the manifest describes")
        z, y, x = self.plan.origins_nm[index]
        z += int(parts[3] or 0) * self.voxel_nm[0]
        return replace(patch, grid=Grid(patch.grid.shape, self.voxel_nm, (z, y, x)))


def read_exported(root: Path, plan: Plan, names: Iterable[str] | None = None) -> ExportedFolder:
    """Look through the PNG folder of a plan, as ``read_folder`` does."""
    found = vars(read_folder(root, names, plan.request.voxel_nm))
    return ExportedFolder(**found | {"classes": plan.request.classes}, plan=plan)
