"""Running an experiment: each arm, class set, budget and seed has its own folder; finished ones are kept."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthem.data.atomic import write_json
from synthem.experiment.blocks import count_blocks, pooled
from synthem.experiment.config import Arm, ExperimentConfig
from synthem.experiment.confusion import confusion
from synthem.experiment.data import Data, load_data
from synthem.experiment.mark import claimed, hash_of, identity_of_experiment
from synthem.experiment.report import write_report
from synthem.experiment.results import Run, read_run, write_predictions
from synthem.experiment.synthesis import synthetic_patches
from synthem.labels import channels
from synthem.learning.dice import score_table
from synthem.learning.identity import Parts

RESULT = "result.json"


@dataclass(frozen=True)
class Cell:
    """One training of an experiment."""

    class_set: int
    budget: str
    steps: int
    arm: Arm
    seed: int

    @property
    def folder(self) -> str:
        """Where it is kept, relative to the experiment's folder."""
        return f"runs/{self.class_set}-classes/{self.budget.replace(' ', '-')}/{self.arm}-seed{self.seed}"

    @property
    def title(self) -> str:
        """What a progress bar calls it."""
        return f"{self.arm}, {self.class_set} classes, {self.budget}, seed {self.seed}"


def cells(config: ExperimentConfig, epoch_steps: int) -> Iterator[Cell]:
    """List the trainings of an experiment; all arms of a budget have the same number of steps."""
    budgets = [(f"{n} steps", n) for n in config.steps or ()]
    budgets += [(f"{n} epochs", n * epoch_steps) for n in config.epochs or ()]
    for class_set in config.class_sets:
        for budget, steps in budgets:
            for seed in config.seeds:
                for arm in config.arms:
                    yield Cell(class_set, budget, steps, arm, seed)


def conduct(
    config: ExperimentConfig,
    out: Path,
    *,
    notice: str = "",
    say: Callable[[str], None] | None = None,
) -> list[Run]:
    """Carry out an experiment up to its report, or go on where an earlier call was stopped.

    Parameters
    ----------
    config : ExperimentConfig
    out : Path
        A new or empty folder, or this experiment's own.
    notice : str
        A sentence for the top of the report.
    say : callable, optional
        Is told what is going on; with it, progress bars of the training are shown.
    """
    data = load_data(config)
    with claimed(out, identity_of_experiment(config, data)):
        return carry_out(config, data, out, notice=notice, say=say)


def carry_out(
    config: ExperimentConfig,
    real: Data,
    out: Path,
    *,
    notice: str = "",
    say: Callable[[str], None] | None = None,
) -> list[Run]:
    """Do as ``conduct`` does, in a folder that is ``claimed`` and with real sections that are read."""
    told = say or (lambda text: None)
    for note in real.notes:
        told(note)
    told(f"Making {config.synthetic.count} synthetic patches of preset {config.synthetic.preset} ...")
    patches = synthetic_patches(config.synthetic, config.voxel_nm, out / "synthetic", say=told)
    data = real.with_synthetic(config, patches)
    for note in data.notes[len(real.notes) :]:
        told(note)
    told(f"Training the arms {', '.join(config.arms)} on {len(data.train)} sections of {config.real} ...")
    runs = run_experiment(config, data, out, say=say)
    write_report(config, data, runs, out, notice=notice)
    return runs


def run_experiment(
    config: ExperimentConfig, data: Data, out: Path, *, say: Callable[[str], None] | None = None
) -> list[Run]:
    """Train and score every cell that has no result yet.

    Parameters
    ----------
    config : ExperimentConfig
    data : Data
        Its test sections are scored once a run, with the model that the validation chose.
    out : Path
        A folder that is ``claimed``.
    say : callable, optional
        Is told a sentence about each run; with it, progress bars are shown.
    """
    runs = []
    identity = hash_of(identity_of_experiment(config, data))
    for cell in cells(config, data.epoch_steps(config)):
        result = out / cell.folder / RESULT
        if not result.is_file():
            of = {"experiment": identity, "arm": cell.arm}
            run = _train_and_score(cell, config, data, out / cell.folder, of, show=say is not None)
            write_json(result, run.to_json())
        elif say:
            say(f"{cell.title}: is there already")
        runs.append(read_run(result))
    return runs


def _train_and_score(
    cell: Cell, config: ExperimentConfig, data: Data, folder: Path, of: Parts, *, show: bool
) -> Run:
    from synthem.learning.predict import Predictor
    from synthem.learning.trainer import fit

    start = time.perf_counter()
    training = config.training_for(cell.class_set, cell.steps, cell.seed)
    fitted = fit(
        training,
        data.source_for(cell.arm, config, training.classes),
        data.validation_for(cell.arm),
        folder / "training",
        tiles=config.validation_tiles,
        of=of,
        progress=cell.title if show else None,
    )
    predictor = Predictor(fitted.model, overlap=config.overlap)
    use = channels(training.classes)
    blocks, mixed_up, masks = [], np.zeros((len(use) + 1, len(use) + 1), np.int64), {}
    for patch in data.test:
        found = predictor.masks(patch.image, config.threshold)
        truth, known = patch.labels[use], patch.labelled[use]
        blocks += count_blocks(patch.name, found, truth, known)
        mixed_up += confusion(found, truth, known, training.classes)
        masks[patch.name] = np.packbits(found, axis=0, bitorder="little")[0]
    write_predictions(folder, masks)
    curves = [{k: None if math.isnan(v) else v for k, v in row.items()} for row in fitted.curves]
    seconds = round(time.perf_counter() - start, 1)
    scores = score_table(pooled(blocks), training.classes)
    return Run(
        cell.class_set, cell.budget, cell.arm, cell.seed, cell.steps, fitted.model.card.step,
        seconds, scores, curves, cell.folder, blocks=blocks, confusion=mixed_up.tolist(),
    )  # fmt: skip
