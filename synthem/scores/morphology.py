"""What biologists measure of objects, beyond size and axes: synapses with their vesicles, sheaths."""

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from synthem.scores.slabs import Ids, slabs

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Triple = tuple[float, float, float]


def vesicles_by_density(
    densities: Ids, count: int, vesicles_nm: Floats, voxel_nm: Triple, within_nm: float
) -> npt.NDArray[np.int64]:
    """Count the vesicles of each bouton: those whose middle is within a distance of its density.

    A bouton is told by its postsynaptic density; a vesicle near several belongs to the nearest. Vesicles that
    touch are one object, so crowds count as fewer than they are.

    Parameters
    ----------
    densities : int32 (z, y, x)
        Ids of the densities, from 1 to ``count``.
    vesicles_nm : float64 (n, 3)
        Middles of vesicles.
    within_nm : float
        No vesicle of a bouton is farther from its density.

    Returns
    -------
    int64 (count,)
    """
    at: list[Floats] = []
    of: list[npt.NDArray[np.int32]] = []
    for part in slabs(densities.shape):
        own = densities[part]
        place = np.argwhere(own > 0)
        at.append((place + np.array([part.start, 0, 0])) * np.array(voxel_nm))
        of.append(own[own > 0])
    if not count or not len(vesicles_nm):
        return np.zeros(count, np.int64)
    far, nearest = cKDTree(np.concatenate(at)).query(vesicles_nm, distance_upper_bound=within_nm)
    owners = np.concatenate(of)[nearest[np.isfinite(far)]] - 1
    return np.bincount(owners, minlength=count).astype(np.int64)


def rings(sheath: Bools) -> tuple[Ids, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the closed rings of sheaths in a section, bool (y, x).

    A ring is a component, corners included, that encloses something. What it encloses is filled, also where
    another ring lies in there.

    Returns
    -------
    int32 (y, x)
        Ids of the rings with all that they enclose; inner ones over outer ones.
    int64 (n,), int64 (n,)
        Inner and outer areas in pixels: of what a ring encloses, and that with the ring.
    """
    parts, _ = ndimage.label(sheath, np.ones((3, 3), int))
    out = np.zeros(sheath.shape, np.int32)
    found: list[tuple[int, int]] = []
    filled: list[tuple[tuple[slice, slice], Bools]] = []
    for number, box in enumerate(ndimage.find_objects(parts), 1):
        ring = parts[box] == number
        whole = ndimage.binary_fill_holes(ring)
        inner = int(whole.sum() - ring.sum())
        if inner:
            found.append((inner, int(whole.sum())))
            filled.append((box, whole))
    for k in sorted(range(len(found)), key=lambda k: -found[k][1]):
        box, whole = filled[k]
        out[box][whole] = k + 1
    areas = np.array(found, np.int64).reshape(-1, 2)
    return out, areas[:, 0], areas[:, 1]


def g_ratio(inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]) -> Floats:
    """Return √(inner / outer area) of rings: the ratio of the diameters of axon and fibre, as circles."""
    return np.sqrt(inner / outer)
