"""Elastic bending: a smooth field of displacements that never folds over."""

import math

import numpy as np
import numpy.typing as npt

from shapes.core.fields import interpolate, support
from shapes.core.frozen import Frozen
from shapes.core.grid import Grid
from shapes.core.streams import stream_key, white_noise

STEEPEST = 0.4
"""The displacement changes by no more than this a unit of length, so the field's Jacobian is positive. Below
one is enough; folds and cracks want the rest."""
_VARIANCE = 315.0 / 151.0  # by which a cubic B-spline lessens the variance of white noise, along each axis


class Bending(Frozen):
    """How tissue is bent: by ``amplitude_nm`` (a standard deviation), over ``length_nm``."""

    amplitude_nm: float
    length_nm: float


def bend(params: Bending, seed: int, grid: Grid) -> npt.NDArray[np.floating]:
    """Return how far from its own place each voxel of a section looks, along y and x.

    Parameters
    ----------
    params : Bending
        Its amplitude is lowered where the field would be steeper than ``STEEPEST`` somewhere: a cubic
        B-spline is no steeper along an axis than its coefficients' largest step there.
    seed : int
    grid : Grid
        The window; of its sections all are bent alike.

    Returns
    -------
    float32 (2, y, x)
        In nm.
    """
    plane = Grid((1, *grid.shape[1:]), grid.voxel_nm, grid.origin_nm)
    first, shape = support(plane, params.length_nm)
    layer = (1, *shape[1:])
    both = np.concatenate(
        [white_noise(stream_key(seed, f"augment/elastic/{axis}"), first, layer) for axis in (0, 1)]
    )
    both *= np.float32(params.amplitude_nm * _VARIANCE)
    steps = [np.abs(np.diff(both, axis=axis)).max(initial=0.0) / params.length_nm for axis in (1, 2)]
    steepest = 2.0**0.5 * math.hypot(*steps)  # of a matrix of four such slopes, at most
    if steepest > STEEPEST:
        both *= np.float32(STEEPEST / steepest)
    # the same layer all along z: the weights of a spline sum to one
    fields = [
        interpolate(np.repeat(one[None], shape[0], 0), first, params.length_nm, plane)[0] for one in both
    ]
    return np.stack(fields)
