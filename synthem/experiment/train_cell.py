"""The training of one cell: what each arm starts from, learns from and is chosen by."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from synthem.experiment.arms import FROM_A_MODEL, IN_ROUNDS, REFINED, Arm
from synthem.experiment.cells import Cell
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.rounds import Round, train_in_rounds
from synthem.learning.identity import Parts

if TYPE_CHECKING:
    from synthem.learning.training.trainer import FinishedTraining


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained cell: the training, the steps before those of its curves, and what its rounds were."""

    fitted: "FinishedTraining"
    before: int = 0
    rounds: list[Round] = field(default_factory=list)


def train_cell(
    cell: Cell, config: ExperimentConfig, data: Data, folder: Path, of: Parts, *, progress: str | None
) -> Trained:
    """Train the network of a cell, or go on where an earlier call was stopped.

    Parameters
    ----------
    cell : Cell
    config : ExperimentConfig
    data : Data
        With the labelled sections and the synthetic patches of the cell.
    folder : Path
        Of the cell. The training has a folder in it, and one more where half of the steps are on synthetic
        patches first.
    of : mapping of str to plain values
        What the cell is.
    progress : str or None
        Label of a progress bar.
    """
    from synthem.learning.training.callback import MODEL
    from synthem.learning.training.mean_teacher import Teaching
    from synthem.learning.training.trainer import FinishedTraining, fit

    if cell.arm in IN_ROUNDS:
        fitted, rounds = train_in_rounds(cell, config, data, folder, of, progress=progress)
        return Trained(fitted, rounds=rounds)

    teaching = None
    if cell.arm == "self-trained" and config.self_training is not None:
        teaching = Teaching(data.unlabelled, data.train, config.self_training)

    def train(arm: Arm, steps: int, init: str | None, where: str) -> FinishedTraining:
        training = config.training_for(cell.class_set, steps, cell.seed, init, arm)
        return fit(
            training,
            data.source_for(arm, config, training.classes),
            data.validation_for(arm),
            folder / where,
            tiles=config.validation_tiles,
            of=of,
            teaching=teaching if arm == "self-trained" else None,
            progress=progress,
        )

    init = config.first_model if cell.arm in FROM_A_MODEL else None
    before = 0
    if cell.arm in REFINED and init is None:
        before = cell.steps // 2
        train("synthetic", before, None, "pretraining")
        init = str(folder / "pretraining" / MODEL)
    fitted = train(cell.arm, cell.steps - before, init, "training")
    return Trained(fitted, before)
