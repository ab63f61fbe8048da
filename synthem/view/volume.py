"""Views of a 3D window: sections through its middle along each axis, and the surfaces of objects in it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from shapes import Grid
from shapes.core.errors import InputError
from shapes.core.grid import Triple
from synthem.labels import colour_of, exclusive
from synthem.patch import Patch
from synthem.scene.annotate import NEURITE
from synthem.view.camera import extent_nm
from synthem.view.overlay import label_map, overlay
from synthem.view.render import Body, render
from synthem.view.sheet import Picture, places, with_legend
from synthem.world import World

SHOWN = ("psd", "vesicle", "mitochondrion", "sheath")
"""Classes whose surfaces are drawn where none are named, as far as they are labelled; the window lies around
one of the first."""
NEURITE_COLOURS = ((110, 160, 200), (205, 140, 160), (150, 190, 120))
"""RGB of the neurites that are shown, the fullest first."""
GLIA = 2**31 - 1
_PANEL_PX, _LARGEST_PX = 384, 700
_RIM = 18


def volume_sheet(
    world: World,
    count: int,
    shape: tuple[int, int, int],
    show: Sequence[str] = SHOWN,
    labels_alone: bool = False,
    voxel_nm: Triple | None = None,
) -> Picture:
    """Return 3D windows of a world, one under the other: three sections and the surfaces of objects.

    Parameters
    ----------
    world : World
        Where the windows are.
    count : int
        Number of windows; each has an object of the first class shown in its middle, if the tissue has any.
    shape : tuple of int
        Voxels of a window, (z, y, x).
    show : sequence of str
        Classes whose surfaces are drawn; ``"neurite"`` adds those few that hold most of the others, clear.
    labels_alone : bool
        Whether the sections are label maps on black, without the image.
    voxel_nm : tuple of float, optional
        Voxel size, (z, y, x); the preset's by default.
    """
    grids = places(world, count, shape, voxel_nm or world.preset.voxel_nm)
    sheets = [view(world.patch(around(world, grid, show)), show, labels_alone) for grid in grids]
    return with_legend(np.concatenate(sheets), world.classes)


def around(world: World, grid: Grid, show: Sequence[str]) -> Grid:
    """Return a window of equal size around the nearest object of the first class that the tissue has."""
    for name in show:
        if name not in (NEURITE, "membrane"):
            try:
                found = world.find(name, grid.origin_nm)
            except InputError:
                continue  # this tissue has none
            z, y, x = (p - s / 2 for p, s in zip(next(found, grid.origin_nm), grid.size_nm, strict=True))
            return Grid(grid.shape, grid.voxel_nm, (z, y, x))
    return grid


def view(patch: Patch, show: Sequence[str] = SHOWN, labels_alone: bool = False) -> Picture:
    """Return sections and surfaces of one patch, all to one scale."""
    size, voxel = patch.grid.size_nm, patch.grid.voxel_nm
    pixel_nm = _pixel_nm(size, voxel)
    panels = sections(patch, pixel_nm, labels_alone)
    height_nm, width_nm = extent_nm(size)
    height, width = math.ceil(height_nm / pixel_nm) + 8, math.ceil(width_nm / pixel_nm) + 8
    surface = render(bodies(patch, show), voxel, (height, width), pixel_nm)

    (ny, nx), nz = panels["xy"].shape[:2], panels["xz"].shape[0]
    left, top = 3 * _RIM + nx + nz, max(2 * _RIM + ny + nz, height + 2 * _RIM)
    sheet = Image.new("RGB", (left + width + 4, top + 4), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    cut = {a: (n // 2 + 0.5) * v / pixel_nm for a, n, v in zip("zyx", patch.grid.shape, voxel, strict=True)}
    corners = {"xy": (_RIM, _RIM), "zy": (2 * _RIM + nx, _RIM), "xz": (_RIM, 2 * _RIM + ny)}
    for name, (x, y) in corners.items():
        sheet.paste(Image.fromarray(panels[name]), (x, y))
        across, down = x + round(cut[name[0]]), y + round(cut[name[1]])
        pen.line((across, y - 6, across, y - 2), fill="black")
        pen.line((x - 6, down, x - 2, down), fill="black")
        pen.text((x, y - 17), name, fill="black", font=font)
    sheet.paste(Image.fromarray(surface), (left, (top - height) // 2))
    bar_nm = _round_nm(size[2] / 3)
    pen.rectangle((left, top - 7, left + round(bar_nm / pixel_nm) - 1, top - 4), fill="black")
    pen.text((left, top - 24), f"{bar_nm:g} nm", fill="black", font=font)
    return np.asarray(sheet)


def sections(patch: Patch, pixel_nm: float, labels_alone: bool = False) -> dict[str, Picture]:
    """Return the sections through the middle, by the names of their axes: ``xy``, ``zy`` and ``xz``.

    The first axis runs to the right, the second down. A pixel is the voxel that it lies in.
    """
    out = {}
    for name in ("xy", "zy", "xz"):
        across, down = ("zyx".index(letter) for letter in name)
        axis = 3 - across - down
        middle = patch.grid.shape[axis] // 2
        image = np.moveaxis(patch.image, axis, 0)[middle]
        labels = np.moveaxis(patch.labels, axis + 1, 1)[:, middle]
        if across < down:
            image, labels = image.T, labels.swapaxes(1, 2)
        picture = (
            label_map(labels, patch.classes) if labels_alone else overlay(image, labels, patch.classes, 0.4)
        )
        rows, columns = (_nearest(patch.grid, a, pixel_nm) for a in (down, across))
        out[name] = picture[rows][:, columns]
    return out


def bodies(patch: Patch, show: Sequence[str]) -> list[Body]:
    """Return the objects of some classes, and the neurites that hold most of them, as bodies to be drawn."""
    out = []
    for name in exclusive(name for name in show if name != NEURITE):
        ids = patch.instances.get(name)
        if ids is None and name in patch.classes:
            ids = patch.mask(name).astype(np.int32)
        if ids is not None:
            out.append(Body(ids, colour_of(name)))
    if NEURITE in show:
        all_ids = patch.instances[NEURITE]
        for neurite, colour in zip(fullest(patch, show, len(NEURITE_COLOURS)), NEURITE_COLOURS, strict=False):
            out.append(Body(np.where(all_ids == neurite, all_ids, 0), colour, clear=True))
    return out or [Body(np.zeros(patch.grid.shape, np.int32), (0, 0, 0))]


def fullest(patch: Patch, show: Sequence[str], count: int) -> list[int]:
    """Return the ids of the neurites that hold most objects of some classes, the fullest first.

    Where none holds any, the largest in the middle are meant. Glia is never among them.
    """
    owners = patch.instances[NEURITE]
    held = []
    for name in show:
        if name in patch.instances and name != NEURITE:
            ids = patch.instances[name]
            pairs = np.unique(owners[ids > 0].astype(np.int64) << 32 | ids[ids > 0])
            held.append((pairs >> 32).astype(np.int32))
    inside = np.concatenate(held) if held else np.zeros(0, np.int32)
    inside = inside[inside != GLIA]
    if not len(inside):
        inside = owners[tuple(slice(n // 4, n - n // 4) for n in owners.shape)]
        inside = inside[inside != GLIA]
    names, counts = np.unique(inside, return_counts=True)
    return [int(name) for name in names[np.argsort(-counts, kind="stable")][:count]]


def _pixel_nm(size_nm: Triple, voxel_nm: Triple) -> float:
    """Return the edge of a pixel: a whole part of the smallest voxel's, unless the picture grew too large."""
    whole = max(size_nm) / min(voxel_nm)
    if whole > _LARGEST_PX:
        return max(size_nm) / _LARGEST_PX
    return min(voxel_nm) / math.ceil(_PANEL_PX / whole)


def _nearest(grid: Grid, axis: int, pixel_nm: float) -> npt.NDArray[np.int64]:
    """Return the voxel that each pixel along an axis lies in."""
    count = max(1, round(grid.size_nm[axis] / pixel_nm))
    index: npt.NDArray[np.int64] = np.floor((np.arange(count) + 0.5) * pixel_nm / grid.voxel_nm[axis]).astype(
        np.int64
    )
    return index.clip(max=grid.shape[axis] - 1)


def _round_nm(length_nm: float) -> float:
    """Return the largest of 1, 2, 5, 10, … that is no longer than a length."""
    power = 10.0 ** math.floor(math.log10(length_nm))
    return next(n * power for n in (5, 2, 1) if n * power <= length_nm)
