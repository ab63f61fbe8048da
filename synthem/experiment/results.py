"""Results of runs, and the gain of each arm over real data, by class."""

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.data.atomic import write_whole
from synthem.experiment.config import CLASS_SETS, Arm
from synthem.learning.dice import Scores
from synthem.patch import Patch

PREDICTIONS = "predictions.npz"


@dataclass(frozen=True)
class Run:
    """One finished training: which one, how it went, and its scores on the test sections."""

    class_set: int
    budget: str
    """``"900 steps"`` or ``"200 epochs"``."""
    arm: Arm
    seed: int
    steps: int
    best_step: int
    seconds: float
    scores: Scores
    """``synthem.learning.dice.score_table`` of the pooled counts."""
    curves: list[dict[str, float | None]]
    folder: str
    """Where its files are, relative to the experiment's folder."""
    real_sections: int | None = None
    """How many labelled real sections its comparison has; None where its training sees no real label."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values; NaN is None."""
        return dict(vars(self))


def read_run(path: Path) -> Run:
    """Read a run's ``result.json``."""
    return Run(**json.loads(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class MeanStd:
    """Mean and standard deviation over seeds; NaN where no seed has a value, and no deviation of one seed."""

    mean: float
    std: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "MeanStd":
        """Summarise the values that are defined."""
        held = [v for v in values if not math.isnan(v)]
        if not held:
            return cls(math.nan, math.nan)
        return cls(float(np.mean(held)), float(np.std(held, ddof=1)) if len(held) > 1 else math.nan)

    def __format__(self, spec: str) -> str:
        if math.isnan(self.mean):
            return "–"
        text = format(self.mean, spec)
        return text if math.isnan(self.std) else f"{text} ± {self.std:.3f}"


@dataclass(frozen=True)
class GainRow:
    """A class in the table of a class set and budget: its support, and score and gain of each arm."""

    name: str
    support: int
    score: dict[Arm, MeanStd]
    gain: dict[Arm, MeanStd]
    """Difference to ``real`` at the same seed; empty without a real arm."""


def table(runs: Sequence[Run], metric: str = "dice") -> list[GainRow]:
    """Make the rows of one class set and budget, and a last one, ``mean``, over the classes in the truth.

    Parameters
    ----------
    runs : sequence of Run
        All arms and seeds of one class set and budget.
    metric : str
        ``"dice"`` or ``"jaccard"``.
    """
    arms = list(dict.fromkeys(run.arm for run in runs))
    names = [*runs[0].scores, "mean"]
    rows = []
    for name in names:
        value = {(run.arm, run.seed): _value(run.scores, name, metric) for run in runs}
        seeds = sorted({seed for _, seed in value})
        gain: dict[Arm, MeanStd] = {
            arm: MeanStd.of([value[arm, s] - value["real", s] for s in seeds if (arm, s) in value])
            for arm in arms
            if arm != "real" and "real" in arms
        }
        score = {arm: MeanStd.of([v for (a, _), v in value.items() if a == arm]) for arm in arms}
        rows.append(GainRow(name, _support(runs[0].scores, name), score, gain))
    return rows


def groups(runs: Sequence[Run]) -> dict[tuple[int, str], list[Run]]:
    """Sort runs by class set and budget, in the order in which they came."""
    out: dict[tuple[int, str], list[Run]] = {}
    for run in runs:
        out.setdefault((run.class_set, run.budget), []).append(run)
    return out


def _value(scores: Scores, name: str, metric: str) -> float:
    if name == "mean":
        held = [float(s[metric] or 0.0) for s in scores.values() if s["support"]]
        return float(np.mean(held)) if held else math.nan
    value = scores[name][metric]
    return math.nan if value is None else float(value)


def _support(scores: Scores, name: str) -> int:
    return sum(_support(scores, n) for n in scores) if name == "mean" else int(scores[name]["support"] or 0)


def write_predictions(folder: Path, masks: Mapping[str, npt.NDArray[np.uint8]]) -> None:
    """Write packed masks by section into a run's folder, whole or not at all.

    ``numpy.savez`` would take a section called ``file`` for an argument of its own.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, packed in masks.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, packed, allow_pickle=False)
    write_whole(folder / PREDICTIONS, content.getvalue())


def read_predictions(out: Path, run: Run, patches: Sequence[Patch]) -> list[npt.NDArray[np.bool_]]:
    """Read the masks that a run found, bool (class, z, y, x) for each patch, its classes in order."""
    classes = len(CLASS_SETS[run.class_set])
    with np.load(out / run.folder / PREDICTIONS) as masks:
        packed = [masks[patch.name] for patch in patches]
    return [np.unpackbits(p[None], axis=0, count=classes, bitorder="little").astype(np.bool_) for p in packed]
