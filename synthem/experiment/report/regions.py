"""Test regions to look at: where an arm gains most over real data, and where it loses most."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.experiment.arms import Arm
from synthem.experiment.config import ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.gains import short
from synthem.experiment.results import Run, arms_of, read_predictions, spoken_of
from synthem.learning.crops.crops import tile_corners
from synthem.scores.counts import Counts, count
from synthem.scores.dice import mean_dice

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a test section.

    Attributes
    ----------
    section : str
        Its section's name.
    corner_px : tuple of int
        Its first row and column there.
    verdict : str
        What it shows, for example ``"gain +.12"``.
    image : uint8 (y, x)
    masks : dict of str to bool (class, y, x)
        The truth, and what each arm found.
    dice : dict of str to float
        Mean Dice of each arm in it.
    """

    section: str
    corner_px: tuple[int, int]
    verdict: str
    image: npt.NDArray[np.uint8]
    masks: dict[str, Bools]
    dice: dict[str, float]

    @property
    def title(self) -> str:
        """Its verdict and place."""
        return f"{self.verdict}\n{self.section}, row {self.corner_px[0]}, column {self.corner_px[1]}"


def what_they_show(runs: Sequence[Run]) -> str:
    """Say in a sentence by what ``telling_regions`` chooses."""
    arms = arms_of(runs)
    ours = spoken_of(arms)
    if "real" in arms and ours != "real":
        return (
            f"Test regions where the arm `{ours}` gains most over `real`, and where it gains least or loses"
        )
    return f"The best and the worst test regions of the arm `{ours}`"


def telling_regions(
    config: ExperimentConfig, data: Data, runs: Sequence[Run], out: Path, each: int = 2
) -> list[Region]:
    """Choose tiles where the foremost arm gains most over ``real``, and as many where it loses most.

    Without an arm to compare with, they are its best and its worst. Only tiles that hold at least as many
    classes as half of all tiles do are chosen among: they show more.

    Parameters
    ----------
    runs : sequence of Run
        All arms of one comparison; of several seeds, the first is shown.
    """
    classes, arms = config.sets[runs[0].class_set], arms_of(runs)
    ours = spoken_of(arms)
    first = {run.arm: run for run in reversed(runs)}
    found = {arm: read_predictions(out, first[arm], data.test) for arm in arms}
    shape = (1, *config.training.patch_vx[1:])

    def counted(arm: Arm, k: int, corner: tuple[int, ...]) -> Counts:
        patch = data.test[k]
        truth, mine = (
            _cut(masks, corner, shape) for masks in (patch.labels_of(classes), patch.judged(found[arm][k]))
        )
        return count(mine, truth, patch.labelled_of(classes)[:, corner[0], None])

    against: Arm | None = "real" if "real" in arms and ours != "real" else None
    scored = []
    for k, patch in enumerate(data.test):
        for corner in tile_corners(patch, shape):
            counts = counted(ours, k, corner)
            value = mean_dice(counts) - (mean_dice(counted(against, k, corner)) if against else 0)
            if not math.isnan(value):
                scored.append((value, k, corner, int((counts.support > 0).sum())))
    typical = np.median([held for *_, held in scored]) if scored else 0
    scored = sorted((item for item in scored if item[3] >= typical), key=lambda item: -item[0])
    regions = []
    for value, k, corner, _ in scored if len(scored) <= 2 * each else [*scored[:each], *scored[-each:]]:
        patch = data.test[k]
        word = ("gain" if value > 0 else "loss" if value < 0 else "change") if against else "Dice"
        regions.append(
            Region(
                section=patch.name,
                corner_px=(corner[1], corner[2]),
                verdict=f"{word} {short(value, '+.3f' if against else '.3f')}",
                image=_cut(patch.image[None], corner, shape)[0, 0],
                masks={
                    "truth": _cut(patch.labels_of(classes), corner, shape)[:, 0],
                    **{arm: _cut(mine[k], corner, shape)[:, 0] for arm, mine in found.items()},
                },
                dice={arm: mean_dice(counted(arm, k, corner)) for arm in arms},
            )
        )
    return regions


def _cut(array: npt.NDArray[Any], corner: tuple[int, ...], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return array[(slice(None), *(slice(c, c + n) for c, n in zip(corner, shape, strict=True)))]
