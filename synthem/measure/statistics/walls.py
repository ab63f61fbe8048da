"""Walls: dark lines that bend with a membrane; how wide they are, how much they bend, what they enclose.

``ridges`` follows long straight lines. Here the filter is as short as a small profile has sides: so profiles
of 150 nm are told from those of 500. What a wider, a narrower, a longer or a shorter filter answers at the
same places, as a part of its answer, tells widths and undulation whatever the contrast (normalised
derivatives: Lindeberg 1998, Edge detection and ridge detection with automatic scale selection).
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from synthem.measure.statistics.fourier import GreySection, back, frequencies, gaussian, transform

ANGLES = 8
WIDTH_VX, LENGTH_VX = 2.0, 6.0
WIDTHS_VX, LENGTHS_VX = (1.2, 3.2), (3.0, 12.0)
"""Standard deviations of the line filter across and along, and of those that it is compared with."""
STRONG = 0.35
"""A wall is where the response exceeds this part of its 97th percentile."""
SHARES = (0.5, 0.8, 0.95)
PROFILE_VX = (1, 2, 3, 4, 6)
"""Distances from the middle of a wall at which its grey is taken."""
SIDE_VX = 8
SMOOTH_VX = 3.0
SPECK_VX = 60
NAMES = (
    "wall share",
    *(f"wall distance p{100 * share:.0f}" for share in SHARES),
    "wall spacing",
    "regions between walls",
    "typical region",
    "roundness of regions",
    "wall strength, weak over strong",
    *(f"answer of {width:g} vx width" for width in WIDTHS_VX),
    *(f"answer of {length:g} vx length" for length in LENGTHS_VX),
    *(f"grey at {far} vx from walls" for far in PROFILE_VX),
    "wall contrast",
    "variety between walls",
)


@lru_cache(maxsize=8)
def _bank(shape: tuple[int, int], width_vx: float, length_vx: float) -> npt.NDArray[np.float32]:
    """Return the transfer functions of a line filter at all angles: curvature across, blur along."""
    fy, fx = frequencies(shape)
    bank = []
    for turn in np.pi * np.arange(ANGLES) / ANGLES:
        across = width_vx * (fx * np.cos(turn) + fy * np.sin(turn))
        along = length_vx * (fy * np.cos(turn) - fx * np.sin(turn))
        bank.append(-((2 * np.pi * across) ** 2) * np.exp(-2 * np.pi**2 * (across**2 + along**2)))
    return np.array(bank, np.float32)


def _answers(
    spectrum: npt.NDArray[np.complex64], shape: tuple[int, int], width: float, length: float
) -> GreySection:
    """Return the strongest answer over angles of a line filter, in grey levels."""
    out = np.full(shape, -np.inf, np.float32)
    for transfer in _bank(shape, width, length):
        np.maximum(out, back(spectrum * transfer, shape), out=out)
    return out


def walls(window: GreySection) -> npt.NDArray[np.float64]:
    """Return figures of the dark lines of a window, in the order of ``NAMES``.

    Distances are in voxels; spacing, regions and the typical region's area (by which half of all area lies in
    larger ones) are logarithms; roundness is 4π area over perimeter², by area; answers of other filters are
    logarithms of their mean on walls over that of the usual one; greys beside walls are parts of the contrast
    between a wall's middle and what lies 8 voxels from it; variety is how much greys between walls differ, in
    parts of that contrast.
    """
    shape = window.shape
    spectrum = transform(window)
    response = _answers(spectrum, shape, WIDTH_VX, LENGTH_VX)
    strong = float(np.quantile(response[::2, ::2], 0.97))
    line = response > STRONG * strong
    if not line.any() or line.all():
        return np.zeros(len(NAMES))
    between = (~line).view(np.uint8)
    away = cv2.distanceTransform(between, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    crossings = sum(int((np.diff(line.view(np.int8), axis=axis) == 1).sum()) for axis in (0, 1))
    own = float(response[line].mean(dtype=np.float64))
    others = [(width, LENGTH_VX) for width in WIDTHS_VX] + [(WIDTH_VX, length) for length in LENGTHS_VX]
    answers = [float(_answers(spectrum, shape, *one)[line].mean(dtype=np.float64)) for one in others]
    weak, most = np.quantile(response[line], (0.3, 0.9))
    return np.array([
        float(line.mean()),
        *np.quantile(away[::2, ::2], SHARES).round(3),  # roots differ in the last bit between machines
        np.log(2 * (line.size - int(line.sum())) / max(1, crossings)),
        *_regions(between),
        float(weak / most),
        *(np.log(max(answer, 1e-3) / own) for answer in answers),
        *_flanks(window, response, strong, away, spectrum),
    ])  # fmt: skip


def _regions(between: npt.NDArray[np.uint8]) -> list[float]:
    """Return the logarithms of the number of regions and of the typical area, and how round regions are."""
    labels, stats = cv2.connectedComponentsWithStats(between, connectivity=4)[1:3]
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    kept = areas > SPECK_VX
    if not kept.any():
        return [0.0, 0.0, 0.0]
    inner = cv2.erode(between, np.ones((3, 3), np.uint8))
    rim = np.bincount(labels.ravel(), (between - inner).ravel(), len(areas) + 1)[1:][kept]
    areas = areas[kept]
    roundness = 4 * np.pi * areas / np.maximum(rim, 1.0) ** 2
    return [
        float(np.log1p(kept.sum())),
        float(np.average(np.log(areas), weights=areas)),
        float(np.average(np.minimum(roundness, 2.0), weights=areas)),
    ]


def _flanks(
    window: GreySection,
    response: GreySection,
    strong: float,
    away: npt.NDArray[Any],
    spectrum: npt.NDArray[np.complex64],
) -> list[float]:
    """Return greys beside the middles of walls, the contrast, and how areas between walls differ in grey."""
    peak = cv2.dilate(response, np.ones((3, 3), np.uint8)) == response
    # the middle of a line is a maximum across it, not along it
    for by in ((1, 3), (3, 1)):
        peak |= cv2.dilate(response, np.ones(by, np.uint8)) == response
    middle = peak & (response > STRONG * strong)
    far = cv2.distanceTransform((~middle).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).round()
    at = np.minimum(far, 255).astype(np.uint8).ravel()
    total, count = np.bincount(at, window.ravel(), 256), np.bincount(at, minlength=256)
    means = total / np.maximum(count, 1)
    side = means[SIDE_VX] if count[SIDE_VX] else float(window.mean())
    contrast = side - means[0]
    if abs(contrast) < 1e-3:
        return [0.0] * (len(PROFILE_VX) + 2)
    smooth = back(spectrum * gaussian(window.shape, SMOOTH_VX), window.shape)
    inner = smooth[away > SIDE_VX]
    variety = float(np.subtract(*np.quantile(inner, (0.8, 0.2)))) / contrast if inner.size else 0.0
    return [*((means[d] - means[0]) / contrast for d in PROFILE_VX), float(contrast), variety]
