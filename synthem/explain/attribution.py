"""Integrated gradients: which parts of a window made the network say a class of its middle."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from synthem.learning.network.unet import normalise

Values = npt.NDArray[np.float64]

STEPS = 24
"""Places along the path from a grey window to the real one; Gauss–Legendre needs few."""
HELD = 0.9
"""The radius is that within which so much of the attribution lies."""


class Attribution(NamedTuple):
    """What one class of one window is owed to.

    ``parts`` (z, y, x) or (y, x) are signed, in logits; they add up to ``gained``, the logit of the middle
    less that of a window of one grey, but for the error of the integral.
    """

    parts: Values
    gained: float


def attribute(net: nn.Module, window: npt.NDArray[np.float32], channel: int) -> Attribution:
    """Attribute a class at the middle of a window to the voxels of it.

    Integrated gradients (Sundararajan, Taly & Yan 2017): the part of voxel i is
    ``x_i ∫ ∂f(a x)/∂x_i da`` for a from 0 to 1, where f is the logit of the class at the middle voxel and x
    the window as the network gets it, of mean 0 and deviation 1; 0 is its mean grey everywhere.

    Parameters
    ----------
    net : torch.nn.Module
        Ready for inference.
    window : float32 (y, x) or (z, y, x)
        Grey levels.
    channel : int
        Of the network's output.
    """
    device = next(net.parameters()).device
    whole = normalise(torch.from_numpy(window)[None, None].to(device))
    middle = (slice(None), channel, *(n // 2 for n in window.shape))
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    total = torch.zeros_like(whole)
    for node, weight in zip(0.5 * (nodes + 1), 0.5 * weights, strict=True):
        at = (float(node) * whole).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(net(at)[middle].sum(), at)
        total += float(weight) * slope
    with torch.no_grad():
        gained = float(net(whole)[middle]) - float(net(torch.zeros_like(whole))[middle])
    return Attribution(_plain(total * whole), gained)


def _plain(values: Tensor) -> Values:
    parts: Values = values[0, 0].double().cpu().numpy()
    return parts


def held_within(parts: Values, voxel_nm: Sequence[float]) -> tuple[Values, Values]:
    """Return distances from the middle in nm, rising, and the share of all |parts| within each.

    The share of a window without any attribution is 0 everywhere.
    """
    axes = [
        (np.arange(n) - n // 2) * size for n, size in zip(parts.shape, voxel_nm[-parts.ndim :], strict=True)
    ]
    away = np.sqrt(sum(np.square(axis) for axis in np.meshgrid(*axes, indexing="ij"))).ravel()
    order = np.argsort(away, kind="stable")
    shares = np.cumsum(np.abs(parts).ravel()[order])
    last = np.append(np.diff(away[order]) > 0, True)
    return away[order][last], shares[last] / max(shares[-1], np.finfo(float).tiny)


def radius_of(away_nm: Values, shares: Values, held: float = HELD) -> float:
    """Return the least distance in nm within which so much lies."""
    return float(away_nm[min(int(np.searchsorted(shares, held)), len(away_nm) - 1)])
