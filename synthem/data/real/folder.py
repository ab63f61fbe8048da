"""Sections or volumes of real EM with labels, read when they are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from shapes import Grid
from synthem.data.greys import Greys, one_channel
from synthem.data.masks import Masks
from synthem.data.real.label_map import LabelMaps, MapMasks
from synthem.data.volume import EVERYWHERE, Plane
from synthem.patch import Patch


@dataclass(frozen=True)
class RealFolder(Sequence[Patch]):
    """Real EM of any layout, in the order of its names; each patch is read when it is asked for.

    Attributes
    ----------
    root : Path
        The folder or file.
    names : tuple of str
        The patches' names. Sections are called as their file without ending; those of a stack, or of a
        volume in another kind of file, have their number behind that, ``name:0007``.
    slices : mapping of str to Plane
        Where the image of a section lies.
    masks : mapping of str to Masks or MapMasks
        By class and section, where its labels lie, and how they are read; a class that no file has labels of
        has no entry.
    voxel_nm : tuple of float
        Voxel size that every patch is given, (z, y, x).
    warnings : tuple of str
        What is odd, a sentence each: masks without a slice, slices without a mask, folders and pictures that
        are not used, a voxel size that nobody told.
    layout : str
        What it was read as.
    greys : Greys
        How greys become 8 bits.
    volumes : mapping of str to tuple of str
        The sections of each volume; empty where each section is a patch.
    maps : LabelMaps or None
        Label maps, which may hold objects and pixels that are ignored.
    unsaid : Masks
        By section, masks of what nobody said anything of.
    classes : tuple of str
        The channels of every patch: those of EPFL6, and what else there are labels of.
    """

    root: Path
    names: tuple[str, ...]
    slices: Mapping[str, Plane]
    masks: Mapping[str, Masks | MapMasks]
    voxel_nm: tuple[float, float, float]
    warnings: tuple[str, ...]
    layout: str
    greys: Greys
    volumes: Mapping[str, tuple[str, ...]]
    maps: LabelMaps | None
    unsaid: Masks
    classes: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of patches."""
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Patch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Patch]: ...
    def __getitem__(self, index: int | slice) -> Patch | list[Patch]:
        """Read one patch, or a list of them; raises InputError where a file is damaged."""
        if isinstance(index, slice):
            return [self.read(name) for name in self.names[index]]
        return self.read(self.names[index])

    def __iter__(self) -> Iterator[Patch]:
        """Read one patch after the other."""
        return map(self.read, self.names)

    def sections(self, name: str) -> tuple[str, ...]:
        """Return the names of the sections of a patch: of a section, its own."""
        return self.volumes.get(name, (name,))

    def shape(self, name: str) -> tuple[int, int, int]:
        """Return the shape of a patch, (z, y, x), without reading it."""
        sections = self.sections(name)
        return (len(sections), *self.slices[sections[0]].size)

    def images_alone(self) -> "RealFolder":
        """Return the same sections without any labels: no file of masks or label maps is read for them."""
        return replace(self, masks={}, maps=None, unsaid=Masks({}))

    @property
    def labelled(self) -> tuple[bool, ...]:
        """Which classes are labelled in some patch."""
        every = [section for name in self.names for section in self.sections(name)]
        return tuple(any(one in self.masks.get(cls, ()) for one in every) for cls in self.classes)

    def read(self, name: str) -> Patch:
        """Read the patch of that name, without trace.

        A class that is labelled in some sections of a volume only is unlabelled in it.
        """
        sections = self.sections(name)
        shape = self.shape(name)
        image = np.empty(shape, np.uint8)
        labels = np.zeros((len(self.classes), *shape), bool)
        known = np.zeros((len(self.classes), len(sections)), bool)
        place = {cls: k for k, cls in enumerate(self.classes)}
        ignored = np.zeros(shape, bool)
        instances = None if self.maps is None else np.zeros(shape, np.int32)
        for z, section in enumerate(sections):
            plane = self.slices[section]
            image[z] = self.greys.bytes(one_channel(plane, plane.read(), {}))
            for cls, masks in self.masks.items():
                if section in masks:
                    labels[place[cls], z] = masks.read(section)
                    known[place[cls], z] = True
                    if (reached := masks[section].reached) != EVERYWHERE:
                        ignored[z] |= _outside(shape[1:], reached)
            if section in self.unsaid:
                ignored[z] |= self.unsaid.read(section)
            if self.maps is not None and section in self.maps.planes:
                ignored[z] |= self.maps.decoded(section).ignored
                ids = self.maps.instances(section)
                if ids is None or instances is None:
                    instances = None
                else:
                    instances[z] = ids
        if {"mitochondrion", "mito_boundary"} <= place.keys():
            labels[place["mitochondrion"]] |= labels[place["mito_boundary"]]
        blank = ~np.atleast_1d(known.any(0))
        whole = np.atleast_1d(known[:, ~blank].all(1)) & (not blank.all())
        labels &= whole[:, None, None, None] & ~ignored
        return Patch(
            image,
            labels,
            Grid(shape, self.voxel_nm),
            tuple(whole.tolist()),
            name,
            instances={} if instances is None or not self._objects else {self._objects: instances},
            unlabelled=tuple(np.flatnonzero(blank).tolist()) if whole.any() else (),
            ignored=ignored if ignored.any() else None,
            classes=self.classes,
        )

    @property
    def _objects(self) -> str | None:
        """The class of which label maps hold objects."""
        return None if self.maps is None else self.maps.codes.instances


def _outside(shape: tuple[int, ...], part: tuple[slice, slice] | None) -> npt.NDArray[np.bool_]:
    """Return the pixels of a section beyond a part of it."""
    out = np.ones(shape, np.bool_)
    if part is not None:
        out[part] = False
    return out
