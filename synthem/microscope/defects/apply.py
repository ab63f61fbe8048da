"""Which defects there are, in the order in which they act: what moves tissue, covers it, spoils the record.

What lies on a section, or was done to it, acts before the beam: the beam blurs it, and the detector counts
the electrons that it leaves, so that neither image nor noise tells of the tissue below. What goes wrong in
scanning and recording acts after the detector, on signal and noise alike. Each function says why it is where
it is.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.grid import Grid
from synthem.microscope.defects.knife import knife_marks
from synthem.microscope.defects.losses import contrast_jumps, lost
from synthem.microscope.defects.particles import particles
from synthem.microscope.defects.scanning import charging, curtains, lost_lines
from synthem.microscope.defects.shifts import Field, drifted, misaligned, seams, stitched
from synthem.microscope.defects.tears import cracked, fold_bands, folded
from synthem.preset.defects import Defects

Image = npt.NDArray[np.float32]
Void = npt.NDArray[np.bool_]

MOVING: dict[str, Callable[[Any, int, Grid, Field], None]] = {
    "misalignment": misaligned,
    "drift": drifted,
    "tile": stitched,
}
"""What moves tissue and labels: each adds to a field of displacements."""

TEARING: dict[str, Callable[[Any, int, Grid, Field, Void], None]] = {"fold": folded, "crack": cracked}
"""What moves them and may leave no tissue at all."""

COVERING: dict[str, Callable[[Any, int, Grid, Image], None]] = {
    "fold": fold_bands,
    "knife": knife_marks,
    "dust": partial(particles, name="dust"),
    "precipitate": partial(particles, name="precipitate"),
    "debris": partial(particles, name="debris"),
    "loss": lost,
}
"""What lies on a section, or is done to it, before the beam comes: it hides the tissue."""

RECORDING: dict[str, Callable[[Any, int, Grid, Image], None]] = {
    "contrast_jump": contrast_jumps,
    "charging": charging,
    "curtain": curtains,
    "tile": seams,
    "lost_line": lost_lines,
}
"""What goes wrong in scanning and recording: the noise is changed with the image."""


def moves(params: Defects) -> bool:
    """Tell whether any of the defects moves tissue."""
    return any(getattr(params, name) is not None for name in (*MOVING, *TEARING))


def displacement(params: Defects, seed: int, grid: Grid) -> tuple[Field, Void]:
    """Return how far from its own place each voxel of a window looks, and where no tissue is left.

    Returns
    -------
    field : float64 (2, z, y, x)
        Along y and x, in nm.
    void : bool (z, y, x)
    """
    field, void = np.zeros((2, *grid.shape)), np.zeros(grid.shape, np.bool_)
    for name, move in MOVING.items():
        if (block := getattr(params, name)) is not None:
            move(block, seed, grid, field)
    for name, tear in TEARING.items():
        if (block := getattr(params, name)) is not None:
            tear(block, seed, grid, field, void)
    return field, void


def covered(image: Image, params: Defects, seed: int, grid: Grid) -> Image:
    """Return sections with all that lies on them, as the beam meets them; without any, what was given.

    Parameters
    ----------
    image : float32 (z, y, x)
        The sections' own grey levels; left as they are.
    params : Defects
        Which defects there are.
    seed : int
        The world.
    grid : Grid
        The window.
    """
    return _applied(COVERING, image, params, seed, grid)


def recorded(image: Image, params: Defects, seed: int, grid: Grid) -> Image:
    """Return what the detector gave with all that went wrong in recording; parameters as of ``covered``."""
    return _applied(RECORDING, image, params, seed, grid)


def _applied(
    kinds: dict[str, Callable[[Any, int, Grid, Image], None]],
    image: Image,
    params: Defects,
    seed: int,
    grid: Grid,
) -> Image:
    found = [(do, block) for name, do in kinds.items() if (block := getattr(params, name)) is not None]
    if found:
        image = image.copy()
    for do, block in found:
        do(block, seed, grid, image)
    return image
