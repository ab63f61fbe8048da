"""How much memory there is, asked before work begins rather than found out in the middle of it."""

import math
import os
from collections.abc import Callable
from pathlib import Path

from shapes import Grid
from shapes.core.errors import InputError
from synthem.labels import CLASSES
from synthem.microscope.pipeline import halo_vx
from synthem.microscope.view import look
from synthem.preset.preset import Preset
from synthem.scene.scene import GENERATORS
from synthem.world import BLOCK_VX

FIXED_BYTES = 20 * 2**20
"""What neurites, kernels and the like take, however small the patch."""

SHEET_BYTES, SHEET_BYTES_A_KIND = 20, 18
"""What each voxel of a scene takes, and with each kind of organelle in the anatomy.

A scene is made of sheets: several to a section, and a rim around the patch as far as beam and defects reach.
"""

RESTACKED_BYTES, RESTACKED_BYTES_A_KIND = 20, 20
"""The same once more where sections vary so much in thickness that a sheet may be in two of them, or none."""

MOVED_BYTES = 80
"""What each voxel of the patch takes where defects move tissue.

All this is fitted to the peak of resident memory over what the process held before, in bytes a sheet's voxel:
epfl 512 × 512 164, 32 × 192 × 192 138; insect 16 × 256 × 256 139; cremi 512 × 512 119, 8 × 256 × 256 116;
isbi2012 8 × 256 × 256 113; kasthuri and ac4 142 and 154; sstem_drosophila, of three kinds, 80; white_matter
132 and urocell 182, small patches of voxels of 15 nm; urisc, restacked, 204 to 222. A patch of isbi2012 has
six times as many of them as voxels.
"""

JOINED_BYTES = 31
"""What each voxel of a patch takes that is made in blocks: image, labels, ``clean`` and ids; and 4 for each
structure more that has ids."""

LOOKED_AT_VX = (16, 64, 64)
"""How far defects move tissue is looked up in a window of this size, (z, y, x), at the patch's corner."""


MORE_BYTES_A_CLASS = 8
"""What each voxel of a scene takes for a class beyond the six: masks, and ids where it has any. All that
there are took epfl 16 × 256 × 256 from 165 to 213."""


def available_bytes() -> int | None:
    """Return how much memory can be had: the least of what machine and container leave; None if unknown."""
    known = [value for ask in (_machine, _linux, _control_group, _limit) if (value := ask()) is not None]
    return min(known, default=None)


def check_room(need: int, what: str) -> None:
    """Raise InputError where something needs more bytes than there are."""
    there_is = available_bytes()
    if there_is is not None and need > there_is:
        raise InputError(
            f"{what} takes about {need / 2**30:.3g} GiB of memory, and {there_is / 2**30:.3g} GiB are there"
        )


def patch_bytes(preset: Preset, grid: Grid) -> int:
    """Return about how much memory rendering a patch takes: up to half as much again as it does, not less.

    A patch of less than some 40 MiB may take a smaller part of that.
    """
    section = preset.microscope.section
    window = Grid(LOOKED_AT_VX, grid.voxel_nm, grid.origin_nm)
    seen = look(preset.microscope, 0, window.padded(halo_vx(preset.microscope, grid.voxel_nm)))
    _, y, x = (have - own for have, own in zip(seen.scene_grid.shape, LOOKED_AT_VX, strict=True))
    _, block = next(grid.blocks(BLOCK_VX))
    nz, ny, nx = block.shape
    scene = nz * section.sheets * (ny + y) * (nx + x)
    kinds = sum(getattr(preset.anatomy, kind) is not None for kind in GENERATORS)
    each = SHEET_BYTES + SHEET_BYTES_A_KIND * kinds
    # a boundary is off by two standard deviations at most, and a sheet's middle by half a sheet from its ends
    if section.thickness * math.sqrt(2.0) * section.sheets >= 0.5:
        each += RESTACKED_BYTES + RESTACKED_BYTES_A_KIND * kinds
    each += MORE_BYTES_A_CLASS * max(0, len(preset.annotation.classes) - len(CLASSES))
    moved = 0 if seen.steps is None else MOVED_BYTES * nz * ny * nx
    whole = 0
    if block.shape != grid.shape:
        whole = (
            JOINED_BYTES + len(preset.annotation.classes) - len(CLASSES) + 4 * len(preset.annotation.also)
        ) * math.prod(grid.shape)
    return FIXED_BYTES + each * scene + moved + whole


def check_memory(preset: Preset, grid: Grid, workers: int = 1) -> int:
    """Return how many of the wanted workers can render a patch of this kind at the same time.

    Raises
    ------
    InputError
        Where not even one patch fits into the memory there is.
    """
    there_is = available_bytes()
    if there_is is None:
        return workers
    need = patch_bytes(preset, grid)
    if need > there_is:
        raise InputError(
            f"a patch of {' × '.join(map(str, grid.shape))} voxels of {preset.name} takes about "
            f"{need / 2**30:.3g} GiB of memory, and {there_is / 2**30:.3g} GiB are there: ask for a smaller "
            "shape"
        )
    return max(1, min(workers, there_is // need))


def _machine() -> int | None:
    """Ask for all of the machine's memory, where the system tells (not on Windows)."""
    ask: Callable[[str], int] | None = getattr(os, "sysconf", None)
    try:
        return ask("SC_PAGE_SIZE") * ask("SC_PHYS_PAGES") if ask else None
    except (ValueError, OSError):
        return None


def _linux() -> int | None:
    """Ask Linux what it can give without swapping."""
    for line in _text("/proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_group() -> int | None:
    """Ask what is left of a container's limit."""
    limit, used = _text("/sys/fs/cgroup/memory.max"), _text("/sys/fs/cgroup/memory.current")
    return max(0, int(limit) - int(used)) if limit.isdigit() and used.isdigit() else None


def _limit() -> int | None:
    """Ask what is left of the limit that a shell or a queue set for this process (not on Windows)."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        used = int(_text("/proc/self/statm").split()[0]) * resource.getpagesize()
    except (ImportError, IndexError, ValueError):
        return None
    return max(0, limit - used) if limit != resource.RLIM_INFINITY else None


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
