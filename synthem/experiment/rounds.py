"""The closed loop: one training whose synthetic patches come in rounds, their budgets set by an allocation.

It is the training of the arm ``mixed``, with the same schedule and optimiser from the first step to the last,
but that a round's patches are there only from its first step on. Those of earlier rounds stay. What
``rounds.json`` says of each round that is over is what was asked for and how the validation went: a training
that was stopped goes on by it.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_json
from synthem.experiment.allocation import budgets, needs_of
from synthem.experiment.arms import IN_ROUNDS
from synthem.experiment.cells import Cell
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.synthesis import synthetic_patches
from synthem.learning.crops.hold_out import hold_out
from synthem.learning.identity import Parts
from synthem.patch import Patch, classes_of, shares_of

if TYPE_CHECKING:
    from synthem.learning.training.trainer import FinishedTraining

ROUNDS, PATCHES = "rounds.json", "patches"

ROUND_STREAM = 0x726F756E64
"""Sets the worlds of rounds apart from those of seeds."""


class Round(TypedDict):
    """What a round was: its last step, its world's seed, what its patches were to hold, and do."""

    until: int
    seed: int
    patches: int
    """New ones to train on; beside them as large a share is held out as for the arm ``mixed``."""
    budgets: dict[str, float]
    reached: dict[str, float]
    """Shares of voxels in the new patches to train on."""
    dice: dict[str, float | None]
    """On the validation crops after the round, by class, and ``mean``."""


def last_steps(steps: int, rounds: int) -> list[int]:
    """Return the step at which each round ends: equal parts, to a step."""
    return [steps * (k + 1) // rounds for k in range(rounds)]


def world_seed(seed: int, number: int) -> int:
    """Return the seed of the world of a round, alike for all allocations; ``number`` is from nought on."""
    return int(np.random.SeedSequence([seed, ROUND_STREAM, number]).generate_state(1)[0])


def train_in_rounds(
    cell: Cell, config: ExperimentConfig, data: Data, folder: Path, of: Parts, *, progress: str | None
) -> tuple["FinishedTraining", list[Round]]:
    """Train a cell of an arm ``IN_ROUNDS``, or go on where an earlier call was stopped.

    Parameters
    ----------
    cell, config, data, folder, of, progress
        As ``synthem.experiment.train_cell.train_cell`` has them.

    Raises
    ------
    InputError
        Where ``rounds.json`` is damaged, or as the training does.
    """
    from synthem.learning.training.trainer import fit

    ends = last_steps(cell.steps, config.synthetic.rounds or 1)
    told: list[Round] = read_rounds(folder / ROUNDS)
    training = config.training_for(cell.class_set, cell.steps, cell.seed)
    pool: list[Patch] = []
    for number, end in enumerate(ends):
        dice = None if number == 0 else told[number - 1]["dice"]
        wanted = _budgets(cell, config, data, dice)
        new = _patches(cell, config, folder, number, wanted)
        pool += new
        over = number < len(told)
        if over and number < len(ends) - 1:
            continue
        balanced = config.synthetic.model_copy(update={"balance": wanted})
        now = config.model_copy(update={"synthetic": balanced})
        fitted = fit(
            training,
            replace(data, synthetic=pool).source_for(cell.arm, now, training.classes),
            data.validation_for(cell.arm),
            folder / "training",
            tiles=config.validation_tiles,
            of=of,
            until=end,
            progress=progress,
        )
        if not over:
            told.append(_round(config, cell, number, end, new, wanted, fitted.curves[-1]))
            write_json(folder / ROUNDS, told)
    return fitted, told


def _budgets(
    cell: Cell, config: ExperimentConfig, data: Data, dice: dict[str, float | None] | None
) -> dict[str, float]:
    known = None if dice is None else {name: math.nan if v is None else v for name, v in dice.items()}
    base = config.synthetic.balance
    return budgets(base, needs_of(IN_ROUNDS[cell.arm], base, data.train, known))


def _patches(
    cell: Cell, config: ExperimentConfig, folder: Path, number: int, wanted: dict[str, float]
) -> list[Patch]:
    """Make the patches of a round, or read those that are there; return those that train."""
    ends = [0, *last_steps(config.synthetic.count, config.synthetic.rounds or 1)]
    asked = {"count": ends[number + 1] - ends[number], "balance": wanted, "seed": _seed(cell, config, number)}
    made = synthetic_patches(
        config.synthetic.model_copy(update=asked),
        config.voxel_nm,
        folder / PATCHES / f"round{number + 1}",
        classes=config.classes,
    )
    return hold_out(made, config.validation_share, config.training.patch_vx)[0]


def _seed(cell: Cell, config: ExperimentConfig, number: int) -> int:
    return world_seed(config.synthetic.seed + cell.seed, number)


def _round(
    config: ExperimentConfig,
    cell: Cell,
    number: int,
    end: int,
    new: Sequence[Patch],
    wanted: dict[str, float],
    row: dict[str, float],
) -> Round:
    shares = dict(zip(classes_of(new), np.nanmean(shares_of(new), axis=0).tolist(), strict=True))
    dice = {name: None if math.isnan(v) else v for name, v in row.items() if name not in ("step", "loss")}
    return Round(
        until=end,
        seed=_seed(cell, config, number),
        patches=len(new),
        budgets=wanted,
        reached={name: shares[name] for name in wanted},
        dice=dice,
    )


def read_rounds(path: Path) -> list[Round]:
    """Read the rounds that are over; none where there is no such file. InputError where it is damaged."""
    if not path.exists():
        return []
    try:
        told: list[Round] = json.loads(path.read_text(encoding="utf-8"))
        if not all(Round.__required_keys__ == one.keys() for one in told):
            raise ValueError(told)
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"{path}: is damaged, so nobody knows which rounds are over; remove {path.parent}"
        ) from None
    return told
