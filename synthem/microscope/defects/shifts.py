"""Shifts: sections that are misaligned or bent, a beam that drifts, tiles that were stitched a little off.

Misalignment and jumps of serial sections: Saalfeld et al. (2012), elastic volume reconstruction; drift of a
milled block: Xu et al. (2017); seams of montages: Kaynig et al. (2010). A tile's brightness and shading are
the recorder's, after the detector.
"""

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from shapes.core.streams import cell_key, mix, normal, stream_key, uniform
from synthem.microscope.defects.places import sections, streaky_noise
from synthem.preset.defects import Drift, Misalignment, Tiles

Field = npt.NDArray[np.float64]
"""float64 (2, z, y, x): how far from its own place a voxel looks, along y and x in nm."""


def misaligned(params: Misalignment, seed: int, grid: Grid, field: Field) -> None:
    """Add to a field how far each section of a window is off, and how it is bent."""
    key = stream_key(seed, "defect/misalignment")
    for k, section in sections(grid):
        own = np.uint64(mix(key, section))
        jump = params.jump_nm if uniform(own, 0) < params.jump_chance else 0.0
        for axis in (0, 1):
            field[axis, k] += params.shift_nm * normal(own, 1 + axis) + jump * normal(own, 3 + axis)
    if params.bend_nm > 0:
        spacing = (0.0, params.bend_length_nm, params.bend_length_nm)
        for axis in (0, 1):
            bend = streaky_noise(stream_key(seed, f"defect/bend/{axis}"), spacing, grid)
            field[axis] += params.bend_nm * bend.astype(np.float64)


def drifted(params: Drift, seed: int, grid: Grid, field: Field) -> None:
    """Add to a field how far the beam has wandered by each section of a window."""
    line = Grid((grid.shape[0], 1, 1), grid.voxel_nm, (grid.origin_nm[0], 0.0, 0.0))
    for axis in (0, 1):
        way = streaky_noise(stream_key(seed, f"defect/drift/{axis}"), (params.period_nm, 0.0, 0.0), line)
        field[axis] += params.amplitude_nm * way.astype(np.float64)


def tile_index(params: Tiles, grid: Grid, axis: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return, along y (1) or x (2), which tile each voxel is of, and where in it: from -1 to 1."""
    at = grid.centres_nm(axis) / params.size_nm[axis - 1]
    index = np.floor(at).astype(np.int64)
    return index, 2.0 * (at - index) - 1.0


def tile_values(params: Tiles, seed: int, grid: Grid, name: str) -> Field:
    """Return a standard normal number for the tile of each voxel, float64 (z, y, x)."""
    rows, columns = tile_index(params, grid, 1)[0], tile_index(params, grid, 2)[0]
    (ys, y_of), (xs, x_of) = (np.unique(index, return_inverse=True) for index in (rows, columns))
    key = stream_key(seed, f"defect/tile/{name}")
    values = [
        [[normal(np.uint64(cell_key(key, section, y, x)), 0) for x in xs.tolist()] for y in ys.tolist()]
        for _, section in sections(grid)
    ]
    return np.asarray(values)[:, y_of][:, :, x_of]


def stitched(params: Tiles, seed: int, grid: Grid, field: Field) -> None:
    """Add to a field how far each tile is off."""
    if params.shift_nm > 0:
        for axis in (0, 1):
            field[axis] += params.shift_nm * tile_values(params, seed, grid, f"shift/{axis}")


def seams(params: Tiles, seed: int, grid: Grid, image: npt.NDArray[np.float32]) -> None:
    """Give each tile of an image its own brightness, and corners that are darker than its middle."""
    image += (params.brightness * tile_values(params, seed, grid, "brightness")).astype(np.float32)
    if params.shading > 0:
        y, x = tile_index(params, grid, 1)[1], tile_index(params, grid, 2)[1]
        image -= (params.shading * 0.5 * (y[:, None] ** 2 + x[None] ** 2)).astype(np.float32)
