"""An experiment that a test can run: small sections, a small network, few steps."""

import numpy as np

from shapes import Grid
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.data import load_data as load_real
from synthem.patch import Patch
from synthem.preset.yaml_file import parse


def section(seed: int, sheath: bool) -> Patch:
    """Bright bars are mitochondria, dark ones membrane; a very dark one is a sheath."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((6, 1, 48, 64), bool)
    for k in (0, 2, *([5] if sheath else [])):
        y, x = rng.integers(0, 36), rng.integers(0, 50)
        labels[:, :, y : y + 12, x : x + 14] = False
        labels[k, :, y : y + 12, x : x + 14] = True
    image = 128 + labels[0] * 90 - labels[2] * 60 - labels[5] * 120 + rng.normal(0, 5, (1, 48, 64))
    return Patch(image.clip(0, 255).astype(np.uint8), labels, Grid((1, 48, 64)), name=f"s{seed:03}")


SYNTHETIC = [section(100 + k, sheath=True) for k in range(10)]
SETTINGS = {
    "title": "Small",
    "split": "half",
    "synthetic": {"count": 10, "shape_vx": (1, 48, 64), "fraction": 0.5},
    "steps": 4,
    "training": {
        "network": {"features": (4, 4, 4, 4, 4, 4)},
        "patch_vx": (1, 32, 32),
        "batch": 4,
        "check_every": 2,
        "lr": 0.02,
        "accelerator": "cpu",
    },
}


def config(real=None, **more) -> ExperimentConfig:
    return parse(ExperimentConfig, {**SETTINGS, "real": real and str(real), **more}, "test")


def load_data(settings, make_synthetic) -> Data:
    return load_real(settings).with_synthetic(settings, make_synthetic())
