"""Test regions to look at: where a run did worst, and where best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from synthem.experiment.config import CLASS_SETS, ExperimentConfig
from synthem.experiment.data import Data
from synthem.experiment.results import Run, read_predictions
from synthem.labels import channels
from synthem.learning.counts import count
from synthem.learning.crops import tile_corners
from synthem.learning.dice import mean_dice

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a test section: its title, image uint8 (y, x), and masks bool (class, y, x) by column."""

    title: str
    image: npt.NDArray[np.uint8]
    masks: dict[str, Bools]


def worst_and_best(
    config: ExperimentConfig, data: Data, runs: Sequence[Run], out: Path, each: int = 2
) -> list[Region]:
    """Choose the ``each`` worst and best tiles of the last arm, and cut them out for the truth and every arm.

    Only tiles that hold at least as many classes as half of all tiles do are chosen among: they show more.

    Parameters
    ----------
    runs : sequence of Run
        All arms of one class set and budget; of several seeds, the first is shown.
    """
    classes = CLASS_SETS[runs[0].class_set]
    use = channels(classes)
    first = {run.arm: run for run in reversed(runs)}
    found = {arm: read_predictions(out, first[arm], data.test) for arm in dict.fromkeys(r.arm for r in runs)}
    judged = found[runs[-1].arm]
    shape = (1, *config.training.patch_vx[1:])
    scored = []
    for k, patch in enumerate(data.test):
        known = patch.labelled[use]
        for corner in tile_corners(patch, shape):
            counts = count(
                _cut(judged[k], corner, shape),
                _cut(patch.labels, corner, shape)[use],
                known[:, corner[0], None],
            )
            if not math.isnan(value := mean_dice(counts)):
                scored.append((value, k, corner, int((counts.support > 0).sum())))
    typical = np.median([held for *_, held in scored]) if scored else 0
    scored = sorted((item for item in scored if item[3] >= typical), key=lambda item: item[0])
    chosen = scored if len(scored) <= 2 * each else [*scored[:each], *scored[-each:]]
    regions = []
    for value, k, corner, _ in chosen:
        patch = data.test[k]
        masks = {"truth": _cut(patch.labels, corner, shape)[use, 0]}
        masks |= {arm: _cut(mine[k], corner, shape)[:, 0] for arm, mine in found.items()}
        image = _cut(patch.image[None], corner, shape)[0, 0]
        regions.append(Region(f"{patch.name}, Dice {value:.2f}", image, masks))
    return regions


def _cut(array: npt.NDArray[Any], corner: tuple[int, ...], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return array[(slice(None), *(slice(c, c + n) for c, n in zip(corner, shape, strict=True)))]
