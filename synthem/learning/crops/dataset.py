"""Patches as torch sees them: crops drawn by (seed, index), tiles to validate on, the balanced sampler."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from shapes.core.errors import InputError
from synthem.augment.draw import draw_recipe
from synthem.augment.own import Own
from synthem.augment.see import see_anew
from synthem.learning.config import AugmentConfig, TrainConfig
from synthem.learning.crops.augment import augment
from synthem.learning.crops.crops import Crop, CropSource, tile_corners
from synthem.patch import Patch

Sample = dict[str, Tensor]


def to_sample(
    crop: Crop,
    config: TrainConfig,
    augmentation: AugmentConfig | None = None,
    *,
    rng: np.random.Generator | None = None,
    by_voxel: bool = False,
) -> Sample:
    """Cut a crop and make tensors of it.

    Returns
    -------
    dict
        ``image`` float32 (1, [z,] y, x) in grey levels, ``labels`` float32 (class, [z,] y, x) of 0 and 1, and
        ``known`` float32 (class, [z,]): what the class weighs there, 0 where it is unlabelled; with
        ``by_voxel``, as large as the labels, 0 at voxels that are ignored too. The z axis is left out for a
        2D network.
    """
    patch, corner, weights = crop
    box = tuple(slice(c, c + n) for c, n in zip(corner, config.patch_vx, strict=True))
    image = patch.image[box].astype(np.float32)
    labels = patch.labels_of(config.classes, box)
    # an unlabelled section stays so wherever it is flipped to: it moves as a label does
    sections = np.atleast_1d(patch.labelled.any(0))[None, box[0], None, None]
    there = np.broadcast_to(sections, (1, *image.shape))
    labels = np.concatenate([labels, there if patch.ignored is None else there & ~patch.ignored[box]])
    if augmentation is not None and rng is not None:
        image, labels = augment(image, labels, augmentation, rng=rng)
        if augmentation.microscope is not None:
            seed, size = int(rng.integers(2**63)), patch.grid.voxel_nm
            recipe = draw_recipe(Own(image), augmentation.microscope, size, seed=seed)
            unsaid = ~labels[-1] if by_voxel else None  # else it is alike all over a section
            image, masks, unsaid = see_anew(image, labels[:-1], recipe, size, unsaid)
            labels = np.concatenate([masks, labels[-1:] if unsaid is None else ~unsaid[None]])
    labels, there = labels[:-1], labels[-1:] if by_voxel else labels[-1:, :, :1, :1]
    every = np.array([patch.knows(name) for name in config.classes])
    known = (every[:, None, None, None] & there).astype(np.float32)
    if weights:
        lambdas = np.array([weights.get(name, 1.0) for name in config.classes], np.float32)
        known *= lambdas[:, None, None, None]
    if not by_voxel:
        known = known[..., 0, 0]
    if config.network.dims == 2:
        image, labels, known = image[0], labels[:, 0], known[:, 0]
    return {
        "image": torch.from_numpy(np.ascontiguousarray(image)[None]),
        "labels": torch.from_numpy(labels.astype(np.float32)),
        "known": torch.from_numpy(known),
    }


class CropDataset(Dataset[Sample]):
    """Augmented training crops; the crop of an index depends on the seed and the index alone.

    Parameters
    ----------
    source : CropSource
    config : TrainConfig
        Its seed, crop size, classes and augmentation are used.
    first, count : int
        The dataset holds ``count`` crops of an endless sequence, from the ``first`` on, so that a run
        that goes on later meets the crops that it would have met.
    """

    def __init__(self, source: CropSource, config: TrainConfig, first: int, count: int) -> None:
        self.source, self.config, self.first, self.count = source, config, first, count
        self.by_voxel = any(patch.ignored is not None for patch in source.patches)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < self.count:
            raise IndexError(index)
        rng = np.random.default_rng([self.config.seed, self.first + index])
        progress = min((self.first + index) / (self.config.steps * self.config.batch), 1.0)
        crop = self.source.draw(rng=rng, progress=progress, index=self.first + index)
        return to_sample(crop, self.config, self.config.augment, rng=rng, by_voxel=self.by_voxel)


class TileDataset(Dataset[Sample]):
    """Tiles that cover patches once, without augmentation; at most ``limit`` of them, evenly spread."""

    def __init__(self, patches: Sequence[Patch], config: TrainConfig, limit: int | None = None) -> None:
        self.patches, self.config = patches, config
        self.by_voxel = any(patch.ignored is not None for patch in patches)
        tiles = [(k, c) for k, patch in enumerate(patches) for c in tile_corners(patch, config.patch_vx)]
        keep = np.linspace(0, len(tiles) - 1, min(limit or len(tiles), len(tiles))).round().astype(int)
        self.tiles = [tiles[k] for k in keep]

    def __len__(self) -> int:
        return len(self.tiles)

    def __getitem__(self, index: int) -> Sample:
        k, corner = self.tiles[index]
        return to_sample(Crop(self.patches[k], corner), self.config, by_voxel=self.by_voxel)


class BalancedSampler(Sampler[int]):
    """Indices of patches, drawn with replacement by weights: for any torch ``DataLoader`` over patches.

    Parameters
    ----------
    weights : float (patch,)
        For example ``synthem.learning.crops.balance.balance_weights(...).weights``.
    count : int
        Indices an epoch.
    seed : int
        The indices depend on the seed and the epoch alone; set the latter by ``set_epoch``.
    """

    def __init__(self, weights: npt.ArrayLike, count: int, seed: int = 0) -> None:
        share = np.asarray(weights, np.float64)
        if share.ndim != 1 or not np.isfinite(share).all() or (share < 0).any() or not share.sum() > 0:
            raise InputError("balanced sampler: weights must be one number of at least 0 a patch, not all 0")
        self.share = share / share.sum()
        self.count, self.seed, self.epoch = count, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose indices come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng([self.seed, self.epoch])
        yield from rng.choice(len(self.share), self.count, p=self.share).tolist()
