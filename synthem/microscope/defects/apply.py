"""Which defects there are, in the order in which they act: those that move tissue and those that cover it."""

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

LYING: dict[str, Callable[[Any, int, Grid, Image], None]] = {
    "fold": fold_bands,
    "knife": knife_marks,
    "dust": partial(particles, name="dust"),
    "precipitate": partial(particles, name="precipitate"),
    "debris": partial(particles, name="debris"),
    "loss": lost,
}
"""What lies on a section or is done to it: the detector's noise goes over it."""

IMAGING: dict[str, Callable[[Any, int, Grid, Image], None]] = {
    "contrast_jump": contrast_jumps,
    "charging": charging,
    "curtain": curtains,
    "tile": seams,
    "lost_line": lost_lines,
}
"""What goes wrong in recording: the noise is changed with the image."""


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


def defects(image: Image, lit: Image, gain: float, params: Defects, seed: int, grid: Grid) -> Image:
    """Return what the detector gives of a window with all that covers it.

    Parameters
    ----------
    image, lit : float32 (z, y, x)
        After and before the detector. Of what lies on a section, the detector sees ``gain`` times the change
        in grey, and its noise stays.
    gain : float
        The detector's.
    params : Defects
        Which defects there are; without any, the image is handed on.
    seed : int
        The world.
    grid : Grid
        The window.
    """
    lying, imaging = (
        [(do, block) for name, do in kind.items() if (block := getattr(params, name)) is not None]
        for kind in (LYING, IMAGING)
    )
    if lying:
        covered = lit.copy()
        for lay, block in lying:
            lay(block, seed, grid, covered)
        image = image + np.float32(gain) * (covered - lit)
    elif imaging:
        image = image.copy()
    for spoil, block in imaging:
        spoil(block, seed, grid, image)
    return image
