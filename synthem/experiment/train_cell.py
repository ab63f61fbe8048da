"""The training of one cell: what each arm starts from, learns from and is chosen by."""

from pathlib import Path
from typing import TYPE_CHECKING

from synthem.experiment.cells import Cell
from synthem.experiment.config import FROM_A_MODEL, Arm, ExperimentConfig
from synthem.experiment.data import Data
from synthem.learning.identity import Parts

if TYPE_CHECKING:
    from synthem.learning.trainer import FinishedTraining


def train_cell(
    cell: Cell, config: ExperimentConfig, data: Data, folder: Path, of: Parts, *, progress: str | None
) -> tuple["FinishedTraining", int]:
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

    Returns
    -------
    FinishedTraining, int
        And the number of steps before those of its curves.
    """
    from synthem.learning.callback import MODEL
    from synthem.learning.trainer import FinishedTraining, fit

    def train(arm: Arm, steps: int, init: str | None, where: str) -> FinishedTraining:
        training = config.training_for(cell.class_set, steps, cell.seed, init, arm)
        return fit(
            training,
            data.source_for(arm, config, training.classes),
            data.validation_for(arm),
            folder / where,
            tiles=config.validation_tiles,
            of=of,
            progress=progress,
        )

    init = config.first_model if cell.arm in FROM_A_MODEL else None
    before = 0
    if cell.arm == "pretrained" and init is None:
        before = cell.steps // 2
        train("synthetic", before, None, "pretraining")
        init = str(folder / "pretraining" / MODEL)
    fitted = train(cell.arm, cell.steps - before, init, "training")
    return fitted, before
