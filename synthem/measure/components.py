"""Sizes and shapes of the objects in a mask: connected components, measured by their moments.

An image's edge cuts large objects more often than small ones, so sizes are taken from whole objects
alone, and each of these counts with the inverse of its chance to lie whole in the window (Miles 1974;
Lantuéjoul 1980). That makes figures from windows of different size comparable.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.frozen import Frozen

QUANTILES = (0.1, 0.5, 0.9)
Floats = npt.NDArray[np.float64]


class Quantiles(Frozen):
    """Median, with the 10th and 90th percentile."""

    p10: float
    median: float
    p90: float


@dataclass(frozen=True, eq=False)
class Components:
    """The objects of one mask.

    Attributes
    ----------
    count : int
        Number of components, cut ones and all.
    number : int64 (n,)
        Number of each whole object among the components, from 1; the other arrays are of the same length.
    voxels : float64 (n,)
        Area or volume in pixels or voxels, of the whole objects.
    minor_nm : float64 (n,)
        Shortest axis of the ellipse, or ellipsoid, with the same second moments.
    aspect : float64 (n,)
        Longest axis over shortest.
    weight : float64 (n,)
        How many objects each one stands for.
    low, high : int64 (n, axes)
        First and last index along y and x, or z, y and x.
    """

    count: int
    number: npt.NDArray[np.int64]
    voxels: Floats
    minor_nm: Floats
    aspect: Floats
    weight: Floats
    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]


def label_objects(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int32], int]:
    """Return the face-connected components of a mask (z, y, x), numbered from 1, and how many they are."""
    if mask.shape[0] == 1:
        count, ids = cv2.connectedComponents(mask[0].astype(np.uint8), connectivity=4)
        return ids[None], count - 1
    ids, count = ndimage.label(mask)
    return ids, count


def find_components(mask: npt.NDArray[np.bool_], voxel_nm: tuple[float, float, float]) -> Components:
    """Measure the face-connected components of a mask (z, y, x); a depth of one is a plane."""
    return measure_objects(*label_objects(mask), voxel_nm)


def measure_objects(
    ids: npt.NDArray[np.int32], count: int, voxel_nm: tuple[float, float, float]
) -> Components:
    """Measure objects (z, y, x) that are numbered from 1 to ``count``; a depth of one is a plane."""
    flat = ids.shape[0] == 1
    axes = (1, 2) if flat else (0, 1, 2)
    coordinates = np.nonzero(ids)
    of = ids[coordinates] - 1
    voxels = np.bincount(of, minlength=count).astype(np.float64)
    lows = np.empty((count, len(axes)), np.int64)
    highs = np.empty_like(lows)
    centred: list[Floats] = []
    for i, axis in enumerate(axes):
        place = coordinates[axis]
        low, high = np.full(count, ids.shape[axis]), np.full(count, -1)
        np.minimum.at(low, of, place)
        np.maximum.at(high, of, place)
        lows[:, i], highs[:, i] = low, high
        mean = np.bincount(of, place, count) / np.maximum(voxels, 1)
        centred.append((place - mean[of]) * voxel_nm[axis])
    whole, weight = clear_of_edges(lows, highs, tuple(ids.shape[axis] for axis in axes), 1)
    covariance = np.empty((count, len(axes), len(axes)))
    for i, a in enumerate(axes):
        for j in range(i + 1):
            moment = np.bincount(of, centred[i] * centred[j], count) / np.maximum(voxels, 1)
            covariance[:, i, j] = covariance[:, j, i] = moment + (voxel_nm[a] ** 2 / 12 if i == j else 0)
    spread = np.sqrt(np.linalg.eigvalsh(covariance[whole]))
    factor = (
        4.0 if flat else 2 * np.sqrt(5.0)
    )  # from standard deviation to axis, of an ellipse or an ellipsoid
    return Components(
        count=count,
        number=np.flatnonzero(whole) + 1,
        voxels=voxels[whole],
        minor_nm=factor * spread[:, 0],
        aspect=spread[:, -1] / spread[:, 0],
        weight=weight[whole],
        low=lows[whole],
        high=highs[whole],
    )


def clear_of_edges(
    low: npt.NDArray[np.int64], high: npt.NDArray[np.int64], shape: tuple[int, ...], margin: int
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Tell which objects keep ``margin`` voxels from every edge, and how many each of them stands for.

    Parameters
    ----------
    low, high : int64 (n, axes)
        First and last index of each object.
    shape : tuple of int
        Size of the window along these axes.
    margin : int
        Voxels to keep from the edges; 1 for an object that only must not touch them.
    """
    size = np.array(shape)
    clear = np.all((low >= margin) & (high < size - margin), axis=1)
    chance = (np.maximum(size - (high - low) - 2 * margin, 1) / size).prod(1)
    return clear, 1 / chance


def profile_widths(mask: npt.NDArray[np.bool_], voxel_nm: tuple[float, float, float]) -> Floats:
    """Return the local width in nm at each point of the middle lines of a mask's profiles, by section.

    The middle line is the ridge of the distance to the outside; the width is twice that distance, less
    the half pixel by which a distance between pixel centres is too long on average. A section that is all
    inside has no width.
    """
    pixel_nm = float(np.sqrt(voxel_nm[1] * voxel_nm[2]))
    widths = [np.zeros(0)]
    for section in mask:
        if section.all():
            continue
        padded = np.pad(section, 1, mode="edge").astype(np.uint8)
        distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
        ridge[[0, -1]] = ridge[:, [0, -1]] = False
        widths.append((2 * distance[ridge].astype(np.float64) - 0.5) * pixel_nm)
    return np.concatenate(widths)


def weighted_quantiles(
    values: npt.NDArray[np.floating[Any]], weights: npt.NDArray[np.floating[Any]], at: tuple[float, ...]
) -> list[float]:
    """Return the values below which a fraction ``at`` of the weight lies; values must not be empty."""
    order = np.argsort(values, kind="stable")
    share = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    return [float(v) for v in np.interp(at, share, values[order])]


def quantiles_of(
    values: npt.NDArray[np.floating[Any]], weights: npt.NDArray[np.floating[Any]] | None = None
) -> Quantiles | None:
    """Return median and percentiles, all of one weight if None is given; None where there are no values."""
    if not len(values):
        return None
    p10, median, p90 = weighted_quantiles(
        values, np.ones(len(values)) if weights is None else weights, QUANTILES
    )
    return Quantiles(p10=p10, median=median, p90=p90)
