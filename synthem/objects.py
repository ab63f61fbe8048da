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

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of one mask.

    Attributes
    ----------
    count : int
        Number of components, cut ones and all.
    voxels : float64 (n,)
        Area or volume in pixels or voxels, of the n whole objects; the other arrays are of the same length.
    minor_nm : float64 (n,)
        Shortest axis of the ellipse, or ellipsoid, with the same second moments.
    aspect : float64 (n,)
        Longest axis over shortest.
    weight : float64 (n,)
        How many objects each one stands for.
    """

    count: int
    voxels: Floats
    minor_nm: Floats
    aspect: Floats
    weight: Floats


def find_objects(mask: npt.NDArray[np.bool_], voxel_nm: tuple[float, float, float]) -> Objects:
    """Measure the face-connected components of a mask (z, y, x); a depth of one is a plane."""
    flat = mask.shape[0] == 1
    if flat:
        count, ids = cv2.connectedComponents(mask[0].astype(np.uint8), connectivity=4)
        count, ids = count - 1, ids[None]
    else:
        ids, count = ndimage.label(mask)
    axes = (1, 2) if flat else (0, 1, 2)
    coordinates = np.nonzero(ids)
    of = ids[coordinates] - 1
    voxels = np.bincount(of, minlength=count).astype(np.float64)
    whole = np.ones(count, bool)
    chance = np.ones(count)
    centred: list[Floats] = []
    for axis in axes:
        place, size = coordinates[axis], mask.shape[axis]
        low, high = np.full(count, size), np.full(count, -1)
        np.minimum.at(low, of, place)
        np.maximum.at(high, of, place)
        whole &= (low > 0) & (high < size - 1)
        chance *= np.maximum(size - (high - low) - 2, 1) / size
        mean = np.bincount(of, place, count) / np.maximum(voxels, 1)
        centred.append((place - mean[of]) * voxel_nm[axis])
    covariance = np.empty((count, len(axes), len(axes)))
    for i, a in enumerate(axes):
        for j in range(i + 1):
            moment = np.bincount(of, centred[i] * centred[j], count) / np.maximum(voxels, 1)
            covariance[:, i, j] = covariance[:, j, i] = moment + (voxel_nm[a] ** 2 / 12 if i == j else 0)
    spread = np.sqrt(np.linalg.eigvalsh(covariance[whole]))
    factor = (
        4.0 if flat else 2 * np.sqrt(5.0)
    )  # from standard deviation to axis, of an ellipse or an ellipsoid
    return Objects(
        count, voxels[whole], factor * spread[:, 0], spread[:, -1] / spread[:, 0], 1 / chance[whole]
    )


def profile_widths(mask: npt.NDArray[np.bool_], voxel_nm: tuple[float, float, float]) -> Floats:
    """Return the local width in nm at each point of the middle lines of a mask's profiles, by section.

    The middle line is the ridge of the distance to the outside; the width is twice that distance, less
    the half pixel by which a distance between pixel centres is too long on average.
    """
    pixel_nm = float(np.sqrt(voxel_nm[1] * voxel_nm[2]))
    widths = []
    for section in mask:
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
