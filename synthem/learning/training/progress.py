"""One progress bar for a whole training run."""

from typing import Any

import lightning.pytorch as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingBar(pl.Callback):
    """Shows steps, time left, loss and the last validation's mean Dice.

    Parameters
    ----------
    label : str
        What is trained, in front of the bar.
    steps : int
        Steps of the whole run.
    """

    def __init__(self, label: str, steps: int) -> None:
        self.label, self.steps = label, steps
        console = Console(stderr=True)
        if not console.is_terminal:
            console = Console(stderr=True, width=120)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
        )
        self.task = self.bar.add_task(label, total=steps, note="")
        self.note = ""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the bar, on the first process only."""
        if trainer.is_global_zero:
            self.bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move on by a step."""
        note = f"loss {float(outputs['loss']):.3f} {self.note}"
        self.bar.update(self.task, completed=trainer.global_step, note=note)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the mean Dice."""
        self.note = f"Dice {float(trainer.callback_metrics['mean']):.3f}"

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Take the bar down, however the run ended."""
        self.bar.stop()
