"""Distances between the outlines of what is found and what is true, in nanometres.

An outline is the voxels of a mask that have a face-neighbour outside it, as MONAI and DeepMind's
surface-distance have it in voxels. Neither the edge of the image nor a voxel that is ignored makes one.
A distance beyond ``cap_nm`` counts as that: an object that the other mask lacks altogether would else be
measured by how far off the next one happens to lie. It also bounds what must be held at a time.
"""

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import cKDTree

from synthem.scores.slabs import slabs
from synthem.scores.values import Undefined, Value

CAP_NM = 500.0
Bools = npt.NDArray[np.bool_]
Triple = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Distances:
    """The distances that occur, in order, and how many voxels of an outline have each; pooled by adding."""

    nm: npt.NDArray[np.float64]
    voxels: npt.NDArray[np.int64]

    @classmethod
    def of(cls, nm: npt.NDArray[np.float64], voxels: npt.NDArray[np.int64] | None = None) -> "Distances":
        """Gather distances; to a thousandth of a nanometre, they are few."""
        values, place = np.unique(np.round(nm, 3), return_inverse=True)
        weights = np.ones(len(nm)) if voxels is None else voxels
        return cls(values, np.bincount(place, weights, len(values)).astype(np.int64))

    def __add__(self, more: "Distances") -> "Distances":
        return self.of(np.append(self.nm, more.nm), np.append(self.voxels, more.voxels))

    @property
    def total(self) -> int:
        """Voxels of the outline."""
        return int(self.voxels.sum())

    def within(self, nm: float) -> int:
        """Count the voxels that are no farther than this."""
        return int(self.voxels[self.nm <= nm + 1e-3].sum())

    def quantile(self, share: float) -> float:
        """Return the distance at a share of the voxels, between two as ``numpy.quantile`` has it."""
        ends = np.cumsum(self.voxels)
        at = (ends[-1] - 1) * share
        low, high = (self.nm[np.searchsorted(ends, k, side="right")] for k in (floor(at), ceil(at)))
        return float(low + (at - floor(at)) * (high - low))


@dataclass(frozen=True, eq=False)
class Surfaces:
    """From the found outline to the true one, and back; pooled by adding."""

    to_true: Distances
    to_found: Distances

    def __add__(self, more: "Surfaces") -> "Surfaces":
        return Surfaces(self.to_true + more.to_true, self.to_found + more.to_found)

    @classmethod
    def none(cls) -> "Surfaces":
        """Return those of nothing."""
        empty = Distances(np.zeros(0), np.zeros(0, np.int64))
        return cls(empty, empty)


def surface_distances(
    found: Bools, true: Bools, voxel_nm: Triple, *, skipped: Bools | None = None, cap_nm: float = CAP_NM
) -> Surfaces:
    """Measure how far each voxel of one outline is from the other, slab by slab.

    Parameters
    ----------
    found, true : bool (z, y, x)
        A depth of one is a plane.
    voxel_nm : tuple of float
        Edges of a voxel (z, y, x).
    skipped : bool (z, y, x), optional
        Voxels that nobody judges: no outline lies in them, or because of them.
    cap_nm : float
        What is farther counts as so far; may be infinite.
    """
    one, other = outline(found, skipped), outline(true, skipped)
    return Surfaces(_nearest(one, other, voxel_nm, cap_nm), _nearest(other, one, voxel_nm, cap_nm))


def outline(mask: Bools, skipped: Bools | None = None) -> Bools:
    """Return the voxels of a mask (z, y, x) that have a face-neighbour outside it, bool (z, y, x)."""
    out = np.zeros(mask.shape, np.bool_)
    cross = ndimage.generate_binary_structure(3, 1)
    if mask.shape[0] == 1:
        cross[[0, 2]] = False
    for part in slabs(mask.shape):
        wide = slice(max(part.start - 1, 0), min(part.stop + 1, mask.shape[0]))
        inside = mask[wide] if skipped is None else mask[wide] | skipped[wide]
        core = ndimage.binary_erosion(inside, cross, border_value=1)[part.start - wide.start :]
        own = mask[part] & ~core[: part.stop - part.start]
        out[part] = own if skipped is None else own & ~skipped[part]
    return out


def _nearest(of: Bools, to: Bools, voxel_nm: Triple, cap_nm: float) -> Distances:
    """Measure from each voxel that is set to the nearest one set in the other."""
    depth = of.shape[0]
    margin = depth if np.isinf(cap_nm) else ceil(cap_nm / voxel_nm[0])
    total = Distances(np.zeros(0), np.zeros(0, np.int64))
    for part in slabs(of.shape, 2**27):
        wide = slice(max(part.start - margin, 0), min(part.stop + margin, depth))
        both = np.count_nonzero(of[part] & to[part])
        total += Distances(np.zeros(1), np.array([both]))  # most lie on each other
        away = np.argwhere(of[part] & ~to[part]) + np.array([part.start, 0, 0])
        if not len(away):
            continue
        near = np.argwhere(to[wide]) + np.array([wide.start, 0, 0])
        far = np.full(len(away), cap_nm)
        if len(near):
            tree = cKDTree(near * np.array(voxel_nm), leafsize=32, balanced_tree=False, compact_nodes=False)
            far, _ = tree.query(away * np.array(voxel_nm), distance_upper_bound=cap_nm)
        total += Distances.of(np.minimum(far, cap_nm))
    held = total.voxels > 0
    return Distances(total.nm[held], total.voxels[held])


def boundary_dice(surfaces: Surfaces, tolerance_nm: float) -> Value:
    """Return the share of both outlines that is within a tolerance of the other: normalised surface Dice.

    (|S_f within t of S_t| + |S_t within t of S_f|) / (|S_f| + |S_t|) (Nikolov et al. 2021), counted in voxels
    of the outlines, as ``monai.metrics.compute_surface_dice`` does.
    """
    total = surfaces.to_true.total + surfaces.to_found.total
    if not total:
        return Undefined("neither has an outline")
    return (surfaces.to_true.within(tolerance_nm) + surfaces.to_found.within(tolerance_nm)) / total


def hausdorff95(surfaces: Surfaces, cap_nm: float = CAP_NM) -> Value:
    """Return the larger of the two 95th percentiles of distances, nm (Huttenlocher et al. 1993; as MONAI)."""
    if missing := _missing(surfaces):
        return missing
    value = max(surfaces.to_true.quantile(0.95), surfaces.to_found.quantile(0.95))
    if value >= cap_nm:
        return Undefined(f"over a twentieth of an outline is {cap_nm:g} nm or more from the other")
    return value


def average_distance(surfaces: Surfaces) -> Value:
    """Return the mean of all distances, both ways together, nm: average symmetric surface distance.

    (Heimann et al. 2009; ``monai.metrics.compute_average_surface_distance(symmetric=True)``.)
    """
    if missing := _missing(surfaces):
        return missing
    both = surfaces.to_true + surfaces.to_found
    return float(np.average(both.nm, weights=both.voxels))


def _missing(surfaces: Surfaces) -> Undefined | None:
    if not surfaces.to_true.total and not surfaces.to_found.total:
        return Undefined("neither has an outline")
    if not surfaces.to_true.total:
        return Undefined("nothing was found")
    return None if surfaces.to_found.total else Undefined("there is none in the truth")
