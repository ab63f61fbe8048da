"""From a model and images to one that was adapted to them: a preset, patches, a training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from shapes.core.errors import InputError
from synthem.data.atomic import write_whole
from synthem.data.open import open_data
from synthem.preset.yaml_file import parse, read_yaml
from synthem.segment.bars import Bars
from synthem.segment.budget import CHECKS, Budget, held_tiles, sizes
from synthem.segment.job import Checked, Job
from synthem.segment.ledger import Ledger
from synthem.segment.make_patches import PATCHES, make_patches
from synthem.segment.make_preset import make_preset

if TYPE_CHECKING:
    from synthem.learning.config import TrainConfig
    from synthem.learning.network.model_file import Model

SETTINGS, TRAINING, MODEL = "training.yaml", "training", "model.pt"

LR = 3e-4
"""Learning rate of going on from a model: a third of a training's from the beginning."""
MOST_BATCH = 8
RARE = {"psd": 0.3, "sheath": 0.1}
"""So often a crop of sections with masks begins with a pixel of a rare class, where they hold any."""


def crop_of(checked: Checked) -> tuple[int, int, int]:
    """Return the size of a crop (z, y, x): the model's, or smaller where the sections with masks are.

    Raises
    ------
    InputError
        Where these are too small for any.
    """
    z, *edges = checked.model.card.config.patch_vx
    found = sizes(checked)
    if checked.real is not None:
        room = [min(size[axis] for size in found) for axis in (0, 1)]
        if len(checked.real) == 1:  # its far end is held out
            room[room.index(max(room))] //= 2
        edges = [min(edge, size // 16 * 16) for edge, size in zip(edges, room, strict=True)]
        if min(edges) < 16:
            raise InputError(f"--masks: the sections of {checked.job.masks} are too small to train on")
    return z, edges[0], edges[1]


def settings_of(checked: Checked, steps: int, patch_vx: tuple[int, int, int]) -> str:
    """Return the training settings as YAML: the model's own, but for what going on from it is."""
    config = checked.model.card.config
    own = config.model_dump(mode="json", exclude_defaults=True)
    for name in ("init", "freeze", "ema", "precision", "devices", "workers", "patience", "accelerator"):
        own.pop(name, None)
    own |= {
        "network": config.network.model_dump(mode="json"),
        "classes": list(config.classes),
        "patch_vx": list(patch_vx),
        "batch": min(config.batch, MOST_BATCH),
        "steps": steps,
        "check_every": max(1, -(-steps // CHECKS)),
        "lr": LR,
        "schedule": "cosine",
        "seed": checked.job.seed,
    }
    text: str = yaml.safe_dump(own, sort_keys=True, default_flow_style=None)
    return text


def training_of(job: Job, out: Path) -> "TrainConfig":
    """Return the settings that a training in this folder has."""
    from synthem.learning.config import TrainConfig

    settings: dict[str, Any] = read_yaml(out / SETTINGS)
    return parse(TrainConfig, {**settings, "init": job.model}, str(out / SETTINGS))


def rare_classes(classes: Sequence[str]) -> dict[str, float]:
    """Return how often crops of sections with masks begin with a pixel of each rare class of a model."""
    return {name: chance for name, chance in RARE.items() if name in classes}


def train_model(checked: Checked, out: Path, say: Callable[[str], None]) -> None:
    """Train on the patches, or on sections with masks and patches, from the model on; keep ``model.pt``."""
    from synthem.learning.network.model_file import save_model
    from synthem.learning.training import single_model

    if (out / MODEL).exists():
        return
    patches = open_data(out / PATCHES)
    config = training_of(checked.job, out)
    if checked.real is None:
        done = single_model.train(config, patches, out / TRAINING, progress=True, say=say)
    else:
        done = single_model.train(
            config,
            checked.real,
            out / TRAINING,
            extra=patches,
            rare=rare_classes(checked.model.classes),
            progress=True,
            say=say,
        )
    save_model(out / MODEL, done.model)


def settle(
    checked: Checked,
    budget: Budget | None,
    ledger: Ledger,
    patch_vx: tuple[int, int, int],
    workers: int,
    out: Path,
    bars: Bars,
    say: Callable[[str], None],
) -> "Model":
    """Do all that has not been done yet, each part for as long as the clock leaves it; return the model."""
    from synthem.learning.network.model_file import load_model

    def settled(name: str, value: Callable[[Budget], float]) -> Any:
        if ledger.get(name) is None:
            assert budget is not None  # noqa: S101 (only a finished folder has none, and it has all entries)
            ledger.put(**{name: value(budget)})
        return ledger.get(name)

    if (out / MODEL).exists():
        return load_model(out / MODEL)
    minutes = settled("fit minutes", Budget.fit_minutes) if checked.job.fits else 0.0
    make_preset(checked, minutes, workers, out, bars, say)
    count = settled("patches", Budget.patches)
    make_patches(checked, count, patch_vx, workers, out, bars, say)
    if budget is not None and checked.real is None:
        budget.tiles = held_tiles(count)
    steps = settled("steps", Budget.steps)
    if not (out / SETTINGS).exists():
        write_whole(out / SETTINGS, settings_of(checked, steps, patch_vx).encode())
    train_model(checked, out, say)
    return load_model(out / MODEL)
