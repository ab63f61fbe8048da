"""The loss agrees with MONAI's where MONAI has one, and leaves out what is not labelled."""

import pytest
import torch
from monai.losses import DiceLoss

from synthem.learning.training.losses import DiceConvolution


@pytest.fixture
def batch():
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 16, 16, generator=g)
    target = (torch.rand(3, 4, 16, 16, generator=g) < 0.3).float()
    return logits, target, torch.ones(3, 4)


def test_equals_monai_dice_pooled_over_the_batch(batch):
    logits, target, known = batch
    expected = DiceLoss(sigmoid=True, batch=True, smooth_nr=1.0, smooth_dr=1.0)(logits, target)
    assert torch.isclose(DiceConvolution([1] * 4)(logits, target, known), expected)


def test_bce_is_the_mean_cross_entropy(batch):
    logits, target, known = batch
    gain = DiceConvolution([1] * 4, bce=2.0)(logits, target, known) - DiceConvolution([1] * 4)(*batch)
    expected = 2 * torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
    assert torch.isclose(gain, expected)


def test_perfect_prediction_costs_nothing(batch):
    _, target, known = batch
    loss = DiceConvolution([1] * 4, bce=1.0)((target * 2 - 1) * 50, target, known)
    assert loss.item() < 1e-6


@pytest.mark.parametrize("bce", [0.0, 1.0])
def test_an_unlabelled_class_has_no_gradient_and_weights_are_renormalised(batch, bce):
    logits, target, known = batch
    logits = logits.clone().requires_grad_()
    known = known.clone()
    known[:, 2] = 0
    loss = DiceConvolution([1, 2, 3, 4], bce=bce)(logits, target, known)
    loss.backward()
    assert logits.grad[:, 2].abs().max() == 0 and logits.grad[:, 1].abs().max() > 0
    keep = [0, 1, 3]
    alone = DiceConvolution([1, 2, 4], bce=bce)(logits[:, keep], target[:, keep], known[:, keep])
    assert torch.isclose(loss, alone)


def test_a_class_labelled_in_some_crops_only_uses_those(batch):
    logits, target, known = batch
    known = known.clone()
    known[1:, 0] = 0
    first = DiceConvolution([1, 0, 0, 0], bce=1.0)(logits, target, known)
    alone = DiceConvolution([1, 0, 0, 0], bce=1.0)(logits[:1], target[:1], known[:1])
    assert torch.isclose(first, alone)


def test_an_absent_class_teaches_silence_unless_skipped(batch):
    logits, target, known = batch
    target = target.clone()
    target[:, 3] = 0
    grads = []
    for skip in (False, True):
        x = logits.clone().requires_grad_()
        DiceConvolution([1] * 4, skip_absent=skip)(x, target, known).backward()
        grads.append(x.grad[:, 3])
    assert (grads[0] > 0).all()
    assert (grads[1] == 0).all()


def test_nothing_labelled_is_zero_not_nan(batch):
    logits, target, known = batch
    x = logits.clone().requires_grad_()
    loss = DiceConvolution([1] * 4, bce=1.0)(x, target, known * 0)
    loss.backward()
    assert loss.item() == 0 and torch.isfinite(x.grad).all()


def test_half_precision_does_not_overflow():
    logits = torch.full((4, 1, 256, 256), 5.0, dtype=torch.float16)
    loss = DiceConvolution([1])(logits, torch.ones(4, 1, 256, 256), torch.ones(4, 1))
    assert torch.isfinite(loss) and loss.item() < 0.01


@pytest.mark.parametrize("bce", [0.0, 1.0])
def test_unlabelled_sections_cost_nothing(bce):
    g = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 3, 6, 8, 8, generator=g).requires_grad_()
    target = (torch.rand(2, 3, 6, 8, 8, generator=g) < 0.3).float()
    known = torch.ones(2, 3, 6)
    known[:, :, 4:] = 0
    loss = DiceConvolution([1, 2, 3], bce=bce)(logits, target, known)
    loss.backward()
    assert logits.grad[:, :, 4:].abs().max() == 0 and logits.grad[:, :, :4].abs().max() > 0
    alone = DiceConvolution([1, 2, 3], bce=bce)(logits[:, :, :4], target[:, :, :4], torch.ones(2, 3))
    assert torch.isclose(loss, alone)
