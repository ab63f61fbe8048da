"""How long a step of a training, and the labelling of a crop, take on this machine."""

import time
from copy import deepcopy
from typing import NamedTuple

import torch

from synthem.learning.model_file import Model

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
