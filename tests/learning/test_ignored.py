"""Voxels that are ignored weigh nothing: not in crops, the loss, scores or counts."""

import numpy as np
import pytest
import torch

from shapes import Grid
from synthem.labels import CLASSES, channel
from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import UniformCrops
from synthem.learning.crops.dataset import CropDataset, TileDataset
from synthem.learning.crops.hold_out import hold_out
from synthem.learning.identity import identity_of_data
from synthem.learning.training.losses import DiceConvolution
from synthem.measure.census import census
from synthem.patch import Patch

EDGE = 32
CONFIG = TrainConfig.model_validate({"patch_vx": (1, EDGE, EDGE), "steps": 4, "batch": 2})


@pytest.fixture
def patch() -> Patch:
    """Membrane on the left half; the upper quarter is ignored."""
    labels = np.zeros((len(CLASSES), 1, 2 * EDGE, EDGE), bool)
    labels[channel("membrane"), ..., : EDGE // 2] = True
    ignored = np.zeros((1, 2 * EDGE, EDGE), bool)
    ignored[:, : EDGE // 2] = True
    image = np.random.default_rng(0).integers(0, 256, ignored.shape, np.uint8)
    return Patch(image, labels & ~ignored, Grid(ignored.shape, (5, 5, 5)), ignored=ignored)


def test_known_is_told_by_voxel_and_moves_with_the_labels(patch: Patch) -> None:
    for sample in CropDataset(UniformCrops([patch], CONFIG.patch_vx), CONFIG, 0, 8):
        known, labels = sample["known"], sample["labels"]
        assert known.shape == labels.shape
        assert not labels[known == 0].any()
    (first, second) = TileDataset([patch], CONFIG)
    assert (first["known"][:, : EDGE // 2] == 0).all() and (first["known"][:, EDGE // 2 :] == 1).all()
    assert (second["known"] == 1).all()


def test_the_loss_is_that_of_the_other_voxels(patch: Patch) -> None:
    sample = TileDataset([patch], CONFIG)[0]
    loss = DiceConvolution([1.0] * 6, bce=0.5)
    noise = torch.randn(1, 6, EDGE, EDGE, generator=torch.Generator().manual_seed(0))
    target, known = sample["labels"][None], sample["known"][None]
    whole = loss(noise, target, known)
    part = loss(noise[..., EDGE // 2 :, :], target[..., EDGE // 2 :, :], torch.ones(1, 6))
    torch.testing.assert_close(whole, part)
    other = torch.where(known == 0, -noise, noise)
    torch.testing.assert_close(loss(other, target, known), whole)


def test_parts_and_identity_know_what_is_ignored(patch: Patch) -> None:
    kept, held = hold_out([patch], 0.5, CONFIG.patch_vx)
    assert kept[0].ignored is not None and kept[0].ignored.mean() == 0.5 and held[0].ignored is None
    plain = Patch(patch.image, patch.labels, patch.grid)
    assert identity_of_data([patch]) != identity_of_data([plain]) and patch != plain


def test_a_census_counts_the_rest(patch: Patch) -> None:
    counted = census([patch]).classes["membrane"]
    assert counted.share == pytest.approx(0.5)
