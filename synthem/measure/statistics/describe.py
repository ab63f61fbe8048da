"""The statistics of a window, all of them, as one vector with names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.measure.statistics import (
    cooccurrence,
    dots,
    greys,
    noise,
    ridges,
    scales,
    sizes,
    spectrum,
    walls,
)
from synthem.measure.statistics.fourier import GreySection

SMALLEST_VX = 64
"""A smaller window holds too little for its coarse statistics."""


@dataclass(frozen=True)
class Statistic:
    """A family of figures: what they are called, and the function that takes them of a window."""

    names: tuple[str, ...]
    of: Callable[[GreySection], npt.NDArray[np.float64]]


STATISTICS: dict[str, Statistic] = {
    "grey": Statistic(greys.NAMES, greys.grey_quantiles),
    "spectrum": Statistic(spectrum.NAMES, spectrum.power_spectrum),
    "noise": Statistic(noise.NAMES, noise.noise),
    "scales": Statistic(scales.NAMES, scales.scale_bands),
    "co-occurrence": Statistic(cooccurrence.NAMES, cooccurrence.cooccurrence),
    "ridges": Statistic(ridges.NAMES, ridges.ridges),
    "walls": Statistic(walls.NAMES, walls.walls),
    "dots": Statistic(dots.NAMES, dots.dots),
    "sizes": Statistic(sizes.NAMES, sizes.sizes),
}
"""Every family; a new one is one line."""

NAMES: tuple[str, ...] = tuple(name for family in STATISTICS.values() for name in family.names)
"""The names of all figures, in the order of the vector."""


def groups_of() -> tuple[str, ...]:
    """Return the family of each figure, in the order of ``NAMES``."""
    return tuple(key for key, family in STATISTICS.items() for _ in family.names)


def describe(window: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the figures of one window, float64 in the order of ``NAMES``.

    Parameters
    ----------
    window : (y, x)
        Grey levels 0–255, uint8 or float, at least 64 voxels either way.

    Raises
    ------
    InputError
        Where the window is no plane, is smaller, holds NaN or infinities, or one grey level only.
    """
    if window.ndim != 2 or min(window.shape) < SMALLEST_VX:
        raise InputError(
            f"statistics: a section of at least {SMALLEST_VX} × {SMALLEST_VX} pixels is wanted, "
            f"not one of {' × '.join(map(str, window.shape))}"
        )
    grey = np.ascontiguousarray(window, np.float32)
    if not np.isfinite(grey).all():
        raise InputError("statistics: the section holds NaN or infinite greys; fill or cut these pixels")
    if grey.min() == grey.max():
        raise InputError(f"statistics: the section is constant: every grey is {float(grey.flat[0]):g}")
    return np.concatenate([family.of(grey) for family in STATISTICS.values()])
