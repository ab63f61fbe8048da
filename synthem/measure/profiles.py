"""Profiles: what a section shows of each neurite between the membranes; boutons, and vesicles about synapses.

All figures come from masks alone, never from instance ids, so that real and synthetic patches are counted
alike. A volume is counted section by section. What lies beyond an edge is not seen: sets are comparable
where their windows are of one size.
"""

import math
from collections import defaultdict

import cv2
import numpy as np
import numpy.typing as npt

from shapes.core.frozen import Frozen
from synthem.labels import CLASSES, channel
from synthem.measure.components import (
    Floats,
    Quantiles,
    clear_of_edges,
    label_objects,
    measure_objects,
    quantiles_of,
)
from synthem.patch import Patch

Ids = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

VESICLE_NM2 = math.pi * 20.0**2
"""Area of one vesicle of 40 nm: the unit in which vesicles are counted where they touch."""
SPECK_NM2 = VESICLE_NM2
"""A smaller piece between membranes is a gap in the mask, not a neurite."""
ACROSS_NM = 80.0
"""Two profiles are neighbours where no more membrane than this lies between them …"""
BORDER_NM = 25.0
"""… along at least this length: four cells that meet at a point are not all neighbours."""
AROUND_NM = 300.0
"""Vesicles within this distance of a PSD are counted as its own."""
FAR_NM = 1000.0
"""Stands for the distance of a PSD to the nearest vesicle where that is farther, or none is to be seen."""
BOUTON = 3
"""A profile with at least so many pieces of the vesicle mask is a bouton."""


class Profiles(Frozen):
    """Neurites in section, boutons and synapses. A figure is None where there is nothing to measure.

    Attributes
    ----------
    profiles : int
        Regions between membranes, PSDs and sheaths, organelles and all; cut ones too.
    density : float or None
        Profiles per µm² of section, corrected for the edges; only those count that fit into a window.
    size_vx, size_nm, aspect, solidity : Quantiles or None
        Of whole profiles: area in pixels and nm², longest axis over shortest, area over convex hull.
    neighbours : Quantiles or None
        Number of profiles just across the membrane, of those that keep this far from the window's edges.
    cut : float or None
        Share of the profiles' area in those that an edge cuts: the larger they are, the more.
    boutons : int
        Profiles with three pieces of the vesicle mask or more, cut ones too, as everything about boutons is.
    bouton_vesicles : Quantiles or None
        Area of vesicles in a bouton, over that of one vesicle of 40 nm.
    bouton_cover : Quantiles or None
        Share of a bouton's area that vesicles cover.
    loose : float or None
        Share of the vesicles' area that lies in no bouton.
    psd_vesicles : Quantiles or None
        Pieces of the vesicle mask within 300 nm of a whole PSD.
    psd_gap_nm : Quantiles or None
        From a whole PSD to the nearest vesicle, edge to edge; 1000 where that is farther.
    """

    profiles: int
    density: float | None
    size_vx: Quantiles | None
    size_nm: Quantiles | None
    aspect: Quantiles | None
    solidity: Quantiles | None
    neighbours: Quantiles | None
    cut: float | None
    boutons: int
    bouton_vesicles: Quantiles | None
    bouton_cover: Quantiles | None
    loose: float | None
    psd_vesicles: Quantiles | None
    psd_gap_nm: Quantiles | None


