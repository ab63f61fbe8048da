"""The data of an experiment: real halves, what is held out of them, and where each arm's crops come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np

from shapes import Grid
from shapes.errors import InputError
from synthem.experiment.config import Arm, ExperimentConfig
from synthem.labels import CLASSES
from synthem.patch import Patch
from synthem.sampling.balance import balance_weights
from synthem.sampling.crops import RareCrops
from synthem.store.real import read_folder, read_split
from synthem.training.sources import (
    CropSource,
    MixedCrops,
    RareSource,
    TiledCrops,
    UniformCrops,
    tile_corners,
)


@dataclass(frozen=True)
class Data:
    """Everything that the arms train on, choose by and are scored on."""

    train: Sequence[Patch]
    validation: Sequence[Patch]
    test: Sequence[Patch]
    synthetic: Sequence[Patch]
    synthetic_validation: Sequence[Patch]
    notes: tuple[str, ...] = ()
    """What the report should say about the data, a sentence each."""

    def epoch_steps(self, config: ExperimentConfig) -> int:
        """Count the steps of an epoch, alike for all arms: as many crops as the real sections have tiles."""
        shape, overlap = config.training.patch_vx, config.overlap
        return ceil(sum(len(tile_corners(p, shape, overlap)) for p in self.train) / config.training.batch)

    def validation_for(self, arm: Arm) -> Sequence[Patch]:
        """Return what an arm chooses its best model by; the synthetic one sees no real label."""
        return self.synthetic_validation if arm == "synthetic" else self.validation

    def source_for(self, arm: Arm, config: ExperimentConfig, classes: Sequence[str]) -> CropSource:
        """Where an arm's crops come from."""
        if arm == "real":
            return self._real(self.train, config, classes)
        if arm == "synthetic":
            return self._synthetic(self.synthetic, config)
        fraction = config.synthetic.fraction
        if fraction is None:
            tiles = self.epoch_steps(config) * config.training.batch
            fraction = len(self.synthetic) / (len(self.synthetic) + tiles)
        real, ours = self.train, self.synthetic
        if config.absent == "unlabelled":
            real, ours = _without_absent(real), _without_absent(ours)
        return MixedCrops(self._real(real, config, classes), self._synthetic(ours, config), fraction)

    @staticmethod
    def _real(train: Sequence[Patch], config: ExperimentConfig, classes: Sequence[str]) -> CropSource:
        shape = config.training.patch_vx
        if config.crops == "tiles":
            return TiledCrops(train, shape, config.overlap)
        if config.crops == "uniform":
            return UniformCrops(train, shape)
        weights = {name: weight for name, weight in config.rare.items() if name in classes}
        return RareSource(train, RareCrops(train, shape, weights))

    @staticmethod
    def _synthetic(patches: Sequence[Patch], config: ExperimentConfig) -> CropSource:
        shares = np.array([p.labels.reshape(len(CLASSES), -1).mean(1) for p in patches])
        balance = config.synthetic.balance
        weights = balance_weights(shares, balance).weights if balance else None
        return UniformCrops(patches, config.training.patch_vx, weights)


def load_data(config: ExperimentConfig, make_synthetic: Callable[[], Sequence[Patch]]) -> Data:
    """Read the real halves, have the synthetic patches made, and hold out what validates.

    Raises
    ------
    InputError
        Where no folder or sections are named, or the halves share a section.
    """
    if config.real is None:
        raise InputError("experiment: say where the real sections are: `--real DIR`, or `real:` in the file")
    root = Path(config.real)
    train_names, test_names = _halves(config, root)
    train = read_folder(root, train_names, config.voxel_nm)
    test = read_folder(root, test_names, config.voxel_nm)
    both = sorted(set(train.names) & set(test.names))
    if both:
        raise InputError(f"experiment: {both[0]!r} is in both halves; train and test must not share sections")
    kept, held = hold_out(list(train), config.validation_share, config.training.patch_vx)
    ours, ours_held = hold_out(make_synthetic(), config.validation_share, config.training.patch_vx)
    notes = tuple(dict.fromkeys([*train.warnings, *test.warnings]))
    return Data(kept, held, test[:: config.test_every], ours, ours_held, notes)


def _without_absent(patches: Sequence[Patch]) -> list[Patch]:
    """Mark classes of which no patch holds a voxel as unlabelled."""
    held = np.any([p.labels.reshape(len(CLASSES), -1).any(1) for p in patches], axis=0)
    return [
        replace(p, known=tuple(bool(k and h) for k, h in zip(p.known, held, strict=True))) for p in patches
    ]


def _halves(config: ExperimentConfig, root: Path) -> tuple[Sequence[str], Sequence[str]]:
    if config.train and config.test:
        return config.train, config.test
    if config.split is None:
        raise InputError("experiment: name the sections, `train:` and `test:`, or a split, `--split NAME`")
    return read_split(root / config.splits, config.split)


def hold_out(
    patches: Sequence[Patch], share: float, crop_vx: tuple[int, int, int]
) -> tuple[list[Patch], list[Patch]]:
    """Hold out a block at the far end: the last patches, or the far end of the only one.

    Neighbouring sections are near copies of each other, so patches drawn at random would be known already.

    Raises
    ------
    InputError
        Where there is no patch, or the only one is too small to be cut.
    """
    if len(patches) == 0:
        raise InputError("training: there is no patch to train on")
    if len(patches) > 1:
        held = min(len(patches) - 1, max(1, round(share * len(patches))))
        return list(patches[:-held]), list(patches[-held:])
    shape = patches[0].grid.shape
    room = [n - 2 * c for n, c in zip(shape, crop_vx, strict=True)]
    axis = int(np.argmax(room))
    if room[axis] < 0:
        raise InputError(
            f"training: the only patch, {shape}, is too small to hold out a validation part of {crop_vx}"
        )
    cut = min(max(round(shape[axis] * (1 - share)), crop_vx[axis]), shape[axis] - crop_vx[axis])
    return [_part(patches[0], axis, 0, cut)], [_part(patches[0], axis, cut, shape[axis])]


def _part(patch: Patch, axis: int, start: int, stop: int) -> Patch:
    box = tuple(slice(start, stop) if a == axis else slice(None) for a in range(3))
    shape, origin = list(patch.grid.shape), list(patch.grid.origin_nm)
    shape[axis] = stop - start
    origin[axis] += start * patch.grid.voxel_nm[axis]
    grid = Grid((shape[0], shape[1], shape[2]), patch.grid.voxel_nm, (origin[0], origin[1], origin[2]))
    labels = patch.labels[(slice(None), *box)]
    return replace(
        patch, image=patch.image[box], labels=labels, grid=grid, clean=None, instances={}, trace=None
    )
