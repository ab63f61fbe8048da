"""What a training step and a validation are, in lightning's terms."""

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import CropSource
from synthem.learning.crops.dataset import CropDataset, Sample, TileDataset
from synthem.learning.network.start import first_network
from synthem.learning.network.unet import ENCODER, normalise
from synthem.learning.training.losses import DiceConvolution, over_voxels
from synthem.scores.counts import Counts
from synthem.scores.dice import dice, mean_dice


class Segmenter(pl.LightningModule):
    """A U-Net with its data, loss, optimiser and validation."""

    def __init__(
        self, config: TrainConfig, source: CropSource, tiles: TileDataset, until: int | None = None
    ) -> None:
        super().__init__()
        self.config, self.source, self.tiles = config, source, tiles
        self.until = config.steps if until is None else until
        self.net = first_network(config)
        self.average = _average(self.net, config.ema) if config.ema else None
        self.loss = DiceConvolution(config.weights(), bce=config.bce, skip_absent=config.skip_absent)
        self.tally = torch.zeros(3, len(config.classes), dtype=torch.int64)
        if config.freeze == "encoder":
            for part in self._encoder:
                part.requires_grad_(False)
        self.train()

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept: that of averaged weights, where there are any."""
        if self.average is None:
            return self.net
        net: nn.Module = self.average.module
        return net

    def train(self, mode: bool = True) -> "Segmenter":
        """Set the mode; what is frozen, and what is an average, does not train."""
        super().train(mode)
        for part in (*(self._encoder if self.config.freeze == "encoder" else ()), self.average):
            if part is not None:
                part.eval()
        return self

    def on_train_batch_end(self, outputs: Any, batch: Sample, batch_idx: int) -> None:
        """Take the new weights into the average."""
        if self.average is not None:
            self.average.update_parameters(self.net)

    @property
    def _encoder(self) -> list[nn.Module]:
        return [self.net.get_submodule(name) for name in ENCODER]

    def training_step(self, batch: Sample, index: int) -> Tensor:
        """Loss of a batch."""
        loss: Tensor = self.loss(self.net(normalise(batch["image"])), batch["labels"], batch["known"])
        self.log("loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=len(batch["image"]))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Count from zero."""
        self.tally = torch.zeros(3, len(self.config.classes), dtype=torch.int64, device=self.device)

    def validation_step(self, batch: Sample, index: int) -> None:
        """Count true and false positives and false negatives of a batch."""
        known = over_voxels(batch["known"], batch["labels"]).bool()
        found = (self.judged(normalise(batch["image"])) > 0) & known
        truth = (batch["labels"] > 0) & known
        pooled = [0, *range(2, truth.ndim)]
        self.tally += torch.stack(
            [(a & b).sum(pooled) for a, b in ((found, truth), (found, ~truth), (~found, truth))]
        )

    def on_validation_epoch_end(self) -> None:
        """Pool the counts of all devices, then divide; a class that the crops do not hold has no Dice."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(self.tally)
        counts = Counts(*np.asarray(self.tally.cpu()))
        held = np.where(counts.support > 0, dice(counts), np.nan)
        scores = dict(zip(self.config.classes, held, strict=True))
        self.log_dict({**{k: float(v) for k, v in scores.items()}, "mean": mean_dice(counts)}, sync_dist=True)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Draw the crops up to the next validation, from where the run stands."""
        config, done = self.config, self.trainer.global_step
        # a run that goes on beyond its old end comes back to the validations of one that never stopped there
        steps = min(config.check_every - done % config.check_every, max(self.until - done, 1))
        return self._loader(CropDataset(self.source, config, done * config.batch, steps * config.batch))

    def val_dataloader(self) -> DataLoader[Sample]:
        """Load the validation tiles."""
        return self._loader(self.tiles)

    def _loader(self, data: Any) -> DataLoader[Sample]:
        each = max(1, self.config.batch // self.trainer.world_size)
        return DataLoader(data, batch_size=each, num_workers=self.config.workers)

    def configure_optimizers(self) -> Any:
        """Adam or AdamW, at a constant rate, in one cycle over the whole run, or down along a cosine."""
        config = self.config
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimiser]
        optimiser = kind([p for p in self.net.parameters() if p.requires_grad], lr=config.lr)
        if config.schedule == "constant":
            return optimiser
        rate: torch.optim.lr_scheduler.LRScheduler
        if config.schedule == "one_cycle":
            rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.lr, total_steps=config.steps + 1)
        else:
            rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rate, "interval": "step"}}


def _average(net: nn.Module, decay: float) -> AveragedModel:
    """Make an average of weights and batch-norm statistics, young at first: after n steps it spans n / 10."""

    @torch.no_grad()
    def update(mean: Sequence[Tensor], new: Sequence[Tensor], count: Tensor | int) -> None:
        steps = int(count)
        share = 1 - min(decay, (1 + steps) / (10 + steps))
        for m, n in zip(mean, new, strict=True):
            m.lerp_(n, share) if m.is_floating_point() else m.copy_(n)

    average = AveragedModel(net, multi_avg_fn=update, use_buffers=True)
    average.requires_grad_(False)
    return average