class ProfileTally:
    """What has been counted of profiles and synapses, patch by patch."""

    def __init__(self) -> None:
        self._profiles = 0
        self._area_nm2 = self._inside_nm2 = self._vesicle_nm2 = 0.0
        self._values: defaultdict[str, list[Floats]] = defaultdict(list)

    def add(self, patch: Patch) -> None:
        """Count a patch; what needs a class that is not labelled there is left out, so are ignored voxels."""
        membrane, psd, vesicle, sheath = map(channel, ("membrane", "psd", "vesicle", "sheath"))
        _, dy, dx = patch.grid.voxel_nm
        for z, (labels, known) in enumerate(
            zip(
                patch.labels_of(CLASSES).swapaxes(0, 1)[:, :, None], patch.labelled_of(CLASSES).T, strict=True
            )
        ):
            if patch.ignored is not None and patch.ignored[z].any():
                continue  # where voxels are ignored nobody knows what they would join
            if known[membrane]:
                ids, count = find_profiles(labels[membrane] | labels[psd] | labels[sheath], dy * dx)
                self._add_profiles(ids, count, patch.grid.voxel_nm)
                if known[vesicle]:
                    self._add_boutons(ids, count, labels[vesicle], dy * dx)
            if known[psd] and known[vesicle]:
                self._add_synapses(labels[psd], labels[vesicle], patch.grid.voxel_nm)

    def result(self) -> Profiles:
        """Return the figures."""
        value = {key: np.concatenate(arrays) for key, arrays in self._values.items()}
        weight, apart = value.pop("weight", np.zeros(0)), value.pop("apart", np.zeros(0))
        at_psd = value.pop("at_psd", np.zeros(0))
        weights = {"neighbours": apart, "psd_vesicles": at_psd, "psd_gap_nm": at_psd}
        weights |= dict.fromkeys(("size_vx", "size_nm", "aspect", "solidity"), weight)
        keys = (*weights, "bouton_vesicles", "bouton_cover")
        spreads = {key: quantiles_of(value.get(key, np.zeros(0)), weights.get(key)) for key in keys}
        profile_nm2 = value.get("profile_nm2", np.zeros(0)).sum()
        in_boutons = value.get("bouton_vesicles", np.zeros(0)).sum() * VESICLE_NM2
        return Profiles(
            profiles=self._profiles,
            density=float(weight.sum() / self._area_nm2 * 1e6) if self._area_nm2 else None,
            cut=float(1 - value["size_nm"].sum() / profile_nm2) if profile_nm2 else None,
            boutons=len(value.get("bouton_cover", ())),
            loose=float(1 - in_boutons / self._vesicle_nm2) if self._vesicle_nm2 else None,
            **spreads,
        )

    def _add_profiles(self, ids: Ids, count: int, voxel_nm: tuple[float, float, float]) -> None:
        pixel_nm2 = voxel_nm[1] * voxel_nm[2]
        self._profiles += count
        self._area_nm2 += ids.size * pixel_nm2
        whole = measure_objects(ids, count, voxel_nm)
        margin = int(np.ceil(ACROSS_NM / min(voxel_nm[1:])))
        clear, weight = clear_of_edges(whole.low, whole.high, ids.shape[1:], margin)
        figures = {
            "weight": whole.weight,
            "size_vx": whole.voxels,
            "size_nm": whole.voxels * pixel_nm2,
            "aspect": whole.aspect,
            "solidity": solidity(ids[0], whole.number, whole.low, whole.high),
            "apart": weight[clear],
            "neighbours": count_neighbours(ids[0], count, np.sqrt(pixel_nm2))[whole.number[clear] - 1],
            "profile_nm2": np.array([np.count_nonzero(ids) * pixel_nm2]),
        }
        for key, value in figures.items():
            self._values[key].append(value)

    def _add_boutons(self, ids: Ids, count: int, vesicles: Mask, pixel_nm2: float) -> None:
        pieces, _ = label_objects(vesicles)
        self._vesicle_nm2 += np.count_nonzero(vesicles) * pixel_nm2
        inside = vesicles & (ids > 0)
        pairs = np.unique(ids[inside].astype(np.int64) * (pieces.max() + 1) + pieces[inside])
        number = np.bincount(pairs // (pieces.max() + 1), minlength=count + 1)
        bouton = number >= BOUTON
        covered = np.bincount(ids[inside], minlength=count + 1)[bouton].astype(np.float64)
        self._values["bouton_vesicles"].append(covered * (pixel_nm2 / VESICLE_NM2))
        self._values["bouton_cover"].append(covered / np.bincount(ids.ravel(), minlength=count + 1)[bouton])

    def _add_synapses(self, psd: Mask, vesicles: Mask, voxel_nm: tuple[float, float, float]) -> None:
        ids, count = label_objects(psd)
        whole = measure_objects(ids, count, voxel_nm)
        pieces = label_objects(vesicles)[0][vesicles]
        self._values["at_psd"].append(whole.weight)
        pixel_nm = float(np.sqrt(voxel_nm[1] * voxel_nm[2]))
        for number in whole.number:
            away = cv2.distanceTransform(
                (ids[0] != number).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
            )
            # between pixel centres; one less between edges
            gap = np.maximum(away[vesicles[0]].astype(np.float64) - 1, 0) * pixel_nm
            self._values["psd_vesicles"].append(np.array([float(len(np.unique(pieces[gap <= AROUND_NM])))]))
            self._values["psd_gap_nm"].append(np.array([gap.min(initial=FAR_NM)]))


def find_profiles(walls: Mask, pixel_nm2: float) -> tuple[Ids, int]:
    """Return the regions between walls, a mask (1, y, x), numbered from 1 without specks; and their count."""
    ids, count = label_objects(~walls)
    keep = np.bincount(ids.ravel(), minlength=count + 1) * pixel_nm2 >= SPECK_NM2
    keep[0] = False
    return np.where(keep, np.cumsum(keep), 0).astype(np.int32)[ids], int(keep.sum())


def solidity(
    ids: Ids, numbers: npt.NDArray[np.int64], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]
) -> Floats:
    """Return the share that each object of a section (y, x) takes of the pixels in its convex hull.

    Parameters
    ----------
    ids : int32 (y, x)
        The objects' numbers.
    numbers : int64 (n,)
        The objects to measure.
    low, high : int64 (n, 2)
        Their first and last index along y and x.
    """
    values = np.empty(len(numbers))
    for i, (number, (top, left), (bottom, right)) in enumerate(zip(numbers, low, high, strict=True)):
        mask = ids[top : bottom + 1, left : right + 1] == number
        outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        hull = cv2.convexHull(np.concatenate(outlines))[:, 0].astype(np.int64)
        step = np.abs(np.roll(hull, 1, axis=0) - hull)
        # Pick's theorem: lattice points in a polygon, from its area and those on its edges
        inside = cv2.contourArea(hull.astype(np.int32)) + np.gcd(step[:, 0], step[:, 1]).sum() / 2 + 1
        values[i] = mask.sum() / inside
    return values


def count_neighbours(ids: Ids, count: int, pixel_nm: float) -> Floats:
    """Return how many others lie just across the membrane from each of the numbered profiles (y, x)."""
    distance, nearest = cv2.distanceTransformWithLabels(
        (ids == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_pixel = np.zeros(int(nearest.max()) + 1, np.int64)
    of_pixel[nearest[ids > 0]] = ids[ids > 0]
    owner = of_pixel[nearest]
    pairs = []
    for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        a, b = owner[first], owner[second]
        near = (a != b) & ((distance[first] + distance[second]) * pixel_nm <= ACROSS_NM)
        pairs.append(np.minimum(a, b)[near] * (count + 1) + np.maximum(a, b)[near])
    pair, border = np.unique(np.concatenate(pairs), return_counts=True)
    pair = pair[border * pixel_nm >= BORDER_NM]
    both = np.concatenate([pair // (count + 1), pair % (count + 1)])
    return np.bincount(both, minlength=count + 1)[1:].astype(np.float64)
