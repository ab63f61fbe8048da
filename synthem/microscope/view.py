"""View: which tissue each voxel of a window shows, where sections vary in thickness and defects move them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from shapes.core.compiled import compiled
from shapes.core.grid import Grid
from shapes.core.streams import mix, normal, stream_key
from synthem.microscope.defects.apply import displacement, moves
from synthem.preset.microscope import Microscope, SectionParams
from synthem.scene.scene import Scene

T = TypeVar("T", bound=np.generic)


def boundaries(params: SectionParams, seed: int, grid: Grid) -> npt.NDArray[np.float64]:
    """Return where the sections of a window begin, and where the last ends, in sections: float64 (z + 1).

    A boundary is off by a normal deviate cut at two, so that thicknesses deviate as the preset says and
    nothing is cut twice.
    """
    first, last = grid.start_vx[0], grid.start_vx[0] + grid.shape[0]
    key = stream_key(seed, "section/boundary")
    off = [min(2.0, max(-2.0, normal(np.uint64(mix(key, k)), 0))) for k in range(first, last + 1)]
    at: npt.NDArray[np.float64] = np.arange(first, last + 1) + params.thickness / np.sqrt(2.0) * np.array(off)
    return at


@dataclass(frozen=True, eq=False)
class View:
    """Which tissue a window shows.

    Attributes
    ----------
    window : Grid
        What is wanted, sections of voxels.
    scene_grid : Grid
        The tissue that it takes, in sheets.
    sheets : int64 (z, sheets)
        Which sheets of the scene make up each section.
    corner : tuple of int
        Voxel of the scene where the window's first voxel lies, (y, x).
    steps : float64 (2, z, y, x) or None
        How far from there each voxel looks, along y and x in voxels; None where nothing moves.
    void : bool (z, y, x) or None
        Where a section has torn open and shows no tissue.
    thickness : float64 (z)
        Of each section, as a fraction of the usual.
    """

    window: Grid
    scene_grid: Grid
    sheets: npt.NDArray[np.int64]
    corner: tuple[int, int]
    steps: npt.NDArray[np.float64] | None
    void: npt.NDArray[np.bool_] | None
    thickness: npt.NDArray[np.float64]

    @cached_property
    def plain(self) -> bool:
        """Whether each section shows the sheets in its own place."""
        count = self.scene_grid.shape[0]
        return self.sheets.size == count and bool((self.sheets.ravel() == np.arange(count)).all())

    def labelled(self, scene: Scene) -> Scene:
        """Return what of a scene is to be labelled: its sheets as the sections hold them, without the rim."""
        if self.steps is None:
            scene = scene.boxed(self.corner, self.window.shape[1:])
        return scene if self.plain else scene.restacked(self.sheets.ravel())

    def nearest(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Bring labels or ids (..., z, y, x) of a labelled scene to the window; 0 where nothing is left."""
        if self.steps is None or self.void is None:
            return values
        (y, x), (nz, ny, nx) = self.corner, self.window.shape
        rows, columns = (np.floor(step + 0.5).astype(np.int64) for step in self.steps)
        rows += (y + np.arange(ny))[:, None]
        columns += x + np.arange(nx)
        out = np.ascontiguousarray(values[..., np.arange(nz)[:, None, None], rows, columns])
        out[..., self.void] = 0
        return out

    def between(self, image: npt.NDArray[np.float32], behind: float) -> npt.NDArray[np.float32]:
        """Bring an image of a scene's sections to the window; ``behind`` is the grey of what is torn."""
        (y, x), (_, ny, nx) = self.corner, self.window.shape
        if self.steps is None or self.void is None:
            return image[:, y : y + ny, x : x + nx]
        out = np.empty(self.window.shape, np.float32)
        _between(image, self.steps, y, x, out)
        out[self.void] = behind
        return out


def look(params: Microscope, seed: int, window: Grid) -> View:
    """Return which tissue of the world of ``seed`` a window shows: the same wherever its edges lie."""
    count, shape = params.section.sheets, window.shape
    grid = window.split_sections(count)
    sheets, thickness = np.arange(shape[0] * count).reshape(-1, count), np.ones(shape[0])
    if params.section.thickness > 0:
        at = boundaries(params.section, seed, window)
        thickness = np.diff(at)
        within = (np.arange(count) + 0.5) / count
        sheets = np.floor((at[:-1, None] + within * thickness[:, None]) * count).astype(np.int64)
        low, high = int(sheets.min()), int(sheets.max()) + 1
        sheets = sheets - low
        grid = _box(grid, (low, *grid.start_vx[1:]), (high - low, *shape[1:]))
    if not moves(params.defects):
        return View(window, grid, sheets, (0, 0), None, None, thickness)
    field, void = displacement(params.defects, seed, window)
    steps = field / np.array(window.voxel_nm[1:]).reshape(2, 1, 1, 1)
    low_y, low_x = (int(np.floor(step.min())) for step in steps)
    high_y, high_x = (int(np.floor(step.max())) + 1 for step in steps)
    z, y, x = grid.start_vx
    size = (grid.shape[0], shape[1] + high_y - low_y, shape[2] + high_x - low_x)
    grid = _box(grid, (z, y + low_y, x + low_x), size)
    return View(window, grid, sheets, (-low_y, -low_x), steps, void, thickness)


def inside(view: View, rim: tuple[int, int]) -> View:
    """Return the view of a window without a rim along y and x, of the same scene."""
    (y, x), (_, ny, nx) = rim, view.window.shape
    inner = (slice(y, ny - y), slice(x, nx - x))
    return replace(
        view,
        window=view.window.padded((0, -y, -x)),
        corner=(view.corner[0] + y, view.corner[1] + x),
        steps=None if view.steps is None else view.steps[:, :, *inner],
        void=None if view.void is None else view.void[:, *inner],
    )


def _box(grid: Grid, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Grid:
    """Return a box of a grid's voxels."""
    z, y, x = (s * v for s, v in zip(start, grid.voxel_nm, strict=True))
    return Grid(shape, grid.voxel_nm, (z, y, x))


@compiled
def _between(image, steps, top, left, out):  # type: ignore[no-untyped-def]
    nz, ny, nx = out.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                dy, dx = steps[0, z, y, x], steps[1, z, y, x]
                down, right = np.floor(dy), np.floor(dx)
                fy, fx = np.float32(dy - down), np.float32(dx - right)
                i, j = top + y + int(down), left + x + int(right)
                value = image[z, i, j]
                if fx > 0:
                    value += fx * (image[z, i, j + 1] - value)
                if fy > 0:
                    below = image[z, i + 1, j]
                    if fx > 0:
                        below += fx * (image[z, i + 1, j + 1] - below)
                    value += fy * (below - value)
                out[z, y, x] = value
