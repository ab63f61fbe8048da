"""Dark lines, mostly membranes: how much of them there is, how far apart they lie, how dark they are."""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, frequencies, transform

WIDTH_VX, LENGTH_VX = 3.0, 14.0
"""Standard deviations of the line filter across and along: a membrane of 20–60 nm in voxels of 4–8 nm, and
longer than vesicles and cristae are."""
ANGLES = 8
STRONG = 0.4
"""A line is where the response exceeds this part of its 98th percentile."""
SHARES = (0.5, 0.8, 0.95)
SPECK_VX = 30
"""A smaller region between lines is no profile."""
NAMES = (
    "line share",
    "line strength",
    *(f"line distance p{100 * share:.0f}" for share in SHARES),
    "line spacing",
    "line grey",
    "regions between lines",
)


@lru_cache(maxsize=4)
def _bank(shape: tuple[int, int], width_vx: float) -> npt.NDArray[np.float32]:
    """Return the transfer functions of the line filter at all angles: curvature across, blur along."""
    fy, fx = frequencies(shape)
    bank = []
    for turn in np.pi * np.arange(ANGLES) / ANGLES:
        across = width_vx * (fx * np.cos(turn) + fy * np.sin(turn))
        along = LENGTH_VX * (fy * np.cos(turn) - fx * np.sin(turn))
        bank.append(-((2 * np.pi * across) ** 2) * np.exp(-2 * np.pi**2 * (across**2 + along**2)))
    return np.array(bank, np.float32)


def lines(window: GreySection, width_vx: float = WIDTH_VX) -> GreySection:
    """Return how much each voxel looks like the middle of a dark line of a width, in grey levels."""
    spectrum, out = transform(window), None
    for transfer in _bank(window.shape, width_vx):
        response = back(spectrum * transfer, window.shape)
        out = response if out is None else np.maximum(out, response, out=out)
    return np.zeros_like(window) if out is None else out


def ridges(window: GreySection) -> npt.NDArray[np.float64]:
    """Return share and strength of lines, distances to and between them in voxels, their grey, and regions.

    ``line distance`` is that of all voxels to the nearest line; ``line spacing`` the logarithm of the mean
    run between lines along rows and columns; ``line grey`` how much darker lines are than the rest;
    ``regions`` the logarithm of how many there are between lines.
    """
    response = lines(window)
    strong = float(np.quantile(response[::2, ::2], 0.98))
    line = response > STRONG * strong
    if not line.any() or line.all():
        return np.array([float(line.mean()), strong, *[float(max(window.shape))] * 4, 0.0, 0.0])
    between = (~line).view(np.uint8)
    away = cv2.distanceTransform(between, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    crossings = sum(int((np.diff(line.view(np.int8), axis=axis) == 1).sum()) for axis in (0, 1))
    inside, total = float((window * line).sum(dtype=np.float64)), float(window.sum(dtype=np.float64))
    count = int(line.sum())
    areas = cv2.connectedComponentsWithStats(between, connectivity=4)[2][1:, cv2.CC_STAT_AREA]
    return np.array([
        float(line.mean()),
        strong,
        *np.quantile(away[::2, ::2], SHARES).round(3),  # roots differ in the last bit between machines
        np.log(2 * (line.size - count) / max(1, crossings)),
        (total - inside) / (line.size - count) - inside / count,
        np.log1p(int((areas > SPECK_VX).sum())),
    ])  # fmt: skip
