"""Results of runs: what is kept of each, and which of them are compared."""

import io
import json
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from synthem.data.atomic import write_whole
from synthem.experiment.arms import Arm
from synthem.experiment.blocks import Block
from synthem.experiment.rounds import Round
from synthem.patch import Patch
from synthem.scores.dice import Scores

PREDICTIONS = "predictions.npz"

ARMS: tuple[Arm, ...] = get_args(Arm)
"""In the order in which they are shown."""

SELDOM = ("rounds", "looks")


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
    """``synthem.scores.dice.score_table`` of the pooled counts."""
    curves: list[dict[str, float | None]]
    folder: str
    """Where its files are, relative to the experiment's folder."""
    real_sections: int | None = None
    """How many labelled real sections its comparison has; None where its training sees no real label."""
    blocks: list[Block] = field(default_factory=list)
    """Counts by block of the test sections; their sum is what the scores are of."""
    confusion: list[list[int]] = field(default_factory=list)
    """Voxels by true class (rows) and found class (columns), the last of each is none: see ``confusion``."""
    rounds: list[Round] = field(default_factory=list)
    """What each round was, where synthetic patches came in rounds."""
    looks: list[dict[str, Any]] = field(default_factory=list)
    """After each validation what was wrong with the teacher of a self-trained run, if anything."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values; NaN is None. What few runs have is left out where there is none of it."""
        return {key: value for key, value in vars(self).items() if key not in SELDOM or value}


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


Group = tuple[int, str, int | None]
"""What a comparison is of: class set, budget, and number of labelled real sections."""


def groups(runs: Sequence[Run]) -> dict[Group, list[Run]]:
    """Sort runs by comparison, in the order in which these came, and each one's runs by arm and seed.

    Runs whose training saw no real label stand in every comparison of their class set and budget.
    """
    out: dict[Group, list[Run]] = {}
    labelled = {(run.class_set, run.budget) for run in runs if run.real_sections is not None}
    for run in runs:
        if run.real_sections is not None or (run.class_set, run.budget) not in labelled:
            out.setdefault((run.class_set, run.budget, run.real_sections), [])
    for key, group in out.items():
        group += [r for r in runs if (r.class_set, r.budget) == key[:2] and r.real_sections in (None, key[2])]
        group.sort(key=lambda run: (ARMS.index(run.arm), run.seed))
    return out


FOREMOST: tuple[Arm, ...] = ("pretrained", "mixed")
"""Arms that a person would train with, best recipe first: see the trials in ``docs/measured.md``."""


def spoken_of(arms: Sequence[Arm]) -> Arm:
    """Return the arm that a report speaks of first, and shows: the foremost, or else the last."""
    return next((arm for arm in FOREMOST if arm in arms), arms[-1])


def label_of(name: str) -> str:
    """Return the name of a class as people write it."""
    written = {"psd": "PSD", "er": "ER", "t_bar": "T-bar"}
    return written.get(name, name.replace("_", " "))


def arms_of(runs: Sequence[Run]) -> list[Arm]:
    """Return the arms of some runs, in their order."""
    return [arm for arm in ARMS if any(run.arm == arm for run in runs)]


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


def packed(masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Pack masks (class, z, y, x), a bit each: uint8 (z, y, x), or of over eight classes (byte, z, y, x)."""
    bits = np.packbits(masks, axis=0, bitorder="little")
    return bits if len(bits) > 1 else bits[0]


def read_predictions(out: Path, run: Run, patches: Sequence[Patch]) -> list[npt.NDArray[np.bool_]]:
    """Read the masks that a run found, bool (class, z, y, x) for each patch, its classes in order."""
    count = run.class_set
    with np.load(out / run.folder / PREDICTIONS) as masks:
        bits = [masks[patch.name] for patch in patches]
    bits = [own if own.ndim == 4 else own[None] for own in bits]
    return [np.unpackbits(p, axis=0, count=count, bitorder="little").astype(np.bool_) for p in bits]
