"""Running an experiment: each arm, class set, budget and seed has its own folder; finished ones are kept."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from shapes.core.errors import InputError
from synthem.data.atomic import write_json
from synthem.experiment.blocks import count_blocks, pooled
from synthem.experiment.cells import Cell, cells
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.confusion import confusion
from synthem.experiment.data import Data, load_data
from synthem.experiment.mark import CELL, claimed, hash_of, identity_of_cell, identity_of_experiment
from synthem.experiment.minutes import kept_speed, steps_in, trial
from synthem.experiment.report.write import write_report
from synthem.experiment.results import Run, packed, read_run, write_predictions
from synthem.experiment.sections import labelled_sections
from synthem.experiment.starts import notes_of_start, with_its_network
from synthem.experiment.synthesis import synthetic_folder, synthetic_patches
from synthem.experiment.train_cell import train_cell
from synthem.experiment.workers import Home, jobs_for, share_out, threads_of_cell
from synthem.learning.identity import Parts, keep_identity
from synthem.scores.dice import score_table

RESULT = "result.json"


def conduct(
    config: ExperimentConfig,
    out: Path,
    *,
    jobs: int | None = 1,
    notice: str = "",
    say: Callable[[str], None] | None = None,
) -> list[Run]:
    """Carry out an experiment up to its report, or go on where an earlier call was stopped.

    Parameters
    ----------
    config : ExperimentConfig
    out : Path
        A new or empty folder, or this experiment's own. Seeds, arms, budgets, class sets and numbers of
        sections may have been added since; what is finished is kept.
    jobs : int, optional
        How many cells are trained at a time; None is one for each core, and one alone on a GPU. Results do
        not depend on it, for a cell has no more than its share of the cores: with 1, others are idle.
    notice : str
        A sentence for the top of the report.
    say : callable, optional
        Is told what is going on; with it, progress bars are shown of trainings one after the other.

    Raises
    ------
    InputError
        Where settings, sections, models or the folder do not fit; before any patch is made.
    """
    config = with_its_network(config)
    data = load_data(config)
    with claimed(out, identity_of_experiment(config, data)):
        return carry_out(config, data, out, jobs=jobs, notice=notice, say=say)


def carry_out(
    config: ExperimentConfig,
    real: Data,
    out: Path,
    *,
    jobs: int | None = 1,
    notice: str = "",
    say: Callable[[str], None] | None = None,
) -> list[Run]:
    """Do as ``conduct`` does, in a folder that is ``claimed`` and with real sections that are read."""
    told = say or (lambda text: None)
    config = with_its_network(config)
    jobs = jobs_for(config, real, jobs)
    notes = list(dict.fromkeys([*real.notes, *notes_of_start(config)]))
    for note in notes:
        told(note)
    for seed in config.seeds if config.needs_patches else ():
        which = f" for seed {seed}" if len(config.seeds) > 1 else ""
        made = f"{config.synthetic.count} synthetic patches of preset {config.synthetic.preset}{which}"
        told(f"Making {made} ...")
        folder = synthetic_folder(out, seed)
        patches = synthetic_patches(
            config.synthetic,
            config.voxel_nm,
            folder,
            seed=seed,
            workers=jobs,
            classes=config.classes,
            say=told,
        )
        for note in real.with_synthetic(config, patches).notes[len(real.notes) :]:
            notes.append(f"seed {seed}: {note}" if which else note)
            told(notes[-1])
        del patches  # one seed's at a time
    sections = len(labelled_sections(real.half))
    labelled = f"{sections} labelled section{'s' if sections != 1 else ''} of {config.real}"
    told(f"Training the arms {', '.join(config.arms)} on {labelled} ...")
    runs = run_experiment(config, real, out, jobs=jobs, say=say)
    data = replace(Home(out, config).data(real, config.seeds[0]), notes=tuple(notes))
    numbers = [n for n in config.real_sections if isinstance(n, int)]
    if "all" not in config.real_sections and max(numbers) < len(labelled_sections(real.half)):
        data = data.of_sections(config, max(numbers))
    write_report(config, data, runs, out, notice=notice)
    return runs


def run_experiment(
    config: ExperimentConfig,
    data: Data,
    out: Path,
    *,
    jobs: int = 1,
    say: Callable[[str], None] | None = None,
) -> list[Run]:
    """Train and score every cell that has no result yet.

    Parameters
    ----------
    config : ExperimentConfig
    data : Data
        Its test sections are scored once a run, with the model that the validation chose. Where it has no
        synthetic patches, each seed's are read from the folder.
    out : Path
        A folder that is ``claimed``.
    jobs : int
        How many cells are trained at a time; several read all data from the folders that they lie in.
    say : callable, optional
        Is told a sentence about each run; with it, progress bars are shown of runs one after the other.

    Raises
    ------
    InputError
        Where a finished run is another one, or one cannot be trained: it is named.
    """
    home = Home(out, config)
    seed_data = lru_cache(maxsize=1)(lambda seed: data if data.synthetic else home.data(data, seed))
    sections = len(labelled_sections(data.half))
    # how many steps minutes are is not known yet, and makes no difference here
    count = len(cells(config, [(str(n), 10**9) for n in config.budgets], sections))
    threads, jobs = threads_of_cell(config, count), min(jobs, count)

    def speed() -> float:
        """Measure with as many trials at a time as there will be trainings."""
        taken: list[float] = []
        measure = partial(trial, config=config)
        tasks = [(config.seeds[0], config.seeds[0])] * jobs
        share_out(measure, tasks, seed_data, home, jobs=jobs, threads=threads, done=taken.append)
        return max(taken)

    budgets = [(f"{n} steps", n) for n in config.steps or ()]
    budgets += [(f"{n} epochs", n * data.epoch_steps(config)) for n in config.epochs or ()]
    budgets += [steps_in(minutes, kept_speed(out, speed)) for minutes in config.minutes or ()]
    todo = cells(config, budgets, sections)
    experiment = hash_of(identity_of_experiment(config, data))
    left: list[tuple[int, tuple[Cell, Parts]]] = []
    for cell in todo:
        result, of = out / cell.folder / RESULT, identity_of_cell(config, cell, experiment, data.unlabelled)
        keep_identity(result.with_name(CELL), of, "a training", of=result)
        if not result.is_file():
            left.append((cell.seed, (cell, of)))
        elif say:
            say(f"{cell.title}: is there already")
    done = len(todo) - len(left)

    def finished(cell: Cell) -> None:
        nonlocal done
        done += 1
        if say:
            say(f"{cell.title}: finished, {done} of {len(todo)}")

    share_out(
        partial(_finish, config=config, out=out, show=say is not None and min(jobs, len(left)) == 1),
        sorted(left, key=lambda task: task[0]),
        seed_data,
        home,
        jobs=jobs,
        threads=threads,
        done=finished,
    )
    return [read_run(out / cell.folder / RESULT) for cell in todo]


def _finish(task: tuple[Cell, Parts], data: Data, *, config: ExperimentConfig, out: Path, show: bool) -> Cell:
    """Train and score one cell, and write its result."""
    cell, of = task
    try:
        run = _train_and_score(cell, config, data, out / cell.folder, of, show=show)
    except InputError as error:
        raise InputError(f"{cell.title}: {error}") from None
    except Exception as error:
        error.add_note(f"in the training {cell.title}")
        raise
    write_json(out / cell.folder / RESULT, run.to_json())
    return cell


def _train_and_score(
    cell: Cell, config: ExperimentConfig, data: Data, folder: Path, of: Parts, *, show: bool
) -> Run:
    from synthem.learning.inference.predict import Predictor

    start = time.perf_counter()
    if not cell.whole and cell.real_sections is not None:
        data = data.of_sections(config, cell.real_sections)
    training = config.training_for(cell.class_set, cell.steps, cell.seed)
    trained = train_cell(cell, config, data, folder, of, progress=cell.title if show else None)
    fitted, before = trained.fitted, trained.before
    predictor = Predictor(fitted.model, overlap=config.overlap)
    use = training.classes
    blocks, mixed_up, masks = [], np.zeros((len(use) + 1, len(use) + 1), np.int64), {}
    for patch in data.test:
        found = predictor.masks(patch.image, config.threshold)
        truth, known = patch.labels_of(use), patch.labelled_of(use)
        blocks += count_blocks(patch.name, patch.judged(found), truth, known)
        mixed_up += confusion(found, truth, known, training.classes)
        masks[patch.name] = packed(found)
    write_predictions(folder, masks)
    curves = [{k: None if math.isnan(v) else v for k, v in row.items()} for row in fitted.curves]
    curves = [{**row, "step": (row["step"] or 0) + before} for row in curves]
    seconds = round(time.perf_counter() - start, 1)
    scores = score_table(pooled(blocks), training.classes)
    return Run(
        cell.class_set, cell.budget, cell.arm, cell.seed, cell.steps, fitted.model.card.step + before,
        seconds, scores, curves, cell.folder, real_sections=cell.real_sections,
        blocks=blocks, confusion=mixed_up.tolist(), rounds=trained.rounds,
        looks=fitted.looks,
    )  # fmt: skip
