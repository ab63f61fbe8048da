"""The paper's loss: a linear convolution of per-class Dice distances, over what is labelled.

Getmanskaya, Sokolov and Turlapov (2022) minimise Σ λ_k (1 − Dice_k) with λ_k = 1/N. Dice is pooled over the
batch, not averaged over its crops, so that a crop without a class costs nothing where its neighbours hold it.

A class that no crop of the batch holds needs a choice. Counted, as in the paper, its distance 1 − s/(Σp + s)
falls only as the network predicts less of it: with a rare class most batches teach to predict none; near Σp =
s the pull is some thousand times that of a batch that does hold the class. Skipped, its Dice term waits for a
batch that holds it, and false alarms are left to the cross-entropy.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def over_voxels(known: Tensor, batch: Tensor) -> Tensor:
    """Bring what is known, by class, section or voxel, to the dimensions of (batch, class, ...)."""
    return known.reshape(*known.shape, *[1] * (batch.ndim - known.ndim))


class DiceConvolution(nn.Module):
    """Σ λ_k (1 − Dice_k), optionally plus cross-entropy, over the labelled classes.

    Parameters
    ----------
    weights : sequence of float
        λ_k, one a class. They are scaled to sum to one over the classes that the batch has labels for.
    bce : float
        Weight of the binary cross-entropy: mean over voxels, λ-weighted mean over classes. 0 leaves it out.
    smooth : float
        Voxels added to both sides of the fraction.
    skip_absent : bool
        Leave out the Dice term of a class that is labelled in the batch but holds no voxel of it.
    """

    def __init__(
        self, weights: Sequence[float], *, bce: float = 0.0, smooth: float = 1.0, skip_absent: bool = False
    ) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32), persistent=False)
        self.bce = bce
        self.smooth = smooth
        self.skip_absent = skip_absent

    def forward(self, logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
        """Return the loss, a scalar.

        Parameters
        ----------
        logits : float (batch, class, ...)
        target : float (batch, class, ...)
            0 or 1.
        known : float (batch, class), (batch, class, z) or (batch, class, ...)
            1 where the crop, its section or voxel has labels of that class, else 0: that adds nothing to
            the loss.
        """
        logits = logits.float()  # sums over a batch overflow half precision
        mask = over_voxels(known, logits)
        pooled = [0, *range(2, logits.ndim)]
        p, t = torch.sigmoid(logits) * mask, target * mask
        both, truth = (p * t).sum(pooled), t.sum(pooled)
        distance = 1 - (2 * both + self.smooth) / (p.sum(pooled) + truth + self.smooth)
        parts = known.reshape(*known.shape[:2], -1)
        labelled = parts.amax((0, 2))
        loss = self._combine(distance, labelled * (truth > 0) if self.skip_absent else labelled)
        if self.bce:
            each = F.binary_cross_entropy_with_logits(logits, target, reduction="none") * mask
            voxels = parts.sum((0, 2)) * (logits[0, 0].numel() / parts.shape[2])
            loss = loss + self.bce * self._combine(each.sum(pooled) / voxels.clamp(min=1), labelled)
        return loss

    def _combine(self, terms: Tensor, use: Tensor) -> Tensor:
        weights = self.get_buffer("weights") * use
        return (weights * terms).sum() / weights.sum().clamp(min=1e-12)
