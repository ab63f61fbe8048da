"""Budgets in minutes: how long a step takes is measured once, and the number of steps follows.

Minutes are those of the training steps. Validations, and the scoring of the test half, come on top.
"""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from shapes.core.errors import InputError
from synthem.data.atomic import write_json
from synthem.experiment.cells import Budget
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data

SPEED = "speed.json"
FEWEST_STEPS = 10
TRIAL_S, FIRST_STEPS, MOST_STEPS = 6.0, 4, 100_000
"""A trial takes so many seconds, after a few steps that do not count: in these, processes that load crops
start, and a GPU chooses its methods."""


def trial(seed: int, data: Data, *, config: ExperimentConfig) -> float:
    """Return the seconds that a training step on real crops takes here; what it trains is thrown away."""
    from synthem.learning.training.pace import Stopwatch
    from synthem.learning.training.trainer import fit

    class_set = next(iter(config.sets))
    source = data.source_for("real", config, config.sets[class_set])
    training = config.training_for(class_set, MOST_STEPS, seed).model_copy(update={"check_every": MOST_STEPS})
    watch = Stopwatch(FIRST_STEPS, TRIAL_S)
    with TemporaryDirectory() as folder:
        fit(training, source, data.validation, Path(folder) / "trial", tiles=1, callbacks=[watch])
    return watch.seconds_a_step


def kept_speed(out: Path, measure: Callable[[], float]) -> float:
    """Return the seconds a step that the experiment's folder keeps, or measure and keep them.

    Raises
    ------
    InputError
        Where the file is damaged.
    """
    path = out / SPEED
    if not path.exists():
        write_json(path, {"seconds_a_step": measure()})
    try:
        speed = float(json.loads(path.read_text(encoding="utf-8"))["seconds_a_step"])
        if not 0 < speed < float("inf"):
            raise ValueError(speed)
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: is damaged, so nobody knows how many steps a minute has; give another folder"
        ) from None
    return speed


def steps_in(minutes: float, seconds_a_step: float) -> Budget:
    """Return a budget in minutes with its steps; InputError where it is too small for even a few."""
    steps = int(60 * minutes / seconds_a_step)
    if steps < FEWEST_STEPS:
        enough = FEWEST_STEPS * seconds_a_step / 60
        raise InputError(
            f"minutes: {minutes:g} are over after {steps} steps of {seconds_a_step:.2g} seconds; "
            f"{FEWEST_STEPS} steps, the fewest, take {enough:.2g} minutes"
        )
    return f"{minutes:g} minutes", steps
