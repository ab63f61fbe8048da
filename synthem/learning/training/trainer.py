"""Training: lightning runs the loop, this module says what a run leaves and how it goes on."""

import logging
import platform
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.fabric.utilities.rank_zero import rank_zero_only

from shapes.core.errors import InputError
from synthem import __version__
from synthem.data.atomic import locked
from synthem.data.files import contents
from synthem.learning.config import TrainConfig
from synthem.learning.crops.crops import CropSource
from synthem.learning.crops.dataset import TileDataset
from synthem.learning.crops.held_classes import learned_classes
from synthem.learning.identity import (
    IDENTITY,
    Parts,
    identity_of_data,
    identity_of_training,
    keep_identity,
)
from synthem.learning.network.model_file import Model, ModelCard, load_model
from synthem.learning.network.start import weights_hash, with_network_of_init
from synthem.learning.training.callback import CURVES, MODEL, STATE, Keeper
from synthem.learning.training.mean_teacher import MeanTeacher, Teaching
from synthem.learning.training.module import Segmenter
from synthem.learning.training.progress import TrainingBar
from synthem.learning.training.waiting import Waiting
from synthem.patch import Patch


@dataclass(frozen=True, eq=False)
class FinishedTraining:
    """A finished run: the best model, and a row of scores for each validation."""

    model: Model
    curves: list[dict[str, float]]
    waited: float = 0.0
    """The share of the training's time, without validations, that went by in waiting for data, 0–1."""
    looks: list[dict[str, Any]] = field(default_factory=list)
    """What a mean teacher found on unlabelled tiles after each validation: see there."""


def fit(
    config: TrainConfig,
    source: CropSource,
    validation: Sequence[Patch],
    out: Path,
    *,
    tiles: int | None = None,
    of: Parts | None = None,
    until: int | None = None,
    teaching: Teaching | None = None,
    progress: str | None = None,
    callbacks: Sequence[pl.Callback] = (),
) -> FinishedTraining:
    """Train a network, or go on where an earlier call with the same arguments was stopped.

    What decides the result is kept in ``identity.json``: the settings, ``of``, and what it is validated on.
    With more ``steps`` a finished run goes on, where the rate is constant: the weights become what they would
    have been had these been asked for at once, only that the step where it stood is validated too.

    Parameters
    ----------
    config : TrainConfig
    source : CropSource
        Where the training crops come from.
    validation : sequence of Patch
        What the best model is chosen by.
    out : Path
        Folder for ``model.pt`` (the best), ``curves.csv``, ``last.ckpt`` and ``identity.json``; nothing is
        written elsewhere, and no other run may write there meanwhile.
    tiles : int, optional
        Validate on so many tiles, evenly spread; on all, if left out.
    of : mapping of str to plain values, optional
        What ``source`` draws from, and how: by name, as a refusal to go on with something else calls it.
    until : int, optional
        Stop after so many of the steps, with their schedule at where it stands: a later call goes on.
    teaching : Teaching, optional
        Unlabelled images, on which the average of the weights teaches: see
        ``synthem.learning.training.mean_teacher``.
    progress : str, optional
        Label of a progress bar; none, if left out.
    callbacks : sequence of Callback
        Of lightning, beside our own.

    Raises
    ------
    InputError
        Where the folder holds something else or another training, one that has gone further, or one that is
        still going on; or there is nothing to validate on or to learn.
    """
    if not len(validation):
        raise InputError("training: there is no patch to validate on")
    learned = learned_classes(source.patches, config.classes)
    config = with_network_of_init(config)
    start: dict[str, str] = {}
    before = 0
    if config.init is not None:
        first_model = load_model(config.init)
        before = first_model.steps
        start["weights to start from"] = weights_hash(first_model)
        learned = tuple(name for name in config.classes if name in (*learned, *first_model.learned))
    claim(out)
    # of several devices, each has a process that runs all this; the first one's holds the folder
    first = getattr(rank_zero_only, "rank", 0) == 0
    with locked(out) if first else nullcontext(), _quiet():
        data = TileDataset(validation, config, tiles)
        card = ModelCard(
            config=config, voxel_nm=validation[0].grid.voxel_nm, before=before, versions=versions(),
            learned=learned,
        )  # fmt: skip
        keeper = Keeper(out, card, config.patience)
        waiting = Waiting()
        all_callbacks: list[pl.Callback] = [keeper, waiting, *callbacks]
        if progress is not None:
            all_callbacks.append(TrainingBar(progress, config.steps))
        trainer = _make_trainer(config, until, out, all_callbacks)
        if first:
            seen = {"validation data": identity_of_data(validation), "tiles to validate on": tiles}
            parts = {
                **(of or {}),
                **seen,
                **start,
                **identity_of_training(config),
                "devices": trainer.num_devices,
            }
            keep_identity(out / IDENTITY, parts, "a training", of=out / STATE)
        state = out / STATE if (out / STATE).exists() else None
        try:
            if teaching is None:
                module = Segmenter(config, source, data, until)
            else:
                module = MeanTeacher(config, source, data, teaching, learned)
            trainer.fit(module, ckpt_path=state, weights_only=True)
        except SystemExit:  # lightning ends the process on a signal; here the caller decides
            raise KeyboardInterrupt from None
    if trainer.interrupted:
        raise KeyboardInterrupt
    if not trainer.is_global_zero:
        raise SystemExit(0)  # of several devices, the first one's process goes on alone
    return FinishedTraining(load_model(out / MODEL), keeper.rows, waiting.share, getattr(module, "looks", []))


def claim(out: Path) -> None:
    """Make the folder of a run, where ``check_folder`` lets it pass."""
    check_folder(out)
    out.mkdir(parents=True, exist_ok=True)


def check_folder(out: Path) -> None:
    """Raise InputError where a folder is there and holds anything but a run's own files."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; give a folder for the training run")
    own = {CURVES, MODEL, STATE, STATE + ".part", IDENTITY}
    foreign = [p.name for p in contents(out) if p.name not in own] if out.exists() else []
    if foreign:
        raise InputError(
            f"{out}: holds other files ({foreign[0]}); give an empty folder, or a training run's"
        )


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("numpy", "torch", "monai", "lightning")
    ours = {"python": platform.python_version(), "synthem": __version__}
    return {**ours, **{name: version(name) for name in names}}


def _make_trainer(
    config: TrainConfig, until: int | None, out: Path, callbacks: list[pl.Callback]
) -> pl.Trainer:
    try:
        return pl.Trainer(
            accelerator=config.accelerator,
            devices=config.devices,
            precision=config.precision,
            sync_batchnorm=config.devices != 1 and config.accelerator != "cpu" and torch.cuda.is_available(),
            max_steps=config.steps if until is None else until,
            callbacks=callbacks,
            default_root_dir=out,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            reload_dataloaders_every_n_epochs=1,
        )
    except (MisconfigurationException, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"training: accelerator {config.accelerator!r} cannot be used: {reason}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back advice that does not apply (loading in process, frozen parts) and lightning's old torch."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*persistent_workers=True.*")  # they end with a check
            warnings.filterwarnings("ignore", message=".*smaller than the logging interval.*")
            warnings.filterwarnings("ignore", message=".*in eval mode at the start.*")
            warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
            warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
            yield
    finally:
        log.setLevel(level)
