"""The trainings of an experiment: each has an arm, class set, budget, sections and seed, and a folder."""

from collections.abc import Sequence
from dataclasses import dataclass

from shapes.core.errors import InputError
from synthem.experiment.arms import IN_ROUNDS, NO_REAL_LABEL, REFINED, Arm
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.sources import SYNTHETIC

Budget = tuple[str, int]
"""What a budget is called, ``"900 steps"``, ``"200 epochs"`` or ``"10 minutes"``, and its number of steps."""


@dataclass(frozen=True)
class Cell:
    """One training of an experiment.

    Attributes
    ----------
    real_sections : int or None
        How many labelled sections it has; None where its training sees no real label.
    whole : bool
        Whether these are all that there are.
    """

    class_set: int
    budget: str
    steps: int
    arm: Arm
    seed: int
    real_sections: int | None = None
    whole: bool = True

    @property
    def folder(self) -> str:
        """Where it is kept, relative to the experiment's folder."""
        part = "" if self.whole else f"{self._part.replace(' ', '-')}/"
        budget = self.budget.replace(" ", "-")
        return f"runs/{self.class_set}-classes/{budget}/{part}{self.arm}-seed{self.seed}"

    @property
    def _part(self) -> str:
        return f"{self.real_sections} section{'s' if self.real_sections != 1 else ''}"

    @property
    def title(self) -> str:
        """What a progress bar calls it."""
        part = "" if self.whole else f", {self._part}"
        return f"{self.arm}, {self.class_set} classes, {self.budget}{part}, seed {self.seed}"


def cells(config: ExperimentConfig, budgets: Sequence[Budget], sections: int) -> list[Cell]:
    """List the trainings of an experiment; all arms of a budget have the same number of steps.

    Parameters
    ----------
    config : ExperimentConfig
    budgets : sequence of (str, int)
    sections : int
        How many labelled sections there are. An arm that sees no real label is trained once a seed.

    Raises
    ------
    InputError
        Where the steps of an arm are to be halved, and there is but one; or are fewer than its rounds.
    """
    halved = bool(set(config.arms) & set(REFINED)) and config.pretrained.init == SYNTHETIC
    if halved and any(steps < 2 for _, steps in budgets):
        raise InputError("pretrained.init: synthetic takes half of the steps, and one step cannot be halved")
    rounds = config.synthetic.rounds if set(config.arms) & set(IN_ROUNDS) else None
    if rounds and (few := [steps for _, steps in budgets if steps < rounds]):
        raise InputError(f"synthetic.rounds: {few[0]} steps are fewer than {rounds} rounds")
    numbers = dict.fromkeys(sections if n == "all" else n for n in config.real_sections)
    listed: dict[Cell, None] = {}
    for class_set in config.sets:
        for budget, steps in budgets:
            for number in numbers:
                for seed in config.seeds:
                    for arm in config.arms:
                        seen = (None, True) if arm in NO_REAL_LABEL else (number, number == sections)
                        listed[Cell(class_set, budget, steps, arm, seed, *seen)] = None
    return list(listed)
