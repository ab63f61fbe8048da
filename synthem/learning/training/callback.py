"""What a training run leaves on disk: the curves, the best model, and the state to go on from."""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.learning.network.model_file import Model, ModelCard, save_model

CURVES, MODEL, STATE = "curves.csv", "model.pt", "last.ckpt"


class Keeper(pl.Callback):
    """After each validation: a line of ``curves.csv``, ``model.pt`` if it is the best yet, and ``last.ckpt``.

    The best model has the highest mean Dice over the classes that the validation crops hold. It is all stored
    in ``last.ckpt``, so that a run that was stopped goes on as if it had not been.

    Parameters
    ----------
    out : Path
        Folder of the run.
    card : ModelCard
        Card of the models to come.
    patience : int or None
        Stop after so many validations without a better one.
    """

    def __init__(self, out: Path, card: ModelCard, patience: int | None) -> None:
        self.out, self.card, self.patience = out, card, patience
        self.rows: list[dict[str, float]] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin a new epoch after each start, and stay stopped where patience had run out."""
        # lightning would finish an epoch of as many batches as the one that it was stopped in or after
        trainer.fit_loop.epoch_loop.batch_progress.current.reset()
        self._stop_in_time(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write everything down, but not twice: lightning ends the last epoch again when it goes on."""
        if self.rows and self.rows[-1]["step"] == trainer.global_step:
            return
        row = {k: float(v) for k, v in trainer.callback_metrics.items() if k in ("loss", *self._columns())}
        self.rows.append({"step": trainer.global_step, **row})
        if trainer.is_global_zero:
            self._write_curves()
            if self.best is self.rows[-1]:
                dice = {k: None if math.isnan(row[k]) else row[k] for k in self._columns()}
                card = self.card.model_copy(update={"step": trainer.global_step, "validation_dice": dice})
                save_model(self.out / MODEL, Model(pl_module.judged, card))  # type: ignore[arg-type]
        trainer.save_checkpoint(self.out / (STATE + ".part"))
        if trainer.is_global_zero:
            (self.out / (STATE + ".part")).replace(self.out / STATE)
        self._stop_in_time(trainer)

    @property
    def best(self) -> dict[str, float]:
        """The row of the highest mean Dice, the earliest of equals; of the last where none has any."""
        scored = [row for row in self.rows if not math.isnan(row["mean"])]
        return max(scored, key=lambda row: row["mean"]) if scored else self.rows[-1]

    def state_dict(self) -> dict[str, Any]:
        """Return what goes into ``last.ckpt``."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from ``last.ckpt``; InputError if it has gone further than this run is to go."""
        steps, done = self.card.config.steps, state_dict["rows"][-1]["step"]
        if done > steps:
            raise InputError(f"{self.out}: holds {done} steps of training, not {steps}; give another folder")
        self.rows = [dict(row) for row in state_dict["rows"]]

    def _columns(self) -> tuple[str, ...]:
        return (*self.card.config.classes, "mean")

    def _stop_in_time(self, trainer: pl.Trainer) -> None:
        if self.patience and self.rows:
            since = len(self.rows) - 1 - self.rows.index(self.best)
            trainer.should_stop = trainer.should_stop or since >= self.patience

    def _write_curves(self) -> None:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, ["step", "loss", *self._columns()])
        writer.writeheader()
        writer.writerows(self.rows)
        write_whole(self.out / CURVES, text.getvalue().encode())


def read_curves(path: Path) -> list[dict[str, float]]:
    """Read ``curves.csv``: a row a validation: step, loss, Dice by class, ``mean``; NaN where undefined."""
    with path.open(newline="") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
