"""The gain of each arm over real data, by class, with intervals.

An interval is of the gain that is shown: the mean over seeds of the difference of two scores, each of the
counts of all test sections together. Both seeds and columns of tissue (``synthem.experiment.blocks``) are
drawn with replacement, at once and alike for both arms, so that what is easy or hard for both cancels. Of one
seed, columns alone are drawn. A draw in which the truth holds nothing of a class says nothing of it.

Percentiles of such draws are too narrow where columns are few. They are moved outwards, so far that the
interval of a mean would be Student's (the expanded percentile interval of Hesterberg, What Teachers Should
Know About the Bootstrap, The American Statistician 69, 2015).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from synthem.experiment.arms import Arm
from synthem.experiment.blocks import by_column
from synthem.experiment.results import MeanStd, Run, arms_of, groups, label_of, spoken_of
from synthem.scores.dice import Scores

Metric = Literal["dice", "jaccard"]
Verdict = Literal["gain", "loss", "no difference shown", "no interval", "undefined"]
Floats = npt.NDArray[np.float64]

DRAWS, AT_ONCE, SEED = 2000, 250, 0
LEAST_COLUMNS = 5
"""With fewer there is no interval: four all lie on one side of their median one time in eight."""


@dataclass(frozen=True)
class Gain:
    """Difference to ``real``: mean and standard deviation over seeds, and the ends of its 95 % interval.

    NaN where there is none: no deviation of one seed, no interval where fewer than ``LEAST_COLUMNS`` columns
    hold the class. ``seeds`` and ``columns`` say what was drawn from.
    """

    mean: float
    std: float
    low: float = math.nan
    high: float = math.nan
    seeds: int = 1
    columns: int = 0

    @property
    def verdict(self) -> Verdict:
        """What it shows."""
        if math.isnan(self.mean):
            return "undefined"
        if math.isnan(self.low):
            return "no interval"
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "gain" if self.low > 0 else "loss"

    @property
    def interval(self) -> str:
        """``[.09, .17]``, or nothing where there is none."""
        return "" if math.isnan(self.low) else f"[{short(self.low, '.2f')}, {short(self.high, '.2f')}]"

    def __str__(self) -> str:
        """Return ``+.135 [.09, .17]``, or a dash where it is undefined."""
        if math.isnan(self.mean):
            return "–"
        return f"{short(self.mean, '+.3f')} {self.interval}".rstrip()


def short(value: float, spec: str = ".3f") -> str:
    """Write a share without the nought before its point, with a true minus; a dash for NaN."""
    if math.isnan(value):
        return "–"
    text = format(value, spec)
    sign = text[0] if text[0] in "+-" else ""
    return sign.replace("-", "−") + text[len(sign) :].removeprefix("0")


@dataclass(frozen=True)
class GainRow:
    """A class in the table of a comparison: its support, and score and gain of each arm."""

    name: str
    support: int
    score: dict[Arm, MeanStd]
    gain: dict[Arm, Gain]
    """Difference to ``real`` at the same seeds; empty without a real arm."""

    @property
    def label(self) -> str:
        """The name as people write it."""
        return label_of(self.name)


def table(runs: Sequence[Run], metric: Metric = "dice") -> list[GainRow]:
    """Make the rows of one comparison, and a last one, ``mean``, over the classes that the truth holds.

    Parameters
    ----------
    runs : sequence of Run
        All arms and seeds of one comparison, as ``groups`` sorts them.
    metric : str
        ``"dice"`` or ``"jaccard"``.
    """
    arms = arms_of(runs)
    names = [*runs[0].scores, "mean"]
    value = {
        (run.arm, run.seed): np.array([_value(run.scores, name, metric) for name in names]) for run in runs
    }
    columns = {(run.arm, run.seed): by_column(run.blocks) for run in runs if run.blocks}
    gains = {arm: _gains(value, columns, arm, metric) for arm in arms if arm != "real" and ("real" in arms)}
    return [
        GainRow(
            name,
            _support(runs[0].scores, name),
            {arm: MeanStd.of([v[k] for (a, _), v in value.items() if a == arm]) for arm in arms},
            {arm: gain[k] for arm, gain in gains.items()},
        )
        for k, name in enumerate(names)
    ]


def _gains(
    value: dict[tuple[Arm, int], Floats], columns: dict[tuple[Arm, int], Floats], arm: Arm, metric: Metric
) -> list[Gain]:
    """Return the gain of an arm in each class and in the mean, over the seeds that both arms have."""
    seeds = sorted({s for a, s in value if a == arm} & {s for a, s in value if a == "real"})
    rows = len(next(iter(value.values())))
    if not seeds:
        return [Gain(math.nan, math.nan, seeds=0)] * rows
    differences = np.array([value[arm, s] - value["real", s] for s in seeds])
    spread = [MeanStd.of(list(differences[:, k])) for k in range(rows)]
    ends, held = np.full((rows, 2), math.nan), [0] * rows
    if all((a, s) in columns for a in (arm, "real") for s in seeds):
        ours, real = (np.array([columns[a, s] for s in seeds]) for a in (arm, "real"))
        ends, held = interval(ours, real, metric), _columns_held(real)
    return [
        Gain(m.mean, m.std, float(low), float(high), len(seeds), n)
        for m, (low, high), n in zip(spread, ends, held, strict=True)
    ]


def interval(ours: Floats, real: Floats, metric: Metric = "dice") -> Floats:
    """Return the ends of the 95 % interval of the gain in each class, and last in their mean.

    Parameters
    ----------
    ours, real : float64 (seed, column, 3, class)
        True and false positives and false negatives of both arms, of the same seeds and columns.
    metric : str

    Returns
    -------
    float64 (class + 1, 2)
        NaN where fewer than ``LEAST_COLUMNS`` columns hold the class.
    """
    rng = np.random.default_rng(SEED)
    both = np.stack([ours, real])
    seeds, columns = both.shape[1:3]
    drawn = []
    for _ in range(DRAWS // AT_ONCE):
        seed_weight = _times_drawn(rng, seeds) / seeds
        counts = np.tensordot(_times_drawn(rng, columns), both, (1, 2))
        gain = np.subtract(*np.moveaxis(_scores(counts, metric), 1, 0))
        drawn.append(np.einsum("ds,dsk->dk", seed_weight, gain))
    values = np.concatenate(drawn)
    out = np.full((values.shape[1], 2), math.nan)
    for k, held in enumerate(_columns_held(real)):
        if held >= LEAST_COLUMNS:
            tail = ndtr(math.sqrt(held / (held - 1)) * stdtrit(held - 1, 0.025))
            out[k] = np.nanquantile(values[:, k], [tail, 1 - tail])
    return out


def _columns_held(real: Floats) -> list[int]:
    """Count the columns that hold something of each class, and last of any."""
    held = (real[0, :, 0] + real[0, :, 2]) > 0
    return [*map(int, held.sum(0)), int(held.any(1).sum())]


def _times_drawn(rng: np.random.Generator, things: int) -> Floats:
    """Draw as many as there are, with replacement, many times over: how often each came (draw, thing)."""
    draw = rng.integers(things, size=(AT_ONCE, things)) + np.arange(AT_ONCE)[:, None] * things
    return np.bincount(draw.ravel(), minlength=AT_ONCE * things).reshape(AT_ONCE, things).astype(np.float64)


def _scores(counts: Floats, metric: Metric) -> Floats:
    """Score counts (..., 3, class): (..., class + 1), the mean last; NaN where the truth holds nothing."""
    tp, fp, fn = np.moveaxis(counts, -2, 0)
    held = tp + fn > 0
    twice = 2 if metric == "dice" else 1
    score = np.full(tp.shape, math.nan)
    np.divide(twice * tp, twice * tp + fp + fn, out=score, where=held)
    mean = np.full(tp.shape[:-1], math.nan)
    np.divide(np.where(held, score, 0).sum(-1), held.sum(-1), out=mean, where=held.any(-1))
    return np.concatenate([score, mean[..., None]], axis=-1)


def _value(scores: Scores, name: str, metric: str) -> float:
    if name == "mean":
        held = [float(s[metric] or 0.0) for s in scores.values() if s["support"]]
        return float(np.mean(held)) if held else math.nan
    value = scores[name][metric]
    return math.nan if value is None else float(value)


def _support(scores: Scores, name: str) -> int:
    return sum(_support(scores, n) for n in scores) if name == "mean" else int(scores[name]["support"] or 0)


@dataclass(frozen=True)
class Comparison:
    """All arms at one class set, budget and number of labelled real sections."""

    class_set: int
    budget: str
    real_sections: int | None
    runs: Sequence[Run]

    @cached_property
    def rows(self) -> list[GainRow]:
        """Dice and gains by class."""
        return table(self.runs)

    @property
    def arms(self) -> list[Arm]:
        """Its arms, in their order."""
        return arms_of(self.runs)

    @property
    def spoken(self) -> Arm:
        """The arm that a report speaks of first."""
        return spoken_of(self.arms)

    @property
    def title(self) -> str:
        """``6 classes, 900 steps, 36 real sections``."""
        parts = [f"{self.class_set} {'classes' if self.class_set > 1 else 'class'}", self.budget]
        if self.real_sections is not None:
            parts.append(f"{self.real_sections} real section{'s' * (self.real_sections != 1)}")
        return ", ".join(parts)

    @property
    def stem(self) -> str:
        """What its files are called."""
        end = "" if self.real_sections is None else f"-{self.real_sections}-sections"
        return f"{self.class_set}-classes-{self.budget.replace(' ', '-')}{end}"


def comparisons(runs: Sequence[Run]) -> list[Comparison]:
    """Return the comparisons that runs make, in their order."""
    return [Comparison(*key, group) for key, group in groups(runs).items()]
