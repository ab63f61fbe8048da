"""Where a training crop comes from: anywhere in a patch, a regular tiling, or a mixture of two sources."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from shapes.core.errors import InputError
from synthem.learning.crops.rare_crops import RareCrops, way_out
from synthem.learning.crops.share import share_at, share_text
from synthem.patch import Patch

Corner = tuple[int, int, int]


class Crop(NamedTuple):
    """A crop: the patch that it is cut from, its first voxel there, and what it weighs in the loss."""

    patch: Patch
    corner: Corner
    weights: Mapping[str, float] | None = None
    """λ by class, beside those of the training; 1 where left out."""


class CropSource(Protocol):
    """Draws crops of one size: a patch, and the first voxel of the crop in it."""

    patches: Sequence[Patch]
    """What crops are drawn from."""

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Draw a crop, the index-th of the training, at a progress of that from 0 to 1."""


class UniformCrops:
    """Crops from anywhere in a patch; the patches drawn alike, or by weights such as the balanced sampler's.

    Parameters
    ----------
    patches : sequence of Patch
    shape_vx : tuple of int
        Size of a crop (z, y, x); no patch may be smaller.
    weights : float (patch,), optional
        How often each patch is drawn, up to a factor.
    """

    def __init__(
        self,
        patches: Sequence[Patch],
        shape_vx: Corner,
        weights: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self.patches = patches
        self.shape_vx = shape_vx
        share = np.ones(len(patches)) if weights is None else np.asarray(weights, np.float64)
        if len(patches) == 0 or share.shape != (len(patches),) or (share < 0).any() or not share.sum() > 0:
            raise InputError(f"crops: {len(patches)} patches with {share.size} weights leave nothing to draw")
        self._cumulative = np.cumsum(share / share.sum())

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Draw a crop."""
        index = int(np.searchsorted(self._cumulative, rng.random(), side="right"))
        patch = self.patches[min(index, len(self.patches) - 1)]
        room = room_for(patch, self.shape_vx)
        z, y, x = (int(rng.integers(r + 1)) for r in room)
        return Crop(patch, (z, y, x))


class TiledCrops:
    """The paper's crops: tiles of every section that overlap their neighbours, each as likely as the next.

    Parameters
    ----------
    patches : sequence of Patch
    shape_vx : tuple of int
        Size of a tile (z, y, x).
    overlap : float
        Share of a tile's edge that neighbours have in common. The last tile of a row ends with the section.
    """

    def __init__(self, patches: Sequence[Patch], shape_vx: Corner, overlap: float = 0.25) -> None:
        self.patches = patches
        self.tiles = [
            (k, corner)
            for k, patch in enumerate(patches)
            for corner in tile_corners(patch, shape_vx, overlap)
        ]
        if not self.tiles:
            raise InputError("crops: there is no section to cut tiles from")

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Draw a tile."""
        k, corner = self.tiles[int(rng.integers(len(self.tiles)))]
        return Crop(self.patches[k], corner)


class RareSource:
    """Crops where the rare classes are, as ``synthem.learning.crops.rare_crops.RareCrops`` places them."""

    def __init__(self, patches: Sequence[Patch], crops: RareCrops) -> None:
        self.patches, self.crops = patches, crops

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Draw a crop."""
        index, *corner = self.crops.draw(rng=rng)
        return Crop(self.patches[index], (corner[0], corner[1], corner[2]))


class MixedCrops:
    """Crops of two sources: a share of ``second``, which may change with progress, the rest of ``first``.

    Parameters
    ----------
    first, second : CropSource
    share : sequence of float
        Of ``second``: see ``synthem.learning.crops.share``.
    weights : mapping of str to float, optional
        λ by class of the crops of ``second``.
    """

    def __init__(
        self,
        first: CropSource,
        second: CropSource,
        share: Sequence[float],
        weights: Mapping[str, float] | None = None,
    ) -> None:
        if any(not 0 <= part <= 1 for part in share):
            raise InputError(f"crops: the share of a source must be within 0–1, not {share_text(share)}")
        if any(not weight >= 0 for weight in (weights or {}).values()):
            raise InputError(f"crops: weights of classes must not be negative: {dict(weights or {})}")
        self.first, self.second = first, second
        self.patches: Sequence[Patch] = [*first.patches, *second.patches]
        self.share, self.weights = tuple(share), weights

    def draw(self, *, rng: np.random.Generator, progress: float = 0.0, index: int = 0) -> Crop:
        """Draw a crop of either source."""
        if rng.random() < share_at(self.share, progress):
            return self.second.draw(rng=rng, progress=progress, index=index)._replace(weights=self.weights)
        return self.first.draw(rng=rng, progress=progress, index=index)


def tile_corners(patch: Patch, shape_vx: Corner, overlap: float = 0.0) -> list[Corner]:
    """First voxels of a regular tiling that covers a patch; the last tile of a row ends with the patch."""
    axes = []
    for axis, room in enumerate(room_for(patch, shape_vx)):
        step = max(1, round(shape_vx[axis] * (1 - overlap)))
        axes.append(sorted({*range(0, room, step), room}))
    return [(z, y, x) for z, y, x in product(*axes)]


def room_for(patch: Patch, shape_vx: Corner) -> Corner:
    """Voxels by which a crop can be moved within a patch, (z, y, x); InputError where it does not fit."""
    z, y, x = (n - c for n, c in zip(patch.grid.shape, shape_vx, strict=True))
    if min(z, y, x) < 0:
        raise InputError(
            f"crops: {patch.name or 'a patch'}, {patch.grid.shape}, is smaller than a crop, {shape_vx}: "
            + way_out(patch.grid.shape, shape_vx)
        )
    return z, y, x
