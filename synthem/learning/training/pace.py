"""How long a step of a training, and the labelling of a crop, take on this machine."""

import time
from copy import deepcopy
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch

from synthem.learning.network.model_file import Model

TIMED = 2
"""Steps that are timed, after one that warms up."""


class Pace(NamedTuple):
    """Seconds."""

    step: float
    """A step of training: forward, backward."""
    crop: float
    """Labelling one crop."""


def measure_pace(model: Model, patch_vx: tuple[int, int, int], batch: int) -> Pace:
    """Time a model on crops of noise of a size (z, y, x), on the device that training and labelling take."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = deepcopy(model.net).to(device).train()
    shape = patch_vx[3 - model.card.config.network.dims :]
    crops = torch.rand(batch, 1, *shape, generator=torch.Generator().manual_seed(0)).to(device)
    step = crop = 0.0
    for timed in range(TIMED + 1):
        begun = time.perf_counter()
        net(crops).square().mean().backward()
        step = time.perf_counter() - begun if timed == 1 else min(step, time.perf_counter() - begun)
    with torch.inference_mode():
        for timed in range(TIMED + 1):
            begun = time.perf_counter()
            net(crops).cpu()
            crop = time.perf_counter() - begun if timed == 1 else min(crop, time.perf_counter() - begun)
    return Pace(step, crop / batch)


class Stopwatch(pl.Callback):
    """Times a training, loading of crops and all, and ends it once it has been timed long enough.

    Parameters
    ----------
    first : int
        Steps that do not count.
    seconds : float
        For how long, at least, the steps after these are timed; one at least is.
    """

    def __init__(self, first: int, seconds: float) -> None:
        self.first, self.seconds = first, seconds
        self.seconds_a_step = float("nan")
        self._begun = 0.0

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Start the clock, or stop the training."""
        timed = batch_idx + 1 - self.first
        if timed < 0:
            return
        if pl_module.device.type == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        if timed == 0:
            self._begun = now
        elif now - self._begun >= self.seconds:
            self.seconds_a_step = (now - self._begun) / timed
            trainer.should_stop = True
