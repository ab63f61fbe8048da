"""What share of a training's time goes by in waiting for data."""

import time
from typing import Any

import lightning.pytorch as pl


class Waiting(pl.Callback):
    """Adds up how long training steps take, and how long the training waits for the crops of the next one.

    The first crops of each stretch between two validations count too; validations themselves do not.
    """

    def __init__(self) -> None:
        self.waited_s = self.worked_s = 0.0
        self._since = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to wait."""
        self._since = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Begin to work."""
        now = time.perf_counter()
        self.waited_s, self._since = self.waited_s + now - self._since, now

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Begin to wait."""
        now = time.perf_counter()
        self.worked_s, self._since = self.worked_s + now - self._since, now

    @property
    def share(self) -> float:
        """The share of time that was spent waiting, 0–1; 0 where no step was taken."""
        total = self.waited_s + self.worked_s
        return self.waited_s / total if total else 0.0
