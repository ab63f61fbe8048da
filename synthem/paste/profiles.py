"""What the masks of a real section say: profiles between membranes, how far each place is from what.

A section is taken for itself. Of what lies above and below it nothing is known: cells are taken to go on
straight through it, as their membranes do where they show as a line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shapes.core.errors import InputError
from shapes.core.grid import Triple
from shapes.partition.partition import Partition
from shapes.partition.point import NOBODY
from synthem.labels import CLASSES
from synthem.measure.profiles import ACROSS_NM, find_profiles
from synthem.patch import Patch

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating]

WALLS = ("membrane", "psd", "sheath")
"""What parts one profile from the next."""
_LEAST_NM = 150.0  # shorter lines of contact hold no synapse


class Contact(NamedTuple):
    """A line along which two profiles meet: their numbers, and places in the middle of the membrane, nm."""

    one: int
    other: int
    points_nm: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Profiles:
    """A real section as its masks describe it. Arrays are (y, x).

    Attributes
    ----------
    name : str
        The section's name.
    image : uint8
        Its greys.
    masks : mapping of str to bool
        The classes of EPFL6; one that is not labelled is nowhere.
    known : frozenset of str
        Which are labelled.
    voxel_nm : tuple of float
        Voxel size, (z, y, x).
    closed : bool
        Pixels of which nobody said what they are, where nothing may be set.
    ids : int32
        Number of each profile, from 1; 0 in walls.
    count : int
        How many profiles there are.
    """

    name: str
    image: npt.NDArray[np.uint8]
    masks: Mapping[str, Mask]
    known: frozenset[str]
    voxel_nm: Triple
    closed: Mask
    ids: npt.NDArray[np.int32]
    count: int

    @cached_property
    def partition(self) -> Partition:
        """Each pixel's profile, counted from 0, its neighbour, and its depth below the membrane's middle.

        Arrays are (1, y, x). The middle of a membrane is where the nearest profile changes.
        """
        inside = self.ids > 0
        if not inside.any():
            nothing = np.full((1, *inside.shape), NOBODY, np.int32)
            flat = np.full(nothing.shape, 1e4, np.float32)
            return Partition(nothing, nothing, flat, np.zeros_like(flat))
        own = self.ids[tuple(_nearest(inside, self.voxel_nm)[1])] - 1
        beyond = np.full(own.shape, NOBODY, np.int32)
        for axis in (0, 1):
            for step in (1, -1):
                there = np.roll(own, step, axis)
                edge = [slice(None), slice(None)]
                edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
                there[tuple(edge)] = own[tuple(edge)]  # beyond the image nobody is known
                np.copyto(beyond, there, where=there != own)
        rim = beyond != NOBODY
        if not rim.any():
            return Partition(
                own[None].astype(np.int32),
                beyond[None],
                np.full((1, *own.shape), 1e4, np.float32),
                np.zeros((1, *own.shape), np.float32),
            )
        away, at = _nearest(rim, self.voxel_nm)
        there = beyond[tuple(at)]
        other = np.where(own[tuple(at)] == own, there, own[tuple(at)])
        half = 0.25 * (self.voxel_nm[1] + self.voxel_nm[2])
        return Partition(
            own[None].astype(np.int32),
            other[None].astype(np.int32),
            (away + half)[None].astype(np.float32),
            np.zeros((1, *own.shape), np.float32),
        )

    @cached_property
    def room_nm(self) -> Floats:
        """How far each pixel in a profile lies from the nearest wall, mitochondrion or unknown pixel, nm."""
        return self.off((self.ids == 0) | self.masks["mitochondrion"] | self.masks["sheath"] | self.closed)

    @cached_property
    def taken(self) -> Mask:
        """Where a labelled organelle lies, or nobody knows what."""
        names = ("mitochondrion", "vesicle", "psd", "sheath")
        out: Mask = np.any([self.masks[name] for name in names], axis=0) | self.closed
        return out

    @cached_property
    def area_nm2(self) -> Floats:
        """Area of each profile, in nm², organelles and all, (count,)."""
        counted = np.bincount(self.ids.ravel(), minlength=self.count + 1)[1:]
        return counted * (self.voxel_nm[1] * self.voxel_nm[2])

    def off(self, mask: Mask) -> Floats:
        """Return how far each pixel lies from a mask, from middle to middle in nm; far where it is empty."""
        if not mask.any():
            return np.full(mask.shape, 1e4)
        return np.asarray(ndimage.distance_transform_edt(~mask, sampling=self.voxel_nm[1:]))

    def of(self, mask: Mask) -> Floats:
        """Return the area of a mask in each profile, nm², (count,)."""
        counted = np.bincount(self.ids[mask], minlength=self.count + 1)[1:]
        return counted * (self.voxel_nm[1] * self.voxel_nm[2])

    def pixel(self, place_nm: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], ...]:
        """Return row and column of places (..., 2) in nm, (y, x), kept inside the section."""
        return tuple(
            np.clip(np.floor(place_nm[..., c] / self.voxel_nm[c + 1]).astype(np.int64), 0, n - 1)
            for c, n in enumerate(self.ids.shape)
        )

    def near(self, place_nm: npt.NDArray[np.float64], far_nm: float) -> tuple[slice, slice]:
        """Return the box of pixels within a distance of a place (y, x)."""
        spans = []
        for at, size, n in zip(place_nm, self.voxel_nm[1:], self.ids.shape, strict=True):
            spans.append(slice(max(0, int((at - far_nm) / size)), min(n, int((at + far_nm) / size) + 1)))
        return spans[0], spans[1]

    def contacts(self) -> Iterator[Contact]:
        """Yield the lines along which two profiles meet across one membrane, in a fixed order."""
        own = self.partition.index[0]
        wide = self.off(self.ids > 0)
        places, pairs = [], []
        for axis in (0, 1):
            low = tuple(slice(None, -1) if a == axis else slice(None) for a in (0, 1))
            high = tuple(slice(1, None) if a == axis else slice(None) for a in (0, 1))
            a, b = own[low], own[high]
            y, x = np.nonzero((a != b) & (wide[low] + wide[high] <= ACROSS_NM))
            at = np.stack([y + 0.5, x + 0.5], 1)
            at[:, axis] += 0.5
            places.append(at * self.voxel_nm[1:])
            pairs.append(np.stack([np.minimum(a, b)[y, x], np.maximum(a, b)[y, x]], 1))
        place, pair = np.concatenate(places), np.concatenate(pairs).astype(np.int64)
        name = pair[:, 0] * self.count + pair[:, 1]
        order = np.argsort(name, kind="stable")
        ends = np.flatnonzero(np.diff(name[order])) + 1
        for some in np.split(order, ends):
            if len(some) * min(self.voxel_nm[1:]) >= _LEAST_NM:
                yield Contact(int(pair[some[0], 0]), int(pair[some[0], 1]), place[some])


def read_profiles(patch: Patch, z: int = 0) -> Profiles:
    """Return one section of a patch as its masks describe it.

    Raises
    ------
    InputError
        Where membranes are not labelled in it.
    """
    known = {name for name, told in zip(patch.classes, patch.labelled[:, z], strict=True) if told}
    if "membrane" not in known:
        raise InputError(f"{patch.name}: has no mask of membranes, by which cells are told apart")
    masks = dict(zip(CLASSES, patch.labels_of(CLASSES, (slice(z, z + 1),))[:, 0], strict=True))
    shape, (_, dy, dx) = patch.image.shape[1:], patch.grid.voxel_nm
    closed = np.zeros(shape, np.bool_) if patch.ignored is None else patch.ignored[z]
    walls = np.any([masks[name] for name in WALLS], axis=0) | closed
    ids, count = find_profiles(walls[None], dy * dx)
    return Profiles(
        patch.name, patch.image[z], masks, frozenset(known), patch.grid.voxel_nm, closed, ids[0], count
    )


def _nearest(mask: Mask, voxel_nm: Triple) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Return the distance of each pixel to a mask, nm, and row and column of the pixel there."""
    away, at = ndimage.distance_transform_edt(~mask, sampling=voxel_nm[1:], return_indices=True)
    return away, at
